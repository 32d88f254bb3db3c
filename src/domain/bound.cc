#include "domain/bound.h"

#include <algorithm>
#include <limits>

namespace tollgate {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
// Of rule 1's filled max_tokens.
constexpr std::int64_t kContextLeftMin = 1'024;
constexpr std::int64_t kQuarterMin = 4'096;
constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::int64_t kMsPerMinute = 60'000;

// Both for values that are not negative.
std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}
std::int64_t times(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : product;
}

// A reranker splits a document that does not fit its window beside the query, and reads the query
// again with every piece. It leaves at least half of the window to the piece, and of a query that
// is longer than the other half reads the beginning (docs.cohere.com, "Best Practices for using
// Rerank"). A window that is not stated is taken for the smallest that rerankers have, that of
// BERT.
constexpr std::int64_t kRerankWindowMin = 512;
constexpr std::int64_t kPieceTokens = 4;  // that part a piece from its query

struct Pieces {
  std::int64_t count = 0;
  std::int64_t tokens = 0;  // at most
};

Pieces rerank_pieces(const Offer& offer, const RequestNeeds& needs) {
  const std::int64_t window = offer.context_window > 0 ? offer.context_window : kRerankWindowMin;
  const std::int64_t room =
      std::max({window - needs.query_bytes - kPieceTokens, window / 2, std::int64_t{1}});
  const std::int64_t documents =
      std::max<std::int64_t>(needs.text_bytes - times(needs.query_bytes, needs.inputs), 0);
  const std::int64_t further = documents / room;  // ⌈a/c⌉ + ⌈b/c⌉ ≤ 2 + ⌊(a + b)/c⌋
  const std::int64_t tokens =
      plus(needs.text_bytes, times(plus(needs.query_bytes, kPieceTokens), further));
  return {.count = plus(needs.inputs, further), .tokens = tokens};
}

std::int64_t third_rounded_up(std::int64_t bytes) { return bytes / 3 + (bytes % 3 != 0 ? 1 : 0); }

// Nano-dollars times a million, as in domain/price.cc. Input and output are each below 2^126.
using Sum = unsigned __int128;
constexpr std::uint64_t kPerMillion = 1'000'000;

Sum product(std::int64_t count, Money price) {
  return static_cast<Sum>(static_cast<std::uint64_t>(count)) *
         static_cast<std::uint64_t>(price.nanos());
}

// A price below zero is a bug of whoever made it; here it must not make a bound smaller.
Money at_least_zero(Money price) { return std::max(price, Money()); }

// What one token of either side can cost this request, at one tier's prices.
struct Dearest {
  Money input;
  Money output;
};

Dearest dearest_of(const TokenPrices& prices, const RequestNeeds& needs) {
  TokenPrices touched = prices;
  if (!needs.whole_window) {
    touched.audio_input.reset();
    touched.video_input.reset();
    if (needs.images == 0) {
      touched.image_input.reset();
      touched.cached_image_input.reset();
    }
  }
  if (!needs.audio_output) touched.audio_output.reset();
  return {at_least_zero(dearest_input(touched)), at_least_zero(dearest_output(touched))};
}

// Calls visit(Dearest) for the plain prices and for every tier that the input bound reaches.
template <class Visit>
void each_reachable(const Prices& prices, std::int64_t input_bound, const RequestNeeds& needs,
                    Visit visit) {
  visit(dearest_of(prices.tokens, needs));
  for (const PriceTier& tier : prices.tiers) {
    if (input_bound > tier.above_input_tokens) visit(dearest_of(tier.tokens, needs));
  }
}

Sum saturated_sum(Sum a, Sum b) {
  Sum sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<Sum>::max() : sum;
}

