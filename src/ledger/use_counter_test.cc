#include "ledger/use_counter.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr WallTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) +
                        std::chrono::hours(12)};

TEST(DaysUsedTest, TellsTheDaysApartThatWereNoted) {
  DaysUsed days;
  EXPECT_FALSE(days.any(0, 1'000));
  days.note(100);
  days.note(130);
  days.note(90);  // what ends late is of the day on which it began
  EXPECT_TRUE(days.any(130, 131));
  EXPECT_TRUE(days.any(90, 91));
  EXPECT_TRUE(days.any(91, 101));
  EXPECT_FALSE(days.any(91, 100));
  EXPECT_FALSE(days.any(101, 130));
  EXPECT_FALSE(days.any(131, 200));
}

TEST(DaysUsedTest, ForgetsWhatIsLongAgo) {
  DaysUsed days;
  days.note(100);
  days.note(100 + DaysUsed::kKnown - 1);
  EXPECT_TRUE(days.any(0, 101));
  days.note(100 + DaysUsed::kKnown);
  EXPECT_FALSE(days.any(0, 101));
  days.note(100);
  EXPECT_FALSE(days.any(0, 101));
  days.note(10'000);
  EXPECT_FALSE(days.any(0, 10'000));
  EXPECT_TRUE(days.any(0, 10'001));
}

TEST(RecentCounterTest, AnHourIsOverWhenItIs) {
  RecentCounter counter;
  for (int i = 0; i < 10; ++i) counter.count_good(kNow);
  counter.count_error(kNow + std::chrono::minutes(59));
  EXPECT_EQ(counter.read(kNow).this_hour, 11);
  const RecentUse later = counter.read(kNow + std::chrono::hours(1));
  EXPECT_EQ(later.this_hour, 0);
  EXPECT_EQ(later.requests, 10);
  counter.count_good(kNow + std::chrono::hours(1));
  EXPECT_EQ(counter.read(kNow + std::chrono::hours(1)).this_hour, 1);
  EXPECT_EQ(counter.read(kNow + std::chrono::hours(1)).requests, 11);
}

TEST(DaysUsedTest, ForgetsAllDaysAfterAPauseOfAsManyAsItKnows) {
  DaysUsed days;
  days.note(99);
  days.note(100);
  days.note(100 + DaysUsed::kKnown);
  EXPECT_FALSE(days.any(0, 100 + DaysUsed::kKnown));
  EXPECT_TRUE(days.any(0, 101 + DaysUsed::kKnown));
}

TEST(RecentCounterTest, WhatEndsLateIsOfTheRunningHour) {
  RecentCounter counter;
  counter.count_good(kNow);
  counter.count_error(kNow - std::chrono::hours(1));
  counter.count_good(kNow);
  const RecentUse now = counter.read(kNow);
  EXPECT_EQ(now.this_hour, 3);
  EXPECT_EQ(now.requests, 3);
  EXPECT_EQ(now.errors, 1);
}

TEST(RecentCounterTest, EveryHourOfAPauseTakesItsPartAway) {
  RecentCounter counter;
  for (int i = 0; i < 48; ++i) counter.count_good(kNow);
  const WallTime later = kNow + std::chrono::hours(3);
  EXPECT_EQ(counter.read(later).requests, 42);
  counter.count_good(later);
  EXPECT_EQ(counter.read(later).requests, 43);
  EXPECT_EQ(counter.read(kNow + std::chrono::days(60)).requests, 0);
}

TEST(UseCounterTest, CountsWhatIsLoadedAndWhatComes) {
  UseCounter counter(UseCount{.requests = 10, .errors = 4, .last_used_at = kNow});
  EXPECT_EQ(counter.read().errors, 4);
  EXPECT_EQ(counter.read().last_used_at, kNow);
  EXPECT_EQ(counter.recent(kNow).requests, 0);  // of this process alone
  counter.count_good(kNow - std::chrono::hours(1));
  EXPECT_EQ(counter.read().last_used_at, kNow);
  counter.count_error(kNow + std::chrono::hours(1));
  EXPECT_EQ(counter.read().requests, 12);
  EXPECT_EQ(counter.read().errors, 5);
  EXPECT_EQ(counter.read().last_used_at, kNow + std::chrono::hours(1));
  EXPECT_EQ(counter.recent(kNow + std::chrono::hours(1)).errors, 1);
}

TEST(UseCounterTest, AKeysUseIsThatOfItsSecretsTogether) {
  const UseCount older{.requests = 3, .errors = 1, .last_used_at = kNow};
  const UseCount newer{.requests = 5, .errors = 2, .last_used_at = kNow + std::chrono::hours(1)};
  for (const UseCount& sum : {older + newer, newer + older}) {
    EXPECT_EQ(sum.requests, 8);
    EXPECT_EQ(sum.errors, 3);
    EXPECT_EQ(sum.last_used_at, kNow + std::chrono::hours(1));
  }
  EXPECT_EQ((older + UseCount{}).last_used_at, kNow);
}

TEST(RecentCounterTest, OldErrorsFadeAndNewOnesWeigh) {
  RecentCounter counter;
  for (int i = 0; i < 1'000; ++i) counter.count_error(kNow);
  WallTime at = kNow;
  for (int hour = 0; hour < 5 * 24; ++hour) {
    at += std::chrono::hours(1);
    for (int i = 0; i < 10; ++i) counter.count_good(at);
  }
  const RecentUse good = counter.read(at);
  EXPECT_LT(good.errors * 100, good.requests * 5);
  EXPECT_GT(good.requests, 180);  // about a day's
  EXPECT_LT(good.requests, 260);
  for (int i = 0; i < 20; ++i) counter.count_error(at);
  const RecentUse failing = counter.read(at);
  EXPECT_GT(failing.errors * 100, failing.requests * 5);
  const RecentUse nothing = counter.read(at + std::chrono::days(365));
  EXPECT_EQ(nothing.requests, 0);
  EXPECT_EQ(nothing.errors, 0);
}

}  // namespace
}  // namespace tollgate
