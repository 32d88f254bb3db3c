#include "domain/limit.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/check.h"

namespace tollgate {
namespace {

WallTime time_at(std::string_view text) { return parse_time(text).value(); }

const WallTime kCreated = time_at("2026-03-10T08:30:00Z");

// "start/end", each without its zeros.
std::string period(WindowKind kind, std::string_view at) {
  const Period found = period_of({.kind = kind}, time_at(at), kCreated);
  EXPECT_LE(found.start, time_at(at));
  EXPECT_GT(found.end, time_at(at));
  return format_time(found.start).substr(0, 13) + "/" + format_time(found.end).substr(0, 13);
}

std::string day_period(int days, std::string_view at) {
  const Period found = period_of({.kind = WindowKind::kDays, .days = days}, time_at(at), kCreated);
  return format_time(found.start).substr(0, 19) + "/" + format_time(found.end).substr(0, 19);
}

TEST(Limit, MetricsAndWindowsGoByTheNamesOfTheSpec) {
  for (const auto* name : {"cost", "tokens", "requests", "concurrency"}) {
    ASSERT_TRUE(metric_from_name(name)) << name;
    EXPECT_EQ(metric_name(*metric_from_name(name)), name);
  }
  for (const auto* name : {"60s", "hour", "day", "week", "month", "year", "lifetime", "request",
                           "1d", "7d", "30d", "3650d", ""}) {
    ASSERT_TRUE(window_from_name(name)) << name;
    EXPECT_EQ(window_name(*window_from_name(name)), name);
  }
  EXPECT_EQ(window_from_name("7d"), (Window{.kind = WindowKind::kDays, .days = 7}));
  EXPECT_NE(window_from_name("1d"), window_from_name("day"));
  EXPECT_EQ(window_from_name(""), Window{.kind = WindowKind::kNow});
}

TEST(Limit, NoOtherNameIsAMetricOrAWindow) {
  for (const auto* name : {"", "Cost", "costs", "money"}) EXPECT_FALSE(metric_from_name(name));
  for (const auto* name : {"minute", "Day", "days", "d", "0d", "07d", "-1d", "+1d", "3651d", " 7d",
                           "7 d", "7dd", "99999999999999999999d", "1.5d"}) {
    EXPECT_FALSE(window_from_name(name)) << name;
  }
}

TEST(Limit, AnIdIsOwnerMetricAndWindow) {
  const Limit monthly{.metric = Metric::kCost, .window = {.kind = WindowKind::kMonth}};
  const Limit fortnight{.metric = Metric::kTokens,
                        .window = {.kind = WindowKind::kDays, .days = 14}};
  const Limit parallel{.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}};
  EXPECT_EQ(limit_id("key_a", monthly), "key_a/cost/month");
  EXPECT_EQ(limit_id("ws_b", fortnight), "ws_b/tokens/14d");
  EXPECT_EQ(limit_id("key_a", parallel), "key_a/concurrency");
}

TEST(Limit, WhatRemainsIsNeverBelowZeroAndNeverWraps) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const auto remaining = [](std::int64_t amount, std::int64_t used, std::int64_t held) {
    return LimitState{.limit = {.amount = amount}, .used = used, .held = held}.remaining();
  };
  EXPECT_EQ(remaining(10, 0, 0), 10);
  EXPECT_EQ(remaining(10, 3, 4), 3);
  EXPECT_EQ(remaining(10, 6, 4), 0);
  EXPECT_EQ(remaining(10, 7, 4), 0);
  EXPECT_EQ(remaining(10, 11, 0), 0);
  EXPECT_EQ(remaining(0, 0, 1), 0);
  EXPECT_EQ(remaining(10, kMost, kMost), 0);
  EXPECT_EQ(remaining(kMost, 1, kMost), 0);
  EXPECT_EQ(remaining(kMost, 0, 0), kMost);
}