// What is charged beside tokens, in units of Sum; below 2^127.
Sum fees(const Prices& prices, const RequestNeeds& needs) {
  const Money per_image = at_least_zero(prices.per_image.value_or(Money()));
  const Money per_request = at_least_zero(prices.per_request.value_or(Money()));
  const Money per_million_characters =
      at_least_zero(prices.per_million_characters.value_or(Money()));
  const Money per_minute = at_least_zero(prices.per_minute.value_or(Money()));
  const std::int64_t minutes = plus(needs.units.audio_ms, kMsPerMinute - 1) / kMsPerMinute;
  const Sum pieces = product(plus(needs.images, needs.units.images), per_image) +
                     product(needs.requests_max, per_request);
  const Sum nanos = saturated_sum(pieces, product(minutes, per_minute));
  constexpr Sum kFeesMax = std::numeric_limits<Sum>::max() / 4 / kPerMillion;
  return std::min(nanos, kFeesMax) * kPerMillion +
         product(needs.units.characters, per_million_characters);
}

// The most output tokens, over all choices, whose cost_bound() is at most `amount`; nullopt if not
// even none fits.
std::optional<std::int64_t> output_for_cost(const Prices& prices, std::int64_t input_bound,
                                            const RequestNeeds& needs, Money amount) {
  if (amount < Money()) return std::nullopt;
  const Sum budget = product(kPerMillion, amount);
  std::optional<std::int64_t> most = kMost;
  each_reachable(prices, input_bound, needs, [&](const Dearest& dearest) {
    const Sum fixed = saturated_sum(product(input_bound, dearest.input), fees(prices, needs));
    if (!most || fixed > budget) {
      most.reset();
    } else if (dearest.output > Money()) {
      const Sum bought = (budget - fixed) / static_cast<std::uint64_t>(dearest.output.nanos());
      most = static_cast<std::int64_t>(std::min(bought, static_cast<Sum>(*most)));
    }
  });
  return most;
}

std::optional<std::int64_t> output_for_tokens(std::int64_t input, std::int64_t amount) {
  if (amount < input) return std::nullopt;
  return amount - input;
}

// The most max_tokens that a share (1 = all, 4 = a quarter) of what is available buys; 0 for none.
std::int64_t bought_by(std::int64_t share, const Offer& offer, const RequestNeeds& needs,
                       const TokenBound& tokens, const Available& available) {
  std::optional<std::int64_t> output = kMost;
  const auto take = [&](std::optional<std::int64_t> more) {
    output = output && more ? std::optional(std::min(*output, *more)) : std::nullopt;
  };
  if (available.cost) {
    const Money amount = Money::from_nanos(available.cost->nanos() / share);
    take(output_for_cost(offer.prices, tokens.input, needs, amount));
  }
  if (available.tokens) take(output_for_tokens(tokens.input, *available.tokens / share));
  if (available.token_rate) {
    take(output_for_tokens(tokens.input_rate, *available.token_rate / share));
  }
  return output.value_or(0) / std::max<std::int64_t>(needs.choices, 1);
}

std::unexpected<Error> not_priced(std::string message) {
  return fail(ErrorCode::kModelNotPriced, std::move(message));
}

}  // namespace

Result<TokenBound> token_bound(const Offer& offer, const RequestNeeds& needs) {
  std::int64_t input = 0;
  const bool reranks = needs.query_bytes > 0;
  const Pieces pieces = reranks ? rerank_pieces(offer, needs)
                                : Pieces{.count = needs.inputs, .tokens = needs.text_bytes};
  const std::int64_t window = times(offer.context_window, pieces.count);
  const bool by_units = needs.output == OutputBound::kByOffer && !charges_tokens(offer.prices);
  if (!needs.whole_window || by_units) {
    input = plus(plus(pieces.tokens, kInputOverheadTokens),
                 times(needs.images, offer.image_tokens_max));
    if (window > 0) input = std::min(input, window);
  } else if (window > 0) {
    input = window;
  } else {
    return not_priced(
        "This request holds audio, video, a file or something else whose size cannot be told, and "
        "the model's context window is not known: what it may use cannot be bounded. Send text or "
        "images, use another model, or ask the operator to set context_window.");
  }
  return TokenBound{.input = input, .input_rate = std::min(third_rounded_up(pieces.tokens), input)};
}

