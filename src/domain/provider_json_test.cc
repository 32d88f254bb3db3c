#include "domain/provider_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/offer_json.h"

namespace tollgate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  Provider provider;
  Status sound;
};

Read read(std::string_view text, Provider provider = {}) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  ObjectReader reader(*value);
  read_provider(reader, provider);
  Status sound = reader.finish();
  return {.provider = std::move(provider), .sound = std::move(sound)};
}

std::string param_of(const Read& out) {
  return out.sound ? "(sound)" : out.sound.error().param.value_or("");
}

std::vector<std::string> problems(Provider provider, const std::vector<Offer>& offers = {}) {
  if (provider.id.empty()) provider.id = ProviderId("acme");
  std::vector<std::string> params;
  for (const PolicyProblem& problem : validate_provider(provider, offers)) {
    params.push_back(problem.param);
  }
  return params;
}

TEST(ProviderJsonTest, APresetGivesDialectAndAddressUnlessTheyAreTold) {
  const Read plain = read(R"({"preset":"anthropic","api_key":"abc"})");
  ASSERT_TRUE(plain.sound);
  EXPECT_EQ(plain.provider.dialect, Dialect::kAnthropic);
  EXPECT_EQ(plain.provider.base_url, "https://api.anthropic.com/v1");
  const Read own = read(R"({"preset":"openai","base_url":"https://eu.api.example.com/v1/"})");
  EXPECT_EQ(own.provider.base_url, "https://eu.api.example.com/v1");
}

TEST(ProviderJsonTest, WhatIsShownHoldsNoSecretAndWhatIsSealedHoldsThemAll) {
  const std::string key = "secret" + std::to_string(4711);
  const std::string value = "hidden" + std::to_string(4712);
  const Read out = read(R"({"preset":"openai","api_key":")" + key + R"(","headers":{"X-Team":")" +
                        value + R"("},"region":"eu","deadlines":{"head_ms":1000}})");
  ASSERT_TRUE(out.sound) << out.sound.error().message;
  const json::object shown = provider_json(out.provider);
  const std::string text = json::serialize(shown);
  EXPECT_THAT(text, ::testing::Not(HasSubstr(key)));
  EXPECT_THAT(text, ::testing::Not(HasSubstr(value)));
  EXPECT_EQ(shown.at("api_key_set"), true);
  auto again = provider_from_json(shown);
  ASSERT_TRUE(again) << again.error().detail;
  ASSERT_TRUE(read_provider_secrets(provider_secrets_json(out.provider), *again));
  EXPECT_EQ(again->api_key.expose(), key);
  EXPECT_EQ(again->headers.at("X-Team"), value);
  EXPECT_EQ(again->deadlines.head, std::chrono::milliseconds(1'000));
  EXPECT_EQ(provider_json(*again), shown);
}

TEST(ProviderJsonTest, AChangeOfTheAddressKeepsTheCredential) {
  const Provider before = read(R"({"preset":"openai","api_key":"abc"})").provider;
  const Read after = read(R"({"base_url":"https://proxy.example.com/v1"})", before);
  EXPECT_EQ(after.provider.api_key.expose(), "abc");
  EXPECT_EQ(after.provider.preset, "openai");
  EXPECT_TRUE(read(R"({"api_key":null})", before).provider.api_key.empty());
}

TEST(ProviderJsonTest, WhoMakesResponsesIsASetting) {
  const Read native = read(R"({"preset":"openai","api_key":"abc","responses":"native"})");
  EXPECT_EQ(native.provider.responses, ResponsesRoute::kNative);
  EXPECT_EQ(provider_json(native.provider).at("responses"), "native");
  // A change of the dialect does not leave it behind.
  EXPECT_EQ(param_of(read(R"({"dialect":"anthropic"})", native.provider)), "responses");
  EXPECT_EQ(read("{}").provider.responses, ResponsesRoute::kAuto);
}

TEST(ProviderJsonTest, RefusesEachSettingThatIsWrongByItsName) {
  for (const auto& [text, param] : std::vector<std::pair<std::string, std::string>>{
           {R"({"preset":"nobody"})", "preset"},
           {R"({"dialect":"sandbox"})", "dialect"},
           {R"({"responses":"both"})", "responses"},
           {R"({"dialect":"anthropic","responses":"native"})", "responses"},
           {R"({"base_url":"ftp://x"})", "base_url"},
           {R"({"base_url":"https://u:p@x"})", "base_url"},
           {R"({"api_version":"a&b"})", "api_version"},
           {R"({"api_key":"a b"})", "api_key"},
           {R"({"api_key":""})", "api_key"},
           {R"({"region":"a b"})", "region"},
           {R"({"headers":{"Host":"x"}})", "headers"},
           {R"({"headers":{"A":"x","a":"y"}})", "headers"},
           {R"({"headers":{"A":"x\r\ny"}})", "headers"},
           {R"({"headers":{"A":1}})", "headers"},
           {R"({"deadlines":{"head_ms":0}})", "deadlines.head_ms"},
           {R"({"deadlines":{"tail_ms":1}})", "deadlines.tail_ms"},
           {R"({"connections_max":0})", "connections_max"},
           {R"({"allow_private":"yes"})", "allow_private"},
           {R"({"secret":1})", "secret"}}) {
    EXPECT_EQ(param_of(read(text)), param) << text;
  }
}

TEST(ProviderJsonTest, AWellKnownProviderNeedsItsCredential) {
  EXPECT_THAT(problems(read(R"({"preset":"openai"})").provider), ElementsAre("api_key"));
  EXPECT_THAT(problems(read(R"({"preset":"openai","api_key":"abc"})").provider), IsEmpty());
  EXPECT_THAT(
      problems(read(R"({"preset":"openai","headers":{"Authorization":"Bearer x"}})").provider),
      IsEmpty());
  // Somebody else stands before it.
  EXPECT_THAT(
      problems(read(R"({"preset":"openai","base_url":"https://proxy.example.com"})").provider),
      IsEmpty());
  EXPECT_THAT(problems(read(R"({"preset":"ollama"})").provider), IsEmpty());
  EXPECT_THAT(problems(read(R"({"preset":"azure","api_key":"abc"})").provider),
              ElementsAre("base_url"));
  EXPECT_THAT(
      problems(read(R"({"preset":"openai","api_key":"abc","headers":{"api-key":"x"}})").provider),
      ElementsAre("headers"));
}

TEST(ProviderJsonTest, MadeOverTheApiItLeadsInsideOnlyWhereThatIsAllowed) {
  Provider made = read(R"({"base_url":"http://127.0.0.1:9000/v1"})").provider;
  made.source = "api";
  EXPECT_THAT(problems(made), ElementsAre("base_url"));
  made.allow_private = true;
  EXPECT_THAT(problems(made), IsEmpty());
  made.base_url = "http://169.254.169.254/latest";
  EXPECT_THAT(problems(made), ElementsAre("base_url"));
}

TEST(ProviderJsonTest, AzureHasItsDeploymentsInAPath) {
  Provider made =
      read(R"({"preset":"azure","api_key":"abc","base_url":"https://x.example.com"})").provider;
  Offer offer = untold_offer(made);
  offer.model = ModelId("openai/gpt-4o");
  offer.upstream_model = "prod-4o";
  EXPECT_THAT(problems(made, {offer}), IsEmpty());
  offer.upstream_model = "../../secrets?x=";
  EXPECT_THAT(problems(made, {offer}), ElementsAre("models[0].upstream_model"));
}

TEST(ProviderJsonTest, AzureOffersNothingThatIsNotListed) {
  Provider made =
      read(R"({"preset":"azure","api_key":"abc","base_url":"https://x.example.com"})").provider;
  made.model_list = ModelList::kOfPreset;
  EXPECT_THAT(problems(made), ElementsAre("models"));
}

Result<std::vector<Offer>> offers_of(std::string_view text) {
  const auto value = parse_json(text);
  ObjectReader reader(*value);
  Provider provider;
  provider.id = ProviderId("acme");
  std::vector<Offer> offers = read_offers(reader, "models", provider);
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return offers;
}

TEST(OfferJsonTest, EveryMemberGoesOutAndComesBack) {
  const std::string text =
      R"({"upstream_model":"large","region":"eu","context_window":1000,"max_output_tokens":100,)"
      R"("image_tokens_max":5,"audio_seconds_max":1500,"max_tokens_field":"max_tokens","grid_carbon_grams_per_kwh":300,)"
      R"("prices":{"input":"1","output":"2"}})";
  const auto offers = offers_of(R"({"models":[{"id":"acme/large",)" + text.substr(1) + "]}");
  ASSERT_TRUE(offers) << offers.error().message;
  ASSERT_EQ(offers->size(), 1U);
  EXPECT_EQ(offers->front().provider.get(), "acme");
  EXPECT_EQ(json::serialize(offer_json(offers->front())), text);
}

TEST(OfferJsonTest, WithoutPricesTheyAreTheBuiltInOnes) {
  const auto offers = offers_of(R"({"models":[{"id":"a/m"},{"id":"a/n","prices":null}]})");
  ASSERT_TRUE(offers) << offers.error().message;
  EXPECT_TRUE(offers->at(0).built_in_prices);
  EXPECT_TRUE(offers->at(1).built_in_prices);
  EXPECT_TRUE(offer_json(offers->at(0)).at("prices").is_null());
}

TEST(OfferJsonTest, NamesWhatIsWrongByItsPlaceInTheList) {
  const auto refused = [](std::string_view text) {
    const auto offers = offers_of(text);
    return offers ? std::string("(sound)") : offers.error().param.value_or("");
  };
  EXPECT_EQ(refused(R"({"models":{}})"), "models");
  EXPECT_EQ(refused(R"({"models":[{}]})"), "models[0].id");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m"},{"id":"a/m"}]})"), "models[1].id");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m","prices":{"input":"1"}}]})"),
            "models[0].prices.output");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m","max_tokens_field":"n"}]})"),
            "models[0].max_tokens_field");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m","context_window":5,"max_output_tokens":6}]})"),
            "models[0].max_output_tokens");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m","upstream_model":"a\u0000b"}]})"),
            "models[0].upstream_model");
  EXPECT_EQ(refused(R"({"models":[{"id":"a/m","colour":"red"}]})"), "models[0].colour");
}

}  // namespace
}  // namespace tollgate
