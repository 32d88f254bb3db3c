#include "domain/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/hash.h"

namespace tollgate {

namespace {

// The sum of a row's parts before its one rounding: nano-dollars times a million. The parts of a
// whole never exceed it, so that with 63-bit counts and prices this stays below 2^128:
// input 2^126, output 2^126; the units are checked sums.
using Sum = unsigned __int128;
constexpr std::uint64_t kPerMillion = 1'000'000;

const TokenPrices& tier_of(const Prices& prices, std::int64_t input) {
  const TokenPrices* chosen = &prices.tokens;
  std::int64_t highest = -1;
  for (const PriceTier& tier : prices.tiers) {
    if (input > tier.above_input_tokens && tier.above_input_tokens > highest) {
      chosen = &tier.tokens;
      highest = tier.above_input_tokens;
    }
  }
  return *chosen;
}

// Deals a whole out to its parts, each at its price; what is left goes at the whole's own price.
class Split {
 public:
  Split(std::int64_t whole, Money price) : rest_(std::max<std::int64_t>(whole, 0)), price_(price) {}

  // Returns how many tokens it took.
  std::int64_t part(std::int64_t tokens, const std::optional<Money>& price) {
    const std::int64_t taken = std::clamp<std::int64_t>(tokens, 0, rest_);
    rest_ -= taken;
    charge(taken, price.value_or(price_));
    return taken;
  }

  // A unit of its own.
  void unit(std::int64_t tokens, const std::optional<Money>& price, Money dearest,
            UsageFlags& flags) {
    if (part(tokens, price ? *price : dearest) > 0 && !price) flags.add(UsageFlag::kUnpricedUnit);
  }

  Sum finish() {
    charge(rest_, price_);
    return sum_;
  }

 private:
  void charge(std::int64_t tokens, Money price) {
    sum_ += static_cast<Sum>(tokens) * static_cast<std::uint64_t>(price.nanos());
  }