Result<std::optional<std::int64_t>> known_max_tokens(const Offer& offer,
                                                     const RequestNeeds& needs) {
  if (needs.output == OutputBound::kByRequest) return needs.max_tokens;
  if (needs.output == OutputBound::kNone || !charges_tokens(offer.prices)) return 0;
  if (offer.max_output_tokens > 0) return offer.max_output_tokens;
  return not_priced(
      "This model charges for what it puts out by the token, and how many tokens that may be is "
      "not "
      "known, while this key is limited. Use another model, or ask the operator to set "
      "max_output_tokens.");
}

bool has_price_for(const Prices& prices, const RequestNeeds& needs) {
  const BilledUnits& units = needs.units;
  return prices.by_token || prices.per_request || (units.images > 0 && prices.per_image) ||
         (units.characters > 0 && prices.per_million_characters) ||
         (units.audio_ms > 0 && prices.per_minute);
}

std::int64_t output_bound(const RequestNeeds& needs, std::int64_t max_tokens) {
  return times(max_tokens, needs.choices);
}

Money cost_bound(const Prices& prices, std::int64_t input_bound, std::int64_t output_bound,
                 const RequestNeeds& needs) {
  const Sum beside = fees(prices, needs);
  Sum most = 0;
  each_reachable(prices, input_bound, needs, [&](const Dearest& dearest) {
    const Sum tokens = product(input_bound, dearest.input) + product(output_bound, dearest.output);
    most = std::max(most, saturated_sum(tokens, beside));
  });
  const Sum nanos = most / kPerMillion + (most % kPerMillion != 0 ? 1 : 0);
  if (nanos > static_cast<Sum>(kMoneyMax.nanos())) return kMoneyMax;
  return Money::from_nanos(static_cast<std::int64_t>(nanos));
}

Status check_fees(const Offer& offer, const RequestNeeds& needs) {
  const Prices& prices = offer.prices;
  if (needs.hosted_fees) {
    return not_priced(
        "This request asks for something whose fee cannot be bounded, such as a tool that the "
        "provider runs or a faster tier of service, and this key's spending is limited. Leave it "
        "out, or use a key without a cost limit.");
  }
  // Speech is nothing but audio, whose tokens may go at `output`.
  const bool speech = needs.output == OutputBound::kByOffer;
  if (needs.audio_output && !speech && !prices.tokens.audio_output) {
    return not_priced(
        "This model has no price for audio output, and this key's spending is limited. Ask for "
        "text, or use a model that is priced for audio.");
  }
  if (needs.image_output && !prices.tokens.text_output) {
    return not_priced(
        "This model has no price for image output, and this key's spending is limited. Ask for "
        "text, or use a model that is priced for images.");
  }
  const bool timed = prices.per_minute && *prices.per_minute != Money();
  if (timed && offer.audio_seconds_max == 0) {
    return not_priced(
        "This model is priced by the minute, which nothing in this request bounds, and this key's "
        "spending is limited. Use another model, or ask the operator to set audio_seconds_max.");
  }
  return {};
}

RequestBound request_bound(const Offer& offer, const RequestNeeds& needs, const TokenBound& tokens,
                           std::int64_t max_tokens) {
  const std::int64_t output = output_bound(needs, max_tokens);
  // What the request itself guesses of its time is no bound.
  RequestNeeds most = needs;
  most.units.audio_ms = times(offer.audio_seconds_max, kMsPerSecond);
  return {.input = tokens.input,
          .output = output,
          .tokens = plus(tokens.input, output),
          .token_rate = plus(tokens.input_rate, output),
          .cost = cost_bound(offer.prices, tokens.input, output, most)};
}

std::optional<std::int64_t> fill_max_tokens(const Offer& offer, const RequestNeeds& needs,
                                            const TokenBound& tokens, const Available& available) {
  std::int64_t most = bought_by(1, offer, needs, tokens, available);
  most = std::min(most, std::max(kQuarterMin, bought_by(4, offer, needs, tokens, available)));
  if (offer.max_output_tokens > 0) most = std::min(most, offer.max_output_tokens);
  if (offer.context_window > 0) {
    const std::int64_t left = offer.context_window - third_rounded_up(needs.text_bytes);
    most = std::min(most, std::max(kContextLeftMin, left));
  }
  if (most <= 0) return std::nullopt;
  return most;
}

}  // namespace tollgate
