#include "gateway/provider_refusal.h"

#include <charconv>
#include <optional>

#include "dialects/openai_answer.h"

namespace tollgate {

namespace {

constexpr std::chrono::seconds kRetryAfterMax{24 * 3'600};

std::optional<ErrorCode> code_of_request_fault(int status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalidRequest;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 413:
      return ErrorCode::kPayloadTooLarge;
    case 415:
      return ErrorCode::kUnsupportedMediaType;
    case 422:
      return ErrorCode::kUnprocessable;
    default:
      return std::nullopt;
  }
}

// Whole seconds only; a date is left out.
std::optional<std::chrono::seconds> retry_after(std::string_view text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0) {
    return std::nullopt;
  }
  return std::min(std::chrono::seconds(seconds), kRetryAfterMax);
}

}  // namespace

Error provider_refusal(const UpstreamHead& head, std::string_view body) {
  const std::string said = openai_error_message(body);
  Error error;
  error.detail = "the provider answered " + std::to_string(head.status);
  error.details_json = "{\"upstream_status\":" + std::to_string(head.status) + "}";
  if (const auto code = code_of_request_fault(head.status)) {
    error.code = *code;
    error.message = said.empty() ? "The provider refused the request. Check it and send it again."
                                 : "The provider refused the request: " + said;
    return error;
  }
  error.code = ErrorCode::kProviderError;
  error.retry_after = retry_after(head.retry_after);
  error.message = head.status == 429
                      ? "The provider is at its own rate limit. Try again later."
                      : "The provider answered with an error. Try again later, or tell the "
                        "gateway's operator.";
  return error;
}

}  // namespace tollgate
