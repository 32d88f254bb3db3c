#include "domain/whole_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tollgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kKnown =
    R"({"as_of":"2026-10-27","sources":[],"models":[)"
    R"({"id":"acme/large","name":"Large","kind":"chat","context_window":1000,"offers":[)"
    R"({"preset":"openai","upstream_model":"large-1","context_window":900,)"
    R"("prices":{"input":"1","output":"2"},)"
    R"("price_changes":[{"from":"2027-01-01","prices":{"input":"9","output":"9"}}]}]},)"
    R"({"id":"acme/small","kind":"chat","offers":[)"
    R"({"preset":"openai","prices":{"input":"0.1","output":"0.2"}}]},)"
    R"({"id":"acme/other","kind":"chat","offers":[)"
    R"({"preset":"groq","prices":{"input":"0.1","output":"0.2"}}]}]})";

WallTime at(std::string_view text) { return parse_time(text).value(); }
Money usd(std::string_view text) { return parse_money(text).value(); }

Provider provider(const std::string& id, const std::string& source, ModelList models) {
  Provider made;
  made.id = ProviderId(id);
  made.preset = "openai";
  made.base_url = "https://api.example.com/v1";
  made.region = "eu";
  made.source = source;
  made.model_list = models;
  return made;
}

Offer told(const std::string& at_provider, const std::string& model, const std::string& source) {
  Offer offer;
  offer.provider = ProviderId(at_provider);
  offer.model = ModelId(model);
  offer.prices.tokens.input = usd("7");
  offer.prices.tokens.output = usd("8");
  offer.max_tokens_field.clear();
  offer.source = source;
  return offer;
}

ModelFacts stated(const std::string& id, const std::string& source) {
  ModelFacts facts;
  facts.id = ModelId(id);
  facts.source = source;
  return facts;
}

class WholeCatalogueTest : public ::testing::Test {
 protected:
  WholeCatalogue whole(std::string_view now = "2026-11-01") const {
    return whole_catalogue(file_, stored_, known_, at(now));
  }
  static const Offer* find(const WholeCatalogue& whole, std::string_view model) {
    const auto found = std::ranges::find(whole.catalogue.offers, model,
                                         [](const Offer& offer) { return offer.model.get(); });
    return found == whole.catalogue.offers.end() ? nullptr : &*found;
  }

  Catalogue file_, stored_;
  BuiltInCatalogue known_ = BuiltInCatalogue::parse(kKnown).value();
};

TEST_F(WholeCatalogueTest, ProviderOfAPresetOffersAllThatIsKnownOfIt) {
  file_.providers = {provider("main", "file", ModelList::kOfPreset)};
  const WholeCatalogue out = whole();
  ASSERT_EQ(out.catalogue.offers.size(), 2U);
  const Offer* large = find(out, "acme/large");
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(large->upstream_model, "large-1");
  EXPECT_EQ(large->region, "eu");
  EXPECT_EQ(large->context_window, 900);
  EXPECT_EQ(large->max_tokens_field, "max_completion_tokens");
  EXPECT_EQ(large->prices.tokens.input, usd("1"));
  EXPECT_EQ(large->price_version, price_version(large->prices));
  EXPECT_EQ(large->source, "built-in");
  EXPECT_EQ(find(out, "acme/small")->upstream_model, "small");
}

TEST_F(WholeCatalogueTest, WhatIsToldAloneIsOfferedWhereModelsAreListed) {
  file_.providers = {provider("main", "file", ModelList::kTold)};
  Offer offer = told("main", "acme/large", "file");
  offer.built_in_prices = true;
  file_.offers = {offer};
  const WholeCatalogue out = whole();
  ASSERT_EQ(out.catalogue.offers.size(), 1U);
  EXPECT_EQ(out.catalogue.offers.front().prices.tokens.output, usd("2"));
}

TEST_F(WholeCatalogueTest, PriceChangesOnItsDayForLaterSnapshots) {
  file_.providers = {provider("main", "file", ModelList::kOfPreset)};
  const WholeCatalogue before = whole("2026-12-31");
  const WholeCatalogue after = whole("2027-01-01");
  EXPECT_EQ(find(before, "acme/large")->prices.tokens.input, usd("1"));
  EXPECT_EQ(find(after, "acme/large")->prices.tokens.input, usd("9"));
  EXPECT_NE(find(before, "acme/large")->price_version, find(after, "acme/large")->price_version);
}

