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

}  // namespace

std::string new_request_id(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return "req_" + to_hex(bytes);
}

std::string error_envelope(const Error& error, std::string_view request_id) {
  std::string out = R"({"error":{"message":)";
  append_json_string(out, public_message(error));
  out += R"(,"type":)";
  append_json_string(out, error_type(error.code));
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
  out += "}}";
  return out;
}

Response problem_response(const Error& error, std::string_view request_id) {
  Response response;
  response.status = error_status(error.code);
  response.body = error_envelope(error, request_id);
  response.fields.emplace_back("X-Request-Id", request_id);
  if (error.retry_after) {
    response.fields.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  }
  if (is_final(error)) response.fields.emplace_back("x-should-retry", "false");
  if (response.status == 401) response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace tollgate::net