TEST(Limit, OnlyWindowsThatTurnHavePeriods) {
  for (const auto kind :
       {WindowKind::kHour, WindowKind::kDay, WindowKind::kWeek, WindowKind::kMonth,
        WindowKind::kYear, WindowKind::kDays, WindowKind::kLifetime}) {
    EXPECT_TRUE(has_periods({.kind = kind, .days = 1}));
  }
  for (const auto kind : {WindowKind::kRolling60s, WindowKind::kRequest, WindowKind::kNow}) {
    EXPECT_FALSE(has_periods({.kind = kind}));
    EXPECT_THROW(period_of({.kind = kind}, kCreated, kCreated), Bug);
  }
}

TEST(LimitPeriod, HourAndDayAreThoseOfUtc) {
  EXPECT_EQ(period(WindowKind::kHour, "2026-06-01T10:59:59.999999Z"),
            "2026-06-01T10/2026-06-01T11");
  EXPECT_EQ(period(WindowKind::kHour, "2026-06-01T11:00:00Z"), "2026-06-01T11/2026-06-01T12");
  EXPECT_EQ(period(WindowKind::kHour, "2026-12-31T23:30:00Z"), "2026-12-31T23/2027-01-01T00");
  EXPECT_EQ(period(WindowKind::kDay, "2026-06-01T23:59:59.999999Z"), "2026-06-01T00/2026-06-02T00");
  EXPECT_EQ(period(WindowKind::kDay, "2026-06-02T00:00:00Z"), "2026-06-02T00/2026-06-03T00");
  EXPECT_EQ(period(WindowKind::kDay, "2026-06-02T01:00:00+02:00"), "2026-06-01T00/2026-06-02T00");
}

TEST(LimitPeriod, AWeekRunsFromMondayToMondayAlsoOverTheYearsEnd) {
  // 2026-11-23 is a Monday.
  EXPECT_EQ(period(WindowKind::kWeek, "2026-11-22T23:59:59.999999Z"),
            "2026-11-16T00/2026-11-23T00");
  EXPECT_EQ(period(WindowKind::kWeek, "2026-11-23T00:00:00Z"), "2026-11-23T00/2026-11-30T00");
  // ISO week 53 of 2026, and week 1 of 2025, which begins in 2024.
  EXPECT_EQ(period(WindowKind::kWeek, "2026-12-31T12:00:00Z"), "2026-12-28T00/2027-01-04T00");
  EXPECT_EQ(period(WindowKind::kWeek, "2027-01-03T12:00:00Z"), "2026-12-28T00/2027-01-04T00");
  EXPECT_EQ(period(WindowKind::kWeek, "2024-12-30T00:00:00Z"), "2024-12-30T00/2025-01-06T00");
}

TEST(LimitPeriod, AMonthHasItsOwnLengthInLeapYearsToo) {
  EXPECT_EQ(period(WindowKind::kMonth, "2026-02-28T23:59:59.999999Z"),
            "2026-02-01T00/2026-03-01T00");
  EXPECT_EQ(period(WindowKind::kMonth, "2028-02-29T12:00:00Z"), "2028-02-01T00/2028-03-01T00");
  EXPECT_EQ(period(WindowKind::kMonth, "2100-02-28T12:00:00Z"), "2100-02-01T00/2100-03-01T00");
  EXPECT_EQ(period(WindowKind::kMonth, "2026-12-31T23:59:59Z"), "2026-12-01T00/2027-01-01T00");
  EXPECT_EQ(period(WindowKind::kMonth, "2027-01-01T00:00:00Z"), "2027-01-01T00/2027-02-01T00");
}

TEST(LimitPeriod, AYearHas365Or366Days) {
  EXPECT_EQ(period(WindowKind::kYear, "2026-12-31T23:59:59.999999Z"),
            "2026-01-01T00/2027-01-01T00");
  EXPECT_EQ(period(WindowKind::kYear, "2028-12-31T12:00:00Z"), "2028-01-01T00/2029-01-01T00");
  const Period leap = period_of({.kind = WindowKind::kYear}, time_at("2028-02-29"), kCreated);
  EXPECT_EQ(leap.end - leap.start, std::chrono::days(366));
  const Period century = period_of({.kind = WindowKind::kYear}, time_at("2100-02-28"), kCreated);
  EXPECT_EQ(century.end - century.start, std::chrono::days(365));
}

