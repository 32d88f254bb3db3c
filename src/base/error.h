// What can go wrong, as a value: Error and Result<T>. Every room speaks these.
//
// An Error has a public face (code, message, param, details) that a client may see, and a private
// one (detail) that only the log sees. Neither ever holds a secret. Codes are those of SPEC §4;
// base/error.cc is the one table of their names and HTTP statuses.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate {

enum class ErrorCode {
  // 400
  kInvalidRequest,
  kInvalidModel,
  kInvalidMessageFormat,
  kApiKeyInUrl,
  // 401
  kMissingApiKey,
  kInvalidApiKey,
  kExpiredApiKey,
  kDisabledApiKey,
  kInvalidCredentials,  // a wrong e-mail address or password
  kExpiredSession,      // of a person: signed out, too long unused, or too old
  // 402
  kInsufficientCredits,
  // 403
  kModelNotAllowed,
  kRegionNotAllowed,
  kIpNotAllowed,
  kInsufficientScope,
  kHttpsRequired,
  kModelNotPriced,
  kForeignRequest,  // another site's page asks in a person's name, or says nothing of itself
  // 404 405 409 413 415 417 422 501
  kNotFound,
  kMethodNotAllowed,
  kConflict,
  kManagedByFile,
  kPayloadTooLarge,
  kUnsupportedMediaType,
  kExpectationFailed,
  kUnprocessable,
  kIdempotencyKeyReused,
  kRequestTimeout,  // 408: the client was too slow to send its request
  kNotImplemented,  // 501: a transfer coding we do not decode
  // 429
  kLimitExceeded,
  kLimitInFlight,
  kRateLimitExceeded,
  // 5xx
  kProviderError,        // 502
  kRegionUnavailable,    // 503
  kNoProviderAvailable,  // 503
  kServiceUnavailable,   // 503: our own store is away, or we are draining
  kProviderTimeout,      // 504
  kInternal,             // 500: a bug
  // Never answered to anyone: the caller is not there any more, or an operator cut the request.
  kClientGone,
  kAborted,
};

// The code's wire name, e.g. "invalid_api_key".
std::string_view error_code_name(ErrorCode code);
// The HTTP status it is answered with (SPEC §4); 499 for kClientGone, 499 for kAborted.
int error_status(ErrorCode code);
// OpenAI's `type` for the envelope: "authentication_error", "rate_limit_error",
// "invalid_request_error", "permission_error", "not_found_error", "insufficient_quota",
// "api_error".
std::string_view error_type(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;                    // for the client: what to do next
  std::string detail = {};                // for the log only
  std::optional<std::string> param = {};  // the member or field at fault
  // When to ask again. A 429 without it is not to be retried soon.
  std::optional<std::chrono::seconds> retry_after = {};
  std::string details_json = {};  // a JSON object for `details`; empty = null
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// Error with code and message, as an unexpected: `return fail(ErrorCode::kNotFound, "…");`
std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {});

}  // namespace tollgate
