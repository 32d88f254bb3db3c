// Every request to a model, whichever route it comes by: the main path (SPEC §7).
#pragma once

#include "dialects/chat_request.h"
#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<> serve_completion(Gateway& gateway, net::Exchange& exchange, CompletionKind kind);

}  // namespace tollgate
