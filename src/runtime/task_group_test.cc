#include "runtime/task_group.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/test_loop.h"

namespace tollgate {
namespace {

Task<> wait_for(WaitSlot& slot) { co_await slot.wait(); }
Task<> note(bool& ran) {
  ran = true;
  co_return;
}
Task<> end_with_a_bug() {
  throw std::logic_error("a bug");
  co_return;
}
Task<> note_idle(TaskGroup& group, bool& idle) {
  co_await group.wait_idle();
  idle = true;
}
Task<> spawn_another(TaskGroup& group, WaitSlot& first, WaitSlot& second) {
  co_await first.wait();
  group.spawn(wait_for(second));
}

class TaskGroupTest : public testing::Test {
 protected:
  // Waits in another group, so that the waiter is not one of those it waits for.
  void start_waiting() {
    loop_.tasks().spawn(note_idle(group_, idle_));
    loop_.settle();
  }
  TestLoop loop_;
  TaskGroup group_{loop_.context()};
  WaitSlot first_, second_;
  bool idle_ = false;
};

TEST_F(TaskGroupTest, ATaskSpawnedBeforeTheEventLoopRunsStartsWithIt) {
  bool ran = false;
  group_.spawn(note(ran));
  EXPECT_FALSE(ran);
  EXPECT_EQ(group_.running(), 1U);
  loop_.settle();
  EXPECT_TRUE(ran);
  EXPECT_EQ(group_.running(), 0U);
}

TEST_F(TaskGroupTest, ATaskSpawnedWithinTheEventLoopStartsAtOnce) {
  bool ran = false;
  bool ran_within = false;
  asio::post(loop_.context(), [&] {
    group_.spawn(note(ran));
    ran_within = ran;
  });
  loop_.settle();
  EXPECT_TRUE(ran_within);
}

TEST_F(TaskGroupTest, IsIdleAtOnceWhenNothingRuns) {
  start_waiting();
  EXPECT_TRUE(idle_);
}

TEST_F(TaskGroupTest, IsIdleWhenTheLastTaskHasEndedNotBefore) {
  group_.spawn(wait_for(first_));
  group_.spawn(wait_for(second_));
  start_waiting();
  first_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_FALSE(idle_);
  EXPECT_EQ(group_.running(), 1U);
  second_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_TRUE(idle_);
}

TEST_F(TaskGroupTest, WaitsForATaskThatIsSpawnedMeanwhile) {
  group_.spawn(spawn_another(group_, first_, second_));
  start_waiting();
  first_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_FALSE(idle_);
  second_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_TRUE(idle_);
}

TEST_F(TaskGroupTest, ATaskThatEndsWithABugCountsAsEnded) {
  group_.spawn(end_with_a_bug());
  group_.spawn(wait_for(first_));
  start_waiting();
  EXPECT_EQ(group_.running(), 1U);
  first_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_TRUE(idle_);
}

}  // namespace
}  // namespace tollgate
