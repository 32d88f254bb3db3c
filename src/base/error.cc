#include "base/error.h"

#include "base/check.h"

namespace tollgate {

namespace {

struct CodeRow {
  std::string_view name;
  int status;
};

// The one table of SPEC §4. A switch, so that the compiler finds a code without a row.
CodeRow row_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest:
      return {"invalid_request", 400};
    case ErrorCode::kInvalidModel:
      return {"invalid_model", 400};
    case ErrorCode::kInvalidMessageFormat:
      return {"invalid_message_format", 400};
    case ErrorCode::kApiKeyInUrl:
      return {"api_key_in_url", 400};
    case ErrorCode::kMissingApiKey:
      return {"missing_api_key", 401};
    case ErrorCode::kInvalidApiKey:
      return {"invalid_api_key", 401};
    case ErrorCode::kExpiredApiKey:
      return {"expired_api_key", 401};
    case ErrorCode::kDisabledApiKey:
      return {"disabled_api_key", 401};
    case ErrorCode::kInsufficientCredits:
      return {"insufficient_credits", 402};
    case ErrorCode::kModelNotAllowed:
      return {"model_not_allowed", 403};
    case ErrorCode::kRegionNotAllowed:
      return {"region_not_allowed", 403};
    case ErrorCode::kIpNotAllowed:
      return {"ip_not_allowed", 403};
    case ErrorCode::kInsufficientScope:
      return {"insufficient_scope", 403};
    case ErrorCode::kHttpsRequired:
      return {"https_required", 403};
    case ErrorCode::kModelNotPriced:
      return {"model_not_priced", 403};
    case ErrorCode::kNotFound:
      return {"not_found", 404};
    case ErrorCode::kMethodNotAllowed:
      return {"method_not_allowed", 405};
    case ErrorCode::kConflict:
      return {"conflict", 409};
    case ErrorCode::kManagedByFile:
      return {"managed_by_file", 409};
    case ErrorCode::kPayloadTooLarge:
      return {"payload_too_large", 413};
    case ErrorCode::kUnsupportedMediaType:
      return {"unsupported_media_type", 415};
    case ErrorCode::kExpectationFailed:
      return {"expectation_failed", 417};
    case ErrorCode::kUnprocessable:
      return {"unprocessable_entity", 422};
    case ErrorCode::kIdempotencyKeyReused:
      return {"idempotency_key_reused", 422};
    case ErrorCode::kRequestTimeout:
      return {"request_timeout", 408};
    case ErrorCode::kNotImplemented:
      return {"not_implemented", 501};
    case ErrorCode::kLimitExceeded:
      return {"limit_exceeded", 429};
    case ErrorCode::kLimitInFlight:
      return {"limit_in_flight", 429};
    case ErrorCode::kRateLimitExceeded:
      return {"rate_limit_exceeded", 429};
    case ErrorCode::kProviderError:
      return {"provider_error", 502};
    case ErrorCode::kRegionUnavailable:
      return {"region_unavailable", 503};
    case ErrorCode::kNoProviderAvailable:
      return {"no_provider_available", 503};
    case ErrorCode::kServiceUnavailable:
      return {"service_unavailable", 503};
    case ErrorCode::kProviderTimeout:
      return {"provider_timeout", 504};
    case ErrorCode::kInternal:
      return {"internal_error", 500};
    case ErrorCode::kClientGone:
      return {"client_gone", 499};
    case ErrorCode::kAborted:
      return {"aborted", 499};
  }
  bug("an error code outside its enum", std::source_location::current());
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
