#include "runtime/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace tollgate {
namespace {

TEST(FramePool, GivesAFrameBackToTheNextOfItsSizeClass) {
  FramePool pool;
  void* frame = pool.take(100);
  pool.give_back(frame, 100);
  EXPECT_EQ(pool.take(128), frame);  // 65 to 128 bytes are one class
  pool.give_back(frame, 128);
}

TEST(FramePool, NeverGivesAFrameThatIsTooSmall) {
  FramePool pool;
  for (std::size_t bytes = 1; bytes <= FramePool::kFrameBytesMax + 200; bytes += 13) {
    void* frame = pool.take(bytes);
    std::memset(frame, 1, bytes);  // the sanitizer sees a byte too many
    pool.give_back(frame, bytes);
    void* larger = pool.take(bytes + FramePool::kStep);
    std::memset(larger, 1, bytes + FramePool::kStep);
    pool.give_back(larger, bytes + FramePool::kStep);
  }
}

TEST(FramePool, NeverGivesAFrameThatIsInUse) {
  FramePool pool;
  std::vector<void*> frames;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) frames.push_back(pool.take(64));
    EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
    for (void* frame : frames) pool.give_back(frame, 64);
    frames.clear();
  }
}

TEST(FramePool, KeepsNoMoreThanItsBoundAfterABurst) {
  FramePool pool;
  std::vector<void*> frames;
  constexpr std::size_t kBytes = 1'024;
  for (std::size_t i = 0; i < 2 * FramePool::kKeptBytesMax / kBytes; ++i) {
    frames.push_back(pool.take(kBytes));
  }
  EXPECT_EQ(pool.kept_bytes(), 0U);
  for (void* frame : frames) pool.give_back(frame, kBytes);
  EXPECT_EQ(pool.kept_bytes(), FramePool::kKeptBytesMax);
  pool.give_back(pool.take(kBytes), kBytes);
  EXPECT_EQ(pool.kept_bytes(), FramePool::kKeptBytesMax);
}

TEST(FramePool, KeepsNoFrameBeyondTheLargestClass) {
  FramePool pool;
  pool.give_back(pool.take(FramePool::kFrameBytesMax), FramePool::kFrameBytesMax);
  EXPECT_EQ(pool.kept_bytes(), FramePool::kFrameBytesMax);
  pool.give_back(pool.take(FramePool::kFrameBytesMax + 1), FramePool::kFrameBytesMax + 1);
  EXPECT_EQ(pool.kept_bytes(), FramePool::kFrameBytesMax);
}

}  // namespace
}  // namespace tollgate
