// Every way in which a token may be somebody else's work, each alone.
#include "oidc/id_token.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "oidc/test_signer.h"

namespace tollgate::oidc {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t kSecond = 1'800'000'000;

class IdTokenTest : public ::testing::Test {
 protected:
  static json::object sound() {
    return {{"iss", "https://id.example"},
            {"aud", "tollgate"},
            {"sub", "1234"},
            {"nonce", "n-1"},
            {"exp", kSecond + 300},
            {"iat", kSecond},
            {"email", "ada@example.com"},
            {"email_verified", true},
            {"name", "Ada"}};
  }
  static json::object with(std::string_view name, json::value value) {
    json::object claims = sound();
    claims[name] = std::move(value);
    return claims;
  }
  static json::object without(std::string_view name) {
    json::object claims = sound();
    claims.erase(name);
    return claims;
  }
  // As the flow does: the key that the header names, then the claims.
  Result<IdClaims> check(std::string_view token) const {
    const auto header = read_token_header(token);
    if (!header) return std::unexpected(header.error());
    const WebKey* key = keys_.find(*header);
    if (key == nullptr) return fail(ErrorCode::kInvalidCredentials, "", "no such key");
    return check_id_token(token, *key, rules_);
  }
  // Why it is refused; "" when it is not.
  std::string refusal_of(const json::object& claims) const {
    const auto checked = check(rsa_.sign(claims));
    return checked ? "" : checked.error().detail;
  }
  std::string refusal_of_token(const std::string& token) const {
    const auto checked = check(token);
    return checked ? "" : checked.error().detail;
  }
  static std::string unsigned_token(const json::object& header, const json::object& claims,
                                    const std::string& signature = "") {
    return base64url(json::serialize(header)) + "." + base64url(json::serialize(claims)) + "." +
           signature;
  }

  TestSigner rsa_ = TestSigner::rsa("rsa");
  TestSigner ec_ = TestSigner::p256("ec");
  TestSigner wide_ = TestSigner::p384("wide");
  WebKeys keys_ = WebKeys::parse(key_document({&rsa_, &ec_, &wide_})).value();
  TokenRules rules_{
      .issuer = "https://id.example", .client_id = "tollgate", .nonce = "n-1", .now = kNow};
};

TEST_F(IdTokenTest, SoundTokenOfEachKindOfKeyIsBelieved) {
  TestSigner pss = TestSigner::rsa("pss", "PS256");
  TestSigner long_hash = TestSigner::rsa("long", "RS512");
  keys_ = WebKeys::parse(key_document({&rsa_, &ec_, &wide_, &pss, &long_hash})).value();
  for (const TestSigner* signer : {&rsa_, &ec_, &wide_, &pss, &long_hash}) {
    const auto claims = check(signer->sign(sound()));
    ASSERT_TRUE(claims) << signer->id() << ": " << claims.error().detail;
    EXPECT_EQ(claims->subject, "1234");
    EXPECT_EQ(claims->email, "ada@example.com");
    EXPECT_EQ(claims->email_state, EmailState::kVerified);
    EXPECT_EQ(claims->name, "Ada");
  }
}

TEST_F(IdTokenTest, UnsignedTokenIsRefused) {
  for (const auto* name : {"none", "None", "NONE", ""}) {
    const json::object header{{"alg", name}, {"kid", "rsa"}};
    EXPECT_NE(refusal_of_token(unsigned_token(header, sound())), "") << name;
    EXPECT_NE(refusal_of_token(unsigned_token(header, sound(), "AAAA")), "") << name;
  }
  // A sound one whose signature was taken away.
  const std::string token = rsa_.sign(sound());
  EXPECT_NE(refusal_of_token(token.substr(0, token.rfind('.') + 1)), "");
  EXPECT_NE(refusal_of_token(token.substr(0, token.rfind('.'))), "");
}

TEST_F(IdTokenTest, PublicKeyIsNoSecretToSignWith) {
  const json::object key = rsa_.public_key();
  const std::string document = json::serialize(key);
  const std::string modulus(std::string_view(key.at("n").as_string()));
  for (const std::string& secret : {document, modulus, key_document({&rsa_})}) {
    const TestSigner forger = TestSigner::symmetric("rsa", secret);
    EXPECT_NE(refusal_of_token(forger.sign(sound())).find("alg"), std::string::npos);
  }
}

TEST_F(IdTokenTest, SymmetricKeysOfADocumentAreNoKeys) {
  const json::object key{{"kty", "oct"}, {"kid", "shared"}, {"k", base64url("not so secret")}};
  const auto keys = WebKeys::parse(json::serialize(json::object{{"keys", json::array{key}}}));
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 0u);
}

