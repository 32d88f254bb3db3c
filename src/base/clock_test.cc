#include "base/clock.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

WallTime at_us(std::int64_t us) { return WallTime(microseconds(us)); }

TEST(Clock, FormatsUtcWithMicrosecondsAlways) {
  EXPECT_EQ(format_time(at_us(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(at_us(1'795'256'130'123'456)), "2026-11-21T10:15:30.123456Z");
  EXPECT_EQ(format_time(at_us(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ParsesWhatItFormats) {
  for (const std::int64_t us :
       {0L, 1L, -1L, 951'782'400'000'000L, 1'795'256'130'123'456L, 253'402'300'799'999'999L}) {
    const auto parsed = parse_time(format_time(at_us(us)));
    ASSERT_TRUE(parsed) << us;
    EXPECT_EQ(*parsed, at_us(us));
  }
}

TEST(Clock, ParsesAnyOffsetToTheSameInstant) {
  const auto utc = parse_time("2026-11-21T10:15:30Z");
  ASSERT_TRUE(utc);
  for (const char* text :
       {"2026-11-21T11:15:30+01:00", "2026-11-21T04:45:30-05:30", "2026-11-21t10:15:30z",
        "2026-11-21T10:15:30.000-00:00", "2026-11-22T00:15:30+14:00"}) {
    const auto parsed = parse_time(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, *utc) << text;
  }
}

TEST(Clock, ADateAloneIsItsMidnightInUtc) {
  EXPECT_EQ(parse_time("2024-02-29").value(), parse_time("2024-02-29T00:00:00Z").value());
}

TEST(Clock, FractionsShortOrLongAreReadToTheMicrosecond) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.5Z"), at_us(500'000));
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.0000019Z"), at_us(1));
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "now",
                           "2026",
                           "2026-11",
                           "2026-02-29",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-1-01",
                           "2026-11-21T",
                           "2026-11-21T10:15Z",
                           "2026-11-21T10:15:30",
                           "2026-11-21 10:15:30Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T10:60:00Z",
                           "2026-11-21T10:15:60Z",
                           "2026-11-21T10:15:30.Z",
                           "2026-11-21T10:15:30+24:00",
                           "2026-11-21T10:15:30+0100",
                           "2026-11-21T10:15:30ZZ",
                           " 2026-11-21",
                           "+2026-11-21",
                           "9999-12-31T23:59:59-01:00",
                           "0000-01-01T00:00:00+01:00"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Clock, ParsesDurationsInEveryUnit) {
  EXPECT_EQ(parse_duration("90s"), seconds(90));
  EXPECT_EQ(parse_duration("15m"), seconds(900));
  EXPECT_EQ(parse_duration("1h"), seconds(3'600));
  EXPECT_EQ(parse_duration("30d"), seconds(2'592'000));
  EXPECT_EQ(parse_duration("2w"), seconds(1'209'600));
}

TEST(Clock, ADurationStopsAtItsBound) {
  EXPECT_EQ(parse_duration("36500d"), kDurationMax);
  EXPECT_FALSE(parse_duration("36501d"));
  EXPECT_FALSE(parse_duration("99999999999w"));
  EXPECT_FALSE(parse_duration("9999999999999999999999s"));
}

TEST(Clock, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "90", "0s", "-1s", "+1s", "1.5h", "1 h", "1y", "1H", "h1"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Clock, TheManualClockMovesOnlyWhenTold) {
  ManualClock clock(at_us(1'000));
  const SteadyTime start = clock.steady();
  EXPECT_EQ(clock.wall(), at_us(1'000));
  clock.advance(microseconds(5));
  EXPECT_EQ(clock.wall(), at_us(1'005));
  EXPECT_EQ(clock.steady() - start, microseconds(5));
  clock.step_wall(microseconds(-500));
  EXPECT_EQ(clock.wall(), at_us(505));
  EXPECT_EQ(clock.steady() - start, microseconds(5));
}

TEST(Clock, TheSystemClockStandsInThisCentury) {
  const SystemClock clock;
  EXPECT_GT(clock.wall(), *parse_time("2020-01-01"));
  EXPECT_LE(clock.steady(), clock.steady());
}

}  // namespace
}  // namespace tollgate
