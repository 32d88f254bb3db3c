#include "ledger/generation_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
const WallTime kEpoch = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);

TEST(GenerationNumbers, AreMicrosecondsSince2020) {
  ManualClock clock(kNow);
  GenerationNumbers numbers(clock, 0);
  EXPECT_EQ(numbers.next() >> 10, (kNow - kEpoch).count());
}

TEST(GenerationNumbers, RiseWhileTheClockStandsStill) {
  ManualClock clock(kNow);
  GenerationNumbers numbers(clock, 0);
  const GenerationNumber first = numbers.next();
  EXPECT_EQ(numbers.next(), first + 1);
}

TEST(GenerationNumbers, RiseWhenTheClockStepsBack) {
  ManualClock clock(kNow);
  GenerationNumbers numbers(clock, 0);
  const GenerationNumber first = numbers.next();
  clock.step_wall(-hours(24));
  EXPECT_GT(numbers.next(), first);
}

TEST(GenerationNumbers, StartAboveTheLastInUse) {
  ManualClock clock(kNow);
  GenerationNumbers before(clock, 0);
  const GenerationNumber last = before.next();
  clock.step_wall(-hours(1));
  GenerationNumbers after(clock, last);
  EXPECT_EQ(after.next(), last + 1);
}

TEST(GenerationNumbers, AreNeverGivenTwiceToThreads) {
  ManualClock clock(kNow);
  GenerationNumbers numbers(clock, 0);
  std::vector<std::vector<GenerationNumber>> taken(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : taken) {
      threads.emplace_back([&numbers, &mine, &clock] {
        for (int i = 0; i < 5'000; ++i) {
          mine.push_back(numbers.next());
          if (i % 100 == 0) clock.advance(microseconds(1));
        }
      });
    }
  }
  std::vector<GenerationNumber> all;
  for (const auto& mine : taken) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

}  // namespace
}  // namespace tollgate
