#include "oidc/identity_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "oidc/test_issuer.h"
#include "runtime/test_loop.h"

namespace tollgate::oidc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kSecond = 1'800'000'000;
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

class IdentityProviderTest : public ::testing::Test {
 protected:
  OidcSettings settings(const std::string& secret = "s e:cret") const {
    return {.issuer = issuer_.origin(),
            .client_id = "tollgate",
            .client_secret = Secret(secret),
            .name = "Test"};
  }
  static SignInTerms terms() {
    return {.state = "the-state",
            .nonce = "n-1",
            .redirect_uri = "http://localhost/admin/v1/oidc/callback",
            .verifier = Secret(std::string(kVerifier))};
  }
  json::object claims() const {
    return {{"iss", issuer_.origin()},
            {"aud", "tollgate"},
            {"sub", "1234"},
            {"nonce", "n-1"},
            {"exp", kSecond + 300},
            {"iat", kSecond},
            {"email", "ada@example.com"},
            {"email_verified", true}};
  }
  Result<std::string> url() {
    return loop_.run(provider_.authorization_url(client_, clock_, terms()));
  }
  Result<IdClaims> redeem() {
    return loop_.run(provider_.redeem(client_, clock_, "the-code", terms()));
  }
  void pass(std::chrono::seconds by) { clock_.advance(by); }

  TestLoop loop_;
  BlockingPool pool_{1};
  net::Resolver resolver_{pool_};
  net::HttpClient client_{loop_.thread(), resolver_};
  ManualClock clock_{WallTime(std::chrono::seconds(kSecond))};
  TestIssuer issuer_;
  IdentityProvider provider_{settings(), {}};
};

TEST_F(IdentityProviderTest, BrowserIsSentWithStateNonceAndChallenge) {
  const auto sent = url();
  ASSERT_TRUE(sent) << sent.error().detail;
  // The challenge is RFC 7636 appendix B's, of its verifier.
  EXPECT_EQ(*sent, issuer_.origin() +
                       "/auth?response_type=code&client_id=tollgate&redirect_uri="
                       "http%3A%2F%2Flocalhost%2Fadmin%2Fv1%2Foidc%2Fcallback"
                       "&scope=openid%20email%20profile&state=the-state&nonce=n-1"
                       "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
                       "&code_challenge_method=S256");
  EXPECT_THAT(*sent, Not(HasSubstr(std::string(kVerifier))));
}

TEST_F(IdentityProviderTest, CodeBecomesWhatTheProviderSays) {
  issuer_.issues(issuer_.signer().sign(claims()));
  const auto said = redeem();
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(said->subject, "1234");
  EXPECT_EQ(said->email, "ada@example.com");
  const std::string asked = issuer_.last("/token");
  EXPECT_THAT(asked, HasSubstr("POST /token"));
  // "tollgate:s%20e%3Acret": both are form-encoded before they are joined.
  EXPECT_THAT(asked, HasSubstr("Basic dG9sbGdhdGU6cyUyMGUlM0FjcmV0"));
  EXPECT_THAT(asked, HasSubstr("grant_type=authorization_code&code=the-code&redirect_uri="));
  EXPECT_THAT(asked, HasSubstr("code_verifier=" + std::string(kVerifier)));
  EXPECT_THAT(asked, Not(HasSubstr("client_secret")));
  EXPECT_EQ(issuer_.asked("/me"), 0);
}

TEST_F(IdentityProviderTest, SecretGoesInTheBodyWhereTheProviderWantsItThere) {
  issuer_.describes("token_endpoint_auth_methods_supported", json::array{"client_secret_post"});
  issuer_.issues(issuer_.signer().sign(claims()));
  ASSERT_TRUE(redeem());
  EXPECT_THAT(issuer_.last("/token"), HasSubstr("client_id=tollgate&client_secret=s%20e%3Acret"));
  EXPECT_THAT(issuer_.last("/token"), Not(HasSubstr("Basic")));
}

