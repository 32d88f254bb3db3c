#include "runtime/wait_slot.h"

#include <gtest/gtest.h>

#include <string>

#include "base/check.h"
#include "runtime/test_loop.h"

namespace tollgate {
namespace {

Task<> wait_and_note(WaitSlot& slot, std::string& seen) {
  const Wake wake = co_await slot.wait();
  seen += wake == Wake::kReady ? "ready " : wake == Wake::kTimeout ? "timeout " : "aborted ";
}

Task<bool> second_wait_is_refused(WaitSlot& slot) {
  try {
    co_await slot.wait();
  } catch (const Bug&) {
    co_return true;
  }
  co_return false;
}

class WaitSlotTest : public testing::Test {
 protected:
  void start_waiting() {
    loop_.tasks().spawn(wait_and_note(slot_, seen_));
    loop_.settle();
  }
  TestLoop loop_;
  WaitSlot slot_;
  std::string seen_;
};

TEST_F(WaitSlotTest, ResumesBeforeResumeReturns) {
  start_waiting();
  EXPECT_TRUE(slot_.waiting());
  asio::post(loop_.context(), [this] {
    slot_.resume(Wake::kReady);
    seen_ += "returned ";
  });
  loop_.settle();
  EXPECT_EQ(seen_, "ready returned ");
  EXPECT_FALSE(slot_.waiting());
}

TEST_F(WaitSlotTest, ResumesLaterAfterTheCallerIsDone) {
  start_waiting();
  slot_.resume_later(Wake::kTimeout);
  seen_ += "returned ";
  loop_.settle();
  EXPECT_EQ(seen_, "returned timeout ");
}

TEST_F(WaitSlotTest, OnlyTheFirstOfTwoReasonsCounts) {
  start_waiting();
  slot_.resume_later(Wake::kAborted);
  slot_.resume(Wake::kReady);
  loop_.settle();
  EXPECT_EQ(seen_, "aborted ");
}

TEST_F(WaitSlotTest, AResumeThatNobodyWaitsForIsNotKept) {
  slot_.resume(Wake::kReady);
  slot_.resume_later(Wake::kReady);
  start_waiting();
  EXPECT_TRUE(slot_.waiting());
  EXPECT_EQ(seen_, "");
  slot_.resume(Wake::kReady);
}

TEST_F(WaitSlotTest, MayBeWaitedForAgain) {
  for (int i = 0; i < 3; ++i) {
    start_waiting();
    slot_.resume_later(Wake::kReady);
    loop_.settle();
  }
  EXPECT_EQ(seen_, "ready ready ready ");
}

TEST_F(WaitSlotTest, ASecondWaiterIsABugAndTheFirstWaitsOn) {
  start_waiting();
  EXPECT_TRUE(loop_.run(second_wait_is_refused(slot_)));
  EXPECT_TRUE(slot_.waiting());
  slot_.resume_later(Wake::kReady);
  loop_.settle();
  EXPECT_EQ(seen_, "ready ");
}

}  // namespace
}  // namespace tollgate
