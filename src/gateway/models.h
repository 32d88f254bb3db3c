// What a key may see: the models it may call, and itself (SPEC §2 "The holder's own view", §7).
#pragma once

#include <string>

#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// GET /v1/models, in OpenAI's shape.
Task<> list_models(Gateway& gateway, net::Exchange& exchange);
// GET /v1/models/{id}; the id is percent-decoded and may hold slashes. 404 for what the key may not
// call, as for what does not exist.
Task<> get_model(Gateway& gateway, net::Exchange& exchange, std::string id);
// GET /v1/key
Task<> own_key(Gateway& gateway, net::Exchange& exchange);
// Everything else below /v1: 404, or 405 when the path takes the methods in `allow` ("GET, POST").
// Strangers learn neither.
Task<> no_such_route(Gateway& gateway, net::Exchange& exchange, std::string allow);

}  // namespace tollgate