TEST_F(IdentityProviderTest, PublicClientNamesItselfAndShowsNoSecret) {
  const IdentityProvider unknown(settings(""), {});
  issuer_.issues(issuer_.signer().sign(claims()));
  ASSERT_TRUE(loop_.run(unknown.redeem(client_, clock_, "the-code", terms())));
  EXPECT_THAT(issuer_.last("/token"), HasSubstr("client_id=tollgate"));
  EXPECT_THAT(issuer_.last("/token"), Not(HasSubstr("client_secret")));
  EXPECT_THAT(issuer_.last("/token"), Not(HasSubstr("Basic")));
}

TEST_F(IdentityProviderTest, AddressThatTheTokenDoesNotSayIsAskedFor) {
  json::object thin = claims();
  thin.erase("email");
  thin.erase("email_verified");
  issuer_.issues(issuer_.signer().sign(thin));
  issuer_.says("/me", {.body = R"({"sub":"1234","email":"a@b.example","email_verified":true})"});
  const auto said = redeem();
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(said->email, "a@b.example");
  EXPECT_EQ(said->email_state, EmailState::kVerified);
  EXPECT_THAT(issuer_.last("/me"), HasSubstr("Bearer opaque-access-token"));
  issuer_.says("/me", {.body = R"({"sub":"5678","email":"a@b.example","email_verified":true})"});
  EXPECT_FALSE(redeem());
}

TEST_F(IdentityProviderTest, RefusedCodeIsTheProvidersWord) {
  issuer_.says("/token", {.status = 400, .body = R"({"error":"invalid_grant"})"});
  const auto refused = redeem();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidCredentials);
  EXPECT_EQ(refused.error().detail, "token endpoint: status 400, invalid_grant");
}

TEST_F(IdentityProviderTest, NoErrorRepeatsWhatTheProviderSaysOrWeSent) {
  for (const auto* body : {R"({"error":"the-code <script>"})", "the-code", R"({"id_token":7})",
                           R"({"error":"ERR","error_description":"the-code"})"}) {
    for (const int status : {200, 400, 500}) {
      issuer_.says("/token", {.status = status, .body = body});
      const auto refused = redeem();
      ASSERT_FALSE(refused);
      const std::string all = refused.error().message + refused.error().detail;
      EXPECT_THAT(all, Not(HasSubstr("the-code")));
      EXPECT_THAT(all, Not(HasSubstr("script")));
      EXPECT_THAT(all, Not(HasSubstr("cret")));
      EXPECT_THAT(all, Not(HasSubstr(std::string(kVerifier))));
    }
  }
}

TEST_F(IdentityProviderTest, EndpointsAndKeysAreAskedForOnceAnHour) {
  issuer_.issues(issuer_.signer().sign(claims()));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(redeem());
  EXPECT_EQ(issuer_.asked("/.well-known/openid-configuration"), 1);
  EXPECT_EQ(issuer_.asked("/jwks"), 1);
  pass(kKnownFor);
  json::object later = claims();
  later["exp"] = kSecond + 7'200;
  issuer_.issues(issuer_.signer().sign(later));
  ASSERT_TRUE(redeem());
  EXPECT_EQ(issuer_.asked("/.well-known/openid-configuration"), 2);
  EXPECT_EQ(issuer_.asked("/jwks"), 2);
}

TEST_F(IdentityProviderTest, NewKeyIsFoundAndAnUnknownOneNotAskedForAgainAtOnce) {
  issuer_.issues(issuer_.signer().sign(claims()));
  ASSERT_TRUE(redeem());
  pass(kAskedAgainAfter);
  const TestSigner second = TestSigner::rsa("second");
  issuer_.publish({&issuer_.signer(), &second});
  issuer_.issues(second.sign(claims()));
  ASSERT_TRUE(redeem());
  EXPECT_EQ(issuer_.asked("/jwks"), 2);
  issuer_.issues(TestSigner::rsa("third").sign(claims()));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(redeem());
  EXPECT_EQ(issuer_.asked("/jwks"), 2);
  pass(kAskedAgainAfter);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(redeem());
  EXPECT_EQ(issuer_.asked("/jwks"), 3);
}

TEST_F(IdentityProviderTest, ProviderThatIsAwayIsNotAskedByEveryVisitor) {
  issuer_.says("/.well-known/openid-configuration", {.status = 503, .body = "{}"});
  for (int i = 0; i < 5; ++i) {
    const auto sent = url();
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, ErrorCode::kProviderError);
  }
  EXPECT_EQ(issuer_.asked("/.well-known/openid-configuration"), 1);
}

