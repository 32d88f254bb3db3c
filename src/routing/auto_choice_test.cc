// tollgate/auto and its kin: the choice among all models that may serve a request.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "routing/test_catalogue.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kEasy = "hi";
constexpr const char* kHard =
    "Prove the theorem by induction, derive the asymptotic complexity rigorously and design a "
    "distributed architecture with consensus, discussing every trade-off.";

class AutoChoice : public ChoiceTest {};

TEST_F(AutoChoice, ChoosesAmongAllOrdinaryModels) {
  add({.model = "a/dear", .price = 8});
  add({.model = "a/cheap", .price = 1});
  EXPECT_EQ(chosen(), "a/cheap@p a/dear@p");
  EXPECT_EQ(chosen("tollgate/auto-cheap"), "a/cheap@p a/dear@p");
}

TEST_F(AutoChoice, WithoutAnyModelNobodyServes) { EXPECT_EQ(chosen(), "no_provider_available"); }

TEST_F(AutoChoice, AnAliasChoosesLikeWhatItStandsFor) {
  add({.model = "a/m"});
  catalogue_.aliases = {{"auto", std::string(kAuto)},
                        {"lowrouter/auto", std::string(kAuto)},
                        {"auto/chat", std::string(kAuto)},
                        {"best", "a/m"}};
  for (const char* alias : {"auto", "lowrouter/auto", "auto/chat", "best"}) {
    EXPECT_EQ(chosen(alias), "a/m@p") << alias;
  }
}

TEST_F(AutoChoice, TheAllowListHoldsForWhatAnAliasStandsFor) {
  add({.model = "a/m"});
  catalogue_.aliases = {{"b/alias", "a/m"}};
  allow_list_ = {"b/*"};
  EXPECT_EQ(chosen("b/alias"), "model_not_allowed");
  allow_list_ = {"a/*"};
  EXPECT_EQ(chosen("b/alias"), "a/m@p");
}

TEST_F(AutoChoice, KeepsToTheKeysModelsAtEveryHop) {
  for (const char* model : {"a/1", "a/2", "b/1", "b/2"}) add({.model = model});
  allow_list_ = {"b/*"};
  const auto route = choose();
  ASSERT_EQ(route->offers.size(), 2U);
  for (const Offer* one : route->offers) EXPECT_TRUE(one->model.get().starts_with("b/"));
  allow_list_ = {"c/*"};
  EXPECT_EQ(chosen(), "model_not_allowed");
}

TEST_F(AutoChoice, APromptGoesToTheCheapestModelOfItsTierOrAbove) {
  add({.model = "a/small", .price = 0.05});
  add({.model = "a/large", .price = 20});
  add({.model = "a/larger", .price = 40});
  tier("a/small", Tier::kNano);
  tier("a/large", Tier::kComplex);
  tier("a/larger", Tier::kComplex);
  ask(kEasy);
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/small@p");
  ask(kHard);
  EXPECT_EQ(chosen("tollgate/auto-cheap"), "a/large@p a/larger@p a/small@p");
}

TEST_F(AutoChoice, WhereNoModelIsOfThePromptsTierTheNearestBelowServes) {
  add({.model = "a/nano"});
  add({.model = "a/light", .price = 9});
  tier("a/nano", Tier::kNano);
  tier("a/light", Tier::kLight);
  ask(kHard);
  EXPECT_EQ(chosen(), "a/light@p a/nano@p");
}

TEST_F(AutoChoice, AModelThatLacksWhatTheRequestNeedsIsLeftOut) {
  const std::vector<std::pair<Capability, RequestNeeds>> cases = {
      {Capability::kVision, {.images = 1}},
      {Capability::kTools, {.tools = true}},
      {Capability::kJsonSchema, {.json_schema = true}},
      {Capability::kAudioInput, {.audio_input = true}},
      {Capability::kFileInput, {.file_input = true}},
      {Capability::kVideoInput, {.video_input = true}}};
  for (const auto& [capability, request] : cases) {
    catalogue_ = Catalogue();
    snapshot_.reset();
    add({.model = "a/lacks", .price = 0.1});
    add({.model = "a/unknown", .price = 1});
    add({.model = "a/has", .price = 9});
    capable("a/lacks", capability, Known::kNo);
    capable("a/has", capability, Known::kYes);
    request_ = request;
    EXPECT_EQ(chosen(), "a/has@p a/unknown@p") << capability_name(capability);
    EXPECT_EQ(chosen("a/lacks"), "no_provider_available") << capability_name(capability);
    EXPECT_EQ(chosen("a/unknown"), "a/unknown@p") << capability_name(capability);
    request_ = RequestNeeds();
    EXPECT_EQ(first(), "a/lacks@p") << capability_name(capability);
  }
}

