#include "runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/async.h"
#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using Text = std::unique_ptr<std::string>;  // moves, and does not copy

Task<Text> text(std::string of) { co_return std::make_unique<std::string>(std::move(of)); }
Task<int> depth(int levels) {
  if (levels == 0) co_return 0;
  co_return co_await depth(levels - 1) + 1;
}
Task<int> sum_of_ready_ones(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += (co_await depth(1));
  co_return sum;
}
Task<int> fails() {
  throw std::logic_error("a bug");
  co_return 0;
}
Task<std::string> what_it_fails_with() {
  try {
    (void)co_await fails();
  } catch (const std::logic_error& error) {
    co_return error.what();
  }
  co_return "";
}
Task<> note(bool& ran) {
  ran = true;
  co_return;
}
Task<> wait_holding(WaitSlot& slot, std::shared_ptr<int> held) {
  co_await slot.wait();
  *held = 2;
}
Task<> await_one_that_waits(WaitSlot& slot, std::shared_ptr<int> held) {
  const std::shared_ptr<int> mine = held;
  co_await wait_holding(slot, std::move(held));
}
Task<> take_turns(std::string& seen, char mark) {
  for (int i = 0; i < 3; ++i) {
    seen += mark;
    co_await next_turn();
  }
}

TEST(Task, GivesItsValueByMove) {
  TestLoop loop;
  EXPECT_EQ(*loop.run(text("moved")), "moved");
}

TEST(Task, StartsOnlyWhenItIsAwaited) {
  TestLoop loop;
  bool ran = false;
  {
    const Task<> never_awaited = note(ran);
  }
  EXPECT_FALSE(ran);
  loop.run(note(ran));
  EXPECT_TRUE(ran);
}

TEST(Task, AnExceptionReachesWhoeverAwaitsIt) {
  TestLoop loop;
  EXPECT_EQ(loop.run(what_it_fails_with()), "a bug");
}

TEST(Task, OnesThatAreReadyDoNotGrowTheStack) {
  TestLoop loop;
  EXPECT_EQ(loop.run(sum_of_ready_ones(1'000'000)), 1'000'000);
}

TEST(Task, DroppingOneThatWaitsFreesAllThatAwaitIt) {
  IoContext context;
  TaskGroup tasks(context);
  const auto alive = std::make_shared<int>(1);
  {
    WaitSlot slot;
    tasks.spawn(await_one_that_waits(slot, alive));
    context.poll();
    EXPECT_TRUE(slot.waiting());
    EXPECT_EQ(alive.use_count(), 3);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(*alive, 1);
}

TEST(Task, OneThatWasSpawnedAndNeverStartedIsFreedWithItsEventLoop) {
  const auto alive = std::make_shared<int>(1);
  WaitSlot slot;
  {
    IoContext context;
    TaskGroup tasks(context);
    tasks.spawn(wait_holding(slot, alive));
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(Task, OneThatWaitsToBeResumedLaterIsFreedWithItsEventLoop) {
  const auto alive = std::make_shared<int>(1);
  WaitSlot slot;
  {
    IoContext context;
    TaskGroup tasks(context);
    tasks.spawn(wait_holding(slot, alive));
    context.poll();
    slot.resume_later(Wake::kReady);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(*alive, 1);
}

TEST(NextTurn, LetsTheOthersGoFirst) {
  TestLoop loop;
  std::string seen;
  loop.tasks().spawn(take_turns(seen, 'a'));
  loop.tasks().spawn(take_turns(seen, 'b'));
  loop.settle();
  EXPECT_EQ(seen, "ababab");
}

}  // namespace
}  // namespace tollgate
