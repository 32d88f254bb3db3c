#include "domain/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string minted(std::uint64_t seed = 1) {
  SeededRandom random(seed);
  return std::string(TokenFormat::standard().mint(TokenKind::kProduction, random).expose());
}

ErrorCode refusal(const CredentialHeaders& headers) {
  const auto found = find_credential(headers);
  return found ? ErrorCode::kInternal : found.error().code;
}

TEST(FindCredential, TakesTheTokenFromAnyOfTheFourHeaders) {
  const std::string token = minted();
  const std::string bearer = "Bearer " + token;
  EXPECT_EQ(find_credential({.authorization = bearer}).value(), token);
  EXPECT_EQ(find_credential({.x_api_key = token}).value(), token);
  EXPECT_EQ(find_credential({.api_key = token}).value(), token);
  EXPECT_EQ(find_credential({.x_goog_api_key = token}).value(), token);
}

TEST(FindCredential, TheSchemeIsWrittenInAnyCase) {
  const std::string token = minted();
  for (const char* scheme : {"bearer ", "BEARER ", "bEaReR "}) {
    EXPECT_EQ(find_credential({.authorization = scheme + token}).value(), token);
  }
}

TEST(FindCredential, NoHeaderAtAllIsAMissingKey) {
  EXPECT_EQ(refusal({}), ErrorCode::kMissingApiKey);
}

TEST(FindCredential, AnAuthorizationThatIsNotExactlyBearerAndATokenIsInvalid) {
  const std::string token = minted();
  for (const std::string& value : std::initializer_list<std::string>{
           token, "Bearer", std::string("Bearer "), "Bearer" + token, "Bearer  " + token,
           "Bearer\t" + token, " Bearer " + token, "Basic " + token, "Token " + token,
           "Bearer " + token + " ", "Bearer " + token + " " + token, "Bearer " + token + "\x01"}) {
    EXPECT_EQ(refusal({.authorization = value}), ErrorCode::kInvalidApiKey) << value.size();
  }
}

TEST(FindCredential, AnotherSchemeIsInvalidEvenBesideAGoodKey) {
  const std::string token = minted();
  EXPECT_EQ(refusal({.authorization = "Basic dTpw", .x_api_key = token}),
            ErrorCode::kInvalidApiKey);
}

TEST(FindCredential, TheSameTokenTwiceIsOneCredential) {
  const std::string token = minted();
  const std::string bearer = "Bearer " + token;
  const std::string copy = token;
  EXPECT_EQ(find_credential({.authorization = bearer, .x_api_key = copy, .api_key = token}).value(),
            token);
}

TEST(FindCredential, TwoDifferentCredentialsAreInvalid) {
  const std::string token = minted(1);
  const std::string other = minted(2);
  const std::string bearer = "Bearer " + token;
  EXPECT_EQ(refusal({.authorization = bearer, .x_api_key = other}), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal({.x_api_key = token, .x_goog_api_key = other}), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal({.authorization = bearer, .repeated = true}), ErrorCode::kInvalidApiKey);
}

TEST(FindCredential, ATokenOfImpossibleShapeIsInvalid) {
  EXPECT_EQ(find_credential({.x_api_key = std::string(512, 'x')}).value().size(), 512u);
  EXPECT_EQ(refusal({.x_api_key = std::string(513, 'x')}), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal({.x_api_key = "two words"}), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal({.x_api_key = "caf\xc3\xa9"}), ErrorCode::kInvalidApiKey);
}

TEST(FindCredential, NoRefusalRepeatsTheToken) {
  const std::string token = minted(1);
  const std::string other = minted(2);
  const std::string basic = "Basic " + token;
  for (const CredentialHeaders& headers :
       {CredentialHeaders{.authorization = basic},
        CredentialHeaders{.x_api_key = token, .api_key = other}}) {
    const auto found = find_credential(headers);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message + found.error().detail, Not(HasSubstr(token)));
  }
}

