// A new password by link: who may make one, of whom, and what it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "admin/test_admin_fixture.h"
#include "domain/person.h"
#include "store/people.h"

namespace tollgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOld = "three quiet words";
constexpr std::string_view kNew = "four louder words now";

class PasswordResetTest : public AdminServerTest {
 protected:
  struct Person {
    std::string id;
    std::string cookie;
    std::string csrf_token;
  };

  static std::string text_at(const json::value& value, std::string_view name) {
    return std::string(std::string_view(value.at(name).as_string()));
  }
  static AdminQuestion post(const std::string& path, const json::object& body) {
    return {.method = "POST", .target = "/admin/v1/" + path, .body = json::serialize(body)};
  }
  static Person person_of(const AdminAnswer& signed_in) {
    const std::string cookie = signed_in.fields.at("set-cookie");
    const json::value session = signed_in.document();
    return {.id = text_at(session.at("person"), "id"),
            .cookie = cookie.substr(0, cookie.find(';')),
            .csrf_token = text_at(session, "csrf_token")};
  }
  // Invited by the local operator.
  Person join(const std::string& email, const std::string& role,
              const std::string& workspace = "ws_default") {
    const AdminAnswer made =
        ask(post("invitations?workspace=" + workspace, {{"email", email}, {"role", role}}));
    EXPECT_EQ(made.status, 201) << made.body;
    const AdminAnswer joined = ask_stranger(post(
        "invitations/accept", {{"token", token_of(made)}, {"name", email}, {"password", kOld}}));
    EXPECT_EQ(joined.status, 200) << joined.body;
    return person_of(joined);
  }
  void join_also(const std::string& email, const std::string& role, const std::string& workspace) {
    const AdminAnswer made =
        ask(post("invitations?workspace=" + workspace, {{"email", email}, {"role", role}}));
    EXPECT_EQ(
        ask_stranger(post("invitations/accept", {{"token", token_of(made)}, {"password", kOld}}))
            .status,
        200);
  }
  std::string make_workspace(const std::string& name) {
    return text_at(ask(post("workspaces", {{"name", name}})).document(), "id");
  }
  AdminAnswer ask_as(const Person& person, AdminQuestion question) {
    question.fields["cookie"] = person.cookie;
    question.fields["x-csrf-token"] = person.csrf_token;
    return ask_stranger(question);
  }
  AdminAnswer reset_by(const Person& by, const Person& of) {
    return ask_as(by,
                  {.method = "POST", .target = "/admin/v1/members/" + of.id + "/password-reset"});
  }
  static std::string token_of(const AdminAnswer& link) {
    const std::string text = text_at(link.document(), "link");
    return text.substr(text.find('#') + 1);
  }
  AdminAnswer use(const std::string& token, std::string_view password = kNew) {
    return ask_stranger(post("password-reset", {{"token", token}, {"password", password}}));
  }
  int sign_in(const std::string& email, std::string_view password) {
    return ask_stranger(post("session", {{"email", email}, {"password", password}})).status;
  }
  bool is_signed_in(const Person& person) {
    return ask_as(person, {.target = "/admin/v1/session"}).status == 200;
  }
};

TEST_F(PasswordResetTest, LinkGivesANewPasswordOnceAndEndsAllThatWasSignedIn) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "member");
  const AdminAnswer link = reset_by(ada, bob);
  ASSERT_EQ(link.status, 201) << link.body;
  // Until it is used nothing changes.
  EXPECT_TRUE(is_signed_in(bob));
  const AdminAnswer used = use(token_of(link));
  ASSERT_EQ(used.status, 200) << used.body;
  EXPECT_EQ(person_of(used).id, bob.id);
  EXPECT_TRUE(is_signed_in(person_of(used)));
  EXPECT_FALSE(is_signed_in(bob));
  EXPECT_EQ(sign_in("bob@example.com", kOld), 401);
  EXPECT_EQ(sign_in("bob@example.com", kNew), 200);
  EXPECT_EQ(use(token_of(link), "yet another one").status, 404);
  const std::string audit = ask({.target = "/admin/v1/audit?limit=1000"}).body;
  EXPECT_THAT(audit, HasSubstr("person.reset"));
  EXPECT_THAT(audit, HasSubstr("person.password"));
  EXPECT_THAT(audit, Not(HasSubstr(token_of(link))));
}

