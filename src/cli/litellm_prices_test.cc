#include "cli/litellm_prices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tollgate::cli {
namespace {

PriceList read(const std::string& entries) {
  auto list = read_litellm_prices("{" + entries + "}");
  EXPECT_TRUE(list) << list.error().message;
  return list.value_or(PriceList());
}

std::string prices_of(const std::string& entry) {
  const PriceList list = read(R"("gpt-x":{"litellm_provider":"openai",)" + entry + "}");
  if (list.models.empty()) return "skipped: " + list.skipped.at(0).why;
  return json::serialize(list.models.front().prices);
}

TEST(PricePerTest, GoesFromDigitsToDigitsExactly) {
  EXPECT_EQ(price_per("1.5e-07", 1'000'000).value(), "0.15");
  EXPECT_EQ(price_per("2.5E-06", 1'000'000).value(), "2.5");
  EXPECT_EQ(price_per("0.00001", 1'000'000).value(), "10");
  EXPECT_EQ(price_per("5.46875e-07", 1'000'000).value(), "0.546875");
  EXPECT_EQ(price_per("3.0833e-05", 60).value(), "0.00184998");
  EXPECT_EQ(price_per("0", 1'000'000).value(), "0");
  EXPECT_EQ(price_per("0.0", 1).value(), "0");
  EXPECT_EQ(price_per("1e-06", 1'000'000).value(), "1");
}

TEST(PricePerTest, WhatIsFinerThanANanoDollarIsRoundedUpNeverToNothing) {
  EXPECT_EQ(price_per("1e-17", 1'000'000).value(), "0.000000001");
  EXPECT_EQ(price_per("1.0000000001e-15", 1'000'000).value(), "0.000000002");
  EXPECT_EQ(price_per("1e-15", 1'000'000).value(), "0.000000001");
}

TEST(PricePerTest, RefusesWhatIsNoAmount) {
  for (const auto* text : {"", "-1", "abc", "1e", "1e99", "1.2.3", "NaN", "1e+",
                           "99999999999999999999999999", "1e20", "."}) {
    EXPECT_FALSE(price_per(text, 1'000'000)) << text;
  }
}

TEST(LiteLlmPricesTest, TokenPricesAreTakenByTheMillion) {
  EXPECT_EQ(prices_of(R"("mode":"chat","input_cost_per_token":2.5e-06,)"
                      R"("output_cost_per_token":1e-05,"cache_read_input_token_cost":1.25e-06,)"
                      R"("cache_creation_input_token_cost":3e-06,)"
                      R"("cache_creation_input_token_cost_above_1hr":4e-06,)"
                      R"("input_cost_per_token_batches":1e-06,"input_cost_per_token_priority":9)"),
            R"({"input":"2.5","output":"10","cached_input":"1.25","cache_write":"3",)"
            R"("cache_write_1h":"4"})");
}

TEST(LiteLlmPricesTest, TiersAreReadFromTheNamesOfMembers) {
  EXPECT_EQ(prices_of(R"("mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":2e-06,)"
                      R"("input_cost_per_token_above_200k_tokens":3e-06,)"
                      R"("cache_read_input_token_cost_above_200k_tokens":1e-06,)"
                      R"("input_cost_per_token_above_200k_tokens_priority":7e-06,)"
                      R"("input_cost_per_token_above_128k_tokens":2e-06,)"
                      R"("output_cost_per_token_above_128k_tokens":4e-06)"),
            R"({"input":"1","output":"2","tiers":[)"
            R"({"above_input_tokens":128000,"input":"2","output":"4"},)"
            R"({"above_input_tokens":200000,"input":"3","cached_input":"1","output":"2"}]})");
}

TEST(LiteLlmPricesTest, TiersAreReadFromRangesToo) {
  EXPECT_EQ(
      prices_of(
          R"("mode":"chat","tiered_pricing":[)"
          R"({"range":[0,32000.0],"input_cost_per_token":1e-06,"output_cost_per_token":2e-06},)"
          R"({"range":[32000.0,1e6],"input_cost_per_token":3e-06,"output_cost_per_token":4e-06}])"),
      R"({"input":"1","output":"2","tiers":[{"above_input_tokens":32000,"input":"3","output":"4"}]})");
}

TEST(LiteLlmPricesTest, OtherUnitsAreTakenWhereTheyAreCounted) {
  EXPECT_EQ(prices_of(R"("mode":"audio_transcription","input_cost_per_second":0.0001)"),
            R"({"per_minute":"0.006"})");
  EXPECT_EQ(prices_of(R"("mode":"audio_speech","input_cost_per_character":1.5e-05)"),
            R"({"per_million_characters":"15"})");
  EXPECT_EQ(prices_of(R"("mode":"rerank","input_cost_per_query":0.002,"input_cost_per_token":0)"),
            R"({"input":"0","per_request":"0.002","output":"0"})");
  EXPECT_EQ(prices_of(R"("mode":"image_generation","output_cost_per_image":0.04)"),
            R"({"per_image":"0.04"})");
  EXPECT_EQ(prices_of(R"("mode":"image_generation","input_cost_per_token":5e-06,)"
                      R"("output_cost_per_token":1e-05,"output_cost_per_image_token":3e-05)"),
            R"({"output":"30","text_output":"10","input":"5"})");
}

TEST(LiteLlmPricesTest, AnAbsentSideIsNeverZero) {
  EXPECT_EQ(prices_of(R"("mode":"embedding","input_cost_per_token":1e-07)"),
            R"({"input":"0.1","output":"0.1"})");
}

TEST(LiteLlmPricesTest, SaysWhyItSkips) {
  EXPECT_EQ(prices_of(R"("mode":"chat")"), "skipped: it has no price by the token");
  EXPECT_EQ(prices_of(R"("mode":"chat","input_cost_per_query":1)"),
            "skipped: it has no price by the token");
  EXPECT_EQ(prices_of(R"("mode":"realtime","input_cost_per_token":1e-07)"),
            "skipped: models for realtime are not served");
  EXPECT_EQ(prices_of(R"("input_cost_per_token":1e-07)"),
            "skipped: it does not say what it is for");
  EXPECT_EQ(prices_of(R"("mode":"image_generation","input_cost_per_pixel":1e-08)"),
            "skipped: it has no price in a unit that is counted");
  EXPECT_EQ(prices_of(R"("mode":"chat","input_cost_per_token":-1,"output_cost_per_token":1)"),
            "skipped: a price cannot be read");
}

TEST(LiteLlmPricesTest, NamesSizesAndCapabilitiesAreTaken) {
  const PriceList list = read(
      R"("gemini/gemini-x":{"litellm_provider":"gemini","mode":"chat","input_cost_per_token":1e-06,)"
      R"("output_cost_per_token":1e-06,"max_input_tokens":1048576,"max_output_tokens":65536,)"
      R"("supports_vision":true,"supports_function_calling":false},)"
      R"("sample_spec":{"litellm_provider":"one of"},"x":{"mode":"chat"})");
  ASSERT_EQ(list.models.size(), 1U);
  const ListedModel& model = list.models.front();
  EXPECT_EQ(model.upstream, "gemini-x");
  EXPECT_EQ(model.context_window, 1'048'576);
  EXPECT_EQ(model.max_output_tokens, 65'536);
  EXPECT_EQ(json::serialize(model.facts),
            R"({"kind":"chat","capabilities":{"vision":true,"tools":false}})");
  ASSERT_EQ(list.skipped.size(), 1U);
  EXPECT_EQ(list.skipped.front().why, "it names no provider");
}

TEST(LiteLlmPricesTest, DigitsInsideTextsStayTexts) {
  const PriceList list =
      read(R"("m\"1e5":{"litellm_provider":"o 1.5","mode":"chat","input_cost_per_token":1,)"
           R"("output_cost_per_token":1,"source":"\\ 12 \" 3"})");
  ASSERT_EQ(list.models.size(), 1U);
  EXPECT_EQ(list.models.front().name, "m\"1e5");
  EXPECT_EQ(list.models.front().listed_as, "o 1.5");
}

TEST(LiteLlmPricesTest, RefusesWhatIsNoSuchFile) {
  for (const auto* text : {"", "[]", "{}", "{\"a\":1}", "{\"a\":{}", "not json"}) {
    EXPECT_FALSE(read_litellm_prices(text)) << text;
  }
}

}  // namespace
}  // namespace tollgate::cli
