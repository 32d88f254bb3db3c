// How the data plane answers: the headers every authenticated answer carries (SPEC §4), and the one
// function that turns an Error into a status and the envelope.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gateway/caller.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// X-Request-Id, X-Tollgate-Generation-Id, and how the key stands (gateway/standing_fields.h).
void add_caller_fields(Gateway& gateway, net::Response& response, const Caller& caller);

// Step 1 whole: who asks, or nothing when that was refused and answered.
Task<std::optional<Caller>> known_caller(Gateway& gateway, net::Exchange& exchange,
                                         net::ErrorShape shape = net::ErrorShape::kOpenAi);

// Refuses someone we do not know.
Task<> refuse_stranger(net::Exchange& exchange, Error error, std::string request_id,
                       net::ErrorShape shape);
// Refuses a known caller whose request was not admitted, and counts it.
Task<> refuse(Gateway& gateway, net::Exchange& exchange, const Caller& caller, Error error);
// The answer to an error of an admitted request, whose row is written.
net::Response error_answer(Gateway& gateway, const Caller& caller, const Error& error);
// 200 with a JSON body, for a request that admits nothing; counted.
Task<> answer_json(Gateway& gateway, net::Exchange& exchange, const Caller& caller,
                   std::string body);

}  // namespace tollgate
