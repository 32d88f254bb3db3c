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

TEST(Snapshot, AModelThatOnlyAnOfferNamesHasUnknownFacts) {
  const auto snapshot = built({provider("p")}, {offer("a/m", "p")});
  const Model* model = snapshot->find("a/m");
  ModelFacts unknown;
  unknown.id = ModelId("a/m");
  EXPECT_EQ(model->facts, unknown);
  EXPECT_EQ(model->standing, standing_of(unknown, model->prices()));
}

TEST(Snapshot, AModelsFactsStandWithItAndFillWhatItsOffersLeaveOpen) {
  ModelFacts facts;
  facts.id = ModelId("a/m");
  facts.context_window = 1'000;
  facts.max_output_tokens = 100;
  facts.quality = 77;
  facts.capabilities.set(Capability::kVision, Known::kYes);
  facts.capabilities.set(Capability::kTools, Known::kNo);
  Offer own = offer("a/m", "p", 1);
  own.context_window = 4'000;
  const auto snapshot = build_snapshot({.providers = {provider("p"), provider("q")},
                                        .offers = {own, offer("a/m", "q", 2)},
                                        .models = {facts}})
                            .value();
  const Model* model = snapshot->find("a/m");
  EXPECT_EQ(model->facts, facts);
  EXPECT_EQ(model->standing.quality, 77);
  EXPECT_EQ(model->offers[0]->context_window, 4'000);
  EXPECT_EQ(model->offers[1]->context_window, 1'000);
  EXPECT_EQ(model->offers[0]->max_output_tokens, 100);
  ASSERT_EQ(model->figures.size(), 2U);
  EXPECT_EQ(model->figures[0].offer, model->offers[0]);
  EXPECT_EQ(model->figures[0].has, capability_bit(Capability::kVision));
  EXPECT_EQ(model->figures[0].lacks, capability_bit(Capability::kTools));
  EXPECT_EQ(model->figures[0].quality, 77);
}

TEST(Snapshot, FactsOfAModelThatNobodyOffersLieIdle) {
  ModelFacts facts;
  facts.id = ModelId("a/m");
  const auto snapshot = build_snapshot({.providers = {}, .offers = {}, .models = {facts}}).value();
  EXPECT_EQ(snapshot->find("a/m"), nullptr);
  EXPECT_TRUE(snapshot->ordinary_figures().empty());
}

TEST(Snapshot, FiguresAreGroupedByModelOrdinaryOnesFirst) {
  const auto snapshot = built({provider("p"), provider("q")},
                              {offer("a/m", "p", 2), offer("b/m", "p"), offer("a/m", "q", 1)});
  std::string seen;
  for (const OfferFigures& one : snapshot->ordinary_figures()) {
    seen += one.offer->model.get() + "@" + one.offer->provider.get() + " ";
    EXPECT_EQ(one.model, snapshot->find(one.offer->model.get()));
  }
  EXPECT_EQ(seen, "a/m@q a/m@p b/m@p ");
  EXPECT_EQ(snapshot->figures().size(), 3U + kSandboxModels.size());
}

TEST(Snapshot, RegionsAreNumberedAndNoRegionIsZero) {
  Offer eu = offer("a/m", "p");
  eu.region = "eu";
  const auto snapshot = built({provider("p")}, {eu, offer("b/m", "p")});
  EXPECT_EQ(snapshot->region_number(""), 0U);
  EXPECT_EQ(snapshot->region_number("mars"), std::nullopt);
  EXPECT_EQ(snapshot->find("a/m")->figures[0].region, snapshot->region_number("eu"));
  EXPECT_NE(snapshot->region_number("eu"), 0U);
  EXPECT_EQ(snapshot->find("b/m")->figures[0].region, 0U);
}

TEST(Snapshot, KnowsTheModelsThatChooseByThemselves) {
  const auto snapshot = built({}, {});
  EXPECT_EQ(snapshot->resolve("tollgate/auto").automatic, Strategy::kBalanced);
  EXPECT_EQ(snapshot->resolve("tollgate/auto-cheap").automatic, Strategy::kCheapest);
  EXPECT_EQ(snapshot->resolve("tollgate/auto-fast").automatic, Strategy::kFastest);
  EXPECT_TRUE(snapshot->resolve("tollgate/auto-best").nothing());
  EXPECT_TRUE(snapshot->resolve("auto").nothing());
  EXPECT_EQ(snapshot->find("tollgate/auto"), nullptr);
}

TEST(Snapshot, AnAliasStandsForAModelOrAChoice) {
  const auto snapshot = build_snapshot({.providers = {provider("p")},
                                        .offers = {offer("a/m", "p"), offer("b/small", "p")},
                                        .aliases = {{"auto", "tollgate/auto"},
                                                    {"auto/chat", "tollgate/auto-cheap"},
                                                    {"gpt", "a/m"},
                                                    {"small", "a/m"},
                                                    {"gone", "a/gone"}}})
                            .value();
  EXPECT_EQ(snapshot->resolve("auto").automatic, Strategy::kBalanced);
  EXPECT_EQ(snapshot->resolve("auto/chat").automatic, Strategy::kCheapest);
  EXPECT_EQ(snapshot->find("gpt"), snapshot->find("a/m"));
  // Before the short name of another model.
  EXPECT_EQ(snapshot->find("small"), snapshot->find("a/m"));
  EXPECT_TRUE(snapshot->resolve("gone").nothing());
}

TEST(Snapshot, RefusesAliasesThatWouldMislead) {
  const auto refused = [](const std::string& alias, const std::string& target) {
    const auto snapshot = build_snapshot({.providers = {provider("p")},
                                          .offers = {offer("a/m", "p")},
                                          .aliases = {{alias, target}, {"known", "a/m"}}});
    return snapshot ? "" : snapshot.error().message;
  };
  EXPECT_EQ(refused("a/m", "a/m"), "alias 'a/m' is the id of a model");
  EXPECT_EQ(refused("x", "known"), "alias 'x' stands for 'known', which is an alias itself");
  EXPECT_EQ(refused("x", "m"), "alias 'x' stands for 'm', which is no model id");
  EXPECT_EQ(refused("tollgate/x", "a/m"),
            "alias 'tollgate/x' must not begin with tollgate/, which is built in");
  EXPECT_NE(refused("", "a/m"), "");
  EXPECT_NE(refused("a b", "a/m"), "");
  EXPECT_NE(refused(std::string(201, 'x'), "a/m"), "");
  EXPECT_EQ(refused(std::string(200, 'x'), "a/m"), "");
}

TEST(Snapshot, RefusesFactsAndProfilesGivenTwice) {
  ModelFacts facts;
  facts.id = ModelId("a/m");
  EXPECT_EQ(
      build_snapshot({.providers = {}, .offers = {}, .models = {facts, facts}}).error().message,
      "model 'a/m' is given twice");
  Profile profile;
  profile.id = ProfileId("prof_1");
  EXPECT_EQ(build_snapshot({.providers = {}, .offers = {}, .profiles = {profile, profile}})
                .error()
                .message,
            "profile 'prof_1' is given twice");
}

TEST(Snapshot, FindsProfilesById) {
  Profile profile;
  profile.id = ProfileId("prof_1");
  profile.rules.name = "support";
  const auto snapshot =
      build_snapshot({.providers = {}, .offers = {}, .profiles = {profile}}).value();
  ASSERT_NE(snapshot->profile(ProfileId("prof_1")), nullptr);
  EXPECT_EQ(snapshot->profile(ProfileId("prof_1"))->rules.name, "support");
  EXPECT_EQ(snapshot->profile(ProfileId("prof_2")), nullptr);
}

TEST(Snapshot, AnOffersHealthSurvivesASwap) {
  Health health;
  const Catalogue catalogue{.providers = {provider("p")}, .offers = {offer("a/m", "p")}};
  const auto before = build_snapshot(catalogue, &health).value();
  const auto after = build_snapshot(catalogue, &health).value();
  OfferHealth* const kept = before->health_of(*before->find("a/m")->offers[0]);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(after->health_of(*after->find("a/m")->offers[0]), kept);
  EXPECT_EQ(after->find("a/m")->figures[0].health, kept);
  EXPECT_EQ(&health.of(ProviderId("p"), ModelId("a/m")), kept);
}

TEST(Snapshot, NobodyKeepsTheHealthOfWhatIsNoOfferOfItsCatalogue) {
  Health health;
  const auto snapshot =
      build_snapshot({.providers = {provider("p")}, .offers = {offer("a/m", "p")}}, &health)
          .value();
  EXPECT_EQ(snapshot->health_of(*snapshot->find("a/m")->simulated), nullptr);
  EXPECT_EQ(snapshot->health_of(*snapshot->find("sandbox/echo")->offers[0]), nullptr);
  EXPECT_EQ(snapshot->health_of(Offer{}), nullptr);
  const auto without = built({provider("p")}, {offer("a/m", "p")});
  EXPECT_EQ(without->health_of(*without->find("a/m")->offers[0]), nullptr);
}

}  // namespace
}  // namespace tollgate