TEST_F(IdTokenTest, TokenOfAnotherKeyIsRefused) {
  const TestSigner forger = TestSigner::rsa("rsa");
  EXPECT_EQ(refusal_of_token(forger.sign(sound())), "the token's signature is not the key's");
  const TestSigner forger_ec = TestSigner::p256("ec");
  EXPECT_EQ(refusal_of_token(forger_ec.sign(sound())), "the token's signature is not the key's");
}

TEST_F(IdTokenTest, KeyOfAnotherKindOrUseIsNotTaken) {
  // An RSA signature that names the elliptic key, and the other way round.
  EXPECT_EQ(refusal_of_token(TestSigner::rsa("ec").sign(sound())), "no such key");
  EXPECT_EQ(refusal_of_token(TestSigner::p256("rsa").sign(sound())), "no such key");
  EXPECT_EQ(refusal_of_token(TestSigner::p256("wide").sign(sound())), "no such key");
  json::object encrypting = rsa_.public_key();
  encrypting["use"] = "enc";
  json::object other_algorithm = rsa_.public_key();
  other_algorithm["alg"] = "RS512";
  json::object short_key = TestSigner::rsa("rsa", "RS256", 1'024).public_key();
  for (const json::object& key : {encrypting, other_algorithm, short_key}) {
    keys_ = WebKeys::parse(json::serialize(json::object{{"keys", json::array{key}}})).value();
    EXPECT_EQ(refusal_of_token(rsa_.sign(sound())), "no such key") << json::serialize(key);
  }
}

TEST_F(IdTokenTest, UnnamedKeyIsTakenOnlyIfNoOtherCouldBeMeant) {
  const TestSigner unnamed = TestSigner::rsa("");
  keys_ = WebKeys::parse(key_document({&unnamed, &ec_})).value();
  EXPECT_EQ(refusal_of_token(unnamed.sign(sound())), "");
  const TestSigner another = TestSigner::rsa("another");
  keys_ = WebKeys::parse(key_document({&unnamed, &another})).value();
  EXPECT_EQ(refusal_of_token(unnamed.sign(sound())), "no such key");
}

TEST_F(IdTokenTest, ChangedPayloadOrSignatureIsRefused) {
  const std::string token = rsa_.sign(sound());
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  const std::string other = base64url(json::serialize(with("email", "eve@example.com")));
  EXPECT_NE(refusal_of_token(token.substr(0, first + 1) + other + token.substr(second)), "");
  // The last character of base64url has bits that say nothing: any other one is flipped.
  for (std::size_t at = second + 1; at + 1 < token.size(); at += 7) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(refusal_of_token(changed), "") << at;
  }
}

TEST_F(IdTokenTest, SignatureOfAnotherLengthIsRefused) {
  for (const TestSigner* signer : {&rsa_, &ec_}) {
    const std::string token = signer->sign(sound());
    EXPECT_NE(refusal_of_token(token.substr(0, token.size() - 4)), "");
    EXPECT_NE(refusal_of_token(token + "AAAA"), "");
    EXPECT_NE(refusal_of_token(token.substr(0, token.rfind('.') + 1) + "AA"), "");
  }
}

