// People over the admin API: setup, sign-in, sessions, members, invitations.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

constexpr std::string_view kPassword = "three quiet words";

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

// A browser that signed in.
struct Browser {
  std::string cookie;  // "name=token"
  std::string csrf_token;
  std::string person;
};

class PeopleApiTest : public AdminServerTest {
 protected:
  static std::string json_of(json::object members) { return json::serialize(members); }

  AdminAnswer post(std::string target, json::object body) {
    return ask_stranger({.method = "POST",
                         .target = "/admin/v1/" + std::move(target),
                         .body = json_of(std::move(body))});
  }
  AdminAnswer ask_as(const Browser& browser, AdminQuestion question) {
    question.fields["cookie"] = browser.cookie;
    if (question.method != "GET" && !question.fields.contains("x-csrf-token")) {
      question.fields["x-csrf-token"] = browser.csrf_token;
    }
    return ask_stranger(question);
  }
  static Browser browser_of(const AdminAnswer& answer) {
    const std::string cookie = answer.fields.at("set-cookie");
    const json::value session = answer.document();
    return {.cookie = cookie.substr(0, cookie.find(';')),
            .csrf_token = text_at(session, "csrf_token"),
            .person = text_at(session.at("person"), "id")};
  }
  AdminAnswer try_setup(const std::string& token) {
    return post(
        "setup",
        {{"token", token}, {"email", "Ada@Example.com"}, {"name", "Ada"}, {"password", kPassword}});
  }
  Browser make_operator() {
    const AdminAnswer made = try_setup(people_.setup.make(random_));
    EXPECT_EQ(made.status, 201) << made.body;
    return browser_of(made);
  }
  AdminAnswer sign_in(std::string_view email, std::string_view password) {
    return post("session", {{"email", email}, {"password", password}});
  }
  // A new member of `workspace`, invited by the operator.
  Browser invite(const Browser& by, const std::string& email, const std::string& role,
                 const std::string& workspace = "ws_default") {
    const AdminAnswer link = ask_as(by, {.method = "POST",
                                         .target = "/admin/v1/invitations?workspace=" + workspace,
                                         .body = json_of({{"email", email}, {"role", role}})});
    EXPECT_EQ(link.status, 201) << link.body;
    const AdminAnswer joined = accept(link, "Somebody");
    EXPECT_EQ(joined.status, 200) << joined.body;
    return browser_of(joined);
  }
  AdminAnswer accept(const AdminAnswer& link, std::string_view name,
                     std::string_view password = kPassword) {
    return post("invitations/accept",
                {{"token", token_of(link)}, {"name", name}, {"password", password}});
  }
  std::vector<Browser> late_;
  static std::string token_of(const AdminAnswer& link) {
    const std::string text = text_at(link.document(), "link");
    return text.substr(text.find('#') + 1);
  }
};

TEST_F(PeopleApiTest, SetupLinkMakesOneOperatorOnce) {
  EXPECT_TRUE(
      ask_stranger({.target = "/admin/v1/sign-in"}).document().at("setup_required").as_bool());
  const std::string token = people_.setup.make(random_);
  EXPECT_EQ(try_setup("setup_wrong").code(), "invalid_credentials");
  const AdminAnswer made = try_setup(token);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(text_at(made.document().at("person"), "email"), "ada@example.com");
  EXPECT_TRUE(made.document().at("person").at("operator").as_bool());
  EXPECT_EQ(try_setup(token).status, 401);
  EXPECT_EQ(try_setup(people_.setup.make(random_)).status, 401);  // there is an operator
  EXPECT_FALSE(
      ask_stranger({.target = "/admin/v1/sign-in"}).document().at("setup_required").as_bool());
}

