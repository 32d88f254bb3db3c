// What is billed by the piece: its cost, its bound, and that the one is never above the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "domain/bound.h"
#include "domain/metering.h"

namespace tollgate {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Money usd(std::string_view amount) { return parse_money(amount).value(); }

Prices unit_prices() {
  Prices prices;
  prices.per_image = usd("0.04");
  prices.per_minute = usd("0.006");
  prices.per_million_characters = usd("15");
  return prices;
}

std::int64_t nanos(const Prices& prices, const BilledUnits& units) {
  return cost_of(prices, {}, units).amount.nanos();
}

TEST(CostOfUnits, EachGoesAtItsPrice) {
  EXPECT_EQ(nanos(unit_prices(), {.images = 3}), 120'000'000);
  EXPECT_EQ(nanos(unit_prices(), {.characters = 1'000'000}), 15'000'000'000);
  EXPECT_EQ(nanos(unit_prices(), {.audio_ms = 90'500}), 9'050'000);
  EXPECT_EQ(nanos(unit_prices(), {.images = 1, .characters = 1, .audio_ms = 60'000}),
            40'000'000 + 15'000 + 6'000'000);
}

TEST(CostOfUnits, IsRoundedUpOnceWithTheTokens) {
  Prices prices = unit_prices();
  prices.per_minute = Money::from_nanos(1);
  EXPECT_EQ(nanos(prices, {.audio_ms = 1}), 1);
  EXPECT_EQ(nanos(prices, {.audio_ms = 60'000}), 1);
  EXPECT_EQ(nanos(prices, {.audio_ms = 60'001}), 2);
  prices.tokens.input = Money::from_nanos(500'000);  // half a nano-dollar a token
  EXPECT_EQ(cost_of(prices, {.input = 1}, {.audio_ms = 30'000}).amount.nanos(), 1);
  EXPECT_EQ(cost_of(prices, {.input = 1}, {.audio_ms = 30'001}).amount.nanos(), 2);
}

TEST(CostOfUnits, WithoutAPriceAUnitCostsNothing) {
  EXPECT_EQ(nanos(Prices{}, {.images = 9, .characters = 9, .audio_ms = 9}), 0);
  EXPECT_EQ(nanos(unit_prices(), {.images = -9, .characters = -9, .audio_ms = -9}), 0);
}

TEST(CostOfUnits, WhatIsBeyondARowStandsAtItsMost) {
  Prices prices = unit_prices();
  prices.per_request = usd("0.002");
  for (const BilledUnits& units :
       {BilledUnits{.images = kMost}, BilledUnits{.characters = kMost},
        BilledUnits{.audio_ms = kMost}, BilledUnits{.requests = kMost}}) {
    const Cost cost = cost_of(prices, {}, units);
    EXPECT_EQ(cost.amount, kRowCostMax);
    EXPECT_TRUE(cost.flags.has(UsageFlag::kCostSaturated));
  }
  Prices negative = unit_prices();
  negative.per_image = Money::from_nanos(-1);
  EXPECT_EQ(cost_of(negative, {}, {.images = 1}).amount, kRowCostMax);
}

Offer offer() {
  Offer offer;
  offer.context_window = 1'000;
  offer.prices.tokens.input = usd("2");
  offer.prices.tokens.output = usd("10");
  return offer;
}

TEST(BoundOfUnits, EachInputHasAWindowOfItsOwn) {
  RequestNeeds needs{.text_bytes = 10'000, .output = OutputBound::kNone, .inputs = 3};
  EXPECT_EQ(token_bound(offer(), needs)->input, 3'000);
  needs.text_bytes = 500;
  EXPECT_EQ(token_bound(offer(), needs)->input, 500 + kInputOverheadTokens);
  EXPECT_EQ(token_bound(offer(), needs)->input_rate, 167);
  needs.whole_window = true;
  EXPECT_EQ(token_bound(offer(), needs)->input, 3'000);
  needs.inputs = kMost;
  EXPECT_EQ(token_bound(offer(), needs)->input, kMost);
}

TEST(BoundOfUnits, AQueryCountsWithEveryPieceOfADocument) {
  RequestNeeds needs{
      .text_bytes = 9'300, .output = OutputBound::kNone, .inputs = 3, .query_bytes = 100};
  // 9,000 bytes of documents in pieces of 896: ten more than there are documents.
  EXPECT_EQ(token_bound(offer(), needs)->input, 9'300 + kInputOverheadTokens + 10 * 104);
  EXPECT_EQ(token_bound(offer(), needs)->input_rate, (9'300 + 10 * 104 + 2) / 3);
  // A query that is longer than half of the window leaves the other half to the pieces, and no
  // piece is longer than the window.
  needs.query_bytes = 2'000;
  needs.text_bytes = 3 * 2'000 + 9'000;
  EXPECT_EQ(token_bound(offer(), needs)->input, (3 + 18) * 1'000);
  needs.text_bytes = needs.query_bytes = kMost;
  EXPECT_LE(token_bound(offer(), needs)->input, kMost);
}

TEST(BoundOfUnits, ADocumentThatIsNoTextIsTheWholeWindowOfARerank) {
  const RequestNeeds needs{.text_bytes = 9'300,
                           .whole_window = true,
                           .output = OutputBound::kNone,
                           .inputs = 3,
                           .query_bytes = 100};
  EXPECT_EQ(token_bound(offer(), needs)->input, (3 + 10) * 1'000);
  Offer unknown = offer();
  unknown.context_window = 0;
  EXPECT_EQ(token_bound(unknown, needs).error().code, ErrorCode::kModelNotPriced);
}

TEST(BoundOfUnits, ARerankerWhoseWindowIsNotStatedHasTheSmallestOne) {
  Offer unknown = offer();
  unknown.context_window = 0;
  const RequestNeeds needs{
      .text_bytes = 5'136, .output = OutputBound::kNone, .inputs = 1, .query_bytes = 12};
  EXPECT_EQ(token_bound(unknown, needs)->input, 5'136 + kInputOverheadTokens + 10 * 16);
}

// A provider that splits as its documentation has it, at whatever length.
TEST(BoundOfUnits, CoversEveryRerankThatIsSplit) {
  SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    Offer at = offer();
    at.context_window = 2 + random.below(2'000);
    const std::int64_t query = 1 + random.below(1'500);
    const std::int64_t documents = 1 + random.below(20);
    const std::int64_t read = std::min(query + 4, at.context_window / 2);
    const std::int64_t room = at.context_window - read;
    std::int64_t used = 0;
    std::int64_t bytes = 0;
    for (std::int64_t i = 0; i < documents; ++i) {
      const std::int64_t length = 1 + random.below(6'000);
      bytes += length;
      used += length + (length + room - 1) / room * read;
    }
    const RequestNeeds needs{.text_bytes = bytes + documents * query,
                             .output = OutputBound::kNone,
                             .inputs = documents,
                             .query_bytes = query};
    ASSERT_LE(used, token_bound(at, needs)->input) << "round " << round;
  }
}

TEST(BoundOfUnits, ARerankIsHeldByTheMostSearchesThatItMayBe) {
  Prices prices;
  prices.per_request = usd("0.002");
  EXPECT_EQ(cost_bound(prices, 0, 0, {.requests_max = 10}), usd("0.02"));
  EXPECT_EQ(cost_of(prices, {}, {.requests = 10}).amount, usd("0.02"));
  EXPECT_EQ(cost_of(prices, {}).amount, usd("0.002"));
}

TEST(BoundOfUnits, WhatPutsNothingOutHasNoOutput) {
  EXPECT_EQ(known_max_tokens(offer(), {.output = OutputBound::kNone}).value(), 0);
}

TEST(BoundOfUnits, WhatNoMemberBoundsTheOfferDoes) {
  const RequestNeeds needs{.output = OutputBound::kByOffer};
  Offer image = offer();
  EXPECT_EQ(known_max_tokens(image, needs).error().code, ErrorCode::kModelNotPriced);
  image.max_output_tokens = 4'160;
  EXPECT_EQ(known_max_tokens(image, needs).value(), 4'160);
}

TEST(BoundOfUnits, AudioIsNoTokensWhereNoneIsCharged) {
  RequestNeeds needs{.text_bytes = 100, .whole_window = true, .output = OutputBound::kByOffer};
  Offer whisper;
  whisper.prices = unit_prices();
  EXPECT_EQ(token_bound(whisper, needs)->input, 100 + kInputOverheadTokens);
  EXPECT_EQ(known_max_tokens(whisper, needs).value(), 0);
  whisper.prices.tokens.audio_input = usd("6");
  EXPECT_EQ(token_bound(whisper, needs).error().code, ErrorCode::kModelNotPriced);
}

TEST(BoundOfUnits, AnOfferHasAPriceOfWhatItIsBilledBy) {
  const auto priced = [](std::optional<Money> Prices::* unit, const BilledUnits& units) {
    Prices prices;
    prices.by_token = false;
    prices.*unit = Money();  // 0 is a price
    return has_price_for(prices, {.units = units});
  };
  EXPECT_TRUE(has_price_for(Prices{}, {}));
  EXPECT_TRUE(priced(&Prices::per_request, {}));
  EXPECT_TRUE(priced(&Prices::per_image, {.images = 1}));
  EXPECT_TRUE(priced(&Prices::per_minute, {.audio_ms = 1}));
  EXPECT_TRUE(priced(&Prices::per_million_characters, {.characters = 1}));
  EXPECT_FALSE(priced(&Prices::per_minute, {.images = 1}));
  EXPECT_FALSE(priced(&Prices::per_image, {.characters = 1, .audio_ms = 1}));
}

TEST(BoundOfUnits, SpeechMayGoAtThePlainPriceOfOutputAndIsHeldAtTheDearest) {
  const RequestNeeds needs{.audio_output = true, .output = OutputBound::kByOffer};
  Offer at = offer();
  EXPECT_TRUE(check_fees(at, needs).has_value());
  EXPECT_FALSE(check_fees(at, {.audio_output = true}).has_value());
  at.prices.tokens.output = Money();
  at.prices.tokens.audio_output = usd("12");
  EXPECT_EQ(cost_bound(at.prices, 0, 10, needs).nanos(), 10 * 12'000);
}

TEST(BoundOfUnits, TimeIsBoundedByTheOfferAlone) {
  const RequestNeeds needs{.output = OutputBound::kByOffer, .units = {.audio_ms = 1}};
  Offer whisper;
  whisper.prices = unit_prices();
  EXPECT_EQ(check_fees(whisper, needs).error().code, ErrorCode::kModelNotPriced);
  whisper.audio_seconds_max = 1'501;
  EXPECT_TRUE(check_fees(whisper, needs));
  const RequestBound bound = request_bound(whisper, needs, *token_bound(whisper, needs), 0);
  EXPECT_EQ(bound.cost.nanos(), 26 * 6'000'000);  // begun minutes count whole
  EXPECT_GE(bound.cost, cost_of(whisper.prices, {}, {.audio_ms = 1'501'000}).amount);
  whisper.audio_seconds_max = kMost;
  EXPECT_EQ(request_bound(whisper, needs, *token_bound(whisper, needs), 0).cost, kMoneyMax);
}

TEST(BoundOfUnits, CoversEveryCostWithinIt) {
  SeededRandom random(20261121);
  const auto below = [&random](std::uint32_t most) {
    return static_cast<std::int64_t>(random.below(most));
  };
  for (int round = 0; round < 20'000; ++round) {
    Prices prices;
    prices.tokens.input = Money::from_nanos(below(3) * below(1'000'000'000));
    prices.tokens.output = Money::from_nanos(below(3) * below(1'000'000'000));
    if (below(2) == 0) prices.per_image = Money::from_nanos(below(1'000'000'000));
    if (below(2) == 0) prices.per_minute = Money::from_nanos(below(1'000'000'000));
    if (below(2) == 0) prices.per_request = Money::from_nanos(below(1'000'000'000));
    if (below(2) == 0) prices.per_million_characters = Money::from_nanos(below(1'000'000'000));
    const RequestNeeds needs{.units = {.images = below(200),
                                       .characters = below(100'000),
                                       .audio_ms = below(10'000'000)}};
    const std::int64_t input = below(10'000);
    const std::int64_t output = below(10'000);
    const TokenUsage used{.input = below(10'000) % (input + 1),
                          .output = below(10'000) % (output + 1)};
    const BilledUnits units{.images = below(200) % (needs.units.images + 1),
                            .characters = needs.units.characters,
                            .audio_ms = needs.units.audio_ms};
    EXPECT_LE(cost_of(prices, used, units).amount, cost_bound(prices, input, output, needs));
  }
}

}  // namespace
}  // namespace tollgate