TEST_F(IdTokenTest, WhatIsNoTokenIsRefused) {
  const std::string token = rsa_.sign(sound());
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".x",
        "." + token, token + "\n", token + std::string(1, '\0'), token + "=",
        std::string(kTokenBytesMax + 1, 'A'), base64url("[]") + ".e30.AA",
        base64url(R"({"alg":"HS256","alg":"RS256"})") + ".e30.AA",
        base64url(R"({"alg":["RS256"]})") + ".e30.AA"}) {
    EXPECT_NE(refusal_of_token(text), "") << text.substr(0, 60);
  }
  EXPECT_NE(refusal_of_token(rsa_.sign_text("[]")), "");
  EXPECT_NE(refusal_of_token(rsa_.sign_text("not JSON")), "");
  EXPECT_NE(refusal_of_token(rsa_.sign_text(R"({"iss":"https://evil.example","iss":"x"})")), "");
}

TEST_F(IdTokenTest, ExtensionThatWeDoNotKnowIsRefused) {
  const json::object header{{"alg", "RS256"}, {"kid", "rsa"}, {"crit", json::array{"b64"}}};
  EXPECT_EQ(refusal_of_token(unsigned_token(header, sound(), "AAAA")),
            "the token demands an extension (crit)");
}

TEST_F(IdTokenTest, AnotherIssuersTokenIsRefused) {
  for (const json::value& issuer :
       {json::value("https://id.example/"), json::value("https://evil.example"),
        json::value("HTTPS://id.example"), json::value(), json::value(7)}) {
    EXPECT_EQ(refusal_of(with("iss", issuer)), "the token is another issuer's (iss)");
  }
  EXPECT_NE(refusal_of(without("iss")), "");
}

TEST_F(IdTokenTest, TokenForAnotherClientIsRefused) {
  for (const json::value& audience :
       {json::value("another"), json::value(json::array{"another"}), json::value(json::array{}),
        json::value(7), json::value(json::array{"another", "tollgate"})}) {
    EXPECT_EQ(refusal_of(with("aud", audience)), "the token is not for us (aud, azp)")
        << json::serialize(audience);
  }
  EXPECT_NE(refusal_of(without("aud")), "");
  EXPECT_NE(refusal_of(with("azp", "another")), "");
  EXPECT_EQ(refusal_of(with("azp", "tollgate")), "");
  EXPECT_EQ(refusal_of(with("aud", json::array{"tollgate"})), "");
  json::object shared = with("aud", json::array{"another", "tollgate"});
  shared["azp"] = "tollgate";
  EXPECT_EQ(refusal_of(shared), "");
  shared["azp"] = "another";
  EXPECT_NE(refusal_of(shared), "");
}

TEST_F(IdTokenTest, TokenOfAnotherSignInIsRefused) {
  EXPECT_EQ(refusal_of(with("nonce", "n-2")), "the token is of another sign-in (nonce)");
  EXPECT_NE(refusal_of(with("nonce", json::value())), "");
  EXPECT_NE(refusal_of(without("nonce")), "");
}

TEST_F(IdTokenTest, TimesHoldToTheMinute) {
  EXPECT_EQ(refusal_of(with("exp", kSecond - 59)), "");
  EXPECT_EQ(refusal_of(with("exp", kSecond - 60)), "the token has expired (exp)");
  EXPECT_EQ(refusal_of(with("iat", kSecond + 60)), "");
  EXPECT_EQ(refusal_of(with("iat", kSecond + 61)), "the token is of the future (iat)");
  EXPECT_EQ(refusal_of(with("nbf", kSecond + 60)), "");
  EXPECT_EQ(refusal_of(with("nbf", kSecond + 61)), "the token is not in force yet (nbf)");
  EXPECT_EQ(refusal_of(with("exp", 1'800'000'300.5)), "");
  for (const auto* name : {"exp", "iat"}) {
    EXPECT_NE(refusal_of(without(name)), "") << name;
    EXPECT_NE(refusal_of(with(name, "1800000300")), "") << name;
    EXPECT_NE(refusal_of(with(name, 1e300)), "") << name;
  }
}

TEST_F(IdTokenTest, TokenThatNamesNobodyIsRefused) {
  EXPECT_NE(refusal_of(without("sub")), "");
  for (const json::value& subject : {json::value(""), json::value(7), json::value("a\nb"),
                                     json::value(json::string(256, 'a'))}) {
    EXPECT_EQ(refusal_of(with("sub", subject)), "the token names nobody (sub)");
  }
  EXPECT_EQ(refusal_of(with("sub", json::string(255, 'a'))), "");
}

TEST_F(IdTokenTest, OnlyTrueMakesAnAddressVerified) {
  for (const json::value& verified :
       {json::value(false), json::value("true"), json::value(1), json::value()}) {
    const auto claims = check(rsa_.sign(with("email_verified", verified)));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->email_state, EmailState::kUnverified) << json::serialize(verified);
  }
  EXPECT_EQ(check(rsa_.sign(without("email_verified")))->email_state, EmailState::kUnverified);
  EXPECT_EQ(check(rsa_.sign(without("email")))->email_state, EmailState::kMissing);
}

TEST_F(IdTokenTest, UserInfoCountsOnlyForTheSamePerson) {
  const IdClaims claims{.subject = "1234"};
  const auto added =
      add_user_info(claims, R"({"sub":"1234","email":"ada@example.com","email_verified":true})");
  ASSERT_TRUE(added);
  EXPECT_EQ(added->email, "ada@example.com");
  EXPECT_EQ(added->email_state, EmailState::kVerified);
  EXPECT_FALSE(add_user_info(claims, R"({"sub":"99","email":"eve@example.com"})"));
  EXPECT_FALSE(add_user_info(claims, R"({"email":"eve@example.com","email_verified":true})"));
  EXPECT_FALSE(add_user_info(claims, "<html>"));
}

TEST_F(IdTokenTest, NoRefusalRepeatsTheToken) {
  const auto refused = check(rsa_.sign(with("nonce", "a-very-special-nonce")));
  ASSERT_FALSE(refused);
  EXPECT_EQ((refused.error().message + refused.error().detail).find("special"), std::string::npos);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidCredentials);
}

}  // namespace
}  // namespace tollgate::oidc
