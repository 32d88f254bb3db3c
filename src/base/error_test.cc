#include "base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tollgate {
namespace {

constexpr int kCodeCount = static_cast<int>(ErrorCode::kAborted) + 1;

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kCodeCount; ++i) names.insert(error_code_name(static_cast<ErrorCode>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kCodeCount));
}

TEST(Error, EveryCodeHasAnErrorStatus) {
  for (int i = 0; i < kCodeCount; ++i) {
    const int status = error_status(static_cast<ErrorCode>(i));
    EXPECT_GE(status, 400);
    EXPECT_LE(status, 504);
  }
}

struct Expected {
  ErrorCode code;
  std::string_view name;
  int status;
  std::string_view type;
};

class ErrorTable : public testing::TestWithParam<Expected> {};

TEST_P(ErrorTable, GivesNameStatusAndTypeOfTheContract) {
  EXPECT_EQ(error_code_name(GetParam().code), GetParam().name);
  EXPECT_EQ(error_status(GetParam().code), GetParam().status);
  EXPECT_EQ(error_type(GetParam().code), GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    Contract, ErrorTable,
    testing::Values(
        Expected{ErrorCode::kInvalidRequest, "invalid_request", 400, "invalid_request_error"},
        Expected{ErrorCode::kApiKeyInUrl, "api_key_in_url", 400, "invalid_request_error"},
        Expected{ErrorCode::kMissingApiKey, "missing_api_key", 401, "authentication_error"},
        Expected{ErrorCode::kDisabledApiKey, "disabled_api_key", 401, "authentication_error"},
        Expected{ErrorCode::kInsufficientCredits, "insufficient_credits", 402,
                 "insufficient_quota"},
        Expected{ErrorCode::kModelNotAllowed, "model_not_allowed", 403, "permission_error"},
        Expected{ErrorCode::kHttpsRequired, "https_required", 403, "permission_error"},
        Expected{ErrorCode::kNotFound, "not_found", 404, "not_found_error"},
        Expected{ErrorCode::kMethodNotAllowed, "method_not_allowed", 405, "invalid_request_error"},
        Expected{ErrorCode::kRequestTimeout, "request_timeout", 408, "invalid_request_error"},
        Expected{ErrorCode::kManagedByFile, "managed_by_file", 409, "invalid_request_error"},
        Expected{ErrorCode::kExpectationFailed, "expectation_failed", 417, "invalid_request_error"},
        Expected{ErrorCode::kUnprocessable, "unprocessable_entity", 422, "invalid_request_error"},
        Expected{ErrorCode::kLimitInFlight, "limit_in_flight", 429, "rate_limit_error"},
        Expected{ErrorCode::kInternal, "internal_error", 500, "api_error"},
        Expected{ErrorCode::kNotImplemented, "not_implemented", 501, "api_error"},
        Expected{ErrorCode::kProviderError, "provider_error", 502, "api_error"},
        Expected{ErrorCode::kServiceUnavailable, "service_unavailable", 503, "api_error"},
        Expected{ErrorCode::kProviderTimeout, "provider_timeout", 504, "api_error"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Error, FailCarriesThePublicAndThePrivateFaceApart) {
  const Status status = fail(ErrorCode::kNotFound, "There is no such key.", "row 7 is gone");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(status.error().message, "There is no such key.");
  EXPECT_EQ(status.error().detail, "row 7 is gone");
}

}  // namespace
}  // namespace tollgate
