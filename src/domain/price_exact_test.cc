// The cost of random rows against exact rational arithmetic, which shares nothing with the code:
// arbitrary integers, and the rules read anew.
//
// TOLLGATE_PRICE_ROWS sets the number of rows (100,000).
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "domain/price.h"

namespace tollgate {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Integer = boost::multiprecision::cpp_int;

constexpr std::uint64_t kRows = 100'000;

std::uint64_t rows_wanted() {
  const char* text = std::getenv("TOLLGATE_PRICE_ROWS");
  if (text == nullptr) return kRows;
  const std::string_view digits(text);
  std::uint64_t rows = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rows);
  EXPECT_TRUE(error == std::errc() && end == digits.data() + digits.size()) << digits;
  return rows;
}

// --- rows ---

Money any_price(Random& random) {
  if (random.below(8) == 0) return Money();
  return Money::from_nanos(static_cast<std::int64_t>(random.below(1u << 31)) *
                           (1 + random.below(50)));
}

std::optional<Money> maybe_price(Random& random) {
  if (random.below(3) == 0) return std::nullopt;
  return any_price(random);
}

TokenPrices any_token_prices(Random& random) {
  TokenPrices tokens;
  tokens.input = any_price(random);
  tokens.output = any_price(random);
  for (auto* price :
       {&tokens.cached_input, &tokens.cache_write, &tokens.cache_write_1h, &tokens.reasoning_output,
        &tokens.audio_input, &tokens.audio_output, &tokens.image_input, &tokens.cached_image_input,
        &tokens.video_input, &tokens.text_output}) {
    *price = maybe_price(random);
  }
  return tokens;
}

Prices any_prices(Random& random) {
  Prices prices;
  prices.tokens = any_token_prices(random);
  if (random.below(4) == 0) prices.per_request = any_price(random);
  std::int64_t above = 0;
  for (std::uint32_t tiers = random.below(3); tiers > 0; --tiers) {
    above += 1 + random.below(600'000);
    prices.tiers.push_back({.above_input_tokens = above, .tokens = any_token_prices(random)});
  }
  return prices;
}

// Parts that fit their whole, for the most part.
TokenUsage any_usage(Random& random) {
  TokenUsage usage{.input = random.below(1'000'000), .output = random.below(100'000)};
  for (auto* part : {&usage.cached_input, &usage.cache_write, &usage.cache_write_1h,
                     &usage.audio_input, &usage.image_input, &usage.video_input}) {
    if (random.below(3) == 0) *part = random.below(200'000);
  }
  for (auto* part : {&usage.reasoning_output, &usage.audio_output}) {
    if (random.below(3) == 0) *part = random.below(50'000);
  }
  return usage;
}

// --- what they cost by the rules (SPEC §5) ---

using Price = std::optional<Money>;

struct Part {
  std::int64_t tokens;
  Price price;  // of its own; without one it goes at `otherwise`
  Money otherwise;
};

Money dearest(Money plain, const std::vector<Price>& others) {
  std::int64_t most = plain.nanos();
  for (const Price& price : others) {
    if (price) most = std::max(most, price->nanos());
  }
  return Money::from_nanos(most);
}

// In millionths of a nano-dollar. Each part takes of the whole what those before have left.
Integer side_cost(std::int64_t whole, Money plain, const std::vector<Part>& parts) {
  Integer sum = 0;
  for (const Part& part : parts) {
    const std::int64_t taken = std::min(part.tokens, whole);
    whole -= taken;
    sum += Integer(taken) * part.price.value_or(part.otherwise).nanos();
  }
  return sum + Integer(whole) * plain.nanos();
}

Rational exact_cost(const Prices& prices, const TokenUsage& usage) {
  const TokenPrices* at = &prices.tokens;
  for (const PriceTier& tier : prices.tiers) {
    if (usage.input > tier.above_input_tokens) at = &tier.tokens;
  }
  const Money input_unit =
      dearest(at->input, {at->cached_input, at->cache_write, at->cache_write_1h, at->audio_input,
                          at->image_input, at->cached_image_input, at->video_input});
  const Money output_unit =
      dearest(at->output, {at->reasoning_output, at->audio_output, at->text_output});
  const Integer input = side_cost(usage.input, at->input,
                                  {{usage.cached_input, at->cached_input, at->input},
                                   {usage.cache_write, at->cache_write, at->input},
                                   {usage.cache_write_1h, at->cache_write_1h, at->input},
                                   {usage.audio_input, at->audio_input, input_unit},
                                   {usage.image_input, at->image_input, at->input},
                                   {usage.video_input, at->video_input, input_unit}});
  const Integer output = side_cost(usage.output, at->output,
                                   {{usage.reasoning_output, at->reasoning_output, at->output},
                                    {usage.audio_output, at->audio_output, output_unit}});
  return Rational(input + output, 1'000'000) + prices.per_request.value_or(Money()).nanos();
}

// Rounded up, once.
Integer rounded_up(const Rational& nanos) {
  const Integer whole = numerator(nanos) / denominator(nanos);
  return whole * denominator(nanos) == numerator(nanos) ? whole : Integer(whole + 1);
}

TEST(PriceExact, TheSumOfCostsIsThatOfExactArithmeticWithOneRoundingARow) {
  const std::uint64_t rows = rows_wanted();
  SeededRandom random(1'000'003);
  Money sum;
  Integer exact_sum = 0;
  std::uint64_t rounded = 0;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const Prices prices = any_prices(random);
    const TokenUsage usage = any_usage(random);
    const Rational exact = exact_cost(prices, usage);
    const Money cost = cost_of(prices, usage).amount;
    ASSERT_EQ(Integer(cost.nanos()), rounded_up(exact)) << "row " << row;
    const Result<Money> more = add(sum, cost);
    ASSERT_TRUE(more) << "row " << row;
    sum = *more;
    exact_sum += rounded_up(exact);
    if (denominator(exact) != 1) ++rounded;
  }
  EXPECT_EQ(Integer(sum.nanos()), exact_sum);
  EXPECT_GT(rounded, rows / 10) << "most rows are whole nano-dollars, which proves little";
  fmt::print("note: prices: {} rows, {} of them rounded, cost {} USD exactly\n", rows, rounded,
             format_money(sum));
}

}  // namespace
}  // namespace tollgate
