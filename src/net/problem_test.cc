#include "net/problem.h"

#include <gtest/gtest.h>

#include <set>

namespace tollgate::net {
namespace {

std::string field(const Response& response, std::string_view name) {
  std::string values;
  for (const auto& [each, value] : response.fields) {
    if (each == name) values += value + ";";
  }
  return values;
}

TEST(Problem, TheEnvelopeHasEveryMember) {
  const Error error{.code = ErrorCode::kInvalidRequest,
                    .message = "Say \"model\".",
                    .detail = "for the log",
                    .param = "model",
                    .details_json = R"({"a":1})"};
  EXPECT_EQ(error_envelope(error, "req_1"),
            R"({"error":{"message":"Say \"model\".","type":"invalid_request_error",)"
            R"("code":"invalid_request","param":"model","request_id":"req_1","doc_url":null,)"
            R"("details":{"a":1}}})");
}

TEST(Problem, AnthropicsShapeHasTheSameMembersAndItsOwnTypes) {
  const Error error{
      .code = ErrorCode::kInsufficientCredits, .message = "Top up.", .details_json = R"({"a":1})"};
  EXPECT_EQ(anthropic_error_envelope(error, "req_1"),
            R"({"type":"error","error":{"message":"Top up.","type":"billing_error",)"
            R"("code":"insufficient_credits","param":null,"request_id":"req_1","doc_url":null,)"
            R"("details":{"a":1}},"request_id":"req_1"})");
  EXPECT_EQ(problem_response(error, "req_1", ErrorShape::kAnthropic).body,
            anthropic_error_envelope(error, "req_1"));
  EXPECT_EQ(problem_response(error, "req_1", ErrorShape::kAnthropic).status, 402);
  EXPECT_EQ(problem_response(error, "req_1").body, error_envelope(error, "req_1"));
}

TEST(Problem, TheRequestIdStandsWhereTheDialectsClientsLook) {
  const Error error{.code = ErrorCode::kConflict, .message = "No."};
  EXPECT_EQ(field(problem_response(error, "req_1"), "request-id"), "");
  const Response anthropic = problem_response(error, "req_1", ErrorShape::kAnthropic);
  EXPECT_EQ(field(anthropic, "X-Request-Id"), "req_1;");
  EXPECT_EQ(field(anthropic, "request-id"), "req_1;");
}

TEST(Problem, AnthropicsTypesFollowTheStatus) {
  struct Case {
    ErrorCode code;
    const char* type;
  };
  for (const Case& one : {
           Case{ErrorCode::kInvalidMessageFormat, "invalid_request_error"},
           Case{ErrorCode::kConflict, "invalid_request_error"},
           Case{ErrorCode::kUnprocessable, "invalid_request_error"},
           Case{ErrorCode::kInvalidApiKey, "authentication_error"},
           Case{ErrorCode::kInsufficientCredits, "billing_error"},
           Case{ErrorCode::kModelNotAllowed, "permission_error"},
           Case{ErrorCode::kNotFound, "not_found_error"},
           Case{ErrorCode::kPayloadTooLarge, "request_too_large"},
           Case{ErrorCode::kLimitInFlight, "rate_limit_error"},
           Case{ErrorCode::kInternal, "api_error"},
           Case{ErrorCode::kProviderError, "api_error"},
           Case{ErrorCode::kRegionUnavailable, "overloaded_error"},
           Case{ErrorCode::kServiceUnavailable, "overloaded_error"},
           Case{ErrorCode::kProviderTimeout, "timeout_error"},
       }) {
    const std::string envelope = anthropic_error_envelope({.code = one.code, .message = "m"}, "r");
    EXPECT_NE(envelope.find("\"type\":\"" + std::string(one.type) + "\",\"code\""),
              std::string::npos)
        << envelope;
  }
}

TEST(Problem, AStreamsErrorIsAnEventOfItsDialect) {
  const Error error{.code = ErrorCode::kProviderError, .message = "It broke off."};
  EXPECT_EQ(error_event(error, "req_1", ErrorShape::kOpenAi),
            "data: " + error_envelope(error, "req_1") + "\n\n");
  EXPECT_EQ(error_event(error, "req_1", ErrorShape::kAnthropic),
            "event: error\ndata: " + anthropic_error_envelope(error, "req_1") + "\n\n");
}

TEST(Problem, AResponsesErrorEventIsNumberedAndHoldsTheEnvelope) {
  const Error error{.code = ErrorCode::kProviderError, .message = "It broke off."};
  const std::string event = error_event(error, "req_1", ErrorShape::kResponses, 7);
  EXPECT_TRUE(event.starts_with(
      "event: error\ndata: {\"type\":\"error\",\"sequence_number\":7,\"code\":\"provider_error\","
      "\"message\":\"It broke off.\",\"param\":null,\"error\":{\"message\":"))
      << event;
  EXPECT_TRUE(event.ends_with(error_envelope(error, "req_1").substr(1) + "\n\n")) << event;
  EXPECT_EQ(problem_response(error, "req_1", ErrorShape::kResponses).body,
            error_envelope(error, "req_1"));
}

TEST(Problem, AbsentMembersAreNull) {
  const std::string envelope =
      error_envelope({.code = ErrorCode::kNotFound, .message = "No such page."}, "req_1");
  EXPECT_NE(envelope.find(R"("param":null)"), std::string::npos) << envelope;
  EXPECT_NE(envelope.find(R"("details":null)"), std::string::npos) << envelope;
}

TEST(Problem, WhatBrokeInsideIsNotForClients) {
  for (const Error& error : {Error{.code = ErrorCode::kInternal, .message = "table keys is gone"},
                             Error{.code = ErrorCode::kProviderError, .message = ""}}) {
    const Response response = problem_response(error, "req_1");
    EXPECT_EQ(response.body.find("table"), std::string::npos);
    EXPECT_NE(response.body.find("Something went wrong on our side"), std::string::npos);
  }
  const Error logged{.code = ErrorCode::kProviderError, .message = "m", .detail = "only the log"};
  EXPECT_EQ(problem_response(logged, "req_1").body.find("only the log"), std::string::npos);
}

TEST(Problem, CarriesTheRequestIdAndTheRetryTime) {
  const Response response = problem_response({.code = ErrorCode::kRateLimitExceeded,
                                              .message = "m",
                                              .retry_after = std::chrono::seconds(7)},
                                             "req_1");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(field(response, "X-Request-Id"), "req_1;");
  EXPECT_EQ(field(response, "Retry-After"), "7;");
  EXPECT_EQ(
      field(problem_response({.code = ErrorCode::kNotFound, .message = "m"}, ""), "Retry-After"),
      "");
}

TEST(Problem, ChallengesWhoeverHasNoKey) {
  EXPECT_EQ(field(problem_response({.code = ErrorCode::kMissingApiKey, .message = "m"}, ""),
                  "WWW-Authenticate"),
            "Bearer;");
  EXPECT_EQ(field(problem_response({.code = ErrorCode::kModelNotAllowed, .message = "m"}, ""),
                  "WWW-Authenticate"),
            "");
}

TEST(Problem, TellsSdksNotToRetryWhatCannotSucceed) {
  const auto hint = [](ErrorCode code) {
    return field(problem_response({.code = code, .message = "m"}, ""), "x-should-retry");
  };
  for (const ErrorCode code : {ErrorCode::kInsufficientCredits, ErrorCode::kModelNotAllowed,
                               ErrorCode::kIpNotAllowed, ErrorCode::kRegionUnavailable}) {
    EXPECT_EQ(hint(code), "false;") << error_code_name(code);
  }
  for (const ErrorCode code : {ErrorCode::kInvalidRequest, ErrorCode::kProviderError,
                               ErrorCode::kServiceUnavailable, ErrorCode::kProviderTimeout}) {
    EXPECT_EQ(hint(code), "") << error_code_name(code);
  }
}

TEST(Problem, ALimitSaysWhenToRetryOrThatItIsNotWorthIt) {
  for (const ErrorCode code :
       {ErrorCode::kLimitExceeded, ErrorCode::kLimitInFlight, ErrorCode::kRateLimitExceeded}) {
    Error error{.code = code, .message = "m"};
    const Response late = problem_response(error, "");
    EXPECT_EQ(field(late, "x-should-retry"), "false;") << error_code_name(code);
    EXPECT_EQ(field(late, "Retry-After"), "");
    error.retry_after = std::chrono::seconds(60);
    const Response soon = problem_response(error, "");
    EXPECT_EQ(field(soon, "x-should-retry"), "") << error_code_name(code);
    EXPECT_EQ(field(soon, "Retry-After"), "60;");
  }
}

TEST(Problem, RequestIdsAreUnlikeOneAnother) {
  SeededRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(new_request_id(random));
  EXPECT_EQ(seen.size(), 1'000U);
  EXPECT_EQ(seen.begin()->size(), 4U + 32U);
  EXPECT_TRUE(seen.begin()->starts_with("req_"));
}

}  // namespace
}  // namespace tollgate::net
