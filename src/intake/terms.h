// Terms: under what a request is sent to an offer: what is held for it, and how much it may put
// out. Worked out before it is admitted (SPEC §5, rule 1). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/splice.h"
#include "domain/metering.h"
#include "domain/offer.h"
#include "ledger/admission.h"
#include "routing/choose.h"

namespace tollgate {

struct Terms {
  std::optional<OutputLimit> limit = {};  // to be set, of a request that names none
  std::optional<Reserve> reserve = {};    // what is held; nullopt: nothing
  // The most output, over all choices, before a stream is ended (rule 4); nullopt: no such bound.
  std::optional<std::int64_t> output_max = {};
};

// Of a request that nothing guards: its body is left alone, and only what its client asked for
// bounds it. A completion that echoes its prompt puts out more than it is allowed to produce, by
// what nothing here bounds.
Terms unguarded_terms(const ChatRequest& request);

// What a guarded request holds, and the terms that come with it.
struct GuardedTerms {
  Terms terms;
  Ask ask;
  Money cost;  // what it is charged if nobody lives to settle it
};

// For this offer. max_tokens is filled by what is available now; where that buys nothing, by what
// is once open reservations have settled, so that the request can wait for them (rule 7); and where
// that buys nothing either, by one token, so that its refusal names the limit. kModelNotPriced
// where nothing bounds what is guarded.
Result<GuardedTerms> guarded_terms(const Offer& offer, const ChatRequest& request,
                                   const Preview& preview);

// For the best of the route's offers whose bound fits now; where none does, for the one with the
// smallest bound (SPEC §6). The route then begins with it.
Result<GuardedTerms> choose_affordable(Route& route, const ChatRequest& request,
                                       const Preview& preview);

// What the request has to hold, in view of what is left for its key and of the route's own cost
// cap: choose_affordable() where anything guards it, nullopt where nothing does. Besides its
// errors: kLimitExceeded where the bound is above the cap.
Result<std::optional<GuardedTerms>> bound_request(Route& route, const ChatRequest& request,
                                                  Preview preview);

// A cap on what one request may cost is as good as a limit that is nearly used up.
void cap_cost(Preview& preview, const std::optional<Money>& most);

}  // namespace tollgate
