#include "oidc/discovery.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"

namespace tollgate::oidc {
namespace {

constexpr std::string_view kIssuer = "https://id.example/tenant";

json::object sound() {
  return {{"issuer", kIssuer},
          {"authorization_endpoint", "https://id.example/auth?p=sign-in"},
          {"token_endpoint", "https://id.example/token"},
          {"jwks_uri", "https://keys.example/jwks"}};
}
Result<Discovery> parse(const json::object& document) {
  return parse_discovery(json::serialize(document), kIssuer);
}

TEST(Discovery, DocumentIsBelowTheIssuer) {
  EXPECT_EQ(discovery_url("https://id.example"),
            "https://id.example/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://id.example/"),
            "https://id.example/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://id.example/a"),
            "https://id.example/a/.well-known/openid-configuration");
}

TEST(Discovery, SoundDocumentGivesItsEndpoints) {
  const auto found = parse(sound());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->authorization_endpoint, "https://id.example/auth?p=sign-in");
  EXPECT_EQ(found->userinfo_endpoint, "");
  EXPECT_EQ(found->proof, ClientProof::kHeader);
  EXPECT_EQ(found->names_issuer, NamesIssuer::kNo);
}

TEST(Discovery, IssuerMustBeTheConfiguredOneLetterByLetter) {
  for (const auto* issuer : {"https://id.example/tenant/", "https://id.example/Tenant",
                             "https://evil.example/tenant", ""}) {
    json::object document = sound();
    document["issuer"] = issuer;
    EXPECT_EQ(parse(document).error().code, ErrorCode::kProviderError) << issuer;
  }
}

TEST(Discovery, EndpointsLeadNowhereUnsafe) {
  for (const auto* member :
       {"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"}) {
    for (const auto* url : {"http://id.example/x", "ftp://id.example", "/token", "javascript:0",
                            "https://user@id.example/x", "https://id.example/x#y", " "}) {
      json::object document = sound();
      document[member] = url;
      EXPECT_FALSE(parse(document)) << member << " " << url;
    }
  }
  for (const auto* member : {"authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    json::object document = sound();
    document.erase(member);
    EXPECT_FALSE(parse(document)) << member;
  }
}

TEST(Discovery, SecretGoesInTheBodyOnlyWhereTheHeaderIsNotTaken) {
  const auto proof = [](json::array methods) {
    json::object document = sound();
    document["token_endpoint_auth_methods_supported"] = std::move(methods);
    return parse(document)->proof;
  };
  EXPECT_EQ(proof({"client_secret_post", "client_secret_basic"}), ClientProof::kHeader);
  EXPECT_EQ(proof({"private_key_jwt", "client_secret_post"}), ClientProof::kBody);
  EXPECT_EQ(proof({"none"}), ClientProof::kHeader);
}

TEST(Discovery, WhatIsNoDocumentIsAnError) {
  for (const auto* text : {"", "[]", "<html>", "{}"}) {
    EXPECT_FALSE(parse_discovery(text, kIssuer)) << text;
  }
}

}  // namespace
}  // namespace tollgate::oidc
