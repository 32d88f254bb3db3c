#include "gateway/standing_fields.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'000'000)};
constexpr Money kCredit = Money::from_nanos(10'000'000);  // 0.01 USD

// "name: value\n" each.
std::string fields(const KeyStanding& standing) {
  net::Response response;
  add_standing_fields(response, standing, kCredit);
  std::string text;
  for (const auto& [name, value] : response.fields) {
    text.append(name).append(": ").append(value).append("\n");
  }
  return text;
}

KeyStanding standing_now() {
  KeyStanding standing;
  standing.at = kNow;
  return standing;
}

LimitState requests(WindowKind window, std::optional<WallTime> resets_at) {
  return {.limit = {.metric = Metric::kRequests, .window = {.kind = window}, .amount = 100},
          .id = {},
          .used = 30,
          .held = 1,
          .resets_at = resets_at};
}

TEST(StandingFields, AKeyWithoutLimitsSaysThatItsBalanceIsUnlimitedAndNothingElse) {
  EXPECT_EQ(fields(standing_now()), "X-Credit-Balance: unlimited\n");
}

TEST(StandingFields, ABalanceIsWhatIsAvailableInCredits) {
  KeyStanding standing = standing_now();
  standing.balance = {.mode = BalanceMode::kPrepaid,
                      .granted = Money::from_nanos(25'000'000'000),
                      .charged = Money::from_nanos(4'000'000'001),
                      .held = Money::from_nanos(1'000'000'000)};
  EXPECT_EQ(fields(standing), "X-Credit-Balance: 1999.9999999\n");
  standing.balance.granted = {};
  EXPECT_EQ(fields(standing), "X-Credit-Balance: -500.0000001\n");
}

TEST(StandingFields, TheTightestRequestsLimitResetsAtAUnixTime) {
  KeyStanding standing = standing_now();
  standing.requests = requests(WindowKind::kDay, WallTime(seconds(2'000'000)));
  EXPECT_EQ(fields(standing),
            "X-Credit-Balance: unlimited\nX-RateLimit-Limit: 100\nX-RateLimit-Remaining: 69\n"
            "X-RateLimit-Reset: 2000000\n");
  // Once it is reached the limit has reset.
  standing.requests->resets_at = WallTime(milliseconds(2'000'000'001));
  EXPECT_NE(fields(standing).find("X-RateLimit-Reset: 2000001\n"), std::string::npos);
}

TEST(StandingFields, WhatNeverResetsHasNoResetTimeAndAnEmptyMinuteResetsNow) {
  KeyStanding standing = standing_now();
  standing.requests = requests(WindowKind::kLifetime, {});
  EXPECT_EQ(fields(standing).find("Reset"), std::string::npos);
  standing.requests = requests(WindowKind::kRolling60s, {});
  EXPECT_NE(fields(standing).find("X-RateLimit-Reset: 1000000\n"), std::string::npos);
}

TEST(StandingFields, TheMinuteIsToldAsOpenAiTellsIt) {
  KeyStanding standing = standing_now();
  standing.requests_per_minute =
      requests(WindowKind::kRolling60s, WallTime(milliseconds(1'000'000'020)));
  standing.tokens_per_minute = {
      .limit = {.metric = Metric::kTokens, .window = {WindowKind::kRolling60s}, .amount = 40'000},
      .id = {},
      .used = 50'000,
      .held = 0,
      .resets_at = kNow + seconds(59)};
  EXPECT_EQ(fields(standing),
            "X-Credit-Balance: unlimited\n"
            "x-ratelimit-limit-requests: 100\nx-ratelimit-remaining-requests: 69\n"
            "x-ratelimit-reset-requests: 20ms\n"
            "x-ratelimit-limit-tokens: 40000\nx-ratelimit-remaining-tokens: 0\n"
            "x-ratelimit-reset-tokens: 59s\n");
}

TEST(StandingFields, DurationsAreRoundedUpAndReadAsOpenAiWritesThem) {
  using std::chrono::microseconds;
  EXPECT_EQ(reset_duration(microseconds(-5)), "0s");
  EXPECT_EQ(reset_duration(microseconds(0)), "0s");
  EXPECT_EQ(reset_duration(microseconds(1)), "1ms");
  EXPECT_EQ(reset_duration(milliseconds(20)), "20ms");
  EXPECT_EQ(reset_duration(milliseconds(999)), "999ms");
  EXPECT_EQ(reset_duration(microseconds(999'001)), "1s");
  EXPECT_EQ(reset_duration(milliseconds(1'000)), "1s");
  EXPECT_EQ(reset_duration(milliseconds(1'001)), "2s");
  EXPECT_EQ(reset_duration(seconds(60)), "1m0s");
  EXPECT_EQ(reset_duration(seconds(360)), "6m0s");
  EXPECT_EQ(reset_duration(seconds(3'600)), "1h0m0s");
}

}  // namespace
}  // namespace tollgate
