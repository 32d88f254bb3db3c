#include "runtime/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>

namespace tollgate {
namespace {

TEST(BlockingPool, RunsWorkOnOtherThreads) {
  BlockingPool pool(1);
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(pool.submit([&] { ran.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(BlockingPool, RunsAsMuchAtOnceAsItHasThreads) {
  BlockingPool pool(3);
  std::latch all_here(3);
  std::latch done(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      all_here.arrive_and_wait();  // passes only when three run together
      done.count_down();
    }));
  }
  done.wait();
}

TEST(BlockingPool, OneThreadKeepsTheOrderOfArrival) {
  BlockingPool pool(1);
  std::vector<int> order;
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&, i] { order.push_back(i); }));
  ASSERT_TRUE(pool.submit([&] { last.set_value(); }));
  last.get_future().wait();
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

// A pool whose one thread is held up.
class HeldPool : public testing::Test {
 protected:
  HeldPool() {
    EXPECT_TRUE(pool_->submit([this] {
      started_.count_down();
      release_.wait();
    }));
    started_.wait();
  }
  std::latch started_{1};
  std::latch release_{1};
  std::optional<BlockingPool> pool_{std::in_place, 1};
};

TEST_F(HeldPool, RefusesWhatGoesBeyondTheQueueAndTakesItAgainLater) {
  std::atomic<std::size_t> ran = 0;
  std::latch done(kBlockingQueueMax);
  for (std::size_t i = 0; i < kBlockingQueueMax; ++i) {
    ASSERT_TRUE(pool_->submit([&] {
      ++ran;
      done.count_down();
    }));
  }
  EXPECT_FALSE(pool_->submit([&] { ++ran; }));
  release_.count_down();
  done.wait();
  std::promise<void> again;
  EXPECT_TRUE(pool_->submit([&] { again.set_value(); }));
  again.get_future().wait();
  EXPECT_EQ(ran, kBlockingQueueMax);
}

TEST_F(HeldPool, EndingFinishesWhatRunsAndDropsWhatIsQueued) {
  std::atomic<bool> ran = false;
  const auto held = std::make_shared<int>(0);
  ASSERT_TRUE(pool_->submit([&ran, held] { ran = true; }));
  ASSERT_EQ(held.use_count(), 2);
  std::thread ending([this] { pool_.reset(); });
  // The queue is emptied before the running work ends.
  while (held.use_count() == 2) std::this_thread::yield();
  release_.count_down();
  ending.join();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace tollgate