TEST_F(PasswordResetTest, AdminResetsNobodyWhoMayDoThingsElsewhere) {
  const Person ada = join("ada@example.com", "admin");
  const std::string shop = make_workspace("shop");
  const Person both = join("both@example.com", "viewer");
  join_also("both@example.com", "viewer", shop);
  const Person elsewhere = join("elsewhere@example.com", "viewer", shop);
  const Person ruler = join("ruler@example.com", "viewer");
  join_also("ruler@example.com", "operator", "ws_default");
  EXPECT_EQ(reset_by(ada, both).code(), "insufficient_scope");
  EXPECT_EQ(reset_by(ada, ruler).code(), "insufficient_scope");
  EXPECT_EQ(reset_by(ada, elsewhere).status, 404);
  // An operator may, and so does the local command line.
  EXPECT_EQ(reset_by(ruler, both).status, 201);
  EXPECT_EQ(
      ask({.method = "POST", .target = "/admin/v1/people/" + both.id + "/password-reset"}).status,
      201);
  EXPECT_EQ(
      ask_as(ada, {.method = "POST", .target = "/admin/v1/people/" + both.id + "/password-reset"})
          .status,
      403);
}

TEST_F(PasswordResetTest, LinkEndsWhenThePersonMayDoMore) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  join_also("bob@example.com", "admin", make_workspace("shop"));
  EXPECT_EQ(use(token).status, 404);
}

TEST_F(PasswordResetTest, LinkEndsWithItsMakersRight) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  ASSERT_EQ(ask({.method = "PATCH",
                 .target = "/admin/v1/members/" + ada.id,
                 .body = R"({"role":"viewer"})"})
                .status,
            200);
  EXPECT_EQ(use(token).status, 404);
}

TEST_F(PasswordResetTest, LinkStaysVoidWhenItsMakerIsAnAdminAgain) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  for (const char* role : {R"({"role":"viewer"})", R"({"role":"admin"})"}) {
    const AdminAnswer changed =
        ask({.method = "PATCH", .target = "/admin/v1/members/" + ada.id, .body = role});
    ASSERT_EQ(changed.status, 200) << changed.body;
  }
  EXPECT_EQ(use(token).status, 404);
}

TEST_F(PasswordResetTest, LinkEndsWhenThePersonIsGivenAHigherRoleHere) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  join_also("bob@example.com", "admin", "ws_default");
  EXPECT_EQ(use(token).status, 404);
}

TEST_F(PasswordResetTest, NobodyMakesALinkForThemselves) {
  const Person ada = join("ada@example.com", "admin");
  const AdminAnswer own = reset_by(ada, ada);
  EXPECT_EQ(own.code(), "insufficient_scope");
  EXPECT_THAT(own.body, HasSubstr("under Settings"));
  const Person ruler = join("ruler@example.com", "operator");
  for (const auto* path : {"members/", "people/"}) {
    const std::string target = "/admin/v1/" + (path + ruler.id) + "/password-reset";
    EXPECT_NE(ask_as(ruler, {.method = "POST", .target = target}).status, 201);
  }
  EXPECT_EQ(
      ask({.method = "POST", .target = "/admin/v1/people/" + ruler.id + "/password-reset"}).status,
      201);
}

// Or a session that was left open would be the account, by way of a key that it makes.
TEST_F(PasswordResetTest, KeysGiveNobodysAccount) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const AdminAnswer made =
      ask_as(ada, post("keys", {{"name", "console"}, {"type", "management"}, {"role", "admin"}}));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = text_at(made.document(), "secret");
  for (const std::string& id : {ada.id, bob.id, std::string("user_none")}) {
    const AdminAnswer refused =
        ask_stranger({.method = "POST",
                      .target = "/admin/v1/members/" + id + "/password-reset",
                      .fields = {{"x-api-key", secret}}});
    EXPECT_EQ(refused.status, 403) << refused.body;
    EXPECT_EQ(refused.code(), "insufficient_scope");
  }
  EXPECT_EQ(reset_by(ada, bob).status, 201);
  EXPECT_EQ(
      ask({.method = "POST", .target = "/admin/v1/members/" + bob.id + "/password-reset"}).status,
      201);
}

