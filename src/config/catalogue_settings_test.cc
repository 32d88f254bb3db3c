#include "config/catalogue_settings.h"

#include <gmock/gmock.h>

#include "config/describe.h"
#include "config/test_config.h"
#include "domain/built_in_catalogue.h"

namespace tollgate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using CatalogueSettings = ConfigFixture;

TEST_F(CatalogueSettings, APresetAndACredentialAreEnough) {
  variables_["KEY"] = "abc";
  const auto settings = load("providers: [{id: main, preset: openai, api_key: '${KEY}'}]");
  ASSERT_TRUE(settings) << settings.error().message;
  const Provider& provider = settings->catalogue.providers.at(0);
  EXPECT_EQ(provider.preset, "openai");
  EXPECT_EQ(provider.base_url, "https://api.openai.com/v1");
  EXPECT_EQ(provider.model_list, ModelList::kOfPreset);
  EXPECT_TRUE(settings->catalogue.offers.empty());
  const json::object shown = describe_settings(*settings);
  EXPECT_GT(shown.at("providers").at(0).at("models_of_preset").as_int64(), 20);
}

TEST_F(CatalogueSettings, EveryPresetLoads) {
  for (const auto* preset :
       {"openai", "anthropic",  "google",     "groq",      "together", "mistral", "deepseek",
        "xai",    "cerebras",   "fireworks",  "moonshot",  "alibaba",  "zai",     "minimax",
        "cohere", "openrouter", "perplexity", "deepinfra", "ollama",   "lmstudio"}) {
    const auto settings =
        load("providers: [{id: main, api_key: k, preset: " + std::string(preset) + "}]");
    EXPECT_TRUE(settings) << settings.error().message;
  }
  EXPECT_TRUE(
      load("providers: [{id: m, preset: azure, api_key: k, base_url: 'https://a.example', "
           "models: [{id: openai/gpt-4o}]}]"));
  EXPECT_TRUE(load("providers: [{id: m, preset: vllm, base_url: 'http://gpu.lan:8000/v1'}]"));
}

TEST_F(CatalogueSettings, ListedModelsOfAPresetNeedNoPricesAndAreAllThatIsOffered) {
  const auto settings = load(
      "providers: [{id: main, preset: openai, api_key: k, models: [{id: openai/gpt-4o}, "
      "{id: openai/gpt-4o-mini, prices: {input: 1, output: 2}}]}]");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->catalogue.providers.at(0).model_list, ModelList::kTold);
  const auto& offers = settings->catalogue.offers;
  ASSERT_EQ(offers.size(), 2U);
  EXPECT_TRUE(offers[0].built_in_prices);
  EXPECT_EQ(offers[0].upstream_model, "gpt-4o");
  EXPECT_EQ(offers[0].max_tokens_field, "max_completion_tokens");
  EXPECT_FALSE(offers[1].built_in_prices);
}

TEST_F(CatalogueSettings, AModelThatNobodyPricedIsRefusedWhereItStands) {
  EXPECT_THAT(problems("providers:\n"
                       "  - id: main\n"
                       "    preset: openai\n"
                       "    api_key: k\n"
                       "    models:\n"
                       "      - id: openai/gpt-unheard-of\n"),
              AllOf(HasSubstr("t.yaml:6:9: "), HasSubstr("has no prices")));
}

TEST_F(CatalogueSettings, SayWhatIsWrongWithAPreset) {
  EXPECT_THAT(problems("providers: [{id: a, preset: opnai, api_key: k}]"),
              HasSubstr("providers[0].preset: must be one of openai, anthropic"));
  EXPECT_THAT(problems("providers: [{id: a, preset: openai}]"),
              HasSubstr("providers[0].api_key: is missing"));
  EXPECT_THAT(problems("providers: [{id: a, preset: azure, api_key: k}]"),
              HasSubstr("`base_url` is missing"));
}

TEST_F(CatalogueSettings, AzureTakesDeploymentNames) {
  const auto settings = load(
      "providers: [{id: a, preset: azure, api_key: k, base_url: 'https://a.example', models: "
      "[{id: openai/gpt-4o, upstream_model: prod-4o}, {id: openai/gpt-4o-mini}]}]");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->catalogue.offers[0].upstream_model, "prod-4o");
  EXPECT_EQ(settings->catalogue.offers[1].upstream_model, "gpt-4o-mini");
  EXPECT_THAT(problems("providers: [{id: a, preset: azure, api_key: k, base_url: "
                       "'https://a.example', models: [{id: openai/gpt-4o, upstream_model: "
                       "'a/b?c'}]}]"),
              HasSubstr("deployment's name"));
}