TEST_F(WholeCatalogueTest, ToldOfferGoesBeforeTheBuiltInOneOfItsModel) {
  stored_.providers = {provider("main", "api", ModelList::kOfPreset)};
  stored_.offers = {told("main", "acme/large", "api")};
  const WholeCatalogue out = whole();
  ASSERT_EQ(out.catalogue.offers.size(), 2U);
  EXPECT_EQ(find(out, "acme/large")->prices.tokens.input, usd("7"));
  EXPECT_EQ(find(out, "acme/large")->upstream_model, "large-1");
  EXPECT_EQ(find(out, "acme/small")->prices.tokens.input, usd("0.1"));
}

TEST_F(WholeCatalogueTest, TheFilesProviderHidesTheApisOfTheSameIdWithItsOffers) {
  file_.providers = {provider("main", "file", ModelList::kTold)};
  file_.offers = {told("main", "acme/large", "file")};
  stored_.providers = {provider("main", "api", ModelList::kTold)};
  stored_.providers.front().base_url = "https://elsewhere.example/v1";
  stored_.offers = {told("main", "acme/hidden", "api")};
  const WholeCatalogue out = whole();
  ASSERT_EQ(out.catalogue.providers.size(), 1U);
  EXPECT_EQ(out.catalogue.providers.front().source, "file");
  EXPECT_EQ(out.catalogue.offers.size(), 1U);
  EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("provider main")));
}

TEST_F(WholeCatalogueTest, AnOfferMadeOverTheApiAtAProviderOfTheFileIsKept) {
  file_.providers = {provider("main", "file", ModelList::kTold)};
  file_.offers = {told("main", "acme/large", "file")};
  stored_.offers = {told("main", "acme/large", "api"), told("main", "acme/new", "api"),
                    told("gone", "acme/new", "api")};
  const WholeCatalogue out = whole();
  ASSERT_EQ(out.catalogue.offers.size(), 2U);
  EXPECT_EQ(find(out, "acme/large")->source, "file");
  EXPECT_EQ(find(out, "acme/new")->source, "api");
  EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("acme/large"), HasSubstr("gone")));
}

TEST_F(WholeCatalogueTest, AnOfferThatNobodyPricedIsLeftOutNeverFree) {
  file_.providers = {provider("main", "file", ModelList::kTold)};
  Offer offer = told("main", "acme/unheard-of", "file");
  offer.built_in_prices = true;
  file_.offers = {offer};
  const WholeCatalogue out = whole();
  EXPECT_THAT(out.catalogue.offers, IsEmpty());
  EXPECT_THAT(out.left_out, ElementsAre(HasSubstr("no price")));
}

TEST_F(WholeCatalogueTest, FactsAreTheFilesThenTheApisThenBuiltIn) {
  ModelFacts api = stated("acme/large", "api");
  api.quality = 10;
  api.tier = Tier::kNano;
  ModelFacts file = stated("acme/large", "file");
  file.quality = 90;
  const ModelFacts own = stated("me/own", "api");
  stored_.models = {api, own};
  const auto facts_of = [](const WholeCatalogue& out, std::string_view id) {
    return *std::ranges::find(out.catalogue.models, id,
                              [](const ModelFacts& one) { return one.id.get(); });
  };
  const ModelFacts by_api = facts_of(whole(), "acme/large");
  EXPECT_EQ(by_api.quality, 10);
  EXPECT_EQ(by_api.name, "Large");
  EXPECT_EQ(by_api.context_window, 1'000);
  EXPECT_EQ(facts_of(whole(), "me/own").source, "api");
  file_.models = {file};
  const ModelFacts by_file = facts_of(whole(), "acme/large");
  EXPECT_EQ(by_file.quality, 90);
  EXPECT_EQ(by_file.tier, std::nullopt);
  EXPECT_EQ(by_file.source, "file");
}

TEST_F(WholeCatalogueTest, AliasesOfTheApiGiveWayToTheFileAndToModels) {
  file_.providers = {provider("main", "file", ModelList::kOfPreset)};
  file_.aliases = {{"auto", "tollgate/auto"}};
  stored_.aliases = {{"auto", "acme/small"},
                     {"acme/large", "acme/small"},
                     {"chained", "auto"},
                     {"tollgate/auto", "acme/large"},
                     {"fast", "acme/small"}};
  const WholeCatalogue out = whole();
  EXPECT_THAT(out.catalogue.aliases,
              ElementsAre(Pair("auto", "tollgate/auto"), Pair("fast", "acme/small")));
  EXPECT_EQ(out.left_out.size(), 4U);
}

}  // namespace
}  // namespace tollgate
