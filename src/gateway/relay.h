// Steps 5 to 7 of the main path: open the call, relay the answer, settle, and only then let the
// last byte out (SPEC §5 rules 5 and 6, §7 "Upstream edge").
#pragma once

#include "gateway/admitted.h"
#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// Answers the client and settles the reservation, exactly once, whatever happens.
Task<> relay(Gateway& gateway, net::Exchange& exchange, Admitted& admitted);

}  // namespace tollgate
