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
  return refusal_error(refusal, {}).retry_after;
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
  EXPECT_EQ(refusal_error(late, {}).code, ErrorCode::kRateLimitExceeded);
}

TEST(Refusals, WhatIsInFlightIsWorthARetrySoonAndWhatNeverFitsNone) {
  EXPECT_EQ(retry_after(spent(WindowKind::kMonth, seconds(86'400), RefusalReason::kInFlight)),
            seconds(1));
  EXPECT_EQ(retry_after(spent(WindowKind::kHour, seconds(5), RefusalReason::kAboveLimit)),
            std::nullopt);
  EXPECT_EQ(retry_after({.reason = RefusalReason::kNoCredits, .bound = 5}), std::nullopt);
}

TEST(Refusals, ABalanceThatRefusesIsShownAsALimitIs) {
  const Refusal refusal{.reason = RefusalReason::kInFlight, .bound = 7};
  const Balance balance{.mode = BalanceMode::kPrepaid,
                        .granted = Money::from_nanos(1'000),
                        .charged = Money::from_nanos(100),
                        .held = Money::from_nanos(895)};
  EXPECT_EQ(refusal_error(refusal, balance).details_json,
            R"({"id":"balance","metric":"cost","window":null,"amount":"0.000001",)"
            R"("used":"0.0000001","held":"0.000000895","remaining":"0.000000005",)"
            R"("resets_at":null,"bound":"0.000000007"})");
}

}  // namespace
}  // namespace tollgate