class KeyInUrl : public testing::Test {
 protected:
  static bool found(const std::string& target) {
    return key_in_url(target, TokenFormat::standard());
  }
};

TEST_F(KeyInUrl, FindsATokenUnderAnyName) {
  const std::string token = minted();
  for (const std::string& target : std::initializer_list<std::string>{
           "/v1/models?q=" + token, "/v1/models?a=1&b=" + token + "&c=3", "/v1/models?" + token,
           "/v1/models?" + token + "=1", "/v1/models?auth=Bearer%20" + token,
           "/v1/models?auth=Bearer+" + token, "/v1/models?list=a," + token + ",b",
           "/admin/v1/usage?key=" + token, "/usage?key=" + token}) {
    EXPECT_TRUE(found(target));
  }
}

TEST_F(KeyInUrl, FindsATokenWrittenInPercentEscapes) {
  std::string escaped;
  for (const char c : minted()) {
    escaped += '%';
    escaped += "0123456789abcdef"[c >> 4];
    escaped += "0123456789ABCDEF"[c & 15];
  }
  EXPECT_TRUE(found("/v1/models?q=" + escaped));
}

TEST_F(KeyInUrl, FindsAValueUnderTheWellKnownNames) {
  for (const char* name : {"key", "api_key", "api-key", "apikey", "access_token", "token",
                           "x-api-key", "API_KEY", "Key", "%6bey", "api%5Fkey"}) {
    EXPECT_TRUE(found(std::string("/v1/models?") + name + "=anything")) << name;
    EXPECT_FALSE(found(std::string("/v1/models?") + name + "=")) << name;
    EXPECT_FALSE(found(std::string("/v1/models?") + name)) << name;
  }
}

TEST_F(KeyInUrl, LeavesOrdinaryParametersAlone) {
  for (const char* target : {"/v1/models", "/v1/models?", "/v1/generation?id=gen_00000000000000ff",
                             "/admin/v1/usage?key=key_0123456789abcdefghij&model=openai/"
                             "gpt-4o&from=2026-11-01T00:00:00Z",
                             "/usage?key=key_0123456789abcdefghij&status=4xx",
                             "/admin/v1/keys?search=sk-tg-test&limit=100&cursor=eyJhIjoxfQ",
                             "/v1/models?keys=3", "/v1/models?%zz=%4", "/v1/models?a&&b=&=c"}) {
    EXPECT_FALSE(found(target)) << target;
  }
  EXPECT_FALSE(found("/v1/models?cursor=" + std::string(48, 'c')));
}

TEST_F(KeyInUrl, OnlyTheQueryCounts) { EXPECT_FALSE(found("/v1/key=x/token=y")); }

TEST(ScrubbedTarget, ShowsNothingOfTheQuery) {
  EXPECT_EQ(scrubbed_target("/v1/models"), "/v1/models");
  EXPECT_EQ(scrubbed_target("/v1/models?a=1"), "/v1/models?…");
  EXPECT_EQ(scrubbed_target("/v1/models?a=1?b=2"), "/v1/models?…");
  EXPECT_EQ(scrubbed_target("?x"), "?…");
  EXPECT_EQ(scrubbed_target(""), "");
}

TEST(SafeRequestId, EchoesSafeCharactersUpToItsLength) {
  EXPECT_EQ(safe_request_id("Abc-1_2.3:4"), "Abc-1_2.3:4");
  EXPECT_EQ(safe_request_id(std::string(128, 'x')).size(), 128u);
  EXPECT_EQ(safe_request_id(std::string(129, 'x')), "");
  for (const char* text : {"", "a b", "a/b", "a\r\nb", "a\"b", "a,b", "\xc3\xa9"}) {
    EXPECT_EQ(safe_request_id(text), "") << text;
  }
}

TEST(SafeRequestId, NeverEchoesAToken) { EXPECT_EQ(safe_request_id(minted()), ""); }

}  // namespace
}  // namespace tollgate