TEST(LimitPeriod, CalendarsHoldBefore1970) {
  EXPECT_EQ(period(WindowKind::kHour, "1969-12-31T23:59:59.999999Z"),
            "1969-12-31T23/1970-01-01T00");
  EXPECT_EQ(period(WindowKind::kDay, "1969-12-31T00:00:00Z"), "1969-12-31T00/1970-01-01T00");
  EXPECT_EQ(period(WindowKind::kWeek, "1969-12-31T00:00:00Z"), "1969-12-29T00/1970-01-05T00");
}

TEST(LimitPeriod, NDaysCountFromTheCreationToTheMicrosecond) {
  EXPECT_EQ(day_period(7, "2026-03-10T08:30:00Z"), "2026-03-10T08:30:00/2026-03-17T08:30:00");
  EXPECT_EQ(day_period(7, "2026-03-17T08:29:59.999999Z"),
            "2026-03-10T08:30:00/2026-03-17T08:30:00");
  EXPECT_EQ(day_period(7, "2026-03-17T08:30:00Z"), "2026-03-17T08:30:00/2026-03-24T08:30:00");
  EXPECT_EQ(day_period(30, "2028-02-29T00:00:00Z"), "2028-02-28T08:30:00/2028-03-29T08:30:00");
  EXPECT_EQ(day_period(kWindowDaysMax, "2026-03-11T00:00:00Z"),
            "2026-03-10T08:30:00/2036-03-07T08:30:00");
}

// A clock that steps back, or a test clock, may stand before the creation.
TEST(LimitPeriod, NDaysBeforeTheCreationEndAtIt) {
  EXPECT_EQ(day_period(7, "2026-03-10T08:29:59.999999Z"),
            "2026-03-03T08:30:00/2026-03-10T08:30:00");
  EXPECT_EQ(day_period(7, "2026-03-03T08:30:00Z"), "2026-03-03T08:30:00/2026-03-10T08:30:00");
  EXPECT_EQ(day_period(7, "2026-03-03T08:29:59Z"), "2026-02-24T08:30:00/2026-03-03T08:30:00");
  EXPECT_EQ(day_period(1, "1965-01-01T00:00:00Z"), "1964-12-31T08:30:00/1965-01-01T08:30:00");
}

TEST(LimitPeriod, ALifetimeNeverTurns) {
  const Period found = period_of({.kind = WindowKind::kLifetime}, time_at("2026-06-01"), kCreated);
  EXPECT_EQ(found, (Period{.start = WallTime::min(), .end = WallTime::max()}));
}

TEST(LimitPeriod, AnUnusedLimitResetsAtItsPeriodsEndIfEver) {
  std::vector<Limit> limits;
  for (const auto* window : {"month", "7d", "lifetime", "60s", "request"}) {
    limits.push_back({.window = window_from_name(window).value(), .amount = 5});
  }
  const auto states = unused_limits("key_a", limits, time_at("2026-03-10T09:00:00Z"), kCreated);
  ASSERT_EQ(states.size(), 5u);
  EXPECT_EQ(states[0], (LimitState{.limit = limits[0],
                                   .id = "key_a/cost/month",
                                   .resets_at = time_at("2026-04-01T00:00:00Z")}));
  EXPECT_EQ(states[1].resets_at, time_at("2026-03-17T08:30:00Z"));
  for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(states[i].resets_at, std::nullopt);
}

// Over two leap days, one hour at a time: no gap, no overlap.
TEST(LimitPeriod, EachPeriodBeginsWhereTheOneBeforeItEnds) {
  for (const char* name : {"hour", "day", "week", "month", "year", "7d", "30d"}) {
    const Window window = window_from_name(name).value();
    Period last = period_of(window, time_at("2023-12-30"), kCreated);
    for (WallTime at = time_at("2023-12-30"); at < time_at("2028-03-02");
         at += std::chrono::hours(1)) {
      const Period now = period_of(window, at, kCreated);
      ASSERT_TRUE(now == last || now.start == last.end) << name << " at " << format_time(at);
      ASSERT_TRUE(now.start <= at && at < now.end) << name << " at " << format_time(at);
      last = now;
    }
  }
}

}  // namespace
}  // namespace tollgate
