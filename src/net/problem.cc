#include "net/problem.h"

#include <array>

#include "base/hash.h"
#include "base/json.h"

namespace tollgate::net {

namespace {

// What broke inside is for the log, not for clients.
std::string_view public_message(const Error& error) {
  if (!error.message.empty() && error.code != ErrorCode::kInternal) return error.message;
  return "Something went wrong on our side. Try again, and tell the operator the request id.";
}

// A retry cannot succeed, or not soon: the same answer would come back until somebody changes
// something, or until a limit resets that gives no time for a retry (SPEC §4).
bool is_final(const Error& error) {
  const int status = error_status(error.code);
  return status == 402 || status == 403 || (status == 429 && !error.retry_after) ||
         error.code == ErrorCode::kRegionUnavailable;
}

std::string_view anthropic_error_type(ErrorCode code) {
  const int status = error_status(code);
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

void append_error_object(std::string& out, const Error& error, std::string_view type,
                         std::string_view request_id) {
  out += R"({"message":)";
  append_json_string(out, public_message(error));
  out += R"(,"type":)";
  append_json_string(out, type);
  out += R"(,"code":)";
  append_json_string(out, error_code_name(error.code));
  out += R"(,"param":)";
  if (error.param) {
    append_json_string(out, *error.param);
  } else {
    out += "null";
  }
  out += R"(,"request_id":)";
  append_json_string(out, request_id);
  out += R"(,"doc_url":null,"details":)";
  out += error.details_json.empty() ? "null" : error.details_json;
  out += "}";
}

}  // namespace

std::string new_request_id(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return "req_" + to_hex(bytes);
}

std::string error_envelope(const Error& error, std::string_view request_id) {
  std::string out = R"({"error":)";
  append_error_object(out, error, error_type(error.code), request_id);
  out += "}";
  return out;
}

std::string anthropic_error_envelope(const Error& error, std::string_view request_id) {
  std::string out = R"({"type":"error","error":)";
  append_error_object(out, error, anthropic_error_type(error.code), request_id);
  out += R"(,"request_id":)";
  append_json_string(out, request_id);
  out += "}";
  return out;
}

std::string error_event(const Error& error, std::string_view request_id, ErrorShape shape,
                        std::int64_t number) {
  if (shape == ErrorShape::kOpenAi) return "data: " + error_envelope(error, request_id) + "\n\n";
  if (shape == ErrorShape::kAnthropic) {
    return "event: error\ndata: " + anthropic_error_envelope(error, request_id) + "\n\n";
  }
  std::string out = "event: error\ndata: {\"type\":\"error\",\"sequence_number\":";
  out += std::to_string(number);
  out += R"(,"code":)";
  append_json_string(out, error_code_name(error.code));
  out += R"(,"message":)";
  append_json_string(out, public_message(error));
  out += R"(,"param":)";
  out += error.param ? json_string(*error.param) : "null";
  // Beside these the envelope, which the official SDKs raise as an exception.
  out.append(",").append(error_envelope(error, request_id), 1);
  return out + "\n\n";
}

void add_request_id(Response& response, std::string_view request_id, ErrorShape shape) {
  response.fields.emplace_back("X-Request-Id", request_id);
  if (shape == ErrorShape::kAnthropic) response.fields.emplace_back("request-id", request_id);
}

Response problem_response(const Error& error, std::string_view request_id, ErrorShape shape) {
  Response response;
  response.status = error_status(error.code);
  response.body = shape == ErrorShape::kAnthropic ? anthropic_error_envelope(error, request_id)
                                                  : error_envelope(error, request_id);
  add_request_id(response, request_id, shape);
  if (error.retry_after) {
    response.fields.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  }
  if (is_final(error)) response.fields.emplace_back("x-should-retry", "false");
  if (response.status == 401) response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace tollgate::net