TEST_F(PasswordResetTest, InvitationsOfWhoeverHadTheAccountEndWithIt) {
  const Person ada = join("ada@example.com", "admin");
  const AdminAnswer left =
      ask_as(ada, post("invitations", {{"email", "mal@example.com"}, {"role", "admin"}}));
  const AdminAnswer link =
      ask({.method = "POST", .target = "/admin/v1/people/" + ada.id + "/password-reset"});
  ASSERT_EQ(use(token_of(link)).status, 200);
  EXPECT_EQ(ask_stranger(post("invitations/accept",
                              {{"token", token_of(left)}, {"name", "Mal"}, {"password", kOld}}))
                .status,
            404);
  const json::value row =
      ask({.target = "/admin/v1/audit?action=invitation.delete"}).document().at("data").at(0);
  EXPECT_EQ(text_at(row, "actor"), ada.id);
}

TEST_F(PasswordResetTest, LinksThatSomebodyMadeEndWithTheirPassword) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string before_change = token_of(reset_by(ada, bob));
  ASSERT_EQ(ask_as(ada, post("session/password",
                             {{"current_password", kOld}, {"new_password", "another one of hers"}}))
                .status,
            200);
  EXPECT_EQ(use(before_change).status, 404);
  const std::string before_reset = token_of(reset_by(ada, bob));
  const AdminAnswer of_ada =
      ask({.method = "POST", .target = "/admin/v1/people/" + ada.id + "/password-reset"});
  ASSERT_EQ(use(token_of(of_ada)).status, 200);
  EXPECT_EQ(use(before_reset).status, 404);
  EXPECT_EQ(sign_in("bob@example.com", kOld), 200);
}

TEST_F(PasswordResetTest, LinkOfAnOperatorWhoIsNoneAnyMoreIsVoid) {
  const Person ruler = join("ruler@example.com", "operator");
  join("second@example.com", "operator");
  const Person bob = join("bob@example.com", "viewer");
  const AdminAnswer made =
      ask_as(ruler, {.method = "POST", .target = "/admin/v1/people/" + bob.id + "/password-reset"});
  ASSERT_EQ(made.status, 201) << made.body;
  // However it comes that they are none: no other change has to think of the links.
  std::function<Result<bool>(sql::Connection&)> demote =
      [&ruler](sql::Connection& connection) -> Result<bool> {
    const Status done = store::set_reach(connection, PersonId(ruler.id), Reach::kWorkspaces);
    if (!done) return std::unexpected(done.error());
    return true;
  };
  ASSERT_TRUE(await(ledger_->write(std::move(demote))));
  EXPECT_EQ(use(token_of(made)).status, 404);
}

TEST_F(PasswordResetTest, LinkWorksForAnHourAndOnlyTheNewest) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string first = token_of(reset_by(ada, bob));
  const std::string second = token_of(reset_by(ada, bob));
  EXPECT_EQ(use(first).status, 404);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(use(second).status, 404);
}

TEST_F(PasswordResetTest, PasswordThatIsChangedMeanwhileEndsTheLink) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  ASSERT_EQ(ask_as(bob, post("session/password",
                             {{"current_password", kOld}, {"new_password", "another one of his"}}))
                .status,
            200);
  EXPECT_EQ(use(token).status, 404);
}

TEST_F(PasswordResetTest, WhatIsNoLinkTellsNothingAndHashesNothing) {
  join("ada@example.com", "admin");
  const auto computed = people_.passwords.computed();
  const AdminAnswer refused = use("reset_00000000000000000000000000000000");
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(use("").status, 404);
  EXPECT_EQ(people_.passwords.computed(), computed);
  EXPECT_EQ(use("reset_0", "short").status, 422);
}

TEST_F(PasswordResetTest, AccountThatNobodyHasAnyMoreHasNoLink) {
  const Person ada = join("ada@example.com", "admin");
  const Person bob = join("bob@example.com", "viewer");
  const std::string token = token_of(reset_by(ada, bob));
  ASSERT_EQ(ask({.method = "DELETE", .target = "/admin/v1/people/" + bob.id}).status, 200);
  EXPECT_EQ(use(token).status, 404);
}

}  // namespace
}  // namespace tollgate
