#include "admin/profiles.h"

#include <gtest/gtest.h>

#include <string>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

class ProfilesTest : public AdminServerTest {
 protected:
  AdminAnswer create(std::string body, std::map<std::string, std::string> fields = {}) {
    return ask({.method = "POST",
                .target = "/admin/v1/profiles",
                .body = std::move(body),
                .fields = std::move(fields)});
  }
  static std::string path_of(const json::value& profile) {
    return "/admin/v1/profiles/" + text_at(profile, "id");
  }
};

TEST_F(ProfilesTest, AreMadeWithTheirKeyWhoseSecretWorksAndIsShownOnce) {
  const AdminAnswer made = create(
      R"({"name":"support","tier_floor":"LIGHT","cost_cap":"0.05","environment":"sandbox"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const json::value profile = made.document();
  EXPECT_EQ(text_at(profile, "tier_floor"), "LIGHT");
  const json::value& key = profile.at("key");
  EXPECT_EQ(text_at(key, "type"), "profile");
  EXPECT_EQ(text_at(key, "name"), "support");
  EXPECT_EQ(text_at(key, "environment"), "sandbox");
  const auto identity = ledger_->authenticate(text_at(key, "secret"));
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->key().profile.get(), text_at(profile, "id"));
  ASSERT_NE(snapshot_->profile(identity->key().profile), nullptr);
  EXPECT_EQ(snapshot_->profile(identity->key().profile)->rules.tier_floor, Tier::kLight);
  const AdminAnswer shown = ask({.target = path_of(profile)});
  EXPECT_EQ(shown.body.find("\"secret\":"), std::string::npos);
  EXPECT_EQ(text_at(shown.document().at("key"), "id"), text_at(key, "id"));
}

TEST_F(ProfilesTest, AnAnswerThatWasLostIsGivenAgainWithoutItsSecret) {
  const std::string body = R"({"name":"support"})";
  const AdminAnswer made = create(body, {{"Idempotency-Key", "once"}});
  const AdminAnswer again = create(body, {{"Idempotency-Key", "once"}});
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_EQ(text_at(again.document(), "id"), text_at(made.document(), "id"));
  EXPECT_EQ(again.body.find("\"secret\":"), std::string::npos);
  EXPECT_EQ(create(R"({"name":"other"})", {{"Idempotency-Key", "once"}}).code(),
            "idempotency_key_reused");
}

TEST_F(ProfilesTest, DeletingTheKeyLeavesAKeylessProfileAndOnlyRecreatingGivesANewOne) {
  const json::value profile = create(R"({"name":"support"})").document();
  const std::string key = "/admin/v1/keys/" + text_at(profile.at("key"), "id");
  EXPECT_EQ(ask({.method = "POST", .target = key + "/rotate"}).status, 200);
  EXPECT_EQ(ask({.method = "DELETE", .target = key}).status, 200);
  EXPECT_TRUE(ask({.target = path_of(profile)}).document().at("key").is_null());
  EXPECT_EQ(ask({.method = "POST", .target = key + "/rotate"}).status, 409);
  EXPECT_EQ(ask({.method = "PATCH", .target = path_of(profile), .body = "{}"}).status, 200);
  EXPECT_TRUE(ask({.target = path_of(profile)}).document().at("key").is_null());
  EXPECT_EQ(ask({.method = "DELETE", .target = path_of(profile)}).status, 200);
  const AdminAnswer anew = create(R"({"name":"support"})");
  ASSERT_EQ(anew.status, 201) << anew.body;
  EXPECT_FALSE(anew.document().at("key").is_null());
}

TEST_F(ProfilesTest, DeletingTheProfileRevokesItsKeyInTheSameStep) {
  const json::value profile = create(R"({"name":"support"})").document();
  const std::string secret = text_at(profile.at("key"), "secret");
  EXPECT_EQ(ask({.method = "DELETE", .target = path_of(profile)}).status, 200);
  const auto identity = ledger_->authenticate(secret);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, ErrorCode::kExpiredApiKey);
  EXPECT_EQ(ask({.target = path_of(profile)}).status, 404);
  EXPECT_EQ(snapshot_->profile(ProfileId(text_at(profile, "id"))), nullptr);
}

