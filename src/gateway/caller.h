// Step 1 of every request: who asks (SPEC §3). The cheapest refusal comes first, and a stranger is
// refused before the body is read.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "domain/ip.h"
#include "domain/usage_row.h"
#include "gateway/gateway.h"
#include "ledger/ledger.h"
#include "net/exchange.h"
#include "net/problem.h"

namespace tollgate {

// An authenticated caller and what names their request.
struct Caller {
  std::shared_ptr<const GatewayState> state;
  std::string request_id;           // theirs if safe, else ours
  GenerationNumber generation = 0;  // ours, unique
  Identity identity;
  IpAddress address;
  SteadyTime began;
  net::ErrorShape error_shape = net::ErrorShape::kOpenAi;  // the route's
};

// kApiKeyInUrl, kHttpsRequired, kMissingApiKey, kInvalidApiKey, kExpiredApiKey, kDisabledApiKey.
// `request_id` is set either way.
Result<Caller> authenticate(Gateway& gateway, const net::Exchange& exchange,
                            std::string& request_id);
// kIpNotAllowed, or kInsufficientScope for a management key.
Status may_call_models(const Caller& caller);

}  // namespace tollgate
