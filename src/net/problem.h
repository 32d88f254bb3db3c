// Errors as HTTP (SPEC §4): the one envelope, in the shape that the route's dialect gives it, its
// status, Retry-After and x-should-retry. Both planes and the session itself answer with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "net/exchange.h"

namespace tollgate::net {

// "req_" and 32 hex digits.
std::string new_request_id(Random& random);

// Which dialect a route's errors are written in. Responses are OpenAI's, but for their streams.
enum class ErrorShape { kOpenAi, kAnthropic, kResponses };

// {"error": {"message", "type", "code", "param", "request_id", "doc_url", "details"}}
std::string error_envelope(const Error& error, std::string_view request_id);
// {"type": "error", "error": {…, the same members, `type` in Anthropic's words}, "request_id"}
// (platform.claude.com/docs/en/api/errors).
std::string anthropic_error_envelope(const Error& error, std::string_view request_id);

// The last event of a stream that broke off: the envelope as its data, named where the dialect
// names its events; and with `number`, among the event's own members, where it numbers them
// (platform.openai.com/docs/api-reference/responses-streaming/error).
std::string error_event(const Error& error, std::string_view request_id, ErrorShape shape,
                        std::int64_t number = 0);

// X-Request-Id; and, where the dialect's clients look for it, `request-id`
// (platform.claude.com/docs/en/api/errors, "Request id").
void add_request_id(Response& response, std::string_view request_id, ErrorShape shape);

// The envelope with its status and headers. `detail` goes nowhere: logging it is the caller's.
Response problem_response(const Error& error, std::string_view request_id,
                          ErrorShape shape = ErrorShape::kOpenAi);

}  // namespace tollgate::net