TEST_F(ProfilesTest, ChangedRulesAreInForceWhenTheCallReturns) {
  const json::value profile = create(R"({"name":"support"})").document();
  const AdminAnswer changed =
      ask({.method = "PATCH",
           .target = path_of(profile),
           .body = R"({"strategy":["acme/large","acme/*"],"region":"eu"})"});
  ASSERT_EQ(changed.status, 200) << changed.body;
  const Profile* now = snapshot_->profile(ProfileId(text_at(profile, "id")));
  EXPECT_EQ(now->rules.strategy, Strategy::kOrdered);
  EXPECT_EQ(now->rules.region, "eu");
  EXPECT_EQ(now->rules.name, "support");
}

TEST_F(ProfilesTest, NeitherIsMadeWhereOneCannotBe) {
  ASSERT_EQ(create(R"({"name":"support"})").status, 201);
  EXPECT_EQ(create(R"({"name":"support"})").status, 409);
  // A key has the name already.
  make(named("checkout"));
  const AdminAnswer clash = create(R"({"name":"checkout"})");
  EXPECT_EQ(clash.status, 409) << clash.body;
  EXPECT_EQ(ask({.target = "/admin/v1/profiles"}).document().at("data").as_array().size(), 1U);
  EXPECT_EQ(snapshot_->profiles().size(), 1U);
}

TEST_F(ProfilesTest, RefusesRulesThatContradictThemselves) {
  const AdminAnswer wrong = create(
      R"({"name":"","tier_floor":"COMPLEX","tier_ceiling":"NANO","cost_cap":"-1","speed":9})");
  EXPECT_EQ(wrong.status, 422) << wrong.body;
  for (const auto* name : {"name", "tier_floor", "cost_cap", "speed"}) {
    EXPECT_NE(wrong.body.find("`" + std::string(name)), std::string::npos) << name;
  }
  EXPECT_EQ(create("{}").status, 422);
}

TEST_F(ProfilesTest, AreOfOneWorkspaceAndNotThereForOthers) {
  const json::value other =
      ask({.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"b"})"})
          .document();
  const AdminAnswer made = ask({.method = "POST",
                                .target = "/admin/v1/profiles?workspace=" + text_at(other, "id"),
                                .body = R"({"name":"theirs"})"});
  ASSERT_EQ(made.status, 201) << made.body;
  const json::value theirs = made.document();
  EXPECT_EQ(text_at(theirs, "workspace_id"), text_at(other, "id"));
  const KeyWithSecret admin = make_management(Role::kAdmin);
  const KeyWithSecret member = make_management(Role::kMember);
  for (const auto* method : {"GET", "DELETE"}) {
    EXPECT_EQ(ask_with(admin, {.method = method, .target = path_of(theirs)}).status, 404);
  }
  EXPECT_EQ(ask_with(admin, {.method = "PATCH", .target = path_of(theirs), .body = "{}"}).status,
            404);
  EXPECT_TRUE(
      ask_with(admin, {.target = "/admin/v1/profiles"}).document().at("data").as_array().empty());
  EXPECT_EQ(
      ask_with(member,
               {.method = "POST", .target = "/admin/v1/profiles", .body = R"({"name":"mine"})"})
          .status,
      403);
  EXPECT_EQ(
      ask_with(admin,
               {.method = "POST", .target = "/admin/v1/profiles", .body = R"({"name":"ours"})"})
          .status,
      201);
}

TEST_F(ProfilesTest, EveryChangeLeavesItsRowBesideTheKeys) {
  const json::value profile = create(R"({"name":"support"})").document();
  ask({.method = "PATCH", .target = path_of(profile), .body = R"({"description":"d"})"});
  ask({.method = "DELETE", .target = path_of(profile)});
  std::string actions;
  const json::value rows =
      ask({.target = "/admin/v1/audit?object=" + text_at(profile, "id")}).document();
  for (const json::value& row : rows.at("data").as_array()) {
    actions += text_at(row, "action") + " ";
    EXPECT_EQ(text_at(row, "workspace_id"), "ws_default");
  }
  EXPECT_EQ(actions, "profile.delete profile.update profile.create ");
  EXPECT_EQ(ask({.target = "/admin/v1/audit/verify"}).document().at("valid"), true);
}

}  // namespace
}  // namespace tollgate
