#include "oidc/web_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "oidc/test_signer.h"

namespace tollgate::oidc {
namespace {

TEST(WebKeys, Base64urlIsThatOfTheStandard) {
  // RFC 7515 appendix C, and RFC 7636 appendix B's length.
  EXPECT_EQ(base64url(std::string("\x03\xec\xff\xe0\xc1", 5)), "A-z_4ME");
  EXPECT_EQ(base64url(std::string(32, '\0')).size(), 43u);
}

TEST(WebKeys, WhatCannotBeReadIsAnError) {
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":7})", "<html>"}) {
    EXPECT_EQ(WebKeys::parse(text).error().code, ErrorCode::kProviderError) << text;
  }
  json::array many(kWebKeysMax + 1);
  EXPECT_FALSE(WebKeys::parse(json::serialize(json::object{{"keys", many}})));
}

TEST(WebKeys, KeysThatMakeNoSenseAreLeftOut) {
  const auto keys = WebKeys::parse(
      R"({"keys":[7,{},{"kty":"RSA"},{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256"},)"
      R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"OKP","crv":"Ed25519","x":"AA"},)"
      R"({"kty":"oct","k":"AAAA"}]})");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 0u);
}

TEST(WebKeys, PointThatIsNotOnTheCurveIsNoKey) {
  json::object key = TestSigner::p256("ec").public_key();
  key["x"] = key.at("y");
  const auto keys = WebKeys::parse(json::serialize(json::object{{"keys", json::array{key}}}));
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 0u);
}

TEST(WebKeys, KeyIsFoundByItsNameAndKind) {
  const TestSigner rsa = TestSigner::rsa("one");
  const TestSigner ec = TestSigner::p256("two");
  const auto keys = WebKeys::parse(key_document({&rsa, &ec}));
  ASSERT_TRUE(keys);
  EXPECT_NE(keys->find({.algorithm = "RS256", .key_id = "one"}), nullptr);
  EXPECT_NE(keys->find({.algorithm = "PS256", .key_id = "one"}), nullptr);
  EXPECT_NE(keys->find({.algorithm = "ES256", .key_id = "two"}), nullptr);
  EXPECT_EQ(keys->find({.algorithm = "ES256", .key_id = "one"}), nullptr);
  EXPECT_EQ(keys->find({.algorithm = "RS256", .key_id = "three"}), nullptr);
  EXPECT_EQ(keys->find({.algorithm = "HS256", .key_id = "one"}), nullptr);
  EXPECT_EQ(keys->find({.algorithm = "none", .key_id = ""}), nullptr);
}

}  // namespace
}  // namespace tollgate::oidc
