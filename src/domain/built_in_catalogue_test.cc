#include "domain/built_in_catalogue.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/json.h"
#include "domain/model_id.h"
#include "domain/presets.h"

namespace tollgate {
namespace {

WallTime at(std::string_view text) { return parse_time(text).value(); }
Money usd(std::string_view text) { return parse_money(text).value(); }

TEST(BuiltInCatalogueTest, TheOneInTheBinaryKnowsManyModelsAndTheirDate) {
  const BuiltInCatalogue& catalogue = built_in_catalogue();
  EXPECT_GE(catalogue.models().size(), 150U);
  EXPECT_GE(catalogue.offers().size(), 200U);
  EXPECT_TRUE(parse_time(catalogue.as_of()));
  const ModelFacts* facts = catalogue.facts(ModelId("openai/gpt-4o"));
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->kind, ModelKind::kChat);
  EXPECT_EQ(facts->capabilities[Capability::kTools], Known::kYes);
  EXPECT_EQ(facts->source, "built-in");
  const BuiltInOffer* offer = catalogue.offer("openai", ModelId("openai/gpt-4o"));
  ASSERT_NE(offer, nullptr);
  EXPECT_EQ(offer->upstream_model, "gpt-4o");
}

TEST(BuiltInCatalogueTest, EveryOfferOfItIsPricedAtAPreset) {
  std::set<std::string> presets_with_models;
  for (const BuiltInOffer& offer : built_in_catalogue().offers()) {
    EXPECT_NE(find_preset(offer.preset), nullptr) << offer.preset;
    EXPECT_TRUE(well_formed_model_id(offer.model.get())) << offer.model.get();
    EXPECT_FALSE(offer.upstream_model.empty()) << offer.model.get();
    ASSERT_FALSE(offer.prices.empty()) << offer.model.get();
    const Prices& prices = offer.prices.front().prices;
    const bool units = prices.per_image || prices.per_minute || prices.per_request ||
                       prices.per_million_characters;
    EXPECT_TRUE(prices.by_token || units) << offer.model.get();
    presets_with_models.insert(offer.preset);
  }
  for (const auto* preset :
       {"openai", "anthropic", "google", "azure", "groq", "together", "mistral", "deepseek", "xai",
        "cerebras", "fireworks", "moonshot", "alibaba", "zai", "minimax", "cohere"}) {
    EXPECT_TRUE(presets_with_models.contains(preset)) << preset;
  }
}

TEST(BuiltInCatalogueTest, WhatTakesNoTokensIsOfAKindThatSaysSo) {
  for (const BuiltInOffer& offer : built_in_catalogue().offers()) {
    const ModelFacts* facts = built_in_catalogue().facts(offer.model);
    ASSERT_NE(facts, nullptr);
    if (offer.prices.front().prices.by_token) continue;
    EXPECT_TRUE(facts->kind && *facts->kind != ModelKind::kChat &&
                *facts->kind != ModelKind::kEmbedding)
        << offer.model.get();
  }
}

constexpr std::string_view kDated =
    R"({"as_of":"2026-10-27","sources":[],"models":[{"id":"a/m","name":"M","kind":"chat",)"
    R"("offers":[{"preset":"openai","prices":{"input":"1","output":"2"},"price_changes":[)"
    R"({"from":"2027-01-01","prices":{"input":"3","output":"4"}},)"
    R"({"from":"2027-06-01","prices":{"input":"5","output":"6"}}]}]}]})";

TEST(BuiltInCatalogueTest, PriceThatIsDatedAheadHoldsFromItsDateOn) {
  const auto catalogue = BuiltInCatalogue::parse(kDated);
  ASSERT_TRUE(catalogue) << catalogue.error().detail;
  const BuiltInOffer& offer = catalogue->offers().front();
  EXPECT_EQ(offer.prices_at(at("2026-12-31T23:59:59.999999Z")).tokens.input, usd("1"));
  EXPECT_EQ(offer.prices_at(at("2027-01-01")).tokens.input, usd("3"));
  EXPECT_EQ(offer.prices_at(at("2027-05-31")).tokens.input, usd("3"));
  EXPECT_EQ(offer.prices_at(at("2030-01-01")).tokens.input, usd("5"));
  EXPECT_EQ(catalogue->next_price_change(at("2026-01-01")), at("2027-01-01"));
  EXPECT_EQ(catalogue->next_price_change(at("2027-01-01")), at("2027-06-01"));
  EXPECT_EQ(catalogue->next_price_change(at("2027-06-01")), std::nullopt);
}

TEST(BuiltInCatalogueTest, RefusesWhatIsNoCatalogue) {
  const auto refused = [](std::string_view offers) {
    return BuiltInCatalogue::parse(R"({"as_of":"x","sources":[],"models":[{"id":"a/m","offers":[)" +
                                   std::string(offers) + "]}]}")
        .has_value();
  };
  EXPECT_TRUE(refused(R"({"preset":"openai","prices":{"input":"1"}})"));
  EXPECT_FALSE(refused(R"({"preset":"nobody","prices":{"input":"1"}})"));
  EXPECT_FALSE(refused(R"({"preset":"openai","prices":{}})"));
  EXPECT_FALSE(refused(R"({"preset":"openai"})"));
  EXPECT_FALSE(refused(R"({"preset":"openai","prices":{"input":"1"}},)"
                       R"({"preset":"openai","prices":{"input":"1"}})"));
  EXPECT_FALSE(BuiltInCatalogue::parse("[]"));
}

TEST(PresetsTest, EachHasAnAddressOrSaysThatEveryAccountHasItsOwn) {
  for (const Preset& preset : presets()) {
    EXPECT_EQ(find_preset(preset.name), &preset);
    const bool own_address = preset.name == "azure" || preset.name == "vllm";
    EXPECT_EQ(preset.base_url.empty(), own_address) << preset.name;
    const bool local = preset.base_url.starts_with("http://127.0.0.1:");
    EXPECT_EQ(preset.base_url.starts_with("https://"), !local && !own_address) << preset.name;
  }
  EXPECT_EQ(find_preset("nobody"), nullptr);
}

}  // namespace
}  // namespace tollgate
