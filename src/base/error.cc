#include "base/error.h"

#include <cstddef>
#include <iterator>

#include "base/check.h"

namespace tollgate {

namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  int status;
};

// The one table: SPEC §4's, and the control plane's own. In the order of the enum.
constexpr CodeRow kCodeRows[] = {
    {ErrorCode::kInvalidRequest, "invalid_request", 400},
    {ErrorCode::kInvalidModel, "invalid_model", 400},
    {ErrorCode::kInvalidMessageFormat, "invalid_message_format", 400},
    {ErrorCode::kApiKeyInUrl, "api_key_in_url", 400},
    {ErrorCode::kMissingApiKey, "missing_api_key", 401},
    {ErrorCode::kInvalidApiKey, "invalid_api_key", 401},
    {ErrorCode::kExpiredApiKey, "expired_api_key", 401},
    {ErrorCode::kDisabledApiKey, "disabled_api_key", 401},
    {ErrorCode::kInvalidCredentials, "invalid_credentials", 401},
    {ErrorCode::kExpiredSession, "expired_session", 401},
    {ErrorCode::kInsufficientCredits, "insufficient_credits", 402},
    {ErrorCode::kModelNotAllowed, "model_not_allowed", 403},
    {ErrorCode::kRegionNotAllowed, "region_not_allowed", 403},
    {ErrorCode::kIpNotAllowed, "ip_not_allowed", 403},
    {ErrorCode::kInsufficientScope, "insufficient_scope", 403},
    {ErrorCode::kHttpsRequired, "https_required", 403},
    {ErrorCode::kModelNotPriced, "model_not_priced", 403},
    {ErrorCode::kForeignRequest, "foreign_request", 403},
    {ErrorCode::kNotFound, "not_found", 404},
    {ErrorCode::kMethodNotAllowed, "method_not_allowed", 405},
    {ErrorCode::kConflict, "conflict", 409},
    {ErrorCode::kManagedByFile, "managed_by_file", 409},
    {ErrorCode::kPayloadTooLarge, "payload_too_large", 413},
    {ErrorCode::kUnsupportedMediaType, "unsupported_media_type", 415},
    {ErrorCode::kExpectationFailed, "expectation_failed", 417},
    {ErrorCode::kUnprocessable, "unprocessable_entity", 422},
    {ErrorCode::kIdempotencyKeyReused, "idempotency_key_reused", 422},
    {ErrorCode::kRequestTimeout, "request_timeout", 408},
    {ErrorCode::kNotImplemented, "not_implemented", 501},
    {ErrorCode::kLimitExceeded, "limit_exceeded", 429},
    {ErrorCode::kLimitInFlight, "limit_in_flight", 429},
    {ErrorCode::kRateLimitExceeded, "rate_limit_exceeded", 429},
    {ErrorCode::kProviderError, "provider_error", 502},
    {ErrorCode::kRegionUnavailable, "region_unavailable", 503},
    {ErrorCode::kNoProviderAvailable, "no_provider_available", 503},
    {ErrorCode::kServiceUnavailable, "service_unavailable", 503},
    {ErrorCode::kProviderTimeout, "provider_timeout", 504},
    {ErrorCode::kInternal, "internal_error", 500},
    {ErrorCode::kClientGone, "client_gone", 499},
    {ErrorCode::kAborted, "aborted", 499},
};

constexpr bool every_code_has_its_row() {
  for (std::size_t i = 0; i < std::size(kCodeRows); ++i) {
    if (kCodeRows[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return std::size(kCodeRows) == static_cast<std::size_t>(ErrorCode::kAborted) + 1;
}
static_assert(every_code_has_its_row());

const CodeRow& row_of(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  check(index < std::size(kCodeRows), "an error code outside its enum");
  return kCodeRows[index];
}

}  // namespace

std::string_view error_code_name(ErrorCode code) { return row_of(code).name; }

int error_status(ErrorCode code) { return row_of(code).status; }

std::string_view error_type(ErrorCode code) {
  const int status = row_of(code).status;
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "insufficient_quota";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail) {
  return std::unexpected(
      Error{.code = code, .message = std::move(message), .detail = std::move(detail)});
}

}  // namespace tollgate
