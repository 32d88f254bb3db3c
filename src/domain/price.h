// The price of an offer, and the cost of a usage at it (SPEC §5). Pure integer arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "domain/money.h"
#include "domain/usage.h"

namespace tollgate {

// Nano-dollars per million of a unit (for tokens and characters), or per one (the rest). Absent
// token prices fall back to input or output; input and output themselves are always there.
struct TokenPrices {
  Money input, output;
  std::optional<Money> cached_input, cache_write, cache_write_1h, reasoning_output, audio_input,
      audio_output, image_input, cached_image_input, video_input, text_output;
};

struct PriceTier {
  std::int64_t above_input_tokens = 0;  // the tier holds when input > this
  TokenPrices tokens;
};

struct Prices {
  TokenPrices tokens;
  std::vector<PriceTier> tiers;  // ascending by above_input_tokens; the highest exceeded wins
  std::optional<Money> per_request, per_image, per_minute, per_million_characters;
  // Tokens have prices. Where they have none (so much an image, so much a minute), input and output
  // stand at 0 and mean nothing: nothing that is metered in tokens may be served at this price.
  bool by_token = true;
};

// The largest cost of one row, a million dollars: what a cost beyond it stands at. Sums of
// thousands of such rows still fit 63 bits, so that one absurd figure cannot stop the books.
inline constexpr Money kRowCostMax = Money::from_nanos(1'000'000'000'000'000);

struct Cost {
  Money amount;
  UsageFlags flags;  // kUnpricedUnit, kCostSaturated
};

// The cost of one ledger row: exact, rounded up once to a nano-dollar. The tier is chosen by
// usage.input, and the whole request goes at its prices. Parts larger than their whole are clamped
// to it, in this order: cached_input, cache_write, cache_write_1h, audio_input, image_input,
// video_input each take at most what the ones before left of input, then reasoning_output and
// audio_output of output; counts below zero are zero. What is left goes at the plain price.
// Each unit goes at its price, if it has one; a request is one itself. A price of what no usage
// counts apart (cached_image_input, text_output) is not charged here.
//
// Audio and video are units of their own, not kinds of text: without a price of their own they go
// at the dearest of their side, and are flagged. A cost beyond kRowCostMax, or at a price below
// zero, stands at kRowCostMax, flagged: never wrapped, never zero, never a refund.
Cost cost_of(const Prices& prices, const TokenUsage& usage, const BilledUnits& units = {});

// Whether any token costs anything; where none does, only the units do.
bool charges_tokens(const Prices& prices);
// Whether it has a price of a unit: a request, an image, a minute, a character.
bool charges_units(const Prices& prices);

// The dearest that a token of either side can cost at these prices.
Money dearest_input(const TokenPrices& prices);
Money dearest_output(const TokenPrices& prices);

// A short stable name of this price, changing whenever any figure does: "p_" + 12 hex digits.
std::string price_version(const Prices& prices);

}  // namespace tollgate
