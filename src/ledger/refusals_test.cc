#include "ledger/refusals.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

Refusal spent(WindowKind window, std::optional<microseconds> resets_in,
              RefusalReason reason = RefusalReason::kSpent) {
  return {.reason = reason,
          .limit =
              LimitState{
                  .limit = {.metric = Metric::kTokens, .window = {.kind = window}, .amount = 10}},
          .bound = 5,
          .resets_in = resets_in};
}

std::optional<seconds> retry_after(const Refusal& refusal) {
  return refusal_error(refusal).retry_after;
}

TEST(Refusals, AResetWithinAMinuteIsWorthARetryRoundedUp) {
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, seconds(60))), seconds(60));
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, microseconds(1'000'001))), seconds(2));
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, microseconds(0))), seconds(1));
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, microseconds(60'000'001))), std::nullopt);
  EXPECT_EQ(retry_after(spent(WindowKind::kLifetime, {})), std::nullopt);
}

TEST(Refusals, TheRollingMinuteIsAlwaysWorthARetryThoughItMayLetGoASecondLate) {
  const Refusal late =
      spent(WindowKind::kRolling60s, microseconds(60'900'000), RefusalReason::kRate);
  EXPECT_EQ(retry_after(late), seconds(60));
  EXPECT_EQ(refusal_error(late).code, ErrorCode::kRateLimitExceeded);
}

TEST(Refusals, WhatIsInFlightIsWorthARetrySoonAndWhatNeverFitsNone) {
  EXPECT_EQ(retry_after(spent(WindowKind::kMonth, seconds(86'400), RefusalReason::kInFlight)),
            seconds(1));
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, seconds(5), RefusalReason::kAboveLimit)),
            std::nullopt);
  EXPECT_EQ(retry_after({.reason = RefusalReason::kNoCredits, .bound = 5}), std::nullopt);
}

}  // namespace
}  // namespace tollgate
