#include "domain/limit_json.h"

#include <gtest/gtest.h>

#include <vector>

namespace tollgate {
namespace {

const WallTime kAt = parse_time("2026-11-21T10:00:00Z").value();

TEST(LimitJson, ARuleIsMetricWindowAndAmountAndConcurrencyHasNoWindow) {
  const std::vector<Limit> limits{
      {.metric = Metric::kCost, .window = {.kind = WindowKind::kMonth}, .amount = 25'500'000'000},
      {.metric = Metric::kTokens, .window = {.kind = WindowKind::kDays, .days = 7}, .amount = 9},
      {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}, .amount = 4}};
  EXPECT_EQ(json::serialize(limit_rules_json(limits)),
            R"([{"metric":"cost","window":"month","amount":"25.5"},)"
            R"({"metric":"tokens","window":"7d","amount":9},)"
            R"({"metric":"concurrency","amount":4}])");
}

TEST(LimitJson, AShownLimitOfMoneyIsDecimalStringsOfUsdThroughout) {
  LimitState state{.limit = {.metric = Metric::kCost,
                             .window = {.kind = WindowKind::kMonth},
                             .amount = 25'000'000'000},
                   .id = "key_a/cost/month",
                   .used = 1,
                   .held = 500'000'000,
                   .resets_at = kAt};
  EXPECT_EQ(json::serialize(limit_json(state, 30'000'000'000)),
            R"({"id":"key_a/cost/month","metric":"cost","window":"month","amount":"25",)"
            R"("used":"0.000000001","held":"0.5","remaining":"24.499999999",)"
            R"("resets_at":"2026-11-21T10:00:00.000000Z","bound":"30"})");
}

TEST(LimitJson, AShownLimitHasEveryMemberEachTime) {
  LimitState state{
      .limit = {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}, .amount = 4},
      .id = "key_a/concurrency",
      .held = 5};
  EXPECT_EQ(json::serialize(limits_json(std::vector{state})),
            R"([{"id":"key_a/concurrency","metric":"concurrency","window":null,"amount":4,)"
            R"("used":0,"held":5,"remaining":0,"resets_at":null,"bound":null}])");
}

}  // namespace
}  // namespace tollgate
