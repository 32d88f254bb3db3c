// The most that a request can use and cost at an offer, before it is sent (SPEC §5, rule 1): what a
// reservation holds. Pure integer arithmetic; what does not fit 63 bits stands at the largest
// value, which no limit has room for.
//
// Used by gateway/ before it reserves, for the offer about to be called and again for each other.
// The promise: cost_of() of every usage within the bounds is at most cost_bound(), where the parts
// of the usage are of kinds that the request can touch (no audio where none was sent or asked for).
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "domain/offer.h"
#include "domain/price.h"
#include "domain/request_needs.h"

namespace tollgate {

// What templates, roles and tool preambles may add to the tokens of the body itself.
inline constexpr std::int64_t kInputOverheadTokens = 1'024;

struct TokenBound {
  std::int64_t input = 0;
  std::int64_t input_rate = 0;  // for the 60 s window, which is a rate: ⌈text bytes/3⌉
};

// Input: text bytes + 1,024 + image_tokens_max per image, or the whole context window; never more
// than the window, for each of the request's inputs. The documents of a rerank may each be longer
// than the window: they are split, and the query counts with every piece. Audio counts as tokens
// only where the offer is priced by them. kModelNotPriced where the whole window is needed and the
// offer's is not known.
Result<TokenBound> token_bound(const Offer& offer, const RequestNeeds& needs);

// What bounds the output where it is not to be filled: the client's max_tokens, none, or the
// offer's maximum for what no member of a request bounds. nullopt: to be filled. kModelNotPriced
// where the offer charges for such output by the token and does not state its max_output_tokens.
Result<std::optional<std::int64_t>> known_max_tokens(const Offer& offer, const RequestNeeds& needs);

// Whether the offer has a price of anything that the request is billed by. Without one it may not
// be served to anybody: it would be free.
bool has_price_for(const Prices& prices, const RequestNeeds& needs);

// max_tokens for every choice. REQUIRES: max_tokens ≥ 0.
std::int64_t output_bound(const RequestNeeds& needs, std::int64_t max_tokens);

// The dearest that the offer can charge for this request: over all tiers that the input bound
// reaches, every token at the dearest price that it could have, with per_request and per_image;
// and the units as `needs` has them, begun minutes whole; rounded up once.
Money cost_bound(const Prices& prices, std::int64_t input_bound, std::int64_t output_bound,
                 const RequestNeeds& needs);

// kModelNotPriced where the request asks for what no figure bounds: hosted tools, a kind of output
// that the offer has no price for, or time at a price per minute where the offer does not state its
// audio_seconds_max (no number of bytes bounds how long a recording is: coders write silence in
// next to none, RFC 6716 §2.1.9 and RFC 9639 §9.2). To be asked only where money is guarded.
Status check_fees(const Offer& offer, const RequestNeeds& needs);

// All of it for one max_tokens, given or filled.
struct RequestBound {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t tokens = 0;      // input + output: every token window but the rolling one
  std::int64_t token_rate = 0;  // the 60 s window
  Money cost;
};
RequestBound request_bound(const Offer& offer, const RequestNeeds& needs, const TokenBound& tokens,
                           std::int64_t max_tokens);

// What the next request may still ask for: the least that is left over every level that guards it,
// at least 0. nullopt: not guarded.
struct Available {
  std::optional<Money> cost = {};
  std::optional<std::int64_t> tokens = {};
  std::optional<std::int64_t> token_rate = {};  // of the rolling 60 s

  bool operator==(const Available&) const = default;
};

// max_tokens for a request that names none (rule 1): the least of the offer's maximum;
// max(1,024, context − ⌈bytes/3⌉); what is available buys; max(4,096, what a quarter of it buys).
// The quarter lets several requests run at once. nullopt where what is available does not buy one
// token: the request has to wait, or is refused. What the offer does not state does not count.
// REQUIRES: `tokens` is token_bound() of the same offer and needs.
std::optional<std::int64_t> fill_max_tokens(const Offer& offer, const RequestNeeds& needs,
                                            const TokenBound& tokens, const Available& available);

}  // namespace tollgate
