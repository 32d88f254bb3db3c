#include "store/limit_columns.h"

#include <gtest/gtest.h>

#include <limits>

namespace tollgate::store {
namespace {

TEST(LimitColumnsTest, LimitsComeBackAsTheyWereStored) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::vector<Limit> limits{
      {.metric = Metric::kCost, .window = {.kind = WindowKind::kMonth}, .amount = 25'000'000'001},
      {.metric = Metric::kTokens,
       .window = {.kind = WindowKind::kDays, .days = 7},
       .amount = kMost},
      {.metric = Metric::kRequests, .window = {.kind = WindowKind::kRolling60s}, .amount = 0},
      {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}, .amount = 4}};
  EXPECT_EQ(limits_values(limits_text(limits)).value(), limits);
  EXPECT_EQ(limits_values(limits_text({})).value(), std::vector<Limit>());
}

TEST(LimitColumnsTest, MoneyStandsAsDecimalsOfUsd) {
  EXPECT_EQ(limits_text({{.metric = Metric::kCost,
                          .window = {.kind = WindowKind::kLifetime},
                          .amount = 1'500'000'000}}),
            R"([{"metric":"cost","window":"lifetime","amount":"1.5"}])");
}

TEST(LimitColumnsTest, WhatIsNoListOfLimitsIsUnreadable) {
  for (const auto* text : {"", "{}", "[1]", R"([{"metric":"cost","window":"month","amount":25}])",
                           R"([{"metric":"joy","window":"month","amount":"25"}])",
                           R"([{"metric":"tokens","window":"fortnight","amount":25}])",
                           R"([{"metric":"tokens","window":"day","amount":2.5}])"}) {
    EXPECT_EQ(limits_values(text).error().code, ErrorCode::kInternal) << text;
  }
}

}  // namespace
}  // namespace tollgate::store
