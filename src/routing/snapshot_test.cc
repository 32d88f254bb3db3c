#include "routing/snapshot.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialects/sandbox.h"

namespace tollgate {
namespace {

Provider provider(const std::string& id, const std::string& region = "") {
  Provider out;
  out.id = ProviderId(id);
  out.base_url = "http://127.0.0.1:9/v1";
  out.region = region;
  return out;
}

Offer offer(const std::string& model, const std::string& at, std::int64_t input_usd = 1) {
  Offer out;
  out.model = ModelId(model);
  out.provider = ProviderId(at);
  out.upstream_model = model.substr(model.find('/') + 1);
  out.prices.tokens.input = Money::from_nanos(input_usd * 1'000'000'000);
  out.prices.tokens.output = Money::from_nanos(input_usd * 2'000'000'000);
  return out;
}

std::shared_ptr<const Snapshot> built(std::vector<Provider> providers, std::vector<Offer> offers) {
  auto snapshot = build_snapshot({std::move(providers), std::move(offers)});
  EXPECT_TRUE(snapshot.has_value()) << snapshot.error().message;
  return snapshot.value_or(nullptr);
}

std::string refusal(std::vector<Provider> providers, std::vector<Offer> offers) {
  const auto snapshot = build_snapshot({std::move(providers), std::move(offers)});
  EXPECT_FALSE(snapshot.has_value());
  return snapshot ? "" : snapshot.error().message;
}

TEST(Snapshot, WithoutConfigurationHoldsTheSandboxAlone) {
  const auto snapshot = built({}, {});
  ASSERT_EQ(snapshot->providers().size(), 1U);
  EXPECT_EQ(snapshot->providers()[0].id.get(), kSandboxProvider);
  EXPECT_EQ(snapshot->providers()[0].dialect, Dialect::kSandbox);
  for (const Model& model : snapshot->models()) {
    EXPECT_TRUE(model.sandbox);
    ASSERT_EQ(model.offers.size(), 1U);
    EXPECT_EQ(model.simulated, model.offers[0]);
    EXPECT_GT(model.prices().tokens.input, Money());
    EXPECT_EQ(model.offers[0]->region, "");
    EXPECT_NE(model.offers[0]->price_version, "");
    EXPECT_EQ(&snapshot->provider_of(*model.offers[0]), &snapshot->providers()[0]);
  }
  EXPECT_EQ(snapshot->lorem().upstream_model, "lorem");
}

TEST(Snapshot, ItsSandboxModelsAreThoseThatTheSandboxPlays) {
  const auto snapshot = built({}, {});
  ASSERT_EQ(snapshot->models().size(), kSandboxModels.size());
  for (std::size_t i = 0; i < kSandboxModels.size(); ++i) {
    const Model& model = snapshot->models()[i];
    EXPECT_EQ(model.id.get(), "sandbox/" + std::string(kSandboxModels[i].name));
    EXPECT_EQ(model.offers[0]->upstream_model, kSandboxModels[i].name);
  }
}

TEST(Snapshot, FindsByIdAndByUnambiguousShortName) {
  const auto snapshot = built({provider("p")}, {offer("acme/large", "p"), offer("acme/x/y", "p")});
  const Model* large = snapshot->find("acme/large");
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(snapshot->find("large"), large);
  EXPECT_EQ(snapshot->find("x/y"), snapshot->find("acme/x/y"));
  EXPECT_EQ(snapshot->find("y"), nullptr);
  EXPECT_EQ(snapshot->find("Large"), nullptr);
  EXPECT_EQ(snapshot->find(""), nullptr);
  EXPECT_EQ(snapshot->find("echo"), snapshot->find("sandbox/echo"));
}

TEST(Snapshot, AnAmbiguousShortNameFindsNothingAndTellsItsMeanings) {
  const auto snapshot = built({provider("p")}, {offer("a/m", "p"), offer("b/m", "p")});
  EXPECT_EQ(snapshot->find("m"), nullptr);
  EXPECT_EQ(snapshot->meanings("m"), (std::vector<std::string>{"a/m", "b/m"}));
  EXPECT_TRUE(snapshot->meanings("echo").empty());
}

TEST(Snapshot, AnOrdinaryShortNameGoesBeforeTheSandboxs) {
  const auto snapshot = built({provider("p")}, {offer("acme/lorem", "p")});
  EXPECT_EQ(snapshot->find("lorem"), snapshot->find("acme/lorem"));
}

TEST(Snapshot, GathersTheOffersOfAModelCheapestFirst) {
  Offer dear = offer("a/m", "p", 5);
  dear.context_window = 1000;
  Offer cheap = offer("a/m", "q", 2);
  cheap.max_output_tokens = 50;
  const auto snapshot = built({provider("p"), provider("q")}, {dear, cheap});
  const Model* model = snapshot->find("a/m");
  ASSERT_NE(model, nullptr);
  ASSERT_EQ(model->offers.size(), 2U);
  EXPECT_EQ(model->offers[0]->provider.get(), "q");
  EXPECT_EQ(model->offers[1]->provider.get(), "p");
  EXPECT_EQ(model->context_window, 1000);
  EXPECT_EQ(model->max_output_tokens, 50);
}

TEST(Snapshot, SimulatesAModelByLoremAtItsOwnPrice) {
  const auto snapshot = built({provider("p", "eu")}, {offer("a/m", "p", 7)});
  const Model* model = snapshot->find("a/m");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->simulated->model.get(), "a/m");
  EXPECT_EQ(model->simulated->provider.get(), kSandboxProvider);
  EXPECT_EQ(model->simulated->upstream_model, "lorem");
  EXPECT_EQ(model->simulated->prices.tokens.input, Money::from_nanos(7'000'000'000));
}

TEST(Snapshot, ListsOrdinaryModelsAsConfiguredThenTheSandboxs) {
  const auto snapshot = built({provider("p")}, {offer("z/z", "p"), offer("a/a", "p")});
  EXPECT_EQ(snapshot->models()[0].id.get(), "z/z");
  EXPECT_EQ(snapshot->models()[1].id.get(), "a/a");
  EXPECT_TRUE(snapshot->models()[2].sandbox);
}

TEST(Snapshot, RefusesDuplicatesNamingThem) {
  EXPECT_EQ(refusal({provider("p"), provider("p")}, {}), "provider 'p' is given twice");
  EXPECT_EQ(refusal({provider("p")}, {offer("a/m", "p"), offer("b/m", "p"), offer("a/m", "p")}),
            "model 'a/m' is given twice at provider 'p'");
}

TEST(Snapshot, RefusesUnknownProvidersAndReservedNames) {
  EXPECT_EQ(refusal({}, {offer("a/m", "p")}),
            "model 'a/m' is offered by provider 'p', which is not configured");
  EXPECT_EQ(refusal({provider("sandbox")}, {}),
            "provider 'sandbox' is built in: choose another id");
  EXPECT_EQ(refusal({provider("p")}, {offer("sandbox/echo", "p")}),
            "model 'sandbox/echo': ids that begin with sandbox/ are built in");
  EXPECT_EQ(refusal({provider("p")}, {offer("tollgate/auto", "p")}),
            "model 'tollgate/auto': ids that begin with tollgate/ are built in");
}

TEST(Snapshot, RefusesMalformedModelIds) {
  for (const std::string& id :
       {std::string(), std::string("large"), std::string("/m"), std::string("a/"),
        std::string("a/b c"), std::string("a/é"), "a/" + std::string(199, 'b')}) {
    EXPECT_FALSE(well_formed_model_id(id)) << id;
    EXPECT_NE(refusal({provider("p")}, {offer(id, "p")}), "");
  }
  EXPECT_TRUE(well_formed_model_id("a/" + std::string(198, 'b')));
  EXPECT_TRUE(well_formed_model_id("meta-llama/Llama-3.1:free@v1+x"));
}

}  // namespace
}  // namespace tollgate