TEST_F(PeopleApiTest, SessionWorksUntilItIsSignedOut) {
  make_operator();
  const AdminAnswer in = sign_in(" ADA@example.com", kPassword);
  ASSERT_EQ(in.status, 200) << in.body;
  const Browser ada = browser_of(in);
  EXPECT_NE(in.fields.at("set-cookie").find("HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
  EXPECT_EQ(text_at(ask_as(ada, {.target = "/admin/v1/session"}).document().at("person"), "name"),
            "Ada");
  const AdminAnswer out = ask_as(ada, {.method = "DELETE", .target = "/admin/v1/session"});
  EXPECT_EQ(out.status, 200) << out.body;
  EXPECT_NE(out.fields.at("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, SessionEndsWhenItIsNotUsed) {
  const Browser ada = make_operator();
  clock_.advance(kSessionIdle - std::chrono::minutes(1));
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
  clock_.advance(kSessionIdle - std::chrono::minutes(1));
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
  clock_.advance(kSessionIdle);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, SessionEndsAfterAWeekHoweverMuchItIsUsed) {
  const Browser ada = make_operator();
  for (auto used = kSessionIdle / 2; used < kSessionAbsolute; used += kSessionIdle / 2) {
    clock_.advance(kSessionIdle / 2);
    ASSERT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
  }
  clock_.advance(kSessionIdle / 2);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, WhatAPageAsksForByItselfKeepsNoSessionFromEnding) {
  const Browser ada = make_operator();
  const auto ask_unattended = [&](const std::string& target) {
    return ask_as(ada, {.target = target, .fields = {{"x-tollgate-unattended", "true"}}});
  };
  clock_.advance(kSessionIdle - std::chrono::minutes(1));
  EXPECT_EQ(ask_unattended("/admin/v1/keys").status, 200);
  // A browser opens its event streams again by itself, and sends no field of ours.
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/events?unknown=1"}).status, 400);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, WhoComesBackInTimeKeepsTheSession) {
  const Browser ada = make_operator();
  clock_.advance(kSessionIdle - std::chrono::minutes(1));
  EXPECT_EQ(
      ask_as(ada, {.target = "/admin/v1/keys", .fields = {{"x-tollgate-unattended", "false"}}})
          .status,
      200);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
}

TEST_F(PeopleApiTest, ExistingAndUnknownAccountsAnswerAlike) {
  make_operator();
  const AdminAnswer existing = sign_in("ada@example.com", "wrong password");
  const AdminAnswer unknown = sign_in("eve@example.com", "wrong password");
  EXPECT_EQ(existing.status, 401);
  EXPECT_EQ(existing.code(), "invalid_credentials");
  EXPECT_EQ(existing.document().at("error").at("message"),
            unknown.document().at("error").at("message"));
  EXPECT_EQ(unknown.status, existing.status);
  EXPECT_EQ(people_.passwords.computed(), 3U);  // of the setup, and one each
}

TEST_F(PeopleApiTest, ThousandGuessesRunAtMostTenHashes) {
  make_operator();
  const auto before = people_.passwords.computed();
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    for (const char* email : {"ada@example.com", "eve@example.com"}) {
      const AdminAnswer answer = sign_in(email, "guess number " + std::to_string(i));
      refused += answer.status == 429;
      if (answer.status == 429) {
        EXPECT_GE(std::stoi(answer.fields.at("retry-after")), 1);
      } else {
        EXPECT_EQ(answer.status, 401);
      }
    }
  }
  EXPECT_LE(people_.passwords.computed() - before, 10U);
  EXPECT_GE(refused, 990);
}

TEST_F(PeopleApiTest, PasswordChangeEndsTheOtherSessions) {
  const Browser first = make_operator();
  const Browser second = browser_of(sign_in("ada@example.com", kPassword));
  const auto change = [&](std::string_view current) {
    return ask_as(second, {.method = "POST",
                           .target = "/admin/v1/session/password",
                           .body = json_of({{"current_password", current},
                                            {"new_password", "four even quieter words"}})});
  };
  EXPECT_EQ(change("wrong password").status, 401);
  EXPECT_EQ(change(kPassword).status, 200);
  EXPECT_EQ(ask_as(first, {.target = "/admin/v1/keys"}).code(), "expired_session");
  EXPECT_EQ(ask_as(second, {.target = "/admin/v1/keys"}).status, 200);
  EXPECT_EQ(sign_in("ada@example.com", kPassword).status, 401);
  EXPECT_EQ(sign_in("ada@example.com", "four even quieter words").status, 200);
}

TEST_F(PeopleApiTest, SessionsAreListedAndEndedOneByOne) {
  const Browser here = make_operator();
  const Browser there = browser_of(sign_in("ada@example.com", kPassword));
  const json::value list = ask_as(here, {.target = "/admin/v1/sessions"}).document();
  ASSERT_EQ(list.at("data").as_array().size(), 2U);
  for (const json::value& session : list.at("data").as_array()) {
    if (session.at("current").as_bool()) continue;
    const std::string target = "/admin/v1/sessions/" + text_at(session, "id");
    EXPECT_EQ(ask_as(here, {.method = "DELETE", .target = target}).status, 200);
    EXPECT_EQ(ask_as(here, {.method = "DELETE", .target = target}).status, 404);
  }
  EXPECT_EQ(ask_as(there, {.target = "/admin/v1/keys"}).code(), "expired_session");
  EXPECT_EQ(ask_as(here, {.target = "/admin/v1/keys"}).status, 200);
}

TEST_F(PeopleApiTest, NobodyEndsTheSessionOfAnotherPerson) {
  const Browser ada = make_operator();
  const Browser bob = invite(ada, "bob@example.com", "admin");
  const json::value session = ask_as(ada, {.target = "/admin/v1/session"}).document();
  const std::string target = "/admin/v1/sessions/" + text_at(session, "id");
  EXPECT_EQ(ask_as(bob, {.method = "DELETE", .target = target}).status, 404);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).status, 200);
}

TEST_F(PeopleApiTest, ForeignPagesChangeNothing) {
  const Browser ada = make_operator();
  const auto create = [&](std::map<std::string, std::string> fields) {
    return ask_as(ada, {.method = "POST",
                        .target = "/admin/v1/keys",
                        .body = R"({"name":"forged"})",
                        .fields = std::move(fields)});
  };
  EXPECT_EQ(create({{"x-csrf-token", ""}}).code(), "foreign_request");
  EXPECT_EQ(create({{"x-csrf-token", "guess"}}).code(), "foreign_request");
  EXPECT_EQ(create({{"origin", "http://evil.example"}}).code(), "foreign_request");
  EXPECT_EQ(create({{"origin", "http://localhost"}}).status, 201);
  const AdminQuestion login{
      .method = "POST",
      .target = "/admin/v1/session",
      .body = json_of({{"email", "ada@example.com"}, {"password", kPassword}}),
      .fields = {{"origin", "http://evil.example"}}};
  EXPECT_EQ(ask_stranger(login).code(), "foreign_request");
}

TEST_F(PeopleApiTest, InvitationMakesAMemberOnce) {
  const Browser ada = make_operator();
  const AdminAnswer link =
      ask_as(ada, {.method = "POST",
                   .target = "/admin/v1/invitations",
                   .body = json_of({{"email", "bob@example.com"}, {"role", "member"}})});
  ASSERT_EQ(link.status, 201) << link.body;
  const AdminAnswer seen = ask_stranger(
      {.target = "/admin/v1/invitations/lookup", .fields = {{"x-invitation", token_of(link)}}});
  EXPECT_EQ(text_at(seen.document(), "email"), "bob@example.com");
  EXPECT_EQ(accept(link, "Bob", "short").status, 422);
  const AdminAnswer joined = accept(link, "Bob");
  ASSERT_EQ(joined.status, 200) << joined.body;
  EXPECT_EQ(accept(link, "Bob").status, 404);
  const Browser bob = browser_of(joined);
  EXPECT_EQ(ask_as(bob, {.target = "/admin/v1/keys"}).status, 200);
  const json::value members = ask_as(bob, {.target = "/admin/v1/members"}).document();
  ASSERT_EQ(members.at("data").as_array().size(), 1U);
  EXPECT_EQ(text_at(members.at("data").at(0), "role"), "member");
}

TEST_F(PeopleApiTest, InvitationEndsAfterAWeek) {
  const auto invited = [this](const std::string& email) {
    return ask({.method = "POST",
                .target = "/admin/v1/invitations",
                .body = json_of({{"email", email}, {"role", "member"}})});
  };
  const AdminAnswer used = invited("bob@example.com");
  const AdminAnswer late = invited("eve@example.com");
  clock_.advance(kInvitationLife - std::chrono::seconds(1));
  EXPECT_EQ(accept(used, "Bob").status, 200);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(accept(late, "Eve").status, 404);
  EXPECT_EQ(ask_stranger({.target = "/admin/v1/invitations/lookup",
                          .fields = {{"x-invitation", token_of(late)}}})
                .status,
            404);
}

TEST_F(PeopleApiTest, ExistingAccountJoinsWithItsOwnPassword) {
  const Browser ada = make_operator();
  invite(ada, "bob@example.com", "viewer");
  const AdminAnswer shop = ask_as(
      ada, {.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"shop"})"});
  const std::string id = text_at(shop.document(), "id");
  const AdminAnswer link =
      ask_as(ada, {.method = "POST",
                   .target = "/admin/v1/invitations?workspace=" + id,
                   .body = json_of({{"email", "bob@example.com"}, {"role", "admin"}})});
  EXPECT_EQ(accept(link, "", "not bob's password").status, 401);
  const AdminAnswer joined = accept(link, "");
  ASSERT_EQ(joined.status, 200) << joined.body;
  EXPECT_EQ(joined.document().at("memberships").as_array().size(), 2U);
  const Browser bob = browser_of(joined);
  const auto made_in = [&](const std::string& workspace) {
    return ask_as(bob, {.method = "POST",
                        .target = "/admin/v1/keys?workspace=" + workspace,
                        .body = R"({"name":"of bob"})"});
  };
  EXPECT_EQ(made_in("shop").status, 201);
  EXPECT_EQ(made_in("ws_default").code(), "insufficient_scope");
}

TEST_F(PeopleApiTest, RolesHoldInTheirOwnWorkspaceAlone) {
  const Browser ada = make_operator();
  const AdminAnswer shop = ask_as(
      ada, {.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"shop"})"});
  const std::string id = text_at(shop.document(), "id");
  const Browser admin = invite(ada, "carl@example.com", "admin", id);
  const Browser viewer = invite(ada, "vera@example.com", "viewer");
  const KeyWithSecret key = make("checkout");
  const std::string path = "/admin/v1/keys/" + key.key.id.get();
  EXPECT_EQ(ask_as(admin, {.target = path}).status, 404);
  EXPECT_EQ(ask_as(admin, {.target = path + "?workspace=ws_default"}).status, 404);
  EXPECT_EQ(ask_as(admin, {.target = "/admin/v1/keys?workspace=ws_default"}).status, 404);
  EXPECT_EQ(ask_as(admin, {.method = "DELETE", .target = path}).status, 404);
  EXPECT_EQ(ask_as(viewer, {.target = path}).status, 200);
  EXPECT_EQ(ask_as(viewer, {.method = "DELETE", .target = path}).code(), "insufficient_scope");
  EXPECT_EQ(ask_as(viewer, {.target = "/admin/v1/audit"}).code(), "insufficient_scope");
  EXPECT_EQ(ask_as(viewer, {.target = "/admin/v1/people"}).code(), "insufficient_scope");
}

TEST_F(PeopleApiTest, NobodyGrantsAboveTheirOwnRole) {
  const Browser ada = make_operator();
  const Browser admin = invite(ada, "carl@example.com", "admin");
  const auto asked =
      ask_as(admin, {.method = "POST",
                     .target = "/admin/v1/invitations",
                     .body = json_of({{"email", "eve@example.com"}, {"role", "operator"}})});
  EXPECT_EQ(asked.code(), "insufficient_scope");
  const Browser bob = invite(ada, "bob@example.com", "viewer");
  const std::string path = "/admin/v1/members/" + bob.person;
  EXPECT_EQ(ask_as(bob, {.method = "PATCH", .target = path, .body = R"({"role":"admin"})"}).code(),
            "insufficient_scope");
  EXPECT_EQ(
      ask_as(admin, {.method = "PATCH", .target = path, .body = R"({"role":"member"})"}).status,
      200);
  EXPECT_EQ(ask_as(admin, {.method = "DELETE", .target = path}).status, 200);
  EXPECT_EQ(ask_as(bob, {.target = "/admin/v1/keys"}).code(), "insufficient_scope");
}

TEST_F(PeopleApiTest, LastOperatorStays) {
  const Browser ada = make_operator();
  const std::string path = "/admin/v1/people/" + ada.person;
  EXPECT_EQ(ask_as(ada, {.method = "DELETE", .target = path}).status, 409);
  const Browser second = invite(ada, "bea@example.com", "operator");
  EXPECT_EQ(ask_as(second, {.method = "DELETE", .target = path}).status, 200);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, ChangesAreAuditedWithoutSecrets) {
  const Browser ada = make_operator();
  invite(ada, "bob@example.com", "viewer");
  const AdminAnswer audit = ask({.target = "/admin/v1/audit"});
  for (const char* action :
       {"person.create", "session.create", "invitation.create", "invitation.accept"}) {
    EXPECT_NE(audit.body.find(action), std::string::npos) << action;
  }
  EXPECT_EQ(audit.body.find(kPassword), std::string::npos);
  EXPECT_EQ(audit.body.find("argon2"), std::string::npos);
  EXPECT_EQ(audit.body.find("invite_"), std::string::npos);
  EXPECT_TRUE(ask({.target = "/admin/v1/audit/verify"}).document().at("valid").as_bool());
}

TEST_F(PeopleApiTest, PasswordThatWasChangedMeanwhileOpensNoSession) {
  const Browser ada = make_operator();
  const std::string kNew = "four even quieter words";
  std::thread slow([&] {
    for (int i = 0; i < 3; ++i) {
      const AdminAnswer in = sign_in("ada@example.com", kPassword);
      if (in.status != 200) continue;
      const Browser late = browser_of(in);
      std::this_thread::yield();
      late_.push_back(late);
    }
  });
  const AdminAnswer changed =
      ask_as(ada, {.method = "POST",
                   .target = "/admin/v1/session/password",
                   .body = json_of({{"current_password", kPassword}, {"new_password", kNew}})});
  slow.join();
  ASSERT_EQ(changed.status, 200) << changed.body;
  for (const Browser& late : late_) {
    EXPECT_EQ(ask_as(late, {.target = "/admin/v1/keys"}).code(), "expired_session");
  }
}

TEST_F(PeopleApiTest, WhoIsRemovedDoesNotComeBackByTheirOwnLink) {
  const Browser ada = make_operator();
  const Browser mal = invite(ada, "mal@example.com", "admin");
  const auto link_of = [&](const std::string& email) {
    return ask_as(mal, {.method = "POST",
                        .target = "/admin/v1/invitations",
                        .body = json_of({{"email", email}, {"role", "admin"}})});
  };
  const AdminAnswer first = link_of("mal1@example.com");
  const std::string member = "/admin/v1/members/" + mal.person;
  EXPECT_EQ(
      ask_as(ada, {.method = "PATCH", .target = member, .body = R"({"role":"viewer"})"}).status,
      200);
  EXPECT_EQ(accept(first, "Mal").status, 404);
  EXPECT_EQ(
      ask_as(ada, {.method = "PATCH", .target = member, .body = R"({"role":"admin"})"}).status,
      200);
  const AdminAnswer second = link_of("mal2@example.com");
  const AdminAnswer key = ask_as(mal, {.method = "POST",
                                       .target = "/admin/v1/keys",
                                       .body = R"({"name":"robot","type":"management"})"});
  ASSERT_EQ(key.status, 201) << key.body;
  const AdminAnswer removed =
      ask_as(ada, {.method = "DELETE", .target = "/admin/v1/people/" + mal.person});
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(accept(second, "Mal").status, 404);
  EXPECT_EQ(removed.document().at("management_keys").at(0).as_string(),
            key.document().at("id").as_string());
}

TEST_F(PeopleApiTest, WhoLeavesAWorkspaceLeavesNoLinkToItBehind) {
  const Browser ada = make_operator();
  const Browser mal = invite(ada, "mal@example.com", "admin");
  const AdminAnswer link =
      ask_as(mal, {.method = "POST",
                   .target = "/admin/v1/invitations",
                   .body = json_of({{"email", "mal1@example.com"}, {"role", "admin"}})});
  ASSERT_EQ(link.status, 201) << link.body;
  const std::string member = "/admin/v1/members/" + mal.person;
  ASSERT_EQ(ask_as(ada, {.method = "DELETE", .target = member}).status, 200);
  EXPECT_EQ(accept(link, "Mal").status, 404);
}

TEST_F(PeopleApiTest, StrangersKeepNobodyOut) {
  const std::string token = people_.setup.make(random_);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(try_setup("setup_wrong").status, 401);
  const AdminAnswer made = try_setup(token);
  ASSERT_EQ(made.status, 201) << made.body;
  const Browser ada = browser_of(made);
  for (int i = 0; i < 20; ++i) (void)sign_in("ada@example.com", "a stranger's guess");
  EXPECT_EQ(sign_in("ada@example.com", kPassword).status, 429);  // from here, as the guesses
  clock_.advance(std::chrono::minutes(5));
  EXPECT_EQ(sign_in("ada@example.com", kPassword).status, 200);
}

TEST_F(PeopleApiTest, AdminsDoNotUndoOperatorsInvitations) {
  const Browser ada = make_operator();
  const Browser carl = invite(ada, "carl@example.com", "admin");
  const auto invited = [&](const Browser& by, std::string_view role) {
    return ask_as(by, {.method = "POST",
                       .target = "/admin/v1/invitations",
                       .body = json_of({{"email", "bea@example.com"}, {"role", role}})});
  };
  const AdminAnswer link = invited(ada, "operator");
  EXPECT_EQ(invited(carl, "viewer").code(), "insufficient_scope");
  const std::string path = "/admin/v1/invitations/" + text_at(link.document(), "id");
  EXPECT_EQ(ask_as(carl, {.method = "DELETE", .target = path}).code(), "insufficient_scope");
  EXPECT_EQ(accept(link, "Bea").status, 200);
  EXPECT_EQ(invited(ada, "viewer").status, 201);
  EXPECT_EQ(invited(carl, "member").status, 201);
  EXPECT_NE(ask({.target = "/admin/v1/audit"}).body.find("invitation.delete"), std::string::npos);
}

TEST_F(PeopleApiTest, LowerInvitationTakesNothingAway) {
  const Browser ada = make_operator();
  invite(ada, "carl@example.com", "admin");
  const AdminAnswer link =
      ask_as(ada, {.method = "POST",
                   .target = "/admin/v1/invitations",
                   .body = json_of({{"email", "carl@example.com"}, {"role", "viewer"}})});
  const AdminAnswer joined = accept(link, "");
  ASSERT_EQ(joined.status, 200) << joined.body;
  EXPECT_EQ(text_at(joined.document().at("memberships").at(0), "role"), "admin");
}

TEST_F(PeopleApiTest, ReplayedInvitationIsTheSameWithoutItsLink) {
  const Browser ada = make_operator();
  const auto ask_again = [&] {
    return ask_as(ada, {.method = "POST",
                        .target = "/admin/v1/invitations",
                        .body = json_of({{"email", "bob@example.com"}, {"role", "viewer"}}),
                        .fields = {{"idempotency-key", "once"}}});
  };
  const AdminAnswer first = ask_again();
  const AdminAnswer second = ask_again();
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(second.fields.at("idempotent-replayed"), "true");
  EXPECT_EQ(first.document().at("id"), second.document().at("id"));
  EXPECT_EQ(second.body.find("link"), std::string::npos);
  EXPECT_EQ(accept(first, "Bob").status, 200);
}

TEST_F(PeopleApiTest, OnePersonHasABoundedNumberOfSessions) {
  const Browser first = make_operator();
  for (int i = 0; i < kPersonSessionsMax; ++i) {
    clock_.advance(std::chrono::seconds(1));
    ASSERT_EQ(sign_in("ada@example.com", kPassword).status, 200);
  }
  EXPECT_EQ(ask_as(first, {.target = "/admin/v1/keys"}).code(), "expired_session");
}

TEST_F(PeopleApiTest, KeysAndTheSocketHaveNoSession) {
  const KeyWithSecret key = make_management(Role::kAdmin);
  EXPECT_EQ(ask_with(key, {.target = "/admin/v1/session"}).code(), "insufficient_scope");
  EXPECT_EQ(ask({.target = "/admin/v1/session"}).code(), "insufficient_scope");
  EXPECT_EQ(ask_stranger({.target = "/admin/v1/session"}).status, 401);
}

}  // namespace
}  // namespace tollgate
