// An invitation is worth no more than who made it: what a management key may do no more, its
// invitations do not do either.
#include "admin/link_makers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "admin/test_admin_fixture.h"
#include "base/hash.h"
#include "store/invitations.h"
#include "store/workspaces.h"

namespace tollgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kEmail = "bob@example.com";

class LinkMakersTest : public AdminServerTest {
 protected:
  AdminAnswer invite_by(const KeyWithSecret& key, std::string_view role = "admin") {
    return ask_with(key,
                    {.method = "POST",
                     .target = "/admin/v1/invitations",
                     .body = json::serialize(json::object{{"email", kEmail}, {"role", role}})});
  }
  static std::string token_of(const AdminAnswer& made) {
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string link(std::string_view(made.document().at("link").as_string()));
    return link.substr(link.find('#') + 1);
  }
  int look_up(const std::string& token) {
    return ask_stranger(
               {.target = "/admin/v1/invitations/lookup", .fields = {{"x-invitation", token}}})
        .status;
  }
  int accept(const std::string& token) {
    const json::object body{{"token", token}, {"name", "Bob"}, {"password", "three quiet words"}};
    return ask_stranger({.method = "POST",
                         .target = "/admin/v1/invitations/accept",
                         .body = json::serialize(body)})
        .status;
  }
  std::string listed() { return ask({.target = "/admin/v1/invitations"}).body; }
  void change(const KeyWithSecret& key, const std::string& body) {
    const AdminAnswer changed =
        ask({.method = "PATCH", .target = "/admin/v1/keys/" + key.key.id.get(), .body = body});
    EXPECT_EQ(changed.status, 200) << changed.body;
  }
  void expect_nothing_of(const std::string& token) {
    EXPECT_EQ(look_up(token), 404);
    EXPECT_EQ(accept(token), 404);
    EXPECT_THAT(listed(), Not(HasSubstr(kEmail)));
  }
};

TEST_F(LinkMakersTest, InvitationOfAKeyIsTakenWhileTheKeyCouldMakeIt) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  const std::string token = token_of(invite_by(key));
  EXPECT_EQ(look_up(token), 200);
  EXPECT_THAT(listed(), HasSubstr(kEmail));
  EXPECT_EQ(accept(token), 200);
}

TEST_F(LinkMakersTest, InvitationEndsWithTheKeyThatMadeIt) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  const std::string token = token_of(invite_by(key));
  ASSERT_TRUE(revoke(key.key.id));
  expect_nothing_of(token);
  EXPECT_THAT(ask({.target = "/admin/v1/people"}).body, Not(HasSubstr(kEmail)));
}

TEST_F(LinkMakersTest, InvitationWaitsWhileTheKeyIsSwitchedOffOrMayLess) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  const std::string token = token_of(invite_by(key, "viewer"));
  change(key, R"({"enabled":false})");
  expect_nothing_of(token);
  change(key, R"({"enabled":true,"role":"member"})");
  expect_nothing_of(token);
  change(key, R"({"role":"admin"})");
  EXPECT_EQ(accept(token), 200);
}

TEST_F(LinkMakersTest, InvitationEndsWithTheKeysExpiry) {
  KeyPolicy policy = named("short console");
  policy.type = KeyType::kManagement;
  policy.role = Role::kAdmin;
  policy.expires_at = clock_.wall() + std::chrono::minutes(5);
  const std::string token = token_of(invite_by(make(std::move(policy))));
  clock_.advance(std::chrono::minutes(5));
  expect_nothing_of(token);
}

TEST_F(LinkMakersTest, InvitationEndsWithTheSecretThatMayHaveMadeIt) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  const std::string token = token_of(invite_by(key));
  clock_.advance(std::chrono::minutes(1));
  ASSERT_TRUE(rotate(key.key.id, std::chrono::hours(1)));
  clock_.advance(std::chrono::hours(1) - std::chrono::seconds(1));
  EXPECT_EQ(look_up(token), 200);
  clock_.advance(std::chrono::seconds(1));
  expect_nothing_of(token);
}

TEST_F(LinkMakersTest, InvitationOfTheNewSecretStandsInThePlaceOfTheOldOnes) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  const std::string old = token_of(invite_by(key));
  clock_.advance(std::chrono::minutes(1));
  const auto rotated = rotate(key.key.id, std::chrono::seconds(0));
  ASSERT_TRUE(rotated);
  const std::string fresh = token_of(invite_by(*rotated));
  EXPECT_EQ(accept(old), 404);
  EXPECT_EQ(accept(fresh), 200);
}

// What lists show whole is bounded; invitations of a key that is revoked take no place.
TEST_F(LinkMakersTest, WorkspaceHasABoundedNumberOfOpenInvitations) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  std::function<Result<bool>(sql::Connection&)> fill =
      [this, &key](sql::Connection& connection) -> Result<bool> {
    for (int i = 0; i < 1'000; ++i) {
      const std::string name = std::to_string(i);
      const Status made =
          store::insert_invitation(connection,
                                   {.id = "inv_" + name,
                                    .workspace = store::default_workspace_id(),
                                    .email = name + "@example.com",
                                    .created_by = i == 0 ? key.key.id.get() : std::string("cli"),
                                    .created_at = clock_.wall(),
                                    .expires_at = clock_.wall() + kInvitationLife},
                                   sha256(name));
      if (!made) return std::unexpected(made.error());
    }
    return true;
  };
  ASSERT_TRUE(await(ledger_->write(std::move(fill))));
  const auto invite = [this](const std::string& email) {
    return ask({.method = "POST",
                .target = "/admin/v1/invitations",
                .body = json::serialize(json::object{{"email", email}})});
  };
  EXPECT_EQ(invite("one.more@example.com").code(), "conflict");
  EXPECT_EQ(invite("7@example.com").status, 201);  // in the place of the one before
  ASSERT_TRUE(revoke(key.key.id));
  EXPECT_EQ(invite("one.more@example.com").status, 201);
  EXPECT_EQ(invite("another@example.com").code(), "conflict");
}

}  // namespace
}  // namespace tollgate
