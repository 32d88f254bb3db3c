#include "gateway/receipt.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tollgate {
namespace {

// A dollar a million tokens in, two out.
Prices prices() {
  Prices prices;
  prices.tokens.input = Money::from_nanos(1'000'000'000);
  prices.tokens.output = Money::from_nanos(2'000'000'000);
  return prices;
}

ReportedUsage reported(std::int64_t input, std::int64_t output) {
  return {.state = UsageState::kReported, .tokens = {.input = input, .output = output}};
}

constexpr ContentCount kContent{.deltas = 10, .text_bytes = 80};  // counted as 10 tokens
constexpr RequestNeeds kNeeds{.text_bytes = 400};                 // estimated at 100 tokens

// "input output metering nanos"
std::string metered(const Outcome& outcome, const RequestNeeds& needs = kNeeds) {
  const Metered result = meter(outcome, needs, prices(), std::nullopt);
  return std::to_string(result.tokens.input) + " " + std::to_string(result.tokens.output) + " " +
         std::string(metering_name(result.metering)) + " " + std::to_string(result.cost.nanos());
}

TEST(Meter, WhatTheProviderCannotHaveServedIsFree) {
  for (const Reach reach : {Reach::kNothingSent, Reach::kCounted}) {
    EXPECT_EQ(metered({.reach = reach, .usage = reported(9, 4), .content = kContent}),
              "0 0 reported 0");
  }
}

// What is no conversation.
Metered unit_metered(const Outcome& outcome, const Prices& at, const RequestNeeds& needs) {
  return meter(outcome, needs, at, std::nullopt);
}

TEST(MeterUnits, WhatWasCountedHereNeedsNoReport) {
  Prices at;
  at.per_image = Money::from_nanos(40);
  at.per_million_characters = Money::from_nanos(1'000'000);
  const RequestNeeds needs{.text_bytes = 400,
                           .output = OutputBound::kByOffer,
                           .units = {.images = 3, .characters = 7},
                           .guessed_output = 999};
  const Metered made = unit_metered({.reach = Reach::kAnswered, .images = 2}, at, needs);
  EXPECT_EQ(made.cost.nanos(), 2 * 40 + 7);
  EXPECT_EQ(made.metering, Metering::kCounted);
  EXPECT_EQ(made.tokens, (TokenUsage{.input = 100}));
  // No image was seen; the characters were sent.
  const Metered lost = unit_metered({.reach = Reach::kLost}, at, needs);
  EXPECT_EQ(lost.cost.nanos(), 7);
  EXPECT_EQ(lost.metering, Metering::kInterrupted);
  EXPECT_EQ(unit_metered({.reach = Reach::kRefused}, at, needs).cost.nanos(), 0);
  EXPECT_EQ(unit_metered({.reach = Reach::kNothingSent}, at, needs).cost.nanos(), 0);
}

TEST(MeterUnits, TimeIsAsReportedOrElseGuessed) {
  Prices at;
  at.per_minute = Money::from_nanos(60'000);
  const RequestNeeds needs{.output = OutputBound::kByOffer, .units = {.audio_ms = 500}};
  const Metered told = unit_metered({.reach = Reach::kAnswered, .audio_ms = 2'000}, at, needs);
  EXPECT_EQ(told.cost.nanos(), 2'000);
  EXPECT_EQ(told.metering, Metering::kCounted);
  const Metered untold = unit_metered({.reach = Reach::kAnswered}, at, needs);
  EXPECT_EQ(untold.cost.nanos(), 500);
  EXPECT_EQ(untold.metering, Metering::kEstimated);
}

TEST(MeterUnits, TokensThatAProviderChargesForAreGuessedWhereItDoesNotSay) {
  const RequestNeeds needs{.text_bytes = 400,
                           .audio_input = true,
                           .output = OutputBound::kByOffer,
                           .guessed_audio_input = 30,
                           .guessed_output = 50};
  const Metered whole = unit_metered({.reach = Reach::kAnswered}, prices(), needs);
  EXPECT_EQ(whole.tokens, (TokenUsage{.input = 130, .audio_input = 30, .output = 50}));
  EXPECT_EQ(whole.metering, Metering::kEstimated);
  const Metered lost = unit_metered({.reach = Reach::kLost}, prices(), needs);
  EXPECT_EQ(lost.tokens.output, 0);
  const Metered said =
      unit_metered({.reach = Reach::kAnswered, .usage = reported(9, 4)}, prices(), needs);
  EXPECT_EQ(said.tokens, (TokenUsage{.input = 9, .output = 4}));
  EXPECT_EQ(said.metering, Metering::kReported);
}

TEST(MeterUnits, TokensThatWereNotHeldBecauseUnitsAreBilledAreNotChargedOrCounted) {
  Prices at;
  at.per_image = Money::from_nanos(40);
  const RequestNeeds needs{
      .text_bytes = 400, .output = OutputBound::kByOffer, .units = {.images = 1}};
  const Reserve held{.input = 1'424, .output = 0, .cost = Money::from_nanos(40)};
  const Metered made = meter({.reach = Reach::kAnswered, .usage = reported(12, 6'240), .images = 1},
                             needs, at, held);
  EXPECT_EQ(made.tokens, (TokenUsage{.input = 100}));
  EXPECT_EQ(made.cost.nanos(), 40);
  EXPECT_EQ(made.metering, Metering::kCounted);
  // A refusal that reports no more than that is free.
  EXPECT_EQ(meter({.reach = Reach::kRefused, .usage = reported(12, 6'240)}, needs, at, held),
            Metered{});
}

TEST(MeterUnits, WhatNothingTellsTheSizeOfIsChargedAsItWasHeld) {
  const RequestNeeds needs{.text_bytes = 400,
                           .whole_window = true,
                           .audio_input = true,
                           .output = OutputBound::kByOffer,
                           .guessed_audio_input = 30};
  const Reserve held{.input = 1'000, .output = 300, .cost = Money::from_nanos(1'600'000)};
  const Outcome silent{.reach = Reach::kAnswered, .content = kContent};
  EXPECT_EQ(meter(silent, needs, prices(), held).tokens,
            (TokenUsage{.input = 1'000, .audio_input = 900, .output = 10}));
  EXPECT_EQ(meter(silent, needs, prices(), std::nullopt).tokens.input, 130);
  EXPECT_EQ(meter({.reach = Reach::kRefused}, needs, prices(), held), Metered{});
}

TEST(MeterUnits, TimeThatNobodyMeasuredIsChargedAsItWasHeld) {
  Prices at;
  at.per_minute = Money::from_nanos(60'000);
  const RequestNeeds needs{
      .whole_window = true, .output = OutputBound::kByOffer, .units = {.audio_ms = 500}};
  const Reserve held{.input = 1'024, .output = 0, .cost = Money::from_nanos(90'000)};
  EXPECT_EQ(meter({.reach = Reach::kAnswered}, needs, at, held).cost, held.cost);
  const Outcome told{.reach = Reach::kAnswered, .audio_ms = 2'000};
  EXPECT_EQ(meter(told, needs, at, held).cost.nanos(), 2'000);
}

TEST(MeterUnits, SpeechGoesAtThePriceOfAudioWhereItHasOne) {
  const RequestNeeds needs{.text_bytes = 400,
                           .audio_output = true,
                           .output = OutputBound::kByOffer,
                           .guessed_output = 50};
  Prices at = prices();
  const Outcome said{.reach = Reach::kAnswered, .usage = reported(9, 4)};
  EXPECT_EQ(unit_metered(said, at, needs).cost.nanos(), 9'000 + 8'000);
  EXPECT_EQ(unit_metered(said, at, needs).flags.text(), "");
  at.tokens.output = Money();
  at.tokens.audio_output = Money::from_nanos(12'000'000'000);
  EXPECT_EQ(unit_metered(said, at, needs).cost.nanos(), 9'000 + 48'000);
  EXPECT_EQ(unit_metered(said, at, needs).tokens.audio_output, 4);
  const Metered silent = unit_metered({.reach = Reach::kAnswered}, at, needs);
  EXPECT_EQ(silent.cost.nanos(), 100'000 + 50 * 12'000);
}

TEST(MeterUnits, MoreImagesThanWereAskedForAreAnOverrunAndChargedInFull) {
  Prices at;
  at.per_image = Money::from_nanos(40);
  const RequestNeeds needs{
      .text_bytes = 400, .output = OutputBound::kByOffer, .units = {.images = 2}};
  const Reserve held{.input = 1'424, .output = 0, .cost = Money::from_nanos(80)};
  for (const std::optional<Reserve>& reserve : {std::optional(held), std::optional<Reserve>()}) {
    const Metered made = meter({.reach = Reach::kAnswered, .images = 8}, needs, at, reserve);
    EXPECT_EQ(made.cost.nanos(), 8 * 40);
    EXPECT_EQ(made.metering, Metering::kOverrun);
  }
}

TEST(MeterUnits, ARerankIsAsManySearchesAsAreReportedOrElseOneForAHundredDocuments) {
  Prices at;
  at.per_request = Money::from_nanos(2);
  const RequestNeeds needs{
      .text_bytes = 400, .output = OutputBound::kNone, .units = {.requests = 3}, .requests_max = 5};
  const Reserve held{.input = 1'424, .output = 0, .cost = Money::from_nanos(10)};
  const auto charge = [&](std::optional<std::int64_t> searches) {
    const Metered made = meter({.reach = Reach::kAnswered, .searches = searches}, needs, at, held);
    return std::to_string(made.cost.nanos()) + " " + std::string(metering_name(made.metering));
  };
  EXPECT_EQ(charge({}), "6 counted");
  EXPECT_EQ(charge(1), "2 counted");
  EXPECT_EQ(charge(5), "10 counted");
  EXPECT_EQ(charge(6), "12 overrun");
}

TEST(Meter, ARefusalCostsWhatItReportsAndNothingElse) {
  EXPECT_EQ(metered({.reach = Reach::kRefused}), "0 0 reported 0");
  EXPECT_EQ(
      metered({.reach = Reach::kRefused, .usage = {.state = UsageState::kInvalid, .tokens = {}}}),
      "0 0 reported 0");
  EXPECT_EQ(metered({.reach = Reach::kRefused, .usage = reported(9, 4)}), "9 4 reported 17000");
}

TEST(Meter, ABelievableReportIsChargedHoweverFarTheAnswerCame) {
  for (const Reach reach : {Reach::kAnswered, Reach::kLost, Reach::kLeft}) {
    EXPECT_EQ(metered({.reach = reach, .usage = reported(9, 4), .content = kContent}),
              "9 4 reported 17000");
  }
}

TEST(Meter, WithoutABelievableReportTheEstimateIsCharged) {
  for (const ReportedUsage& usage :
       {ReportedUsage{}, ReportedUsage{.state = UsageState::kInvalid, .tokens = {}}, reported(0, 4),
        reported(9, 0)}) {
    EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = usage, .content = kContent}),
              "100 10 estimated 120000");
    EXPECT_EQ(metered({.reach = Reach::kLeft, .usage = usage, .content = kContent}),
              "100 10 estimated 120000");
    EXPECT_EQ(metered({.reach = Reach::kLost, .usage = usage, .content = kContent}),
              "100 10 interrupted 120000");
  }
}

TEST(Meter, ALostAnswerWithoutContentIsChargedItsInput) {
  EXPECT_EQ(metered({.reach = Reach::kLost}), "100 0 interrupted 100000");
}

TEST(Meter, AnEmptyAnswerMayReportZero) {
  EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = reported(9, 0)}), "9 0 reported 9000");
}

TEST(Meter, MoreOutputThanTheClientAllowedIsAnOverrunAndChargedInFull) {
  RequestNeeds needs = kNeeds;
  needs.max_tokens = 4;
  EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = reported(9, 4)}, needs),
            "9 4 reported 17000");
  EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = reported(9, 5)}, needs),
            "9 5 overrun 19000");
  needs.choices = 3;
  EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = reported(9, 12)}, needs),
            "9 12 reported 33000");
  EXPECT_EQ(metered({.reach = Reach::kAnswered, .usage = reported(9, 13)}, needs),
            "9 13 overrun 35000");
}

TEST(Meter, AnEstimateIsNeverAboveWhatWasHeld) {
  const Reserve held{.input = 60, .output = 7, .cost = Money::from_nanos(1'000'000)};
  const Metered result =
      meter({.reach = Reach::kLeft, .content = kContent}, kNeeds, prices(), held);
  EXPECT_EQ(result.tokens, (TokenUsage{.input = 60, .output = 7}));
}

// Rule 5 and 6, row by row, of a request that held 60 in, 7 out at 74,000 nano-dollars.
TEST(Meter, EveryReportAndEveryEndOfAGuardedRequestHasItsOneRightCharge) {
  const Reserve held{.input = 60, .output = 7, .cost = Money::from_nanos(74'000)};
  const auto charge = [&](Reach reach, const ReportedUsage& usage) {
    const Metered result =
        meter({.reach = reach, .usage = usage, .content = kContent}, kNeeds, prices(), held);
    return std::to_string(result.cost.nanos()) + " " + std::string(metering_name(result.metering)) +
           " " + result.flags.text();
  };
  const ReportedUsage garbage{.state = UsageState::kInvalid, .tokens = {}};
  const ReportedUsage negative = reported(9, -4);
  struct Case {
    Reach reach;
    ReportedUsage usage;
    std::string charge;
  };
  for (const Case& one : {
           Case{Reach::kAnswered, {}, "74000 estimated "},
           Case{Reach::kAnswered, garbage, "74000 estimated "},
           Case{Reach::kAnswered, negative, "74000 estimated "},
           Case{Reach::kAnswered, reported(0, 0), "74000 estimated "},
           Case{Reach::kAnswered, reported(9, 4), "17000 reported below_count"},
           Case{Reach::kAnswered, reported(60, 7), "74000 reported below_count"},
           Case{Reach::kAnswered, reported(60, 70), "200000 overrun "},
           Case{Reach::kAnswered, reported(61, 1), "63000 overrun below_count"},
           Case{Reach::kBounded, {}, "74000 counted "},
           Case{Reach::kLeft, {}, "74000 estimated "},
           Case{Reach::kLost, {}, "74000 interrupted "},
           Case{Reach::kRefused, {}, "0 reported "},
           Case{Reach::kNothingSent, {}, "0 reported "},
       }) {
    EXPECT_EQ(charge(one.reach, one.usage), one.charge);
  }
}

TEST(Meter, WhatCameAfterTheLastReportIsChargedWhereTheAnswerBrokeOff) {
  const Outcome left{.reach = Reach::kLeft,
                     .usage = reported(9, 4),
                     .content = kContent,
                     .unreported = {.deltas = 6, .text_bytes = 24}};
  EXPECT_EQ(metered(left), "9 10 estimated 29000");
}

TEST(Meter, ACostThatOverflowsIsTheLargestAmountNeverZero) {
  Prices dear;
  dear.tokens.input = kMoneyMax;
  const Metered result =
      meter({.reach = Reach::kAnswered, .usage = reported(1'000'000'000'000, 1)}, {}, dear, {});
  EXPECT_EQ(result.cost, kRowCostMax);
  EXPECT_TRUE(result.flags.has(UsageFlag::kCostSaturated));
}

// The row.

class UsageRowTest : public testing::Test {
 protected:
  UsageRowTest() {
    live_->key.number = 7;
    live_->key.workspace = WorkspaceId("ws_1");
    live_->key.secrets.resize(1);
    live_->key.secrets[0].number = 8;
    offer_.model = ModelId("a/b");
    offer_.provider = ProviderId("p");
    offer_.region = "eu";
    offer_.price_version = "p_1";
    route_.model = ModelId("a/b");
    route_.decision = R"({"strategy":"cheapest"})";
    metered_.tokens = {.input = 9, .output = 4};
    metered_.cost = Money::from_nanos(17);
    outcome_.upstream_status = 200;
    attempts_.push_back(
        {.provider = "p", .model = "a/b", .status = 200, .cost = Money::from_nanos(17), .ms = 40});
    request_.model = "b";
  }
  UsageRow row(std::string_view user_agent = "client/1") {
    const Caller caller{.state = state_,
                        .request_id = "req_1",
                        .generation = 1,
                        .identity = {.live = live_},
                        .address = IpAddress::parse("192.0.2.7").value(),
                        .began = began_};
    return usage_row({.caller = caller,
                      .request = request_,
                      .route = route_,
                      .offer = offer_,
                      .outcome = outcome_,
                      .metered = metered_,
                      .attempts = attempts_,
                      .user_agent = user_agent,
                      .finished_at = WallTime(std::chrono::seconds(50)),
                      .finished_steady = began_ + std::chrono::milliseconds(45)});
  }
  std::shared_ptr<LiveKey> live_ = std::make_shared<LiveKey>();
  std::shared_ptr<GatewayState> state_ = std::make_shared<GatewayState>();
  SteadyTime began_{std::chrono::seconds(1)};
  ChatRequest request_;
  Route route_;
  Offer offer_;
  Outcome outcome_;
  Metered metered_;
  std::vector<Attempt> attempts_;
};

TEST_F(UsageRowTest, SaysWhoAskedWhatServedAndWhatItCost) {
  outcome_.first_token = began_ + std::chrono::milliseconds(20);
  request_.stream = true;
  const UsageRow made = row();
  EXPECT_EQ(made.request_id, "req_1");
  EXPECT_EQ(made.key_number, 7);
  EXPECT_EQ(made.secret_number, 8);
  EXPECT_EQ(made.workspace.get(), "ws_1");
  EXPECT_EQ(made.requested_model, "b");
  EXPECT_EQ(made.model, "a/b");
  EXPECT_EQ(made.provider, "p");
  EXPECT_EQ(made.region, "eu");
  EXPECT_EQ(made.tokens, metered_.tokens);
  EXPECT_EQ(made.price_version, "p_1");
  EXPECT_EQ(made.cost, Money::from_nanos(17));
  EXPECT_EQ(made.charged, Money::from_nanos(17));
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.error_code, "");
  EXPECT_EQ(made.latency_ms, 45);
  EXPECT_EQ(made.first_token_ms, 20);
  EXPECT_TRUE(made.streamed);
  EXPECT_EQ(made.client, "client/1");
  EXPECT_EQ(made.ip, "192.0.2.7");
  ASSERT_EQ(made.attempts.size(), 1U);
  EXPECT_EQ(made.decision, route_.decision);
  EXPECT_EQ(made.attempts[0].status, 200);
  EXPECT_EQ(made.attempts[0].ms, 40);
}

TEST_F(UsageRowTest, ASandboxKeyIsShownTheCostAndChargedNothing) {
  live_->key.policy.environment = Environment::kSandbox;
  EXPECT_EQ(row().cost, Money::from_nanos(17));
  EXPECT_EQ(row().charged, Money());
}

TEST_F(UsageRowTest, SaysWhatIsOddAboutTheUsage) {
  EXPECT_EQ(row().flags, "");
  metered_.flags.add(UsageFlag::kBelowCount);
  metered_.flags.add(UsageFlag::kUnpricedUnit);
  EXPECT_EQ(row().flags, "below_count,unpriced_unit");
}

TEST_F(UsageRowTest, NamesTheError) {
  outcome_.error = Error{.code = ErrorCode::kProviderTimeout, .message = "m"};
  outcome_.status = 504;
  outcome_.upstream_status = 0;
  EXPECT_EQ(row().error_code, "provider_timeout");
  EXPECT_EQ(row().status, 504);
  EXPECT_EQ(row().first_token_ms, std::nullopt);
}

TEST_F(UsageRowTest, LeavesTheAddressOutWhereTheSettingSaysSo) {
  state_->record_ip = RecordIp::kNo;
  EXPECT_EQ(row().ip, "");
}

TEST_F(UsageRowTest, CutsALongUserAgentBetweenCharacters) {
  std::string agent(255, 'x');
  agent += "é";  // its two bytes stand at the limit
  EXPECT_EQ(row(agent).client, std::string(255, 'x'));
}

TEST_F(UsageRowTest, StoresNoKeyThatTheClientPutInTheWrongPlace) {
  SeededRandom random(1);
  const std::string token(state_->token_format.mint(TokenKind::kProduction, random).expose());
  request_.model = token;
  const UsageRow made = row("tool/1 " + token);
  EXPECT_EQ(made.requested_model.find(token), std::string::npos);
  EXPECT_EQ(made.client.find(token), std::string::npos);
}

TEST_F(UsageRowTest, ARequestThatNobodyLivesToSettleIsChargedAtItsBound) {
  const Reserve bound{.input = 60, .output = 7, .cost = Money::from_nanos(74'000)};
  Money cost = Money::from_nanos(74'000);
  const auto interrupted = [&] {
    const Caller caller{.state = state_,
                        .request_id = "req_1",
                        .generation = 11,
                        .identity = {.live = live_},
                        .address = IpAddress::parse("192.0.2.7").value(),
                        .began = began_};
    return interrupted_row({.caller = caller,
                            .request = request_,
                            .route = route_,
                            .offer = offer_,
                            .bound = bound,
                            .cost = cost,
                            .user_agent = "client/1",
                            .now = WallTime(std::chrono::seconds(50)),
                            .now_steady = began_});
  };
  const UsageRow row = interrupted();
  EXPECT_EQ(row.id, 11);
  EXPECT_EQ(row.key_number, 7);
  EXPECT_EQ(row.secret_number, 8);
  EXPECT_EQ(row.workspace.get(), "ws_1");
  EXPECT_EQ(row.tokens, (TokenUsage{.input = 60, .output = 7}));
  EXPECT_EQ(row.metering, Metering::kInterrupted);
  EXPECT_EQ(row.cost, Money::from_nanos(74'000));
  EXPECT_EQ(row.charged, Money::from_nanos(74'000));
  EXPECT_EQ(row.status, 500);
  EXPECT_EQ(row.error_code, "internal_error");
  EXPECT_EQ(row.attempts.at(0).status, 0);
  live_->key.policy.environment = Environment::kSandbox;
  EXPECT_EQ(interrupted().charged, Money());
  EXPECT_EQ(interrupted().cost, Money::from_nanos(74'000));
  cost = kMoneyMax;
  EXPECT_EQ(interrupted().cost, kRowCostMax);
}

}  // namespace
}  // namespace tollgate
