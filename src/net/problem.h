// Errors as HTTP (SPEC §4): the one envelope, its status, Retry-After and x-should-retry. Both
// planes and the session itself answer with it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "net/exchange.h"

namespace tollgate::net {

// "req_" and 32 hex digits.
std::string new_request_id(Random& random);

// {"error": {"message", "type", "code", "param", "request_id", "doc_url", "details"}}
std::string error_envelope(const Error& error, std::string_view request_id);

// The envelope with its status and headers. `detail` goes nowhere: logging it is the caller's.
Response problem_response(const Error& error, std::string_view request_id);

}  // namespace tollgate::net