  std::int64_t rest_;
  Money price_;
  Sum sum_ = 0;
};

bool any_negative(const TokenPrices& tokens) {
  const auto negative = [](const std::optional<Money>& price) { return price && *price < Money(); };
  return tokens.input < Money() || tokens.output < Money() ||
         std::ranges::any_of(
             std::initializer_list<std::optional<Money>>{
                 tokens.cached_input, tokens.cache_write, tokens.cache_write_1h,
                 tokens.reasoning_output, tokens.audio_input, tokens.audio_output,
                 tokens.image_input, tokens.cached_image_input, tokens.video_input,
                 tokens.text_output},
             negative);
}

// The units' part of the sum, rounded up to a millionth of a nano-dollar: that is exact, since all
// other parts are whole millionths. nullopt beyond what a row may cost.
std::optional<Sum> units_sum(const Prices& prices, const BilledUnits& units) {
  constexpr Sum kMost = static_cast<Sum>(kRowCostMax.nanos()) * kPerMillion;
  Sum sum = 0;
  const auto charge = [&](std::int64_t count, const std::optional<Money>& price,
                          std::uint64_t numerator, std::uint64_t denominator) {
    if (count <= 0 || !price) return true;
    // Below 2^126: with a numerator it could grow past 2^128, and is beyond any row long before.
    const Sum product = static_cast<Sum>(count) * static_cast<std::uint64_t>(price->nanos());
    if (product > kMost * denominator / numerator) return false;
    sum += (product * numerator + denominator - 1) / denominator;
    return true;
  };
  constexpr std::uint64_t kMsPerMinute = 60'000;
  const bool within = charge(units.requests, prices.per_request, kPerMillion, 1) &&
                      charge(units.images, prices.per_image, kPerMillion, 1) &&
                      charge(units.characters, prices.per_million_characters, 1, 1) &&
                      charge(units.audio_ms, prices.per_minute, kPerMillion, kMsPerMinute);
  if (!within) return std::nullopt;
  return sum;
}

bool any_negative_unit(const Prices& prices) {
  return std::ranges::any_of(
      std::initializer_list<std::optional<Money>>{prices.per_request, prices.per_image,
                                                  prices.per_minute, prices.per_million_characters},
      [](const std::optional<Money>& price) { return price && *price < Money(); });
}

Money dearest_of(Money plain, std::initializer_list<std::optional<Money>> others) {
  for (const std::optional<Money>& price : others) plain = std::max(plain, price.value_or(plain));
  return plain;
}

std::string figure(std::string_view name, const std::optional<Money>& price) {
  return price ? fmt::format("{}={};", name, price->nanos()) : fmt::format("{}=;", name);
}

std::string figures(const TokenPrices& tokens) {
  return figure("input", tokens.input) + figure("output", tokens.output) +
         figure("cached_input", tokens.cached_input) + figure("cache_write", tokens.cache_write) +
         figure("cache_write_1h", tokens.cache_write_1h) +
         figure("reasoning_output", tokens.reasoning_output) +
         figure("audio_input", tokens.audio_input) + figure("audio_output", tokens.audio_output) +
         figure("image_input", tokens.image_input) +
         figure("cached_image_input", tokens.cached_image_input) +
         figure("video_input", tokens.video_input) + figure("text_output", tokens.text_output);
}

}  // namespace

Cost cost_of(const Prices& prices, const TokenUsage& usage, const BilledUnits& units) {
  const TokenPrices& tokens = tier_of(prices, usage.input);
  const std::optional<Sum> beside = units_sum(prices, units);
  Cost cost;
  if (!any_negative(tokens) && !any_negative_unit(prices) && beside) {
    const Money dearest = dearest_input(tokens);
    Split input(usage.input, tokens.input);
    input.part(usage.cached_input, tokens.cached_input);
    input.part(usage.cache_write, tokens.cache_write);
    input.part(usage.cache_write_1h, tokens.cache_write_1h);
    input.unit(usage.audio_input, tokens.audio_input, dearest, cost.flags);
    input.part(usage.image_input, tokens.image_input);
    input.unit(usage.video_input, tokens.video_input, dearest, cost.flags);

    Split output(usage.output, tokens.output);
    output.part(usage.reasoning_output, tokens.reasoning_output);
    output.unit(usage.audio_output, tokens.audio_output, dearest_output(tokens), cost.flags);

    // The units' sum is far below what is left above the tokens' 2^127.
    const Sum sum = input.finish() + output.finish() + *beside;
    const Sum nanos = sum / kPerMillion + (sum % kPerMillion != 0 ? 1 : 0);
    if (nanos <= static_cast<Sum>(kRowCostMax.nanos())) {
      cost.amount = Money::from_nanos(static_cast<std::int64_t>(nanos));
      return cost;
    }
  }
  cost.amount = kRowCostMax;
  cost.flags.add(UsageFlag::kCostSaturated);
  return cost;
}

bool charges_tokens(const Prices& prices) {
  const auto costs = [](const TokenPrices& tokens) {
    return dearest_input(tokens) > Money() || dearest_output(tokens) > Money();
  };
  return costs(prices.tokens) || std::ranges::any_of(prices.tiers, [&](const PriceTier& tier) {
           return costs(tier.tokens);
         });
}

bool charges_units(const Prices& prices) {
  return prices.per_request || prices.per_image || prices.per_minute ||
         prices.per_million_characters;
}

Money dearest_input(const TokenPrices& prices) {
  return dearest_of(prices.input, {prices.cached_input, prices.cache_write, prices.cache_write_1h,
                                   prices.audio_input, prices.image_input,
                                   prices.cached_image_input, prices.video_input});
}

Money dearest_output(const TokenPrices& prices) {
  return dearest_of(prices.output,
                    {prices.reasoning_output, prices.audio_output, prices.text_output});
}

std::string price_version(const Prices& prices) {
  std::string text = figures(prices.tokens) + figure("per_request", prices.per_request) +
                     figure("per_image", prices.per_image) +
                     figure("per_minute", prices.per_minute) +
                     figure("per_million_characters", prices.per_million_characters);
  for (const PriceTier& tier : prices.tiers) {
    text += fmt::format("above={};", tier.above_input_tokens) + figures(tier.tokens);
  }
  if (!prices.by_token) text += "by_token=no;";
  return "p_" + to_hex(sha256(text)).substr(0, 12);
}

}  // namespace tollgate
