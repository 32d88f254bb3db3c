// The choice by a profile's rules and by what a request's `route` asks.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "routing/test_catalogue.h"

namespace tollgate {
namespace {

constexpr const char* kEasy = "hi";
constexpr const char* kHard =
    "Prove the theorem by induction, derive the asymptotic complexity rigorously and design a "
    "distributed architecture with consensus, discussing every trade-off.";

class ProfileChoice : public ChoiceTest {
 protected:
  ProfileChoice() { profile_.name = "support"; }

  // One model of each tier, the dearer the higher.
  void add_tiers() {
    double price = 1;
    for (Tier one : kTiers) {
      const std::string model = "t/" + std::string(tier_name(one));
      add({.model = model, .price = price});
      tier(model, one);
      price *= 3;
    }
  }
  Error refused(std::string_view model = "ignored") {
    const auto route = choose(model);
    EXPECT_FALSE(route.has_value());
    return route ? Error{} : route.error();
  }
};

TEST_F(ProfileChoice, TheRequestsModelIsIgnored) {
  add({.model = "a/cheap", .price = 1});
  add({.model = "a/dear", .price = 9});
  for (const char* model : {"a/dear", "nobody/knows", "", "sandbox/echo"}) {
    EXPECT_EQ(first(model), "a/cheap@p") << model;
  }
}

TEST_F(ProfileChoice, UnlessTheProfileHonorsIt) {
  add({.model = "a/cheap", .price = 1});
  add({.model = "a/dear", .price = 9});
  profile_.honor_model = true;
  EXPECT_EQ(chosen("a/dear"), "a/dear@p");
  EXPECT_EQ(chosen("dear"), "a/dear@p");
  EXPECT_EQ(chosen(kAuto), "a/cheap@p a/dear@p");
  EXPECT_EQ(chosen("nobody/knows"), "invalid_model");
  EXPECT_EQ(chosen("sandbox/echo"), "model_not_allowed");
  profile_.models = {"a/cheap"};
  EXPECT_EQ(chosen("a/dear"), "model_not_allowed");
}

TEST_F(ProfileChoice, AnHonoredModelIsHeldToAllOtherRules) {
  add_tiers();
  profile_.honor_model = true;
  profile_.tier_floor = Tier::kSimple;
  profile_.tier_ceiling = Tier::kStandard;
  EXPECT_EQ(chosen("t/NANO"), "no_provider_available");
  EXPECT_EQ(chosen("t/LIGHT"), "t/LIGHT@p");
  EXPECT_EQ(chosen("t/COMPLEX"), "no_provider_available");
}

TEST_F(ProfileChoice, ATierIsRaisedToTheFloor) {
  add_tiers();
  ask(kEasy);
  EXPECT_EQ(first(), "t/NANO@p");
  profile_.tier_floor = Tier::kLight;
  EXPECT_EQ(chosen(), "t/LIGHT@p t/STANDARD@p t/COMPLEX@p");
  EXPECT_EQ(decision().at("tier"), "LIGHT");
  EXPECT_EQ(decision().at("classified"), "NANO");
}

TEST_F(ProfileChoice, ATierIsLoweredToTheCeiling) {
  add_tiers();
  ask(kHard);
  EXPECT_EQ(first(), "t/COMPLEX@p");
  profile_.tier_ceiling = Tier::kSimple;
  EXPECT_EQ(chosen(), "t/SIMPLE@p t/NANO@p");
  EXPECT_EQ(decision().at("tier"), "SIMPLE");
  EXPECT_EQ(decision().at("classified"), "COMPLEX");
}

TEST_F(ProfileChoice, QualityTakesTheBestModelUpToTheCeiling) {
  add_tiers();
  profile_.strategy = Strategy::kQuality;
  for (std::size_t i = 0; i < kTiers.size(); ++i) {
    facts("t/" + std::string(tier_name(kTiers[i]))).quality = static_cast<int>(20 * i);
  }
  ask(kEasy);
  EXPECT_EQ(first(), "t/COMPLEX@p");
  profile_.tier_ceiling = Tier::kStandard;
  EXPECT_EQ(chosen(), "t/STANDARD@p t/LIGHT@p t/SIMPLE@p t/NANO@p");
}

TEST_F(ProfileChoice, AnOrderedListIsTriedInItsOrderAndNothingElseServes) {
  for (const char* model : {"a/1", "a/2", "b/1", "c/1"}) add({.model = model});
  add({.model = "b/1", .provider = "q", .price = 0.1});
  profile_.strategy = Strategy::kOrdered;
  profile_.order = {"b/1", "a/*"};
  EXPECT_EQ(chosen().substr(0, 11), "b/1@q b/1@p");
  EXPECT_EQ(choose()->offers.size(), 4U);
  profile_.order = {"nobody/knows", "c/1"};
  EXPECT_EQ(chosen(), "c/1@p");
}

TEST_F(ProfileChoice, AnOrderedListGoesBeforeTheFirstChoicesRegion) {
  add({.model = "a/1", .provider = "eu1", .region = "eu"});
  add({.model = "a/1", .provider = "us1", .region = "us", .price = 2});
  add({.model = "a/2", .provider = "eu1", .region = "eu"});
  profile_.strategy = Strategy::kOrdered;
  profile_.order = {"a/1", "a/2"};
  EXPECT_EQ(chosen(), "a/1@eu1 a/1@us1 a/2@eu1");
}

TEST_F(ProfileChoice, WhatTheProfileMayNotUseIsRefusedByName) {
  add({.model = "a/m"});
  const std::vector<std::pair<bool CapabilityCaps::*, RequestNeeds>> cases = {
      {&CapabilityCaps::vision, {.images = 1}},
      {&CapabilityCaps::file, {.file_input = true}},
      {&CapabilityCaps::tools, {.tools = true}},
      {&CapabilityCaps::tools, {.hosted_fees = true}},
      {&CapabilityCaps::audio, {.audio_input = true}},
      {&CapabilityCaps::audio, {.audio_output = true}},
      {&CapabilityCaps::video, {.video_input = true}}};
  for (const auto& [cap, request] : cases) {
    request_ = request;
    profile_.capabilities = CapabilityCaps();
    EXPECT_EQ(chosen(), "a/m@p");
    profile_.capabilities.*cap = false;
    const Error error = refused();
    EXPECT_EQ(error.code, ErrorCode::kInsufficientScope);
    EXPECT_NE(error.message.find("routing profile"), std::string::npos);
    request_ = RequestNeeds();
    EXPECT_EQ(chosen(), "a/m@p");
  }
}

TEST_F(ProfileChoice, AMinimumOfToolCallingHoldsWhereToolsAreOffered) {
  add({.model = "a/clumsy", .price = 1});
  add({.model = "a/skilled", .price = 9});
  facts("a/clumsy").tool_calling = 49;
  facts("a/skilled").tool_calling = 50;
  profile_.min_tool_calling = 50;
  EXPECT_EQ(first(), "a/clumsy@p");
  request_.tools = true;
  EXPECT_EQ(chosen(), "a/skilled@p");
  profile_.min_tool_calling = 51;
  EXPECT_EQ(chosen(), "no_provider_available");
}

TEST_F(ProfileChoice, ACostCapLeavesOutWhatMayCostMore) {
  add({.model = "a/cheap", .price = 1});
  add({.model = "a/dear", .price = 10});
  // 400 + 1,024 input and 1,000 output tokens: 0.002424 USD at 1 USD a million, 0.02424 at 10.
  request_ = {.text_bytes = 400, .max_tokens = 1'000};
  profile_.cost_cap = usd(0.02424);
  EXPECT_EQ(choose()->offers.size(), 2U);
  profile_.cost_cap = usd(0.02423);
  EXPECT_EQ(chosen(), "a/cheap@p");
  EXPECT_EQ(choose()->max_cost, usd(0.02423));
  EXPECT_EQ(decision().at("dropped_counts").at("cost_cap"), 1);
}

TEST_F(ProfileChoice, ACostCapThatNothingFitsIsALimitOfOneRequest) {
  add({.model = "a/cheap", .price = 1});
  add({.model = "a/dear", .price = 10});
  request_ = {.text_bytes = 400, .max_tokens = 1'000};
  profile_.cost_cap = usd(0.001);
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(error.details_json,
            R"({"id":"profile/cost/request","metric":"cost","window":"request","amount":"0.001",)"
            R"("used":"0","held":"0","remaining":"0.001","resets_at":null,"bound":"0.002424"})");
}

TEST_F(ProfileChoice, ACostCapLeavesRoomForARequestThatNamesNoMaximum) {
  add({.model = "a/m", .price = 1});
  request_ = {.text_bytes = 400};
  profile_.cost_cap = usd(0.001425);  // the input's bound and one token
  EXPECT_EQ(chosen(), "a/m@p");
  profile_.cost_cap = usd(0.001424);
  EXPECT_EQ(chosen(), "limit_exceeded");
}

TEST_F(ProfileChoice, UnderACostCapWhatNothingBoundsIsNotPriced) {
  add({.model = "a/m"});
  request_.hosted_fees = true;
  EXPECT_EQ(chosen(), "a/m@p");
  profile_.cost_cap = usd(1'000);
  EXPECT_EQ(chosen(), "model_not_priced");
}

TEST_F(ProfileChoice, ItsRegionIsAPin) {
  add({.model = "a/m", .provider = "eu1", .region = "eu"});
  add({.model = "a/m", .provider = "us1", .region = "us"});
  profile_.region = "us";
  EXPECT_EQ(chosen(), "a/m@us1");
  EXPECT_EQ(choose()->region, "us");
  request_region_ = "us";
  EXPECT_EQ(chosen(), "a/m@us1");
  request_region_ = "eu";
  EXPECT_EQ(chosen(), "region_not_allowed");
  request_region_ = "";
  key_region_ = "eu";
  EXPECT_EQ(chosen(), "region_unavailable");
}

TEST_F(ProfileChoice, ItsModelsAndTheKeysBothHold) {
  for (const char* model : {"a/1", "a/2", "b/1"}) add({.model = model});
  profile_.models = {"a/*"};
  EXPECT_EQ(choose()->offers.size(), 2U);
  allow_list_ = {"*/1"};
  EXPECT_EQ(chosen(), "a/1@p");
  allow_list_ = {"b/*"};
  EXPECT_EQ(chosen(), "model_not_allowed");
}

TEST_F(ProfileChoice, ASandboxKeyIsHeldToItToo) {
  add_tiers();
  environment_ = Environment::kSandbox;
  ask(kEasy);
  profile_.tier_floor = Tier::kLight;
  const auto route = choose("ignored");
  ASSERT_TRUE(route.has_value()) << route.error().message;
  EXPECT_EQ(route->model.get(), "t/LIGHT");
  EXPECT_TRUE(route->simulated);
  profile_.honor_model = true;
  profile_.models = {"x/*"};
  EXPECT_EQ(chosen("sandbox/echo"), "model_not_allowed");
  EXPECT_EQ(chosen("y/unknown"), "model_not_allowed");
  EXPECT_EQ(chosen("x/unknown"), "x/unknown@sandbox");
}

TEST_F(ProfileChoice, ARequestMayTighten) {
  add_tiers();
  ask(kEasy);
  profile_.tier_ceiling = Tier::kStandard;
  route_.tier_floor = Tier::kSimple;
  EXPECT_EQ(chosen(), "t/SIMPLE@p t/LIGHT@p t/STANDARD@p");
  route_.tier_ceiling = Tier::kSimple;
  EXPECT_EQ(chosen(), "t/SIMPLE@p");
  route_ = {.models = {"t/L*", "t/C*"}};
  EXPECT_EQ(chosen(), "t/LIGHT@p");
  route_ = {.models = {"none/*"}};
  EXPECT_EQ(refused().param, "route.models");
  route_ = {.max_cost = usd(0.001)};
  EXPECT_EQ(chosen(), "limit_exceeded");
  EXPECT_EQ(refused().param, "route.max_cost");
}

TEST_F(ProfileChoice, ARequestMayNotLoosenAndHearsWhichFieldWould) {
  add_tiers();
  profile_.tier_floor = Tier::kSimple;
  profile_.tier_ceiling = Tier::kStandard;
  profile_.cost_cap = usd(1);
  const std::vector<std::pair<RouteRequest, std::string>> cases = {
      {{.tier_floor = Tier::kNano}, "route.tier_floor"},
      {{.tier_ceiling = Tier::kComplex}, "route.tier_ceiling"},
      {{.max_cost = usd(1.01)}, "route.max_cost"},
      {{.strategy = Strategy::kCheapest}, "route.strategy"}};
  for (const auto& [route, param] : cases) {
    route_ = route;
    const Error error = refused();
    EXPECT_EQ(error.code, ErrorCode::kInvalidRequest) << param;
    EXPECT_EQ(error.param, param);
  }
  for (const RouteRequest& same :
       {RouteRequest{.tier_floor = Tier::kSimple, .tier_ceiling = Tier::kStandard},
        RouteRequest{.max_cost = usd(1), .strategy = Strategy::kBalanced}}) {
    route_ = same;
    EXPECT_TRUE(choose().has_value());
  }
}

TEST_F(ProfileChoice, AFloorAboveTheCeilingLeavesNoTier) {
  add_tiers();
  profile_.tier_ceiling = Tier::kLight;
  route_.tier_floor = Tier::kStandard;
  EXPECT_EQ(refused().param, "route.tier_floor");
  EXPECT_EQ(refused().code, ErrorCode::kInvalidRequest);
}

TEST_F(ProfileChoice, WithoutAProfileARequestTightensWhatIsOpen) {
  profile_ = ProfileRules();
  add_tiers();
  route_ = {.models = {"t/N*", "t/S*"}, .tier_floor = Tier::kSimple};
  EXPECT_EQ(chosen(kAuto), "t/SIMPLE@p t/STANDARD@p");
  EXPECT_EQ(chosen("t/NANO"), "no_provider_available");
  EXPECT_EQ(chosen("t/LIGHT"), "model_not_allowed");
  route_ = {.max_cost = usd(0.000001)};
  EXPECT_EQ(chosen("t/NANO"), "limit_exceeded");
}

TEST_F(ProfileChoice, WithoutAProfileARequestMayNameAStrategyThatItsModelLeavesOpen) {
  profile_ = ProfileRules();
  add({.model = "a/cheap", .price = 1});
  add({.model = "a/best", .price = 9});
  facts("a/best").quality = 99;
  route_.strategy = Strategy::kQuality;
  EXPECT_EQ(first(kAuto), "a/best@p");
  EXPECT_EQ(refused(kAutoCheap).param, "route.strategy");
  route_.strategy = Strategy::kCheapest;
  EXPECT_EQ(first(kAutoCheap), "a/cheap@p");
}

TEST_F(ProfileChoice, TheDecisionNamesTheProfile) {
  add({.model = "a/m"});
  EXPECT_EQ(decision("ignored").at("profile"), "support");
  profile_.honor_model = true;
  EXPECT_EQ(decision("a/m").at("profile"), "support");
}

}  // namespace
}  // namespace tollgate
