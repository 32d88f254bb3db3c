#include "admin/limit_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "domain/credits.h"
#include "domain/limit_json.h"
#include "domain/limit_policy.h"

namespace tollgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ReadLimits read(std::string_view list, Money credit_value = kCreditValueDefault) {
  return read_limits(parse_json(list).value(), credit_value);
}

std::vector<std::string> faults(std::string_view list) {
  std::vector<std::string> params;
  for (const auto& problem : read(list).problems) params.push_back(problem.param);
  return params;
}

// The first limit's amount in nano-dollars, or the first problem.
std::string cost(std::string_view members, Money credit_value = kCreditValueDefault) {
  const ReadLimits found =
      read(R"([{"metric":"cost","window":"day",)" + std::string(members) + "}]", credit_value);
  if (found.problems.empty()) return std::to_string(found.limits.at(0).amount);
  return found.problems[0].param + " " + found.problems[0].message;
}

TEST(LimitRequestTest, ReadsEveryMetricInTheOrderGiven) {
  const ReadLimits found = read(
      R"([{"metric":"tokens","window":"7d","amount":1000000},
          {"metric":"concurrency","amount":4},
          {"metric":"requests","window":"60s","amount":60},
          {"metric":"cost","window":"month","amount":"25"}])");
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_EQ(
      found.limits,
      (std::vector<Limit>{
          {.metric = Metric::kTokens,
           .window = {.kind = WindowKind::kDays, .days = 7},
           .amount = 1'000'000},
          {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}, .amount = 4},
          {.metric = Metric::kRequests, .window = {.kind = WindowKind::kRolling60s}, .amount = 60},
          {.metric = Metric::kCost,
           .window = {.kind = WindowKind::kMonth},
           .amount = 25'000'000'000}}));
}

TEST(LimitRequestTest, WhatIsShownOfALimitsRuleCanBeSentBack) {
  constexpr std::string_view kList =
      R"([{"metric":"cost","window":"lifetime","amount":"0.000000001"},)"
      R"({"metric":"tokens","window":"request","amount":0},{"metric":"concurrency","amount":4}])";
  EXPECT_EQ(json::serialize(limit_rules_json(read(kList).limits)), kList);
}

TEST(LimitRequestTest, NoListAndAnEmptyOneAreNoLimits) {
  EXPECT_THAT(read("null").limits, IsEmpty());
  EXPECT_THAT(read("[]").limits, IsEmpty());
  EXPECT_THAT(faults("null"), IsEmpty());
  EXPECT_THAT(faults("[]"), IsEmpty());
}

TEST(LimitRequestTest, MoneyIsADecimalStringOfUsdToTheNanoDollar) {
  EXPECT_EQ(cost(R"("amount":"25.000000001")"), "25000000001");
  EXPECT_EQ(cost(R"("amount":"25","unit":"usd")"), "25000000000");
  EXPECT_EQ(cost(R"("amount":"0")"), "0");
  EXPECT_EQ(cost(R"("amount":"9000000000")"), "9000000000000000000");
  for (const auto* wrong :
       {R"("amount":25)", R"("amount":25.5)", R"("amount":null)", R"("amount":"-1")",
        R"("amount":"1e3")", R"("amount":"")", R"("amount":"0.0000000001")",
        R"("amount":"9000000000.1")", R"("unit":"usd")"}) {
    EXPECT_THAT(cost(wrong), HasSubstr("limits[0].amount")) << wrong;
  }
}

TEST(LimitRequestTest, CreditsAreTakenAtTheOperatorsValueExactly) {
  EXPECT_EQ(cost(R"("amount":"500","unit":"credits")"), "5000000000");
  EXPECT_EQ(cost(R"("amount":"500","unit":"credits")", Money::from_nanos(3)), "1500");
  EXPECT_EQ(cost(R"("amount":"0.5","unit":"credits")", Money::from_nanos(4)), "2");
  EXPECT_THAT(cost(R"("amount":"0.5","unit":"credits")", Money::from_nanos(3)),
              HasSubstr("limits[0].amount is no amount of money"));
  EXPECT_THAT(cost(R"("amount":"900000000001","unit":"credits")"), HasSubstr("limits[0].amount"));
  EXPECT_THAT(cost(R"("amount":500,"unit":"credits")"), HasSubstr("limits[0].amount"));
  EXPECT_THAT(cost(R"("amount":"500","unit":"eur")"), HasSubstr("limits[0].unit"));
  EXPECT_THAT(cost(R"("amount":"500","unit":null)"), HasSubstr("limits[0].unit"));
}

TEST(LimitRequestTest, CountsAreWholeNumbersWithoutAUnit) {
  for (const auto* wrong : {"\"60\"", "60.0", "6e1", "null", "9223372036854775808", "true"}) {
    EXPECT_THAT(
        faults(R"([{"metric":"tokens","window":"day","amount":)" + std::string(wrong) + "}]"),
        ElementsAre("limits[0].amount"))
        << wrong;
  }
  EXPECT_THAT(faults(R"([{"metric":"tokens","window":"day","amount":1,"unit":"credits"}])"),
              ElementsAre("limits[0].unit"));
  EXPECT_THAT(faults(R"([{"metric":"concurrency"}])"), ElementsAre("limits[0].amount"));
}

TEST(LimitRequestTest, TheRulesOfPolicyHold) {
  EXPECT_THAT(faults(R"([{"metric":"requests","window":"request","amount":-1},
                         {"metric":"concurrency","window":"day","amount":1},
                         {"metric":"cost","amount":"1"},
                         {"metric":"cost","window":"","amount":"1"},
                         {"metric":"tokens","window":"day","amount":1},
                         {"metric":"tokens","window":"day","amount":2}])"),
              ElementsAre("limits[3].window", "limits[0].window", "limits[0].amount",
                          "limits[1].window", "limits[2].window", "limits[5]"));
}

TEST(LimitRequestTest, ListsEveryProblemAndEachOnce) {
  EXPECT_THAT(faults(R"([7, {"metric":"joy","window":"fortnight","amount":1},
                         {"metric":"cost","window":"fortnight","amount":1,"id":"x","used":"0"},
                         {"metric":"cost","window":"0d","amount":"1"}, null, {}])"),
              ElementsAre("limits[0]", "limits[1].metric", "limits[1].window", "limits[2].window",
                          "limits[2].amount", "limits[2].id", "limits[2].used", "limits[3].window",
                          "limits[4]", "limits[5].metric"));
  for (const auto* list : {"{}", "7", "\"x\"", "true"}) {
    EXPECT_THAT(faults(list), ElementsAre("limits")) << list;
  }
}

TEST(LimitRequestTest, ListMayReachItsBoundAndNoFurther) {
  std::string list = "[";
  for (std::size_t i = 1; i <= kLimitsMax; ++i) {
    list += (i > 1 ? "," : "") + (R"({"metric":"cost","window":")" + std::to_string(i)) +
            R"(d","amount":"1"})";
  }
  EXPECT_EQ(read(list + "]").limits.size(), kLimitsMax);
  EXPECT_THAT(faults(list + "]"), IsEmpty());
  EXPECT_THAT(faults(list + ",{}]"), ElementsAre("limits"));
}

}  // namespace
}  // namespace tollgate
