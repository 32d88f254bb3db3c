#include "domain/price.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/random.h"

namespace tollgate {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Money per_million(std::string_view usd) { return parse_money(usd).value(); }

Prices plain_prices() {
  Prices prices;
  prices.tokens.input = per_million("2.50");
  prices.tokens.output = per_million("10.00");
  return prices;
}

std::int64_t nanos_of(const Prices& prices, const TokenUsage& usage) {
  return cost_of(prices, usage).amount.nanos();
}

TEST(CostOf, ChargesInputAndOutputPerMillion) {
  EXPECT_EQ(nanos_of(plain_prices(), {.input = 1'000'000}), 2'500'000'000);
  EXPECT_EQ(nanos_of(plain_prices(), {.output = 1'000'000}), 10'000'000'000);
  EXPECT_EQ(nanos_of(plain_prices(), {.input = 8, .output = 5}), 8 * 2'500 + 5 * 10'000);
  EXPECT_EQ(nanos_of(plain_prices(), {}), 0);
}

TEST(CostOf, RoundsUpOnceForTheWholeRow) {
  Prices prices;
  prices.tokens.input = Money::from_nanos(1);
  prices.tokens.output = Money::from_nanos(1);
  EXPECT_EQ(nanos_of(prices, {.input = 1}), 1);
  // Rounded by parts this would be 3.
  EXPECT_EQ(nanos_of(prices, {.input = 2, .cached_input = 1, .output = 1}), 1);
  EXPECT_EQ(nanos_of(prices, {.input = 999'999, .output = 1}), 1);
  EXPECT_EQ(nanos_of(prices, {.input = 999'999, .output = 2}), 2);
}

TEST(CostOf, AnAbsentPriceFallsBackToInputOrOutput) {
  const TokenUsage usage{.input = 100,
                         .cached_input = 10,
                         .cache_write = 10,
                         .cache_write_1h = 10,
                         .audio_input = 10,
                         .image_input = 10,
                         .output = 50,
                         .reasoning_output = 20,
                         .audio_output = 20};
  EXPECT_EQ(nanos_of(plain_prices(), usage),
            nanos_of(plain_prices(), {.input = 100, .output = 50}));
}

TEST(CostOf, APresentPriceOfZeroIsAPrice) {
  Prices prices = plain_prices();
  prices.tokens.cached_input = Money();
  EXPECT_EQ(nanos_of(prices, {.input = 100, .cached_input = 100}), 0);
}

TEST(CostOf, EveryPartGoesAtItsOwnPrice) {
  Prices prices;
  prices.tokens.input = per_million("1");
  prices.tokens.output = per_million("7");
  prices.tokens.cached_input = per_million("2");
  prices.tokens.cache_write = per_million("3");
  prices.tokens.cache_write_1h = per_million("4");
  prices.tokens.audio_input = per_million("5");
  prices.tokens.image_input = per_million("6");
  prices.tokens.reasoning_output = per_million("8");
  prices.tokens.audio_output = per_million("9");
  const TokenUsage usage{.input = 6,
                         .cached_input = 1,
                         .cache_write = 1,
                         .cache_write_1h = 1,
                         .audio_input = 1,
                         .image_input = 1,
                         .output = 3,
                         .reasoning_output = 1,
                         .audio_output = 1};
  EXPECT_EQ(nanos_of(prices, usage), 1'000 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9));
}

TEST(CostOf, PartsLargerThanTheirWholeAreClampedInTheirOrder) {
  Prices prices = plain_prices();
  prices.tokens.cached_input = per_million("1");
  prices.tokens.cache_write = per_million("3");
  prices.tokens.reasoning_output = per_million("20");
  EXPECT_EQ(nanos_of(prices, {.input = 10, .cached_input = 7, .cache_write = 99}),
            7 * 1'000 + 3 * 3'000);
  EXPECT_EQ(nanos_of(prices, {.output = 10, .reasoning_output = 11, .audio_output = 5}),
            10 * 20'000);
}

TEST(CostOf, CountsBelowZeroAreZero) {
  EXPECT_EQ(nanos_of(plain_prices(), {.input = -5, .cached_input = 3, .output = -1}), 0);
  EXPECT_EQ(nanos_of(plain_prices(), {.input = 4, .cached_input = -3}), 10'000);
}

TEST(CostOf, TheHighestTierExceededPricesTheWholeRequest) {
  Prices prices = plain_prices();
  prices.tiers = {{.above_input_tokens = 100, .tokens = {}},
                  {.above_input_tokens = 200, .tokens = {}}};
  prices.tiers[0].tokens.input = per_million("5");
  prices.tiers[0].tokens.output = per_million("20");
  prices.tiers[1].tokens.input = per_million("50");
  prices.tiers[1].tokens.output = per_million("200");
  EXPECT_EQ(nanos_of(prices, {.input = 100, .output = 1}), 100 * 2'500 + 10'000);
  EXPECT_EQ(nanos_of(prices, {.input = 101, .output = 1}), 101 * 5'000 + 20'000);
  EXPECT_EQ(nanos_of(prices, {.input = 201, .output = 1}), 201 * 50'000 + 200'000);
  std::swap(prices.tiers[0], prices.tiers[1]);
  EXPECT_EQ(nanos_of(prices, {.input = 201, .output = 1}), 201 * 50'000 + 200'000);
}

TEST(CostOf, AFeePerRequestCountsOnce) {
  Prices prices = plain_prices();
  prices.per_request = per_million("0.01");
  EXPECT_EQ(nanos_of(prices, {}), 10'000'000);
  EXPECT_EQ(nanos_of(prices, {.input = 1'000}), 12'500'000);
}

TEST(CostOf, ACostTooLargeToCountStandsAtTheLargestAmountAndIsFlagged) {
  Prices prices;
  prices.tokens.input = Money::from_nanos(kMost);
  prices.tokens.output = Money::from_nanos(kMost);
  prices.per_request = Money::from_nanos(kMost);
  for (const TokenUsage& usage :
       {TokenUsage{.input = kMost, .output = kMost}, TokenUsage{.input = 1}}) {
    const Cost cost = cost_of(prices, usage);
    EXPECT_EQ(cost.amount, kRowCostMax);
    EXPECT_EQ(cost.flags.text(), "cost_saturated");
  }
  prices.per_request = kRowCostMax;
  EXPECT_EQ(cost_of(prices, {}).amount, kRowCostMax);
  EXPECT_EQ(cost_of(prices, {}).flags, UsageFlags());
}

TEST(CostOf, APriceBelowZeroIsNeverARefund) {
  Prices prices = plain_prices();
  prices.tokens.audio_output = Money::from_nanos(-1);
  EXPECT_EQ(cost_of(prices, {.input = 1}).amount, kRowCostMax);
  prices = plain_prices();
  prices.per_request = Money::from_nanos(-1);
  EXPECT_EQ(cost_of(prices, {.input = 1}).flags.text(), "cost_saturated");
}

TEST(CostOf, AudioAndVideoWithoutAPriceGoAtTheDearestOfTheirSideAndAreFlagged) {
  Prices prices = plain_prices();
  prices.tokens.cache_write = per_million("3");
  prices.tokens.reasoning_output = per_million("12");
  for (const TokenUsage& usage :
       {TokenUsage{.input = 10, .audio_input = 4}, TokenUsage{.input = 10, .video_input = 4}}) {
    const Cost cost = cost_of(prices, usage);
    EXPECT_EQ(cost.amount.nanos(), 6 * 2'500 + 4 * 3'000);
    EXPECT_EQ(cost.flags.text(), "unpriced_unit");
  }
  const Cost cost = cost_of(prices, {.output = 10, .audio_output = 1});
  EXPECT_EQ(cost.amount.nanos(), 9 * 10'000 + 12'000);
  EXPECT_EQ(cost.flags.text(), "unpriced_unit");
}

TEST(CostOf, NothingIsFlaggedThatHasAPriceOrDoesNotCount) {
  Prices prices = plain_prices();
  const TokenUsage parts{.input = 10, .cached_input = 1, .cache_write = 1, .image_input = 1};
  EXPECT_EQ(cost_of(prices, parts).flags, UsageFlags());
  // Clamped to nothing: the whole is used up.
  EXPECT_EQ(cost_of(prices, {.input = 4, .cached_input = 4, .audio_input = 2}).flags, UsageFlags());
  prices.tokens.audio_input = per_million("0");
  EXPECT_EQ(cost_of(prices, {.input = 10, .audio_input = 4}).flags, UsageFlags());
}

// --- against an independent count: one token after the other, each with its own label ---

std::optional<Money> random_price(Random& random) {
  if (random.below(3) == 0) return std::nullopt;
  return Money::from_nanos(
      static_cast<std::int64_t>(random.below(3) == 0 ? random.below(3) : random.below(1u << 31)) *
      (random.below(2) == 0 ? 1 : 1'000));
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

std::int64_t random_count(Random& random, std::uint32_t bound) {
  return random.below(3) == 0 ? 0 : random.below(bound);
}

TokenUsage random_usage(Random& random) {
  return {.input = random_count(random, 60),
          .cached_input = random_count(random, 30),
          .cache_write = random_count(random, 20),
          .cache_write_1h = random_count(random, 20),
          .audio_input = random_count(random, 20),
          .image_input = random_count(random, 20),
          .video_input = random_count(random, 20),
          .output = random_count(random, 40),
          .reasoning_output = random_count(random, 30),
          .audio_output = random_count(random, 20)};
}

using Labels = std::vector<std::pair<std::int64_t, std::optional<Money>>>;

// The price of token number `index` (from 0) of a whole: the part whose run it falls into.
__int128 price_of_token(std::int64_t index, const Labels& parts, Money plain) {
  for (const auto& [count, price] : parts) {
    if (index < count) return price.value_or(plain).nanos();
    index -= count;
  }
  return plain.nanos();
}

Money or_dearest(std::optional<Money> price, const std::vector<std::optional<Money>>& all) {
  // An absent optional is less than any present one.
  return price ? *price : std::ranges::max(all).value();
}

// A millionth of a nano-dollar is the unit here.
__int128 counted_one_by_one(const Prices& prices, const TokenUsage& usage) {
  TokenPrices tokens = prices.tokens;
  for (const auto& tier : prices.tiers) {
    if (usage.input > tier.above_input_tokens) tokens = tier.tokens;
  }
  const std::vector<std::optional<Money>> input_prices = {
      tokens.input,       tokens.cached_input, tokens.cache_write,        tokens.cache_write_1h,
      tokens.audio_input, tokens.image_input,  tokens.cached_image_input, tokens.video_input};
  const std::vector<std::optional<Money>> output_prices = {tokens.output, tokens.reasoning_output,
                                                           tokens.audio_output, tokens.text_output};
  const Labels input_parts = {{usage.cached_input, tokens.cached_input},
                              {usage.cache_write, tokens.cache_write},
                              {usage.cache_write_1h, tokens.cache_write_1h},
                              {usage.audio_input, or_dearest(tokens.audio_input, input_prices)},
                              {usage.image_input, tokens.image_input},
                              {usage.video_input, or_dearest(tokens.video_input, input_prices)}};
  const Labels output_parts = {
      {usage.reasoning_output, tokens.reasoning_output},
      {usage.audio_output, or_dearest(tokens.audio_output, output_prices)}};
  __int128 sum = 0;
  for (std::int64_t i = 0; i < usage.input; ++i)
    sum += price_of_token(i, input_parts, tokens.input);
  for (std::int64_t i = 0; i < usage.output; ++i) {
    sum += price_of_token(i, output_parts, tokens.output);
  }
  const __int128 fee = prices.per_request.value_or(Money()).nanos();
  return sum + fee * 1'000'000;
}

TEST(CostOf, IsTheLeastNanoDollarThatCoversEveryTokenCountedOneByOne) {
  SeededRandom random(20'261'121);
  for (int i = 0; i < 5'000; ++i) {
    Prices prices;
    prices.tokens = random_token_prices(random);
    prices.per_request = random_price(random);
    for (std::int64_t above = 10; random.below(2) == 0 && above < 60; above += 15) {
      prices.tiers.push_back({.above_input_tokens = above, .tokens = random_token_prices(random)});
    }
    const TokenUsage usage = random_usage(random);
    const __int128 exact = counted_one_by_one(prices, usage);
    const __int128 cost = cost_of(prices, usage).amount.nanos();
    ASSERT_TRUE(cost * 1'000'000 >= exact) << "round " << i;
    ASSERT_TRUE(cost == 0 || (cost - 1) * 1'000'000 < exact) << "round " << i;
  }
}

// --- the name of a price ---

TEST(PriceVersion, IsShortAndStable) {
  const std::string version = price_version(plain_prices());
  EXPECT_EQ(version.size(), 14u);
  EXPECT_TRUE(version.starts_with("p_"));
  EXPECT_EQ(version, price_version(plain_prices()));
}

TEST(PriceVersion, ChangesWithEveryFigure) {
  std::set<std::string> versions = {price_version(plain_prices())};
  std::size_t count = 1;
  const auto changed = [&](auto change) {
    Prices prices = plain_prices();
    change(prices);
    versions.insert(price_version(prices));
    EXPECT_EQ(versions.size(), ++count);
  };
  changed([](Prices& p) { p.tokens.input = Money::from_nanos(1); });
  changed([](Prices& p) { p.tokens.output = Money::from_nanos(1); });
  for (const auto member :
       {&TokenPrices::cached_input, &TokenPrices::cache_write, &TokenPrices::cache_write_1h,
        &TokenPrices::reasoning_output, &TokenPrices::audio_input, &TokenPrices::audio_output,
        &TokenPrices::image_input, &TokenPrices::cached_image_input, &TokenPrices::video_input,
        &TokenPrices::text_output}) {
    changed([member](Prices& p) { p.tokens.*member = Money::from_nanos(1); });
    changed([member](Prices& p) { p.tokens.*member = Money(); });
  }
  for (const auto member : {&Prices::per_request, &Prices::per_image, &Prices::per_minute,
                            &Prices::per_million_characters}) {
    changed([member](Prices& p) { p.*member = Money::from_nanos(1); });
  }
  changed([](Prices& p) { p.tiers.push_back({.above_input_tokens = 5, .tokens = p.tokens}); });
  changed([](Prices& p) { p.tiers.push_back({.above_input_tokens = 6, .tokens = p.tokens}); });
}

}  // namespace
}  // namespace tollgate
