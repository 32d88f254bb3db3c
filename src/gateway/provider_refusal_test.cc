#include "gateway/provider_refusal.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr std::string_view kSaid = R"({"error":{"message":"max_tokens is too large"}})";

const WallTime kNow = parse_time("2026-11-21T12:00:00Z").value();

Error refusal(int status, std::string_view body = kSaid, std::string retry_after = {}) {
  Provider provider;
  provider.base_url = "https://api.provider.test:8443/v1";
  provider.api_key = Secret("the provider's own key");
  provider.headers = {{"X-Team", "team-7"}};
  UpstreamHead head;
  head.status = status;
  head.retry_after = std::move(retry_after);
  return provider_refusal(head, body, provider, kNow);
}

TEST(ProviderRefusal, ARefusalOfTheRequestKeepsItsStatusAndItsReason) {
  for (const int status : {400, 404, 409, 413, 415, 422}) {
    const Error error = refusal(status);
    EXPECT_EQ(error_status(error.code), status);
    EXPECT_NE(error.message.find("max_tokens is too large"), std::string::npos) << status;
  }
}

TEST(ProviderRefusal, EverythingElseIsTheProvidersFaultAndUnquoted) {
  for (const int status : {300, 304, 401, 402, 403, 405, 418, 429, 500, 501, 502, 503, 529, 599}) {
    const Error error = refusal(status);
    EXPECT_EQ(error.code, ErrorCode::kProviderError) << status;
    EXPECT_EQ(error.message.find("max_tokens"), std::string::npos) << status;
  }
}

TEST(ProviderRefusal, ATimeoutStaysATimeout) {
  EXPECT_EQ(refusal(408).code, ErrorCode::kProviderTimeout);
  EXPECT_EQ(refusal(504).code, ErrorCode::kProviderTimeout);
}

TEST(ProviderRefusal, NamesTheUpstreamStatus) {
  EXPECT_EQ(refusal(429).details_json, R"({"upstream_status":429})");
  EXPECT_EQ(refusal(400).details_json, R"({"upstream_status":400})");
}

TEST(ProviderRefusal, KeepsARetryAfterInSecondsUpToADay) {
  using std::chrono::seconds;
  EXPECT_EQ(refusal(429, kSaid, "7").retry_after, seconds(7));
  EXPECT_EQ(refusal(503, kSaid, "0").retry_after, seconds(0));
  EXPECT_EQ(refusal(429, kSaid, "86401").retry_after, seconds(86'400));
  for (const std::string text :
       {"", "-1", "1.5", "soon", "Sat, 21 Nov 2026 12:00:07", "99999999999999999999"}) {
    EXPECT_EQ(refusal(429, kSaid, text).retry_after, std::nullopt) << text;
  }
}

TEST(ProviderRefusal, KeepsARetryAfterThatIsADate) {
  using std::chrono::seconds;
  const auto asked = [](std::string date) { return refusal(429, kSaid, date).retry_after; };
  EXPECT_EQ(asked("Sat, 21 Nov 2026 12:00:07 GMT"), seconds(7));
  EXPECT_EQ(asked("Sat, 21 Nov 2026 11:59:00 GMT"), seconds(0));
  EXPECT_EQ(asked("Mon, 23 Nov 2026 12:00:00 GMT"), seconds(86'400));
}

TEST(ProviderRefusal, SaysSomethingWhereTheProviderSaidNothing) {
  for (const std::string_view body : {"", "<html>", "{}", R"({"error":{}})"}) {
    EXPECT_EQ(refusal(400, body).message,
              "The provider refused the request. Check it and send it again.")
        << body;
  }
}

TEST(ProviderRefusal, WithholdsWhatQuotesOurCredentialsOrTheProvidersAddress) {
  for (const std::string_view secret : {"the provider's own key", "team-7", "api.provider.test"}) {
    const std::string body =
        R"({"error":{"message":"not for )" + std::string(secret) + R"(, sorry"}})";
    const Error error = refusal(400, body);
    EXPECT_EQ(error.code, ErrorCode::kInvalidRequest);
    EXPECT_EQ(error.message.find(secret), std::string::npos) << error.message;
    EXPECT_EQ(error.detail.find(secret), std::string::npos) << error.detail;
  }
}

TEST(ProviderRefusal, LogsNothingTheProviderSaid) {
  EXPECT_EQ(refusal(400).detail.find("max_tokens"), std::string::npos);
  EXPECT_EQ(refusal(500).detail.find("max_tokens"), std::string::npos);
}

TEST(ProviderRefusal, AMissingPathIsToldFromAMissingModelHoweverItIsSpelled) {
  for (const std::string_view body : {"", R"({"detail":"Not Found"})", "<h1>404</h1>"}) {
    EXPECT_TRUE(may_lack_path(404, body, {})) << body;
    EXPECT_TRUE(may_lack_path(405, body, {})) << body;
    EXPECT_TRUE(may_lack_path(501, body, {})) << body;
    for (const int status : {400, 401, 403, 410, 422, 500, 503}) {
      EXPECT_FALSE(may_lack_path(status, body, {})) << status;
    }
  }
  for (const std::string_view body :
       {"no such model", "Model not found", "MODEL_NOT_FOUND", R"({"code":"DeploymentNotFound"})",
        "The engine is not there"}) {
    EXPECT_FALSE(may_lack_path(404, body, {})) << body;
    EXPECT_FALSE(may_lack_path(501, body, {})) << body;
  }
}

TEST(ProviderRefusal, AMissingThingThatTheRequestNamesIsNoMissingPath) {
  EXPECT_FALSE(may_lack_path(404, "Not Found", {.whole_window = true}));
  EXPECT_FALSE(may_lack_path(501, "Not Found", {.whole_window = true}));
}

}  // namespace
}  // namespace tollgate
