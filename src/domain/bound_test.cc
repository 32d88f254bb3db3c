#include "domain/bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"

namespace tollgate {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Money usd(std::string_view amount) { return parse_money(amount).value(); }

Offer offer() {
  Offer offer;
  offer.context_window = 128'000;
  offer.max_output_tokens = 16'000;
  offer.prices.tokens.input = usd("2");
  offer.prices.tokens.output = usd("10");
  return offer;
}

RequestNeeds text(std::int64_t bytes) { return {.text_bytes = bytes}; }

// --- input ---

TEST(TokenBound, IsEveryByteOfTextAndWhatTemplatesAdd) {
  const TokenBound bound = token_bound(offer(), text(3'001)).value();
  EXPECT_EQ(bound.input, 3'001 + 1'024);
  EXPECT_EQ(bound.input_rate, 1'001);
}

TEST(TokenBound, AnImageCountsWhatTheOfferSaysAtMost) {
  RequestNeeds needs = text(300);
  needs.images = 2;
  EXPECT_EQ(token_bound(offer(), needs)->input, 300 + 1'024 + 2 * 16'384);
  Offer small = offer();
  small.image_tokens_max = 1'000;
  EXPECT_EQ(token_bound(small, needs)->input, 300 + 1'024 + 2'000);
  EXPECT_EQ(token_bound(small, needs)->input_rate, 100);
}

TEST(TokenBound, IsNeverMoreThanTheContextWindow) {
  EXPECT_EQ(token_bound(offer(), text(126'976))->input, 128'000);
  EXPECT_EQ(token_bound(offer(), text(126'977))->input, 128'000);
  EXPECT_EQ(token_bound(offer(), text(kMost))->input, 128'000);
  EXPECT_EQ(token_bound(offer(), text(kMost))->input_rate, 128'000);
}

TEST(TokenBound, WhatCannotBeToldIsTheWholeWindow) {
  RequestNeeds needs = text(300);
  needs.whole_window = true;
  EXPECT_EQ(token_bound(offer(), needs)->input, 128'000);
  EXPECT_EQ(token_bound(offer(), needs)->input_rate, 100);
}

TEST(TokenBound, TheWholeOfAnUnknownWindowIsRefused) {
  Offer unknown = offer();
  unknown.context_window = 0;
  EXPECT_EQ(token_bound(unknown, text(kMost))->input, kMost);
  RequestNeeds needs = text(300);
  needs.whole_window = true;
  const auto bound = token_bound(unknown, needs);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, ErrorCode::kModelNotPriced);
}

// --- output ---

TEST(OutputBound, IsMaxTokensForEveryChoice) {
  RequestNeeds needs = text(1);
  EXPECT_EQ(output_bound(needs, 100), 100);
  needs.choices = 3;
  EXPECT_EQ(output_bound(needs, 100), 300);
  EXPECT_EQ(output_bound(needs, kMost / 2), kMost);  // never wrapped
}

// --- cost ---

std::int64_t bound_nanos(const Prices& prices, std::int64_t input, std::int64_t output,
                         const RequestNeeds& needs = text(0)) {
  return cost_bound(prices, input, output, needs).nanos();
}

TEST(CostBound, TakesTheDearestPriceThatTheRequestCanTouch) {
  Prices prices = offer().prices;
  EXPECT_EQ(bound_nanos(prices, 100, 10), 100 * 2'000 + 10 * 10'000);
  prices.tokens.cached_input = usd("1");
  EXPECT_EQ(bound_nanos(prices, 100, 10), 100 * 2'000 + 10 * 10'000);
  prices.tokens.cache_write_1h = usd("4");
  prices.tokens.reasoning_output = usd("12");
  EXPECT_EQ(bound_nanos(prices, 100, 10), 100 * 4'000 + 10 * 12'000);
}

TEST(CostBound, MediaCountOnlyWhereTheyAreSentOrAskedFor) {
  Prices prices = offer().prices;
  prices.tokens.image_input = usd("5");
  prices.tokens.audio_input = usd("40");
  prices.tokens.audio_output = usd("80");
  RequestNeeds needs = text(0);
  EXPECT_EQ(bound_nanos(prices, 100, 10, needs), 100 * 2'000 + 10 * 10'000);
  needs.images = 1;
  EXPECT_EQ(bound_nanos(prices, 100, 10, needs), 100 * 5'000 + 10 * 10'000);
  needs.whole_window = true;
  EXPECT_EQ(bound_nanos(prices, 100, 10, needs), 100 * 40'000 + 10 * 10'000);
  needs.audio_output = true;
  EXPECT_EQ(bound_nanos(prices, 100, 10, needs), 100 * 40'000 + 10 * 80'000);
}

TEST(CostBound, CountsEveryTierThatTheInputReaches) {
  Prices prices = offer().prices;
  prices.tiers = {{.above_input_tokens = 100, .tokens = prices.tokens}};
  prices.tiers[0].tokens.input = usd("3");
  prices.tiers[0].tokens.output = usd("9");
  EXPECT_EQ(bound_nanos(prices, 100, 1), 100 * 2'000 + 10'000);
  EXPECT_EQ(bound_nanos(prices, 101, 1), 101 * 3'000 + 9'000);
  // A cheaper tier does not make the request cheap: less input may be used.
  EXPECT_EQ(bound_nanos(prices, 101, 1'000), 101 * 2'000 + 1'000 * 10'000);
}

TEST(CostBound, AddsFeesByRequestAndByImage) {
  Prices prices = offer().prices;
  prices.per_request = usd("0.01");
  prices.per_image = usd("0.02");
  RequestNeeds needs = text(0);
  EXPECT_EQ(bound_nanos(prices, 0, 0, needs), 10'000'000);
  needs.images = 3;
  EXPECT_EQ(bound_nanos(prices, 0, 0, needs), 10'000'000 + 60'000'000);
}

TEST(CostBound, RoundsUpOnce) {
  Prices prices;
  prices.tokens.input = prices.tokens.output = Money::from_nanos(1);
  EXPECT_EQ(bound_nanos(prices, 1, 1), 1);
  EXPECT_EQ(bound_nanos(prices, 999'999, 2), 2);
}

TEST(CostBound, WhatDoesNotFitStandsAtTheLargestAmount) {
  Prices prices;
  prices.tokens.input = prices.tokens.output = kMoneyMax;
  prices.per_request = prices.per_image = kMoneyMax;
  RequestNeeds needs = text(kMost);
  needs.images = kMost;
  EXPECT_EQ(cost_bound(prices, kMost, kMost, needs), kMoneyMax);
  Offer dear = offer();
  dear.prices = prices;
  const RequestBound bound = request_bound(dear, needs, token_bound(dear, needs).value(), kMost);
  EXPECT_EQ(bound.tokens, kMost);
  EXPECT_EQ(bound.cost, kMoneyMax);
}

TEST(RequestBound, HoldsTokensAtTheBoundAndTheRollingWindowAtTheRate) {
  RequestNeeds needs = text(300);
  needs.choices = 2;
  const RequestBound bound = request_bound(offer(), needs, token_bound(offer(), needs).value(), 50);
  EXPECT_EQ(bound.input, 1'324);
  EXPECT_EQ(bound.output, 100);
  EXPECT_EQ(bound.tokens, 1'424);
  EXPECT_EQ(bound.token_rate, 200);
  EXPECT_EQ(bound.cost.nanos(), 1'324 * 2'000 + 100 * 10'000);
}

// --- fees ---

TEST(CheckFees, RefusesWhatNoFigureBounds) {
  const Offer plain = offer();
  EXPECT_TRUE(check_fees(plain, text(1)));
  RequestNeeds hosted = text(1);
  hosted.hosted_fees = true;
  EXPECT_EQ(check_fees(plain, hosted).error().code, ErrorCode::kModelNotPriced);

  RequestNeeds speaks = text(1);
  speaks.audio_output = true;
  EXPECT_EQ(check_fees(plain, speaks).error().code, ErrorCode::kModelNotPriced);
  RequestNeeds draws = text(1);
  draws.image_output = true;
  EXPECT_EQ(check_fees(plain, draws).error().code, ErrorCode::kModelNotPriced);

  Offer priced = plain;
  priced.prices.tokens.audio_output = usd("80");
  priced.prices.tokens.text_output = usd("5");
  EXPECT_TRUE(check_fees(priced, speaks));
  EXPECT_TRUE(check_fees(priced, draws));
  priced.prices.per_minute = usd("0.006");
  EXPECT_FALSE(check_fees(priced, text(1)));
  priced.audio_seconds_max = 1;
  EXPECT_TRUE(check_fees(priced, text(1)));
  priced.audio_seconds_max = 0;
  priced.prices.per_minute = Money();
  EXPECT_TRUE(check_fees(priced, text(1)));
}

// --- filling max_tokens ---

std::optional<std::int64_t> filled(const Offer& at, const RequestNeeds& needs,
                                   const Available& available) {
  return fill_max_tokens(at, needs, token_bound(at, needs).value(), available);
}

TEST(FillMaxTokens, IsTheOffersMaximumWhereMoneyIsPlenty) {
  EXPECT_EQ(filled(offer(), text(300), {.cost = usd("1000")}), 16'000);
}

TEST(FillMaxTokens, LeavesRoomForTheInputInTheContextWindow) {
  Offer wide = offer();
  wide.max_output_tokens = 0;
  EXPECT_EQ(filled(wide, text(300), {.cost = usd("1000")}), 128'000 - 100);
  EXPECT_EQ(filled(wide, text(400'000), {.cost = usd("1000")}), 1'024);
  EXPECT_EQ(filled(wide, text(3 * 126'977), {.cost = usd("1000")}), 1'024);
  EXPECT_EQ(filled(wide, text(3 * 126'975), {.cost = usd("1000")}), 1'025);
}

// Input: 1,324 tokens, 2,648,000 nano-dollars; one token of output is 10,000.
TEST(FillMaxTokens, IsAQuarterOfWhatIsAvailableSoThatSeveralRunAtOnce) {
  EXPECT_EQ(filled(offer(), text(300), {.cost = Money::from_nanos(4 * (2'648'000 + 50'000'000))}),
            5'000);
  EXPECT_EQ(filled(offer(), text(300), {.tokens = 4 * (1'324 + 5'000)}), 5'000);
  EXPECT_EQ(filled(offer(), text(300), {.token_rate = 4 * (100 + 5'000)}), 5'000);
}

TEST(FillMaxTokens, IsNotMadeSmallByTheQuarterNorAboveWhatIsAvailable) {
  EXPECT_EQ(filled(offer(), text(300), {.cost = Money::from_nanos(2'648'000 + 60'000'000)}), 4'096);
  EXPECT_EQ(filled(offer(), text(300), {.cost = Money::from_nanos(2'648'000 + 30'009'999)}), 3'000);
  EXPECT_EQ(filled(offer(), text(300), {.tokens = 1'324 + 77}), 77);
}

TEST(FillMaxTokens, IsNothingWhereNotOneTokenFits) {
  EXPECT_EQ(filled(offer(), text(300), {.cost = Money::from_nanos(2'648'000 + 9'999)}),
            std::nullopt);
  EXPECT_EQ(filled(offer(), text(300), {.cost = Money::from_nanos(2'648'000 + 10'000)}), 1);
  EXPECT_EQ(filled(offer(), text(300), {.tokens = 1'324}), std::nullopt);
  EXPECT_EQ(filled(offer(), text(300), {.tokens = 0}), std::nullopt);
  EXPECT_EQ(filled(offer(), text(300), {.tokens = -1}), std::nullopt);
  EXPECT_EQ(filled(offer(), text(0), {.cost = Money::from_nanos(-1)}), std::nullopt);
}

TEST(FillMaxTokens, EveryChoiceHasItsShare) {
  RequestNeeds needs = text(300);
  needs.choices = 3;
  EXPECT_EQ(filled(offer(), needs, {.tokens = 1'324 + 299}), 99);
  EXPECT_EQ(filled(offer(), needs, {.tokens = 1'324 + 2}), std::nullopt);
}

TEST(FillMaxTokens, AFreeOutputIsBoundedByTheRest) {
  Offer free = offer();
  free.prices.tokens.output = Money();
  EXPECT_EQ(filled(free, text(300), {.cost = Money::from_nanos(2'648'000)}), 4'096);
  EXPECT_EQ(filled(free, text(300), {.cost = Money::from_nanos(4 * 2'648'000)}), 16'000);
  EXPECT_EQ(filled(free, text(300), {.cost = Money::from_nanos(2'647'999)}), std::nullopt);
}

// --- properties ---

std::optional<Money> random_price(Random& random) {
  if (random.below(3) == 0) return std::nullopt;
  const std::int64_t scale = std::int64_t{1} << random.below(31);
  return Money::from_nanos(static_cast<std::int64_t>(random.below(1'000)) * scale);
}

TokenPrices random_token_prices(Random& random) {
  TokenPrices prices;
  prices.input = random_price(random).value_or(Money());
  prices.output = random_price(random).value_or(Money());
  for (auto* price :
       {&prices.cached_input, &prices.cache_write, &prices.cache_write_1h, &prices.reasoning_output,
        &prices.audio_input, &prices.audio_output, &prices.image_input, &prices.cached_image_input,
        &prices.video_input, &prices.text_output}) {
    *price = random_price(random);
  }
  return prices;
}

Prices random_prices(Random& random) {
  Prices prices;
  prices.tokens = random_token_prices(random);
  prices.per_request = random_price(random);
  prices.per_image = random_price(random);
  for (std::int64_t above = 1 + random.below(500); random.below(2) == 0; above += 300) {
    prices.tiers.push_back({.above_input_tokens = above, .tokens = random_token_prices(random)});
  }
  return prices;
}

RequestNeeds random_needs(Random& random) {
  return {.text_bytes = random.below(4'000),
          .images = random.below(2) == 0 ? 0 : random.below(4),
          .whole_window = random.below(4) == 0,
          .audio_output = random.below(3) == 0,
          .choices = 1 + random.below(4)};
}

// Up to the bound, and often all of it.
std::int64_t random_part(Random& random, std::int64_t bound) {
  if (random.below(4) == 0) return bound;
  return random.below(static_cast<std::uint32_t>(bound) + 1);
}

// Any usage within the bounds, of kinds that the request can touch.
TokenUsage random_usage(Random& random, const RequestNeeds& needs, std::int64_t input_bound,
                        std::int64_t output_bound) {
  TokenUsage usage;
  usage.input = random_part(random, input_bound);
  usage.output = random_part(random, output_bound);
  usage.cached_input = random_part(random, usage.input);
  usage.cache_write = random_part(random, usage.input);
  usage.cache_write_1h = random_part(random, usage.input);
  usage.reasoning_output = random_part(random, usage.output);
  if (needs.images > 0 || needs.whole_window) {
    usage.image_input = random_part(random, usage.input);
  }
  if (needs.whole_window) {
    usage.audio_input = random_part(random, usage.input);
    usage.video_input = random_part(random, usage.input);
  }
  if (needs.audio_output) usage.audio_output = random_part(random, usage.output);
  return usage;
}

TEST(CostBound, HoldsForEveryUsageWithinTheTokenBounds) {
  SeededRandom random(20'261'121);
  int reached = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Prices prices = random_prices(random);
    const RequestNeeds needs = random_needs(random);
    const std::int64_t input = random.below(2'000);
    const std::int64_t output = random.below(1'000);
    const TokenUsage usage = random_usage(random, needs, input, output);
    const Money bound = cost_bound(prices, input, output, needs);
    const Money cost = cost_of(prices, usage).amount;
    ASSERT_LE(cost, bound) << "round " << i;
    reached += cost == bound ? 1 : 0;
  }
  EXPECT_GT(reached, 100);  // the bound is one that requests do reach
}

TEST(FillMaxTokens, WhatItSetsFitsAndIsTheMostThatItMayBe) {
  SeededRandom random(7);
  int full = 0;
  for (int i = 0; i < 100'000; ++i) {
    Offer at;
    at.prices = random_prices(random);
    at.context_window = random.below(2) == 0 ? 0 : 1 + random.below(20'000);
    at.max_output_tokens = random.below(2) == 0 ? 0 : 1 + random.below(20'000);
    RequestNeeds needs = random_needs(random);
    needs.whole_window = needs.whole_window && at.context_window > 0;
    const TokenBound tokens = token_bound(at, needs).value();
    Available available;
    if (random.below(2) == 0) {
      available.cost =
          Money::from_nanos(static_cast<std::int64_t>(random.below(1u << 31)) << random.below(16));
    }
    if (random.below(2) == 0) available.tokens = random.below(100'000);
    if (random.below(2) == 0) available.token_rate = random.below(100'000);
    const auto fits = [&](std::int64_t max_tokens) {
      const RequestBound bound = request_bound(at, needs, tokens, max_tokens);
      return (!available.cost || bound.cost <= *available.cost) &&
             (!available.tokens || bound.tokens <= *available.tokens) &&
             (!available.token_rate || bound.token_rate <= *available.token_rate);
    };
    const auto set = fill_max_tokens(at, needs, tokens, available);
    if (!set) {
      ASSERT_FALSE(fits(1)) << "round " << i;
      continue;
    }
    ASSERT_GE(*set, 1);
    ASSERT_TRUE(fits(*set)) << "round " << i;
    // Below 1,024, only the money, the tokens or the offer's maximum can be the reason.
    if (*set < 1'024 && *set != at.max_output_tokens) {
      ++full;
      ASSERT_FALSE(fits(*set + 1)) << "round " << i;
    }
  }
  EXPECT_GT(full, 1'000);
}

}  // namespace
}  // namespace tollgate
