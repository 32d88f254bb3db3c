// What a key may see of what it spends: its workspace's balance, and the rows of its own requests
// (SPEC §7).
#pragma once

#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// GET /v1/credits: what was granted to the key's workspace, what of it is used, held and left.
Task<> own_credits(Gateway& gateway, net::Exchange& exchange);
// GET /v1/generation?id=: the row of SPEC §8, as soon as its answer has ended. 404 for what is not
// of this key, as for what does not exist.
Task<> own_generation(Gateway& gateway, net::Exchange& exchange);

}  // namespace tollgate
