#include "runtime/deadlines.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class DeadlinesTest : public testing::Test {
 protected:
  Deadlines& deadlines() { return loop_.thread().deadlines(); }
  TestLoop loop_;
};

TEST_F(DeadlinesTest, IsNeverEarly) {
  for (const milliseconds wait : {milliseconds(0), milliseconds(7), milliseconds(60)}) {
    SteadyTime fired{};
    Deadline deadline(deadlines(), [&] { fired = steady_clock::now(); });
    const SteadyTime armed = steady_clock::now();
    deadline.arm(wait);
    ASSERT_TRUE(loop_.run_until([&] { return fired != SteadyTime{}; }));
    EXPECT_GE(fired - armed, wait);
  }
}

TEST_F(DeadlinesTest, FiresOnceAndIsDisarmedByThen) {
  int fired = 0;
  bool armed_inside = true;
  Deadline* self = nullptr;
  Deadline deadline(deadlines(), [&] {
    ++fired;
    armed_inside = self->armed();
  });
  self = &deadline;
  deadline.arm(milliseconds(0));
  EXPECT_TRUE(deadline.armed());
  loop_.pass(5 * kDeadlineTick);
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(armed_inside);
}

TEST_F(DeadlinesTest, ADisarmedOneDoesNotFire) {
  int fired = 0;
  Deadline deadline(deadlines(), [&] { ++fired; });
  deadline.arm(milliseconds(0));
  deadline.disarm();
  EXPECT_FALSE(deadline.armed());
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(fired, 0);
}

TEST_F(DeadlinesTest, ADestroyedOneDoesNotFire) {
  int fired = 0;
  auto deadline = std::make_unique<Deadline>(deadlines(), [&] { ++fired; });
  deadline->arm(milliseconds(0));
  deadline.reset();
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(fired, 0);
}

TEST_F(DeadlinesTest, ArmingAgainMovesIt) {
  int fired = 0;
  Deadline deadline(deadlines(), [&] { ++fired; });
  deadline.arm(milliseconds(0));
  deadline.arm(std::chrono::hours(1));
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(fired, 0);
  deadline.arm(milliseconds(0));
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(fired, 1);
}

TEST_F(DeadlinesTest, MayArmItselfWhileItFires) {
  int fired = 0;
  Deadline* self = nullptr;
  Deadline deadline(deadlines(), [&] {
    if (++fired < 3) self->arm(milliseconds(0));
  });
  self = &deadline;
  deadline.arm(milliseconds(0));
  ASSERT_TRUE(loop_.run_until([&] { return fired == 3; }));
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(fired, 3);
}

// Three that are due in one tick, of which the first to fire takes care of the others.
class TogetherDue : public DeadlinesTest {
 protected:
  void arm_all() {
    const SteadyTime past = deadlines().now();
    first_.arm_at(past);
    second_->arm_at(past);
    third_.arm_at(past);
  }
  std::function<void()> on_first_;
  int second_fired_ = 0, third_fired_ = 0;
  Deadline first_{deadlines(), [this] { on_first_(); }};
  std::unique_ptr<Deadline> second_ =
      std::make_unique<Deadline>(deadlines(), [this] { ++second_fired_; });
  Deadline third_{deadlines(), [this] { ++third_fired_; }};
};

TEST_F(TogetherDue, AllFireInOneTick) {
  on_first_ = [] {};
  arm_all();
  ASSERT_TRUE(loop_.run_until([&] { return third_fired_ == 1; }));
  EXPECT_EQ(second_fired_, 1);
}

TEST_F(TogetherDue, OneMayDestroyAnother) {
  on_first_ = [this] { second_.reset(); };
  arm_all();
  ASSERT_TRUE(loop_.run_until([&] { return third_fired_ == 1; }));
  EXPECT_EQ(second_fired_, 0);
}

TEST_F(TogetherDue, OneMayDisarmAnother) {
  on_first_ = [this] { second_->disarm(); };
  arm_all();
  ASSERT_TRUE(loop_.run_until([&] { return third_fired_ == 1; }));
  EXPECT_EQ(second_fired_, 0);
}

TEST_F(TogetherDue, OneThatAnotherPutsOffStaysSilent) {
  on_first_ = [this] { second_->arm(std::chrono::hours(1)); };
  arm_all();
  ASSERT_TRUE(loop_.run_until([&] { return third_fired_ == 1; }));
  loop_.pass(4 * kDeadlineTick);
  EXPECT_EQ(second_fired_, 0);
  EXPECT_TRUE(second_->armed());
}

TEST_F(TogetherDue, ABugInOneStopsNoOther) {
  on_first_ = [] { throw std::logic_error("a bug"); };
  arm_all();
  // As an I/O thread does it: the exception leaves the event loop, which then goes on.
  EXPECT_THROW((void)loop_.run_until([&] { return third_fired_ == 1; }), std::logic_error);
  ASSERT_TRUE(loop_.run_until([&] { return third_fired_ == 1; }));
  EXPECT_EQ(second_fired_, 1);
}

TEST_F(DeadlinesTest, StoppedOnesDoNotFireAndLetTheLoopEnd) {
  int fired = 0;
  Deadline deadline(deadlines(), [&] { ++fired; });
  deadline.arm(milliseconds(0));
  deadlines().stop();
  loop_.context().restart();
  EXPECT_EQ(loop_.context().run_for(TestLoop::kPatience), 1U);  // the cancelled tick
  EXPECT_EQ(fired, 0);
  deadlines().start();
  EXPECT_EQ(fired, 0);
  ASSERT_TRUE(loop_.run_until([&] { return fired == 1; }));
}

}  // namespace
}  // namespace tollgate
