// Step 4 of the main path for a request that money or tokens guard: its bound is worked out and
// held, durably, before anything is sent (SPEC §5, rules 1 to 3 and 7).
#pragma once

#include <memory>

#include "gateway/admitted.h"
#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// How often a request is bounded anew because its guards changed meanwhile.
inline constexpr int kBoundingsMax = 4;

// The handle may be used from any thread; what it cuts belongs to this one.
CancelHandle cancel_handle(Gateway& gateway, const std::shared_ptr<InFlight>& in_flight);

// Fills in the reservation and the terms, and may put another offer of the route first. Waits where
// the bound fits only once open reservations settle, and no longer than the client does. The errors
// of Ledger::reserve(), and kModelNotPriced.
Task<Status> admit_guarded(Gateway& gateway, net::Exchange& exchange, Admitted& admitted);

// Before another attempt: the key is checked again, and where something is guarded the reservation
// is bound anew, to what `next` may cost beside what the attempts before it may (SPEC §6). An error
// means that there is no further attempt; the reservation then holds no less than it did.
Task<Status> readmit(Gateway& gateway, net::Exchange& exchange, Admitted& admitted,
                     const Offer& next, const Metered& spent);

}  // namespace tollgate
