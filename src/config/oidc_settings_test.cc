#include "config/oidc_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/describe.h"
#include "config/test_config.h"

namespace tollgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class OidcSettingsTest : public ConfigFixture {
 protected:
  OidcSettingsTest() { variables_["OIDC_SECRET"] = "hidden-word"; }

  static std::string oidc(const std::string& lines) {
    return "oidc:\n  issuer: https://id.example.com/tenant/\n  client_id: tollgate\n" + lines;
  }
};

TEST_F(OidcSettingsTest, IssuerAndClientAreEnough) {
  const auto settings = load(oidc(""));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_TRUE(settings->oidc);
  // The slash at the end is part of the issuer's name.
  EXPECT_EQ(settings->oidc->issuer, "https://id.example.com/tenant/");
  EXPECT_EQ(settings->oidc->client_id, "tollgate");
  EXPECT_TRUE(settings->oidc->client_secret.empty());
  EXPECT_THAT(settings->oidc->scopes, ElementsAre("openid", "email", "profile"));
  EXPECT_EQ(settings->oidc->name, "single sign-on");
  EXPECT_FALSE(load("")->oidc);
}

TEST_F(OidcSettingsTest, ReadsTheRest) {
  const auto settings =
      load(oidc("  client_secret: ${OIDC_SECRET}\n"
                "  name: Example\n"
                "  scopes: [openid, email, groups]\n"
                "  allowed_domains: [Example.com, example.org]\n"
                "  public_url: https://gateway.example.com/\n"));
  ASSERT_TRUE(settings) << settings.error().message;
  const OidcSettings& read = *settings->oidc;
  EXPECT_EQ(read.client_secret.expose(), "hidden-word");
  EXPECT_EQ(read.name, "Example");
  EXPECT_THAT(read.scopes, ElementsAre("openid", "email", "groups"));
  EXPECT_THAT(read.allowed_domains, ElementsAre("example.com", "example.org"));
  EXPECT_EQ(read.public_url, "https://gateway.example.com");
}

TEST_F(OidcSettingsTest, DescriptionTellsOfTheSecretOnlyThatItIsThere) {
  const auto settings = load(oidc("  client_secret: ${OIDC_SECRET}\n"));
  const json::object described = describe_settings(*settings);
  EXPECT_EQ(described.at("oidc").at("client_secret"), json::value(true));
  EXPECT_THAT(json::serialize(described), Not(HasSubstr("hidden-word")));
  EXPECT_TRUE(describe_settings(*load("")).at("oidc").is_null());
}

TEST_F(OidcSettingsTest, PlainHttpLeadsOnlyToThisComputer) {
  for (const auto* url : {"http://127.0.0.1:9000", "http://[::1]:9000/a", "http://localhost"}) {
    EXPECT_TRUE(load(std::string("oidc: {client_id: a, issuer: \"") + url + "\"}")) << url;
  }
  for (const auto* url : {"http://id.example.com", "http://10.0.0.1", "ftp://id.example.com",
                          "https://id.example.com?a=b", "https://me@id.example.com",
                          "https://id.example.com#x", "id.example.com"}) {
    EXPECT_THAT(problems(std::string("oidc: {client_id: a, issuer: \"") + url + "\"}"),
                HasSubstr("oidc.issuer: must be an https:// URL"))
        << url;
  }
}

TEST_F(OidcSettingsTest, SaysWhereEachProblemIs) {
  EXPECT_THAT(problems("oidc: {}"), HasSubstr("issuer"));
  EXPECT_THAT(problems("oidc: {}"), HasSubstr("client_id"));
  EXPECT_THAT(problems(oidc("  scopes: [openid]\n")),
              HasSubstr("t.yaml:4:11: oidc.scopes: must hold `openid` and `email`"));
  EXPECT_THAT(problems(oidc("  scopes: [openid, email, 'a b']\n")), HasSubstr("is no scope"));
  EXPECT_THAT(problems(oidc("  allowed_domains: ['@example.com']\n")), HasSubstr("domain"));
  EXPECT_THAT(problems(oidc("  public_url: https://a.example/path\n")),
              HasSubstr("without a path"));
  EXPECT_THAT(problems(oidc("  name: ''\n")), HasSubstr("Continue with NAME"));
  EXPECT_THAT(problems(oidc("  secret: x\n")), HasSubstr("`secret` is unknown"));
  EXPECT_THAT(problems(oidc("  client_secret: ${NOT_SET}\n")), HasSubstr("NOT_SET"));
}

}  // namespace
}  // namespace tollgate