TEST_F(IdentityProviderTest, WhatIsKnownServesWhileTheProviderIsAway) {
  ASSERT_TRUE(url());
  issuer_.says("/.well-known/openid-configuration", {.status = 503, .body = "{}"});
  pass(kKnownFor);
  EXPECT_TRUE(url());
  pass(kKnownAtMost);
  EXPECT_FALSE(url());
}

TEST_F(IdentityProviderTest, WhatIsKnownServesADayAtMostHoweverOftenItIsAskedFor) {
  issuer_.issues(issuer_.signer().sign(claims()));
  ASSERT_TRUE(redeem());
  issuer_.says("/.well-known/openid-configuration", {.status = 503, .body = "{}"});
  pass(kKnownAtMost - std::chrono::seconds(10));
  EXPECT_TRUE(url());
  pass(std::chrono::seconds(20));
  EXPECT_FALSE(url());
}

TEST_F(IdentityProviderTest, TwoWhoComeAtTheSameMomentAreBothLetOn) {
  issuer_.issues(issuer_.signer().sign(claims()));
  const SignInTerms mine = terms();
  const auto first_sent = loop_.start(provider_.authorization_url(client_, clock_, mine));
  const auto second_sent = loop_.start(provider_.authorization_url(client_, clock_, mine));
  ASSERT_TRUE(loop_.run_until([&] { return *first_sent && *second_sent; }));
  EXPECT_TRUE(**first_sent);
  EXPECT_TRUE(**second_sent);
  const auto first_said = loop_.start(provider_.redeem(client_, clock_, "the-code", mine));
  const auto second_said = loop_.start(provider_.redeem(client_, clock_, "the-code", mine));
  ASSERT_TRUE(loop_.run_until([&] { return *first_said && *second_said; }));
  EXPECT_TRUE(**first_said);
  EXPECT_TRUE(**second_said);
  // And both with a key that is new.
  pass(kAskedAgainAfter);
  const TestSigner second = TestSigner::rsa("second");
  issuer_.publish({&issuer_.signer(), &second});
  issuer_.issues(second.sign(claims()));
  const auto third_said = loop_.start(provider_.redeem(client_, clock_, "the-code", mine));
  const auto fourth_said = loop_.start(provider_.redeem(client_, clock_, "the-code", mine));
  ASSERT_TRUE(loop_.run_until([&] { return *third_said && *fourth_said; }));
  EXPECT_TRUE(**third_said);
  EXPECT_TRUE(**fourth_said);
}

TEST_F(IdentityProviderTest, TokenStandsWithoutItsAddressWhereUserInfoIsAway) {
  json::object thin = claims();
  thin.erase("email_verified");
  issuer_.issues(issuer_.signer().sign(thin));
  issuer_.says("/me", {.status = 503, .body = "{}"});
  const auto said = redeem();
  ASSERT_TRUE(said) << said.error().detail;
  EXPECT_EQ(said->subject, "1234");
  EXPECT_EQ(said->email_state, EmailState::kUnverified);
}

TEST_F(IdentityProviderTest, AnswerNamesTheIssuerWhereThatWasPromised) {
  ASSERT_TRUE(url());
  EXPECT_TRUE(provider_.answers_as(""));
  EXPECT_TRUE(provider_.answers_as(issuer_.origin()));
  EXPECT_FALSE(provider_.answers_as("https://evil.example"));
  issuer_.describes("authorization_response_iss_parameter_supported", true);
  pass(kKnownFor);
  ASSERT_TRUE(url());
  EXPECT_FALSE(provider_.answers_as(""));
  EXPECT_TRUE(provider_.answers_as(issuer_.origin()));
}

TEST_F(IdentityProviderTest, RedirectsAndHugeAnswersAreNotFollowed) {
  issuer_.says("/.well-known/openid-configuration", {.status = 302, .body = "{}"});
  EXPECT_FALSE(url());
  pass(kAskedAgainAfter);
  issuer_.says("/.well-known/openid-configuration",
               {.body = "{" + std::string(kAnswerBytesMax, ' ') + "}"});
  const auto sent = url();
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().detail, HasSubstr("its length"));
}

}  // namespace
}  // namespace tollgate::oidc
