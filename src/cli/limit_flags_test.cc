#include "cli/limit_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate::cli {
namespace {

using ::testing::HasSubstr;

std::string parsed(std::string_view text) {
  const auto limit = parse_limit(text);
  return limit ? json::serialize(*limit) : "error: " + limit.error().message;
}

TEST(ParseLimit, ReadsMetricAmountAndWindow) {
  EXPECT_EQ(parsed("cost:25/month"), R"({"metric":"cost","window":"month","amount":"25"})");
  EXPECT_EQ(parsed("cost:0.50/request"), R"({"metric":"cost","window":"request","amount":"0.5"})");
  EXPECT_EQ(parsed("requests:60/60s"), R"({"metric":"requests","window":"60s","amount":60})");
  EXPECT_EQ(parsed("requests:60/minute"), R"({"metric":"requests","window":"60s","amount":60})");
  EXPECT_EQ(parsed("tokens:1M/30d"), R"({"metric":"tokens","window":"30d","amount":1000000})");
  EXPECT_EQ(parsed("concurrency:4"), R"({"metric":"concurrency","amount":4})");
}

TEST(ParseLimit, ReadsMoneyInCreditsAndDollars) {
  EXPECT_EQ(parsed("cost:500cr/day"),
            R"({"metric":"cost","window":"day","amount":"500","unit":"credits"})");
  EXPECT_EQ(parsed("cost:$25/day"), R"({"metric":"cost","window":"day","amount":"25"})");
  EXPECT_EQ(parsed("cost:25usd/day"), R"({"metric":"cost","window":"day","amount":"25"})");
}

TEST(ParseLimit, ReadsCountsExactly) {
  EXPECT_EQ(parsed("tokens:1.5M/day"), R"({"metric":"tokens","window":"day","amount":1500000})");
  EXPECT_EQ(parsed("tokens:0.001k/day"), R"({"metric":"tokens","window":"day","amount":1})");
  EXPECT_EQ(parsed("tokens:1000000G/day"),
            R"({"metric":"tokens","window":"day","amount":1000000000000000})");
  EXPECT_THAT(parsed("tokens:1000001G/day"), HasSubstr("too large"));
}

TEST(ParseLimit, RefusesWhatItCannotReadShowingTheForm) {
  for (const std::string text : {"",
                                 "cost",
                                 "cost:",
                                 "cost:25",
                                 "cost:25/",
                                 "cost:/day",
                                 "cost:25/fortnight",
                                 "cost:-1/day",
                                 "cost:1e3/day",
                                 "price:1/day",
                                 "tokens:0.5/day",
                                 "tokens:1.0005k/day",
                                 "tokens:1./day",
                                 "tokens:.5k/day",
                                 "tokens:k/day",
                                 "tokens:5cr/day",
                                 "requests:60/0d",
                                 "requests:60/d",
                                 "requests:60/1234567d",
                                 "requests:60/5x",
                                 "concurrency:4/day",
                                 "concurrency:"}) {
    EXPECT_FALSE(parse_limit(text)) << text;
  }
  EXPECT_THAT(parsed("cost:25"), HasSubstr("write METRIC:AMOUNT/WINDOW, e.g. cost:25/month"));
  EXPECT_THAT(parsed("cost:25/fortnight"), HasSubstr("`fortnight` is no window"));
}

TEST(LimitsDocument, GivesTheFriendlyFlagsTheirMetricAndWindow) {
  LimitFlags flags;
  flags.limit = {"requests:5/hour"};
  flags.cost = "25/month";
  flags.tokens = "1M/day";
  flags.rpm = "60";
  flags.tpm = "100k";
  flags.parallel = "4";
  flags.daily = "500cr";
  flags.monthly = "100";
  flags.max_request = "0.25";
  EXPECT_EQ(json::serialize(limits_document(flags).value()),
            R"([{"metric":"requests","window":"hour","amount":5},)"
            R"({"metric":"cost","window":"month","amount":"25"},)"
            R"({"metric":"tokens","window":"day","amount":1000000},)"
            R"({"metric":"requests","window":"60s","amount":60},)"
            R"({"metric":"tokens","window":"60s","amount":100000},)"
            R"({"metric":"concurrency","amount":4},)"
            R"({"metric":"cost","window":"day","amount":"500","unit":"credits"},)"
            R"({"metric":"cost","window":"month","amount":"100"},)"
            R"({"metric":"cost","window":"request","amount":"0.25"}])");
}

TEST(LimitsDocument, TakesCostAndTokensWithoutAWindowAsLifetime) {
  LimitFlags flags;
  flags.cost = "10";
  flags.tokens = "5k";
  EXPECT_EQ(json::serialize(limits_document(flags).value()),
            R"([{"metric":"cost","window":"lifetime","amount":"10"},)"
            R"({"metric":"tokens","window":"lifetime","amount":5000}])");
}

TEST(LimitsDocument, NamesTheFlagAtFault) {
  LimitFlags flags;
  flags.rpm = "many";
  EXPECT_THAT(limits_document(flags).error().message, HasSubstr("--rpm: `many`"));
}

}  // namespace
}  // namespace tollgate::cli
