#include "domain/price_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Read {
  std::optional<Prices> prices;
  std::vector<std::string> problems;
};

Read read(std::string_view text, PriceSides sides = PriceSides::kBothStated) {
  Read out;
  const auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  out.prices = read_prices(*value, "prices", sides, [&out](std::string path, std::string) {
    out.problems.push_back(std::move(path));
  });
  return out;
}

Money usd(std::string_view text) { return parse_money(text).value(); }

TEST(PriceJsonTest, EveryPriceGoesOutAndComesBack) {
  const std::string text =
      R"({"input":"2.5","output":"10","cached_input":"1.25","cache_write":"3","cache_write_1h":"4",)"
      R"("reasoning_output":"11","audio_input":"32","audio_output":"64","image_input":"8",)"
      R"("cached_image_input":"2","video_input":"12","text_output":"9","per_request":"0.01",)"
      R"("per_image":"0.04","per_minute":"0.006","per_million_characters":"15",)"
      R"("tiers":[{"above_input_tokens":200000,"input":"5","output":"20"},)"
      R"({"above_input_tokens":400000,"input":"6","output":"30","cached_input":"3"}]})";
  const Read first = read(text);
  ASSERT_TRUE(first.prices);
  EXPECT_EQ(json::serialize(prices_json(*first.prices)), text);
}

TEST(PriceJsonTest, AWholeNumberIsAnAmountAndNullIsNoPrice) {
  const Read out = read(R"({"input":3,"output":"0","cached_input":null})");
  ASSERT_TRUE(out.prices);
  EXPECT_EQ(out.prices->tokens.input, usd("3"));
  EXPECT_EQ(out.prices->tokens.cached_input, std::nullopt);
}

TEST(PriceJsonTest, WhatIsAbsentIsNeverZero) {
  EXPECT_THAT(read(R"({"input":"1"})").problems, ElementsAre("prices.output"));
  EXPECT_THAT(read(R"({"cached_input":"1"})").problems,
              ElementsAre("prices.input", "prices.output"));
  EXPECT_THAT(read("{}").problems, ElementsAre("prices"));
  EXPECT_THAT(read(R"({"input":null,"output":null})").problems, ElementsAre("prices"));
}

TEST(PriceJsonTest, WhereASideIsNotStatedItGoesAtTheOthersPrice) {
  const Read out = read(R"({"input":"0.13"})", PriceSides::kEitherStated);
  ASSERT_TRUE(out.prices);
  EXPECT_EQ(out.prices->tokens.output, usd("0.13"));
  EXPECT_FALSE(read(R"({"cached_input":"1"})", PriceSides::kEitherStated).prices);
}

TEST(PriceJsonTest, PricesOfOtherUnitsAloneAreNotOfTokens) {
  const Read out = read(R"({"per_minute":"0.006"})");
  ASSERT_TRUE(out.prices);
  EXPECT_FALSE(out.prices->by_token);
  EXPECT_NE(price_version(*out.prices),
            price_version(*read(R"({"input":0,"output":0,"per_minute":"0.006"})").prices));
  EXPECT_EQ(json::serialize(prices_json(*out.prices)), R"({"per_minute":"0.006"})");
  EXPECT_THAT(
      read(R"({"per_image":"1","tiers":[{"above_input_tokens":1,"input":1,"output":1}]})").problems,
      ElementsAre("prices.tiers"));
}

TEST(PriceJsonTest, NamesEverythingThatIsWrongByItsPlace) {
  EXPECT_THAT(read(R"({"input":"-1","output":1.5,"cheap":"1"})").problems,
              ElementsAre("prices.input", "prices.output", "prices"));
  EXPECT_THAT(read(R"(["1"])").problems, ElementsAre("prices"));
  EXPECT_THAT(
      read(R"({"input":1,"output":1,"tiers":[{"above_input_tokens":5,"input":1,"output":1},)"
           R"({"above_input_tokens":5,"input":1},{"input":1,"output":1},{}]})")
          .problems,
      ElementsAre("prices.tiers[1].above_input_tokens", "prices.tiers[1].output",
                  "prices.tiers[2].above_input_tokens", "prices.tiers[3].above_input_tokens",
                  "prices.tiers[3]"));
}

TEST(PriceJsonTest, AtMostSixteenTiers) {
  const auto tiers = [](int count) {
    std::string text = R"({"input":1,"output":1,"tiers":[)";
    for (int i = 1; i <= count; ++i) {
      if (i > 1) text += ',';
      text += R"({"input":1,"output":1,"above_input_tokens":)" + std::to_string(i) + "}";
    }
    return text + "]}";
  };
  EXPECT_THAT(read(tiers(16)).problems, IsEmpty());
  EXPECT_THAT(read(tiers(17)).problems, ElementsAre("prices.tiers"));
}

}  // namespace
}  // namespace tollgate