TEST_F(CatalogueSettings, AzureOffersNothingThatIsNotListed) {
  EXPECT_THAT(problems("providers: [{id: a, preset: azure, api_key: k, base_url: "
                       "'https://a.example'}]"),
              HasSubstr("providers[0].models: is missing: Azure serves your own deployments"));
}

TEST_F(CatalogueSettings, ModelsMayBePricedByOtherUnitsThanTokens) {
  const auto settings = load(
      "providers: [{id: a, base_url: 'http://h', models: [{id: a/tts, prices: "
      "{per_million_characters: 15}}]}]\n"
      "models: [{id: a/tts, kind: speech}]");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_FALSE(settings->catalogue.offers.at(0).prices.by_token);
}

TEST_F(CatalogueSettings, NoProviderLeadsToAMetadataService) {
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://169.254.169.254/v1'}]"),
              AllOf(HasSubstr("t.yaml:1:31: providers[0].base_url: "), HasSubstr("metadata")));
}

TEST_F(CatalogueSettings, FactsAreReadWithTheirTypes) {
  variables_["SCORE"] = "70";
  const auto settings = load(
      "models:\n"
      "  - id: acme/large\n"
      "    name: '70'\n"
      "    kind: chat\n"
      "    context_window: 128000\n"
      "    capabilities: {vision: true, tools: no-idea}\n");
  EXPECT_FALSE(settings);
  const auto sound = load(
      "models:\n"
      "  - id: acme/large\n"
      "    name: '70'\n"
      "    kind: chat\n"
      "    quality: ${SCORE}\n"
      "    tier: standard\n"
      "    capabilities: {vision: true, tools: false}\n");
  ASSERT_TRUE(sound) << sound.error().message;
  const ModelFacts& facts = sound->catalogue.models.at(0);
  EXPECT_EQ(facts.name, "70");
  EXPECT_EQ(facts.quality, 70);
  EXPECT_EQ(facts.tier, Tier::kStandard);
  EXPECT_EQ(facts.capabilities[Capability::kTools], Known::kNo);
  EXPECT_EQ(facts.source, "file");
}

TEST_F(CatalogueSettings, WhatIsWrongWithFactsIsSaidWhereItStands) {
  const std::string text = problems(
      "models:\n"
      "  - id: acme/large\n"
      "    quality: 101\n"
      "    capabilities: {smell: true, tools: maybe}\n"
      "  - id: acme/large\n"
      "  - id: nonsense\n"
      "  - kind: chat\n"
      "  - id: a/b\n"
      "    prices: {input: 1}\n");
  EXPECT_THAT(text, HasSubstr("t.yaml:3:14: models[0].quality: must be 0 to 100"));
  EXPECT_THAT(text, HasSubstr("t.yaml:4:"));
  EXPECT_THAT(text, HasSubstr("models[0].capabilities.tools: must be true, false or null"));
  EXPECT_THAT(text, HasSubstr("t.yaml:5:9: models[1].id: stands in line 2 already"));
  EXPECT_THAT(text, HasSubstr("t.yaml:6:9: models[2].id: must be creator/model"));
  EXPECT_THAT(text, HasSubstr("t.yaml:7:5: models[3]: `id` is missing"));
  EXPECT_THAT(text, HasSubstr("models[4]"));
}

TEST_F(CatalogueSettings, AliasesStandForModelsOrTheChoice) {
  const auto settings =
      load("aliases: {auto: tollgate/auto, lowrouter/auto: tollgate/auto-cheap, big: acme/large}");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_THAT(settings->catalogue.aliases,
              ElementsAre(Pair("auto", "tollgate/auto"), Pair("big", "acme/large"),
                          Pair("lowrouter/auto", "tollgate/auto-cheap")));
}

TEST_F(CatalogueSettings, WhatIsWrongWithAnAliasIsSaidWhereItStands) {
  EXPECT_THAT(problems("aliases:\n  x: m\n"),
              HasSubstr("t.yaml:2:6: aliases.x: stands for 'm', which is no model id"));
  EXPECT_THAT(problems("aliases: {sandbox/x: a/m}"), HasSubstr("must not begin with sandbox/"));
  EXPECT_THAT(problems("aliases: {x: y/z, y/z: a/m}"), HasSubstr("which is an alias itself"));
  EXPECT_THAT(problems("providers: [{id: p, base_url: 'http://h', models: [{id: a/m, prices: "
                       "{input: 0, output: 0}}]}]\naliases: {a/m: a/n}"),
              HasSubstr("is the id of a model"));
}

}  // namespace
}  // namespace tollgate
