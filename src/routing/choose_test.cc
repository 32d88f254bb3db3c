#include "routing/choose.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace tollgate {
namespace {

Offer offer(const std::string& model, const std::string& provider, const std::string& region,
            std::int64_t input_usd) {
  Offer out;
  out.model = ModelId(model);
  out.provider = ProviderId(provider);
  out.upstream_model = "up";
  out.region = region;
  out.prices.tokens.input = Money::from_nanos(input_usd * 1'000'000'000);
  out.prices.tokens.output = out.prices.tokens.input;
  return out;
}

Provider provider(const std::string& id, const std::string& region) {
  Provider out;
  out.id = ProviderId(id);
  out.region = region;
  return out;
}

class Choose : public testing::Test {
 protected:
  Choose() {
    Catalogue catalogue;
    catalogue.providers = {provider("eu1", "eu"), provider("eu2", "eu"), provider("us1", "us")};
    catalogue.offers = {offer("acme/large", "us1", "us", 3), offer("acme/large", "eu1", "eu", 1),
                        offer("acme/large", "eu2", "eu", 1), offer("acme/small", "us1", "us", 1),
                        offer("other/small", "us1", "us", 1)};
    auto snapshot = build_snapshot(std::move(catalogue));
    EXPECT_TRUE(snapshot.has_value());
    snapshot_ = *snapshot;
  }

  Result<Route> choose(std::string_view model, Environment environment = Environment::kProduction) {
    return choose_route(snapshot_, {.model = model,
                                    .models = allow_list_,
                                    .environment = environment,
                                    .key_region = key_region_,
                                    .request_region = request_region_,
                                    .turn = turn_});
  }
  Result<Route> sandbox(std::string_view model) { return choose(model, Environment::kSandbox); }

  static std::string providers(const Result<Route>& route) {
    std::string out;
    if (!route) return std::string(error_code_name(route.error().code));
    for (const Offer* one : route->offers) out += one->provider.get() + " ";
    return out;
  }
  static std::string refusal(const Result<Route>& route) {
    return route ? "" : std::string(error_code_name(route.error().code));
  }

  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::string> allow_list_;
  std::string key_region_;
  std::string request_region_;
  std::uint64_t turn_ = 0;
};

TEST_F(Choose, GivesAModelsOffersCheapestFirst) {
  const auto route = choose("acme/large");
  EXPECT_EQ(providers(route), "eu1 eu2 us1 ");
  EXPECT_EQ(route->model.get(), "acme/large");
  EXPECT_FALSE(route->simulated);
  EXPECT_EQ(route->provider_of(*route->offers[0]).id.get(), "eu1");
}

TEST_F(Choose, ResolvesAnUnambiguousShortName) {
  EXPECT_EQ(choose("large")->model.get(), "acme/large");
}

TEST_F(Choose, SpreadsOffersOfEqualStandingEvenly) {
  std::map<std::string, int> firsts;
  for (turn_ = 100; turn_ < 200; ++turn_) {
    const auto route = choose("acme/large");
    ASSERT_EQ(route->offers.size(), 3U);
    ++firsts[route->offers[0]->provider.get()];
    EXPECT_EQ(route->offers[2]->provider.get(), "us1");
  }
  EXPECT_EQ(firsts, (std::map<std::string, int>{{"eu1", 50}, {"eu2", 50}}));
}

TEST_F(Choose, AnUnknownModelSaysWhereToLook) {
  const auto route = choose("acme/none");
  EXPECT_EQ(refusal(route), "invalid_model");
  EXPECT_NE(route.error().message.find("GET /v1/models"), std::string::npos);
  EXPECT_EQ(route.error().param, "model");
}

TEST_F(Choose, AnAmbiguousShortNameNamesItsMeanings) {
  for (Environment environment : {Environment::kProduction, Environment::kSandbox}) {
    const auto route = choose("small", environment);
    EXPECT_EQ(refusal(route), "invalid_model");
    EXPECT_NE(route.error().message.find("acme/small or other/small"), std::string::npos);
  }
}

TEST_F(Choose, ChecksTheAllowListOnTheResolvedId) {
  allow_list_ = {"acme/*"};
  EXPECT_EQ(choose("large")->model.get(), "acme/large");
  EXPECT_EQ(refusal(choose("other/small")), "model_not_allowed");
  allow_list_ = {"large"};
  EXPECT_EQ(refusal(choose("large")), "model_not_allowed");
  EXPECT_EQ(refusal(choose("acme/none")), "invalid_model");
}

TEST_F(Choose, AProductionKeyCannotCallTheSandbox) {
  EXPECT_EQ(refusal(choose("sandbox/lorem")), "model_not_allowed");
  EXPECT_EQ(refusal(choose("lorem")), "model_not_allowed");
  allow_list_ = {"*"};
  EXPECT_EQ(refusal(choose("sandbox/echo")), "model_not_allowed");
}

TEST_F(Choose, ASandboxKeyGetsSandboxModelsAsAsked) {
  const auto route = sandbox("sandbox/echo");
  EXPECT_EQ(providers(route), "sandbox ");
  EXPECT_EQ(route->model.get(), "sandbox/echo");
  EXPECT_EQ(route->offers[0]->upstream_model, "echo");
  EXPECT_FALSE(route->simulated);
}

TEST_F(Choose, ASandboxKeysKnownModelIsSimulatedAtItsPrice) {
  const auto route = sandbox("large");
  ASSERT_TRUE(route.has_value());
  EXPECT_TRUE(route->simulated);
  EXPECT_EQ(route->model.get(), "acme/large");
  ASSERT_EQ(route->offers.size(), 1U);
  EXPECT_EQ(route->offers[0]->upstream_model, "lorem");
  EXPECT_EQ(route->offers[0]->prices.tokens.input, Money::from_nanos(1'000'000'000));
  EXPECT_EQ(route->provider_of(*route->offers[0]).dialect, Dialect::kSandbox);
}

TEST_F(Choose, ASandboxKeysUnknownModelIsSimulatedAtLoremsPrice) {
  for (const char* asked : {"openai/gpt-4o", "gpt-4o"}) {
    const auto route = sandbox(asked);
    ASSERT_TRUE(route.has_value()) << asked;
    EXPECT_TRUE(route->simulated);
    EXPECT_EQ(route->model.get(), asked);
    ASSERT_EQ(route->offers.size(), 1U);
    EXPECT_EQ(route->offers[0]->model.get(), asked);
    EXPECT_EQ(route->offers[0]->upstream_model, "lorem");
    EXPECT_EQ(route->offers[0]->price_version, snapshot_->lorem().price_version);
  }
}

TEST_F(Choose, NotEveryTextIsAModelEvenInTheSandbox) {
  for (const char* asked : {"", "a b", "sandbox/none", "tollgate/none", "a/", "/b", "é"}) {
    EXPECT_EQ(refusal(sandbox(asked)), "invalid_model") << asked;
  }
}

TEST_F(Choose, TheAllowListHoldsInTheSandboxToo) {
  allow_list_ = {"openai/*"};
  EXPECT_TRUE(sandbox("openai/gpt-4o").has_value());
  EXPECT_EQ(refusal(sandbox("acme/large")), "model_not_allowed");
  EXPECT_EQ(refusal(sandbox("sandbox/lorem")), "model_not_allowed");
  EXPECT_EQ(refusal(sandbox("mistral/large")), "model_not_allowed");
}

TEST_F(Choose, ARegionPinIsKeptOrRefused) {
  key_region_ = "eu";
  EXPECT_EQ(providers(choose("acme/large")), "eu1 eu2 ");
  EXPECT_EQ(refusal(choose("acme/small")), "region_unavailable");
  request_region_ = "eu";
  EXPECT_EQ(providers(choose("acme/large")), "eu1 eu2 ");
  request_region_ = "us";
  EXPECT_EQ(refusal(choose("acme/large")), "region_not_allowed");
  EXPECT_EQ(refusal(sandbox("acme/large")), "region_not_allowed");
}

TEST_F(Choose, ARequestMayNameItsRegion) {
  request_region_ = "us";
  EXPECT_EQ(providers(choose("acme/large")), "us1 ");
  request_region_ = "mars";
  EXPECT_EQ(refusal(choose("acme/large")), "region_unavailable");
}

TEST_F(Choose, SandboxOffersSatisfyAnyRegion) {
  key_region_ = "eu";
  EXPECT_TRUE(sandbox("sandbox/lorem").has_value());
  EXPECT_TRUE(sandbox("acme/small").has_value());
  EXPECT_TRUE(sandbox("openai/gpt-4o").has_value());
}

TEST_F(Choose, ARouteKeepsItsOffersAlive) {
  auto ordinary = choose("acme/large");
  auto simulated = sandbox("openai/gpt-4o");
  snapshot_.reset();
  EXPECT_EQ(ordinary->offers[0]->model.get(), "acme/large");
  EXPECT_EQ(simulated->offers[0]->model.get(), "openai/gpt-4o");
}

TEST(RequestedRegion, TakesEitherSourceAndRefusesTwo) {
  EXPECT_EQ(*requested_region("", ""), "");
  EXPECT_EQ(*requested_region("eu-west", ""), "eu-west");
  EXPECT_EQ(*requested_region("", "eu"), "eu");
  EXPECT_EQ(*requested_region("eu", "eu"), "eu");
  EXPECT_EQ(requested_region("eu", "us").error().code, ErrorCode::kInvalidRequest);
}

TEST(RequestedRegion, RefusesWhatIsNoName) {
  EXPECT_TRUE(requested_region(std::string(64, 'a'), ""));
  EXPECT_FALSE(requested_region(std::string(65, 'a'), ""));
  EXPECT_FALSE(requested_region("eu west", ""));
  EXPECT_FALSE(requested_region("", "eu/../us"));
}

}  // namespace
}  // namespace tollgate