TEST_F(AutoChoice, APromptThatCannotFitTheWindowGoesElsewhere) {
  add({.model = "a/small", .price = 1, .context_window = 1'000});
  add({.model = "a/large", .price = 9, .context_window = 100'000});
  request_.text_bytes = 8'008;
  EXPECT_EQ(chosen(), "a/large@p");
  EXPECT_EQ(chosen("a/small"), "no_provider_available");
  request_.text_bytes = 8'000;  // at eight bytes a token it fits: tried last, but tried
  EXPECT_EQ(chosen(), "a/large@p a/small@p");
  EXPECT_EQ(chosen("a/small"), "a/small@p");
}

TEST_F(AutoChoice, OnlyModelsOfTheRoutesKindAreChosen) {
  add({.model = "a/chat"});
  add({.model = "a/embed", .price = 0.01});
  add({.model = "a/unknown", .price = 9});
  facts("a/chat").kind = ModelKind::kChat;
  facts("a/embed").kind = ModelKind::kEmbedding;
  EXPECT_EQ(chosen(), "a/chat@p a/unknown@p");
  EXPECT_EQ(chosen("a/embed"), "invalid_model");
  kind_ = ModelKind::kEmbedding;
  EXPECT_EQ(chosen(), "a/embed@p");
  EXPECT_EQ(chosen("a/unknown"), "a/unknown@p");
  EXPECT_EQ(chosen("a/chat"), "invalid_model");
  kind_ = ModelKind::kRerank;
  EXPECT_EQ(chosen(), "no_provider_available");
}

TEST_F(AutoChoice, EachInputHasAWindowOfItsOwn) {
  add({.model = "a/embed", .context_window = 1'000});
  facts("a/embed").kind = kind_ = ModelKind::kEmbedding;
  request_.text_bytes = 16'000;
  EXPECT_EQ(chosen("a/embed"), "no_provider_available");
  request_.inputs = 2;
  EXPECT_EQ(chosen("a/embed"), "a/embed@p");
}

TEST_F(AutoChoice, WhatHasNoPriceOfItsUnitIsServedToNobody) {
  add({.model = "a/image", .price = 0});
  facts("a/image").kind = kind_ = ModelKind::kImage;
  Prices& prices = catalogue_.offers.back().prices;
  prices.by_token = false;
  prices.per_minute = usd(1);
  request_.units.images = 1;
  EXPECT_EQ(chosen("a/image"), "model_not_priced");
  prices.per_image = Money();
  snapshot_.reset();
  EXPECT_EQ(chosen("a/image"), "a/image@p");
}

TEST_F(AutoChoice, AProviderOfAnthropicsDialectServesConversationsAlone) {
  add({.model = "a/any", .provider = "claude"});
  catalogue_.providers.back().dialect = Dialect::kAnthropic;
  EXPECT_EQ(chosen("a/any"), "a/any@claude");
  kind_ = ModelKind::kEmbedding;
  EXPECT_EQ(chosen("a/any"), "invalid_model");
  facts("a/any").kind = ModelKind::kEmbedding;
  snapshot_.reset();
  EXPECT_EQ(chosen("a/any"), "invalid_model");
  add({.model = "a/any", .provider = "other"});
  snapshot_.reset();
  EXPECT_EQ(chosen("a/any"), "a/any@other");
}

TEST_F(AutoChoice, FastPrefersTheLowerMedian) {
  add({.model = "a/slow", .price = 0.1});
  add({.model = "a/quick", .price = 9});
  measure("a/slow", "p", milliseconds(3'000));
  measure("a/quick", "p", milliseconds(200));
  EXPECT_EQ(first("tollgate/auto-fast"), "a/quick@p");
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/slow@p");
}

TEST_F(AutoChoice, AnOfferThatNobodyMeasuredIsTriedNowAndThen) {
  add({.model = "a/known", .provider = "p"});
  add({.model = "a/new", .provider = "q"});
  add({.model = "a/slow", .provider = "r"});
  measure("a/known", "p", milliseconds(200));
  measure("a/slow", "r", milliseconds(9'000));
  std::map<std::string, int> firsts;
  for (turn_ = 0; turn_ < 1'600; ++turn_) ++firsts[first("tollgate/auto-fast")];
  EXPECT_GT(firsts["a/new@q"], 20);
  EXPECT_LT(firsts["a/new@q"], 200);
  EXPECT_EQ(firsts["a/slow@r"], 0);
}

TEST_F(AutoChoice, ADegradedOfferComesAfterAHealthyOneUnlessThatCostsTwiceAsMuch) {
  add({.model = "a/m", .provider = "sick", .price = 1.0});
  add({.model = "a/m", .provider = "well", .price = 1.5});
  for (int i = 0; i < 4; ++i) health("a/m", "sick").begin(now_)->fail(now_);
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/m@sick") << "too few outcomes to tell";
  measure("a/m", "sick", milliseconds(20));
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/m@well");
  catalogue_.offers[1].prices.tokens.input = catalogue_.offers[1].prices.tokens.output = usd(3);
  snapshot_.reset();
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/m@sick");
}

TEST_F(AutoChoice, ADownOfferIsLeftOutUntilItsProbeIsDue) {
  add({.model = "a/m", .provider = "p"});
  add({.model = "a/m", .provider = "q", .price = 5});
  take_down("a/m", "p");
  EXPECT_EQ(chosen("a/m"), "a/m@q");
  now_ += kProbeAfterMin;
  EXPECT_EQ(chosen("a/m"), "a/m@p a/m@q");
  const auto probe = health("a/m", "p").begin(now_);
  EXPECT_EQ(chosen("a/m"), "a/m@q");
}

TEST_F(AutoChoice, WhenAllAreDownTheAnswerSaysWhenToComeBack) {
  add({.model = "a/m", .region = "eu"});
  for (int i = 0; i < kDownInARow; ++i) health("a/m").begin(now_)->fail(now_, seconds(20));
  const auto route = choose("a/m");
  EXPECT_EQ(route.error().code, ErrorCode::kNoProviderAvailable);
  EXPECT_EQ(route.error().retry_after, seconds(20));
  key_region_ = "eu";
  const auto pinned = choose("a/m");
  EXPECT_EQ(pinned.error().code, ErrorCode::kRegionUnavailable);
  EXPECT_EQ(pinned.error().retry_after, std::nullopt);
}

TEST_F(AutoChoice, APinnedRequestIsServedThereOrNowhere) {
  add({.model = "a/m", .provider = "eu1", .region = "eu", .price = 9});
  add({.model = "a/m", .provider = "us1", .region = "us"});
  add({.model = "b/m", .provider = "x"});
  key_region_ = "eu";
  EXPECT_EQ(chosen(), "a/m@eu1");
  take_down("a/m", "eu1");
  EXPECT_EQ(chosen(), "region_unavailable");
  EXPECT_EQ(chosen("a/m"), "region_unavailable");
  key_region_ = "mars";
  EXPECT_EQ(chosen(), "region_unavailable");
}

TEST_F(AutoChoice, AnUnpinnedRequestTriesItsFirstChoicesRegionFirst) {
  add({.model = "a/m", .provider = "eu1", .region = "eu", .price = 1});
  add({.model = "a/m", .provider = "us1", .region = "us", .price = 2});
  add({.model = "a/m", .provider = "eu2", .region = "eu", .price = 9});
  EXPECT_EQ(chosen(), "a/m@eu1 a/m@eu2 a/m@us1");
}

TEST_F(AutoChoice, LowCarbonOutweighsASmallDifferenceOfPriceWherePreferred) {
  add({.model = "a/m", .provider = "coal", .price = 1.0, .carbon = 800});
  add({.model = "a/m", .provider = "hydro", .price = 1.3, .carbon = 20});
  add({.model = "a/m", .provider = "unknown", .price = 1.3});
  EXPECT_EQ(first(), "a/m@coal");
  prefer_low_carbon_ = true;
  EXPECT_EQ(chosen(), "a/m@hydro a/m@coal a/m@unknown");
}

TEST_F(AutoChoice, CarbonIsATermOfTheScoreNotARule) {
  add({.model = "a/m", .provider = "coal", .price = 1, .carbon = 800});
  add({.model = "a/m", .provider = "hydro", .price = 30, .carbon = 400});
  prefer_low_carbon_ = true;
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/m@coal");
}

TEST_F(AutoChoice, EqualsAreSpreadEvenly) {
  for (const char* provider : {"p", "q", "r"}) {
    add({.model = "a/m", .provider = provider});
    measure("a/m", provider, milliseconds(100));
  }
  std::map<std::string, int> firsts;
  for (turn_ = 5; turn_ < 305; ++turn_) ++firsts[first()];
  for (const auto& [offer, count] : firsts) EXPECT_NEAR(count, 100, 3) << offer;
  EXPECT_EQ(firsts.size(), 3U);
}

TEST_F(AutoChoice, EqualsAreSpreadEvenlyAmongEverySecondRequestToo) {
  add({.model = "a/m", .provider = "p"});
  add({.model = "a/m", .provider = "q"});
  std::map<std::string, int> firsts;
  for (turn_ = 0; turn_ < 400; turn_ += 2) ++firsts[first()];
  EXPECT_NEAR(firsts["a/m@p"], 100, 3);
}

TEST_F(AutoChoice, WhatAFailingFirstChoiceLeavesIsSpreadAsWell) {
  add({.model = "a/m", .provider = "best", .price = 1});
  add({.model = "a/m", .provider = "p", .price = 5});
  add({.model = "a/m", .provider = "q", .price = 5});
  std::map<std::string, int> seconds_tried;
  for (turn_ = 0; turn_ < 200; ++turn_) {
    const auto route = choose();
    EXPECT_EQ(route->offers[0]->provider.get(), "best");
    ++seconds_tried[route->offers[1]->provider.get()];
  }
  EXPECT_NEAR(seconds_tried["p"], 100, 3);
}

TEST_F(AutoChoice, LatenciesThatHardlyDifferAreEqual) {
  add({.model = "a/m", .provider = "p"});
  add({.model = "a/m", .provider = "q"});
  measure("a/m", "p", milliseconds(2));
  measure("a/m", "q", milliseconds(6));
  std::map<std::string, int> firsts;
  for (turn_ = 0; turn_ < 100; ++turn_) ++firsts[first()];
  EXPECT_NEAR(firsts["a/m@p"], 50, 3);
}

TEST_F(AutoChoice, ThePriceCountsAtTheRequestsExpectedSize) {
  add({.model = "a/input", .price = 1});
  add({.model = "a/output", .price = 1});
  catalogue_.offers[0].prices.tokens.output = usd(10);
  catalogue_.offers[1].prices.tokens.input = usd(3);
  request_ = {.text_bytes = 400'000, .max_tokens = 100};
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/input@p");
  request_ = {.text_bytes = 40, .max_tokens = 400};
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/output@p");
}

TEST_F(AutoChoice, ThePriceOfALargePromptIsItsTiers) {
  add({.model = "a/tiered", .price = 1});
  add({.model = "a/flat", .price = 2});
  PriceTier tier;
  tier.above_input_tokens = 100'000;
  tier.tokens.input = tier.tokens.output = usd(4);
  catalogue_.offers[0].prices.tiers = {tier};
  request_ = {.text_bytes = 300'000};
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/tiered@p");
  request_ = {.text_bytes = 500'000};
  EXPECT_EQ(first("tollgate/auto-cheap"), "a/flat@p");
}

TEST_F(AutoChoice, WhatIsFreeIsCheapestAndNothingIsDividedByIt) {
  add({.model = "a/free", .price = 0});
  add({.model = "a/cheap", .price = 0.01});
  EXPECT_EQ(chosen("tollgate/auto-cheap"), "a/free@p a/cheap@p");
}

TEST_F(AutoChoice, MoneyMakesNoOfferIneligible) {
  add({.model = "a/m", .price = 1});
  add({.model = "a/dear", .price = 9'000'000});
  EXPECT_EQ(chosen(), "a/m@p a/dear@p");
}

TEST_F(AutoChoice, EveryEligibleOfferIsInTheRouteHoweverMany) {
  for (int i = 0; i < 100; ++i) {
    add({.model = "a/m" + std::to_string(i), .price = 1.0 + (i * 37) % 100});
  }
  const auto route = choose("tollgate/auto-cheap");
  ASSERT_EQ(route->offers.size(), 100U);
  for (std::size_t i = 1; i < 32; ++i) {
    EXPECT_LT(route->offers[i - 1]->prices.tokens.input, route->offers[i]->prices.tokens.input);
  }
}

TEST_F(AutoChoice, ASandboxKeyGetsWhatAProductionKeyWouldSimulated) {
  add({.model = "a/m", .region = "eu"});
  add({.model = "a/m", .provider = "q", .price = 1});
  add({.model = "a/dear", .price = 5});
  take_down("a/m");
  environment_ = Environment::kSandbox;
  key_region_ = "us";
  const auto route = choose();
  ASSERT_TRUE(route.has_value()) << route.error().message;
  EXPECT_TRUE(route->simulated);
  EXPECT_EQ(route->model.get(), "a/m");
  ASSERT_EQ(route->offers.size(), 2U)
      << "each model once, for what the request can pay to go first";
  EXPECT_EQ(route->provider_of(*route->offers[0]).dialect, Dialect::kSandbox);
  EXPECT_EQ(route->offers[0]->prices.tokens.input, usd(1));
  EXPECT_EQ(route->offers[1]->prices.tokens.input, usd(5));
}

TEST_F(AutoChoice, ASandboxKeyWithoutAnyOrdinaryModelGetsLorem) {
  environment_ = Environment::kSandbox;
  const auto route = choose();
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->model.get(), "sandbox/lorem");
  allow_list_ = {"a/*"};
  EXPECT_EQ(chosen(), "model_not_allowed");
}

TEST_F(AutoChoice, TellsWhatItDecidedAndWhy) {
  add({.model = "a/m", .region = "eu"});
  add({.model = "a/blind", .provider = "q", .region = "eu"});
  add({.model = "a/far", .region = "us"});
  add({.model = "b/other", .region = "eu"});
  capable("a/blind", Capability::kVision, Known::kNo);
  allow_list_ = {"a/*"};
  key_region_ = "eu";
  request_.images = 1;
  ask(kEasy);
  const json::object told = decision();
  EXPECT_EQ(told.at("strategy"), "balanced");
  EXPECT_EQ(told.at("tier"), "NANO");
  EXPECT_EQ(told.at("eligible"), 1);
  EXPECT_EQ(json::serialize(told.at("dropped_counts")),
            R"({"key_models":1,"region":1,"vision":1})");
  EXPECT_EQ(told.at("candidates").at(0).at("model"), "a/m");
  EXPECT_EQ(told.at("dropped").as_array().size(), 3U);
  EXPECT_EQ(json::serialize(told.at("dropped").at(0)),
            R"({"model":"a/blind","provider":"q","region":"eu","why":"vision"})");
  EXPECT_GT(told.at("confidence").as_double(), 0);
}

TEST_F(AutoChoice, ADecisionHoldsNothingOfThePrompt) {
  add({.model = "a/m"});
  ask("xyzzy plugh");
  EXPECT_EQ(choose()->decision.find("xyzzy"), std::string::npos);
}

TEST_F(AutoChoice, ADecisionIsBoundedHoweverManyOffersThereAre) {
  for (int i = 0; i < 500; ++i) {
    add({.model = std::string(150, 'a') + "/m" + std::to_string(i),
         .provider = std::string(60, 'p')});
    capable(catalogue_.offers.back().model.get(), Capability::kTools,
            i % 2 == 0 ? Known::kNo : Known::kYes);
  }
  request_.tools = true;
  const json::object told = decision();
  EXPECT_LE(choose()->decision.size(), kDecisionBytesMax);
  EXPECT_EQ(told.at("eligible"), 250);
  EXPECT_EQ(told.at("dropped_counts").at("tools"), 250);
}

TEST_F(AutoChoice, ANamedModelOfSeveralOffersKeepsWhatWasChosenAmong) {
  add({.model = "a/m", .provider = "dear", .price = 9});
  add({.model = "a/m", .provider = "cheap", .price = 1});
  const json::object told = decision("a/m");
  EXPECT_EQ(told.at("strategy"), "model");
  EXPECT_EQ(told.at("eligible"), 2);
  EXPECT_EQ(told.at("candidates").at(0).at("provider"), "cheap");
  EXPECT_EQ(told.at("candidates").at(1).at("provider"), "dear");
  EXPECT_TRUE(told.at("dropped").as_array().empty());
}

TEST_F(AutoChoice, ANamedModelOfOneOfferKeepsADecisionOnlyOfWhatWasDropped) {
  add({.model = "a/m", .provider = "p"});
  add({.model = "b/other"});
  EXPECT_EQ(choose("a/m")->decision, "");
  add({.model = "a/m", .provider = "q"});
  snapshot_.reset();
  take_down("a/m", "q");
  EXPECT_EQ(decision("a/m").at("eligible"), 1);
  EXPECT_EQ(decision("a/m").at("dropped_counts").at("down"), 1);
}

TEST_F(AutoChoice, WhatChoosesAModelKeepsItsDecisionThoughOneOfferIsLeft) {
  add({.model = "a/m"});
  ask(kEasy);
  EXPECT_EQ(decision().at("eligible"), 1);
  EXPECT_EQ(decision().at("tier"), "NANO");
}

TEST_F(AutoChoice, ASandboxKeysNamedModelIsSimulatedAndKeepsNoDecision) {
  environment_ = Environment::kSandbox;
  add({.model = "a/m", .provider = "p"});
  add({.model = "a/m", .provider = "q"});
  EXPECT_EQ(choose("a/m")->decision, "");
  EXPECT_EQ(decision().at("eligible"), 2);
}

TEST_F(AutoChoice, ExplainingListsEverythingAndChoosesTheSame) {
  for (int i = 0; i < 40; ++i) add({.model = "a/m" + std::to_string(i)});
  for (int i = 0; i < 40; ++i) add({.model = "b/m" + std::to_string(i)});
  allow_list_ = {"a/*"};
  const Explanation explained = explain_route(snapshot(), needs(kAuto));
  ASSERT_TRUE(explained.route.has_value());
  EXPECT_EQ(explained.route->offers, choose()->offers);
  const json::value told = parse_json(explained.decision).value();
  EXPECT_EQ(told.at("candidates").as_array().size(), 40U);
  EXPECT_EQ(told.at("dropped").as_array().size(), 40U);
}

TEST_F(AutoChoice, ARefusalIsExplainedToo) {
  add({.model = "a/m", .region = "us"});
  key_region_ = "eu";
  const Explanation explained = explain_route(snapshot(), needs(kAuto));
  EXPECT_EQ(explained.route.error().code, ErrorCode::kRegionUnavailable);
  EXPECT_EQ(parse_json(explained.decision).value().at("dropped").at(0).at("why"), "region");
  EXPECT_EQ(explain_route(snapshot(), needs("nobody")).decision, "");
}

TEST_F(AutoChoice, WhenOthersTookTheLastOffersTheAnswerIsTheSame) {
  add({.model = "a/m", .region = "eu"});
  EXPECT_EQ(no_offer_left(*choose("a/m")).code, ErrorCode::kNoProviderAvailable);
  EXPECT_EQ(no_offer_left(*choose("a/m")).retry_after, seconds(1));
  request_region_ = "eu";
  EXPECT_EQ(no_offer_left(*choose("a/m")).code, ErrorCode::kRegionUnavailable);
}

}  // namespace
}  // namespace tollgate
