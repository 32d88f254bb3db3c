#include "runtime/io_threads.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <set>
#include <stdexcept>

namespace tollgate {
namespace {

std::thread::id thread_of(IoThread& thread) {
  std::promise<std::thread::id> id;
  asio::post(thread.context(), [&] { id.set_value(std::this_thread::get_id()); });
  return id.get_future().get();
}

Task<> wait_for(WaitSlot& slot, bool& resumed) { resumed = co_await slot.wait() == Wake::kReady; }

TEST(IoThreads, EachEventLoopHasItsOwnThread) {
  IoThreads threads(3);
  threads.start();
  std::set<std::thread::id> seen;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    seen.insert(thread_of(threads[i]));
    EXPECT_EQ(seen.count(thread_of(threads[i])), 1U);
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen.count(std::this_thread::get_id()), 0U);
}

TEST(IoThreads, KeepRunningWithoutWork) {
  IoThreads threads(1);
  threads.start();
  const std::thread::id first = thread_of(threads[0]);
  EXPECT_EQ(thread_of(threads[0]), first);
}

TEST(IoThreads, ABugInACallbackEndsNoLoop) {
  IoThreads threads(1);
  threads.start();
  asio::post(threads[0].context(), [] { throw std::logic_error("a bug"); });
  EXPECT_NE(thread_of(threads[0]), std::this_thread::get_id());
}

TEST(IoThreads, DeadlinesRunOnTheirThread) {
  IoThreads threads(1);
  threads.start();
  const std::thread::id on = thread_of(threads[0]);
  std::promise<std::thread::id> fired;
  std::optional<Deadline> deadline;
  asio::post(threads[0].context(), [&] {
    deadline.emplace(threads[0].deadlines(), [&] { fired.set_value(std::this_thread::get_id()); });
    deadline->arm(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(fired.get_future().get(), on);
  threads.join();
}

TEST(IoThreads, JoinWaitsForWhatStillHasWork) {
  IoThreads threads(2);
  threads.start();
  WaitSlot slot;
  bool resumed = false;
  std::promise<void> waiting;
  asio::post(threads[0].context(), [&] {
    threads[0].tasks().spawn(wait_for(slot, resumed));
    asio::post(threads[0].context(), [&] {
      // Not until join() is under way can the loop run out of work.
      auto guard = asio::make_work_guard(threads[0].context());
      waiting.set_value();
      asio::post(threads[0].context(), [&, keep = std::move(guard)] { slot.resume(Wake::kReady); });
    });
  });
  waiting.get_future().wait();
  threads.join();
  EXPECT_TRUE(resumed);
  EXPECT_EQ(threads[0].tasks().running(), 0U);
}

TEST(IoThreads, StopEndsLoopsThatHaveWork) {
  IoThreads threads(2);
  threads.start();
  const auto guard = asio::make_work_guard(threads[0].context());
  thread_of(threads[0]);
  threads.stop();
  EXPECT_TRUE(threads[0].context().stopped());
  threads.stop();  // again: nothing left to do
}

TEST(IoThreads, MayBeDestroyedWithoutHavingStarted) {
  const IoThreads threads(2);
  EXPECT_EQ(threads.size(), 2U);
}

}  // namespace
}  // namespace tollgate
