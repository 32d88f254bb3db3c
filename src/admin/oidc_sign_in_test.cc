// Signing in with an OpenID provider over the admin API: who is let in, who is not, and what an
// attacker may try with states, cookies, codes and addresses.
#include "admin/oidc_sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "admin/test_admin_fixture.h"
#include "oidc/test_issuer.h"
#include "store/people.h"

namespace tollgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kPassword = "three quiet words";

// A browser between start and callback.
struct Visit {
  std::string state;
  std::string nonce;
  std::string cookie;  // "name=token"
};

class OidcSignInTest : public AdminServerTest {
 protected:
  OidcSignInTest() { use_provider({}); }

  void use_provider(std::vector<std::string> domains) { use_provider(issuer_, std::move(domains)); }
  void use_provider(const oidc::TestIssuer& issuer, std::vector<std::string> domains) {
    OidcSettings settings{.issuer = issuer.origin(),
                          .client_id = "tollgate",
                          .client_secret = Secret("the-client-secret"),
                          .name = "Test",
                          .allowed_domains = std::move(domains)};
    AdminOptions options;
    options.identity_provider =
        std::make_shared<const oidc::IdentityProvider>(std::move(settings), oidc::Reach{});
    admin_options_ = std::make_shared<const AdminOptions>(std::move(options));
  }

  static std::string parameter(const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return "";
    const auto from = at + name.size() + 1;
    return url.substr(from, url.find('&', from) - from);
  }
  static std::string first_part(const std::string& text) { return text.substr(0, text.find(';')); }

  Visit visit_of(const std::string& location, const AdminAnswer& answer) {
    return {.state = parameter(location, "state"),
            .nonce = parameter(location, "nonce"),
            .cookie = first_part(answer.fields.at("set-cookie"))};
  }
  Visit start(const std::string& next = "/keys") {
    const AdminAnswer sent = ask_stranger({.target = "/admin/v1/oidc/start?next=" + next});
    EXPECT_EQ(sent.status, 303) << sent.body;
    EXPECT_THAT(sent.fields.at("location"), StartsWith(issuer_.origin() + "/auth?"));
    return visit_of(sent.fields.at("location"), sent);
  }
  json::object claims(const Visit& visit, const std::string& email,
                      const std::string& subject = "subject-1") const {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
    return {{"iss", issuer_.origin()}, {"aud", "tollgate"},      {"sub", subject},
            {"nonce", visit.nonce},    {"exp", now + 300},       {"iat", now},
            {"email", email},          {"email_verified", true}, {"name", "Bob"}};
  }
  AdminAnswer call_back(const std::string& state, const std::string& cookie,
                        const std::string& more = "&code=the-secret-code") {
    return ask_stranger({.target = "/admin/v1/oidc/callback?state=" + state + more,
                         .fields = {{"cookie", cookie}, {"sec-fetch-site", "cross-site"}}});
  }
  // The whole way, with what the provider says.
  AdminAnswer come_back(const Visit& visit, const json::object& said) {
    issuer_.issues(issuer_.signer().sign(said));
    return call_back(visit.state, visit.cookie);
  }
  AdminAnswer sign_in_as(const std::string& email, const std::string& subject = "subject-1") {
    const Visit visit = start();
    return come_back(visit, claims(visit, email, subject));
  }
  static void expect_refused(const AdminAnswer& answer, const std::string& word,
                             const std::string& page = "/sign-in") {
    EXPECT_EQ(answer.status, 303) << answer.body;
    EXPECT_EQ(answer.fields.at("location"), page + "?refused=" + word);
    // A link of somebody else's ends no sign-in that this browser began.
    if (word == "expired" && page == "/sign-in") {
      EXPECT_FALSE(answer.fields.contains("set-cookie"));
      return;
    }
    EXPECT_THAT(answer.fields.at("set-cookie"), StartsWith("tollgate_sign_in=; "));
  }

  void invite(const std::string& email, const std::string& role = "member") {
    const AdminAnswer made =
        ask({.method = "POST",
             .target = "/admin/v1/invitations",
             .body = json::serialize(json::object{{"email", email}, {"role", role}})});
    ASSERT_EQ(made.status, 201) << made.body;
    link_ = std::string(std::string_view(made.document().at("link").as_string()));
  }
  // With a password; gives the answer with the session's cookie.
  AdminAnswer join_by_link(const std::string& name) {
    const AdminAnswer joined =
        ask_stranger({.method = "POST",
                      .target = "/admin/v1/invitations/accept",
                      .body = json::serialize(json::object{
                          {"token", link_.substr(8)}, {"name", name}, {"password", kPassword}})});
    EXPECT_EQ(joined.status, 200) << joined.body;
    return joined;
  }
  AdminAnswer ask_as(const AdminAnswer& signed_in, AdminQuestion question) {
    question.fields["cookie"] = first_part(signed_in.fields.at("set-cookie"));
    if (signed_in.body.starts_with("{")) {
      question.fields["x-csrf-token"] =
          std::string(std::string_view(signed_in.document().at("csrf_token").as_string()));
    }
    return ask_stranger(question);
  }
  AdminAnswer begin_link(const AdminAnswer& signed_in, std::string_view password = kPassword) {
    return ask_as(signed_in, {.method = "POST",
                              .target = "/admin/v1/session/oidc",
                              .body = json::serialize(json::object{{"password", password}})});
  }
  Visit start_link(const AdminAnswer& signed_in, std::string_view password = kPassword) {
    const AdminAnswer begun = begin_link(signed_in, password);
    EXPECT_EQ(begun.status, 200) << begun.body;
    return visit_of(std::string(std::string_view(begun.document().at("location").as_string())),
                    begun);
  }
  AdminAnswer sign_in_by_password(const std::string& email, std::string_view password) {
    const AdminAnswer in = ask_stranger(
        {.method = "POST",
         .target = "/admin/v1/session",
         .body = json::serialize(json::object{{"email", email}, {"password", password}})});
    EXPECT_EQ(in.status, 200) << in.body;
    return in;
  }
  // By a link that the local operator makes.
  void reset_password_of(const AdminAnswer& signed_in) {
    const json::value session = signed_in.document();
    const std::string id(std::string_view(session.at("person").at("id").as_string()));
    const AdminAnswer made =
        ask({.method = "POST", .target = "/admin/v1/people/" + id + "/password-reset"});
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string link(std::string_view(made.document().at("link").as_string()));
    const AdminAnswer used = ask_stranger(
        {.method = "POST",
         .target = "/admin/v1/password-reset",
         .body = json::serialize(json::object{{"token", link.substr(link.find('#') + 1)},
                                              {"password", "a password after the reset"}})});
    ASSERT_EQ(used.status, 200) << used.body;
  }
  std::string people() { return ask({.target = "/admin/v1/people"}).body; }
  std::string audit() { return ask({.target = "/admin/v1/audit?limit=1000"}).body; }

  oidc::TestIssuer issuer_;
  std::string link_;
};

TEST_F(OidcSignInTest, SignInPageIsToldOfTheProvider) {
  const json::value page = ask_stranger({.target = "/admin/v1/sign-in"}).document();
  EXPECT_EQ(page.at("oidc").at("name"), json::value("Test"));
  EXPECT_EQ(page.at("oidc").at("start"), json::value("/admin/v1/oidc/start"));
  EXPECT_EQ(page.at("oidc").at("issuer"), json::value(issuer_.origin()));
  admin_options_ = std::make_shared<const AdminOptions>();
  EXPECT_TRUE(ask_stranger({.target = "/admin/v1/sign-in"}).document().at("oidc").is_null());
  EXPECT_EQ(ask_stranger({.target = "/admin/v1/oidc/start"}).status, 404);
  EXPECT_EQ(ask_stranger({.target = "/admin/v1/oidc/callback"}).status, 404);
}

TEST_F(OidcSignInTest, InvitedAddressBecomesAPersonAndGoesWhereItWanted) {
  invite("bob@example.com", "member");
  const Visit visit = start("/keys?status=active");
  const AdminAnswer back = come_back(visit, claims(visit, "Bob@Example.com"));
  EXPECT_EQ(back.status, 303);
  EXPECT_EQ(back.fields.at("location"), "/keys?status=active");
  // Two cookies come; the fixture keeps the last, which ends the visit.
  EXPECT_THAT(back.fields.at("set-cookie"), StartsWith("tollgate_sign_in=; "));
  EXPECT_THAT(people(), HasSubstr(R"("email":"bob@example.com","name":"Bob")"));
  EXPECT_THAT(people(), HasSubstr(R"("role":"member")"));
  EXPECT_THAT(ask({.target = "/admin/v1/invitations"}).body, HasSubstr(R"("data":[])"));
  for (const auto* action : {"person.link", "invitation.accept", "session.create"}) {
    EXPECT_THAT(audit(), HasSubstr(action));
  }
}

TEST_F(OidcSignInTest, NothingThatSignsInIsWrittenDown) {
  invite("bob@example.com");
  const Visit visit = start();
  const json::object said = claims(visit, "bob@example.com");
  ASSERT_EQ(come_back(visit, said).fields.at("location"), "/keys");
  const std::string rows = audit();
  for (const std::string& hidden :
       {std::string("the-secret-code"), visit.state, visit.nonce,
        std::string("opaque-access-token"), std::string("the-client-secret")}) {
    EXPECT_THAT(rows, Not(HasSubstr(hidden)));
  }
}

TEST_F(OidcSignInTest, StrangerIsRefusedAndNobodyIsMade) {
  expect_refused(sign_in_as("eve@example.com"), "stranger");
  EXPECT_THAT(people(), Not(HasSubstr("eve@")));
}

TEST_F(OidcSignInTest, ExpiredInvitationLetsNobodyIn) {
  invite("bob@example.com");
  clock_.advance(kInvitationLife);
  expect_refused(sign_in_as("bob@example.com"), "stranger");
}

TEST_F(OidcSignInTest, InvitationOfAKeyThatIsRevokedLetsNobodyIn) {
  const KeyWithSecret console = make_management(Role::kAdmin);
  const AdminAnswer made = ask_with(console, {.method = "POST",
                                              .target = "/admin/v1/invitations",
                                              .body = R"({"email":"bob@example.com"})"});
  ASSERT_EQ(made.status, 201) << made.body;
  ASSERT_TRUE(revoke(console.key.id));
  expect_refused(sign_in_as("bob@example.com"), "stranger");
}

TEST_F(OidcSignInTest, AccountWithThatAddressIsNotTakenOver) {
  invite("ada@example.com", "admin");
  join_by_link("Ada");
  expect_refused(sign_in_as("ada@example.com"), "unlinked");
  // Not even with an invitation that somebody else made for the address.
  invite("ada@example.com", "viewer");
  expect_refused(sign_in_as("ada@example.com"), "unlinked");
}

TEST_F(OidcSignInTest, AddressThatChangedHandsAtTheProviderOpensNothing) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com", "subject-1").fields.at("location"), "/keys");
  expect_refused(sign_in_as("bob@example.com", "subject-2"), "unlinked");
}

TEST_F(OidcSignInTest, SamePersonIsFoundWhateverTheirAddressIsNow) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com").fields.at("location"), "/keys");
  EXPECT_EQ(sign_in_as("robert@example.com").fields.at("location"), "/keys");
  EXPECT_THAT(people(), Not(HasSubstr("robert@")));
  // An invitation is its address's, and that of the account is another one.
  invite("robert@example.com", "admin");
  EXPECT_EQ(sign_in_as("robert@example.com").fields.at("location"), "/keys");
  EXPECT_THAT(people(), Not(HasSubstr(R"("role":"admin")")));
}

TEST_F(OidcSignInTest, LaterInvitationIsTakenAtTheNextSignIn) {
  invite("bob@example.com", "viewer");
  ASSERT_EQ(sign_in_as("bob@example.com").fields.at("location"), "/keys");
  invite("bob@example.com", "admin");
  ASSERT_EQ(sign_in_as("bob@example.com").fields.at("location"), "/keys");
  EXPECT_THAT(people(), HasSubstr(R"("role":"admin")"));
}

TEST_F(OidcSignInTest, RemovedPersonIsAStranger) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com").fields.at("location"), "/keys");
  const json::value list = parse_json(people()).value();
  const std::string id(std::string_view(list.at("data").at(0).at("id").as_string()));
  ASSERT_EQ(ask({.method = "DELETE", .target = "/admin/v1/people/" + id}).status, 200);
  expect_refused(sign_in_as("bob@example.com"), "stranger");
}

TEST_F(OidcSignInTest, LinkTakesThePasswordAndThenTheProviderAlone) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  EXPECT_EQ(begin_link(ada, "not this one").status, 401);
  const Visit visit = start_link(ada);
  const AdminAnswer linked = come_back(visit, claims(visit, "ada@work.example", "hers"));
  EXPECT_EQ(linked.fields.at("location"), "/settings");
  EXPECT_THAT(ask_as(ada, {.target = "/admin/v1/session/oidc"}).body,
              Not(HasSubstr(R"("linked_at":null)")));
  EXPECT_EQ(sign_in_as("ada@work.example", "hers").fields.at("location"), "/keys");
  EXPECT_EQ(ask_as(ada, {.method = "DELETE", .target = "/admin/v1/session/oidc"}).status, 200);
  expect_refused(sign_in_as("ada@work.example", "hers"), "stranger");
  EXPECT_THAT(audit(), HasSubstr("person.unlink"));
}

TEST_F(OidcSignInTest, BegunLinkEndsWithItsSession) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  const Visit signed_out = start_link(ada);
  ASSERT_EQ(ask_as(ada, {.method = "DELETE", .target = "/admin/v1/session"}).status, 200);
  expect_refused(come_back(signed_out, claims(signed_out, "eve@example.com", "hers")), "expired",
                 "/settings");
  const AdminAnswer again = sign_in_by_password("ada@example.com", kPassword);
  const Visit ended = start_link(again);
  // Another one of the person's that goes on is not the one that began it.
  sign_in_by_password("ada@example.com", kPassword);
  ASSERT_EQ(ask_as(again, {.method = "DELETE", .target = "/admin/v1/session"}).status, 200);
  expect_refused(come_back(ended, claims(ended, "eve@example.com", "hers")), "expired",
                 "/settings");
  EXPECT_THAT(audit(), Not(HasSubstr("person.link")));
}

TEST_F(OidcSignInTest, BegunLinkEndsWithThePasswordThatBeganIt) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  const Visit before_change = start_link(ada);
  constexpr std::string_view kNext = "five words nobody has guessed";
  ASSERT_EQ(ask_as(ada, {.method = "POST",
                         .target = "/admin/v1/session/password",
                         .body = json::serialize(json::object{{"current_password", kPassword},
                                                              {"new_password", kNext}})})
                .status,
            200);
  expect_refused(come_back(before_change, claims(before_change, "eve@example.com", "hers")),
                 "expired", "/settings");
  // As by whoever has her password and is at the provider when she resets it.
  const Visit before_reset = start_link(ada, kNext);
  reset_password_of(ada);
  expect_refused(come_back(before_reset, claims(before_reset, "eve@example.com", "hers")),
                 "expired", "/settings");
  EXPECT_THAT(audit(), Not(HasSubstr("person.link")));
  expect_refused(sign_in_as("eve@example.com", "hers"), "stranger");
}

TEST_F(OidcSignInTest, TakingTheLinkAwayEndsTheOtherSessions) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  const Visit visit = start_link(ada);
  ASSERT_EQ(come_back(visit, claims(visit, "ada@work.example", "hers")).fields.at("location"),
            "/settings");
  const AdminAnswer elsewhere = sign_in_by_password("ada@example.com", kPassword);
  ASSERT_EQ(ask_as(ada, {.method = "DELETE", .target = "/admin/v1/session/oidc"}).status, 200);
  EXPECT_EQ(ask_as(elsewhere, {.target = "/admin/v1/session"}).status, 401);
  EXPECT_EQ(ask_as(ada, {.target = "/admin/v1/session"}).status, 200);
}

TEST_F(OidcSignInTest, ResetPasswordTakesTheLinkAwayAndSaysSo) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  const Visit visit = start_link(ada);
  ASSERT_EQ(come_back(visit, claims(visit, "ada@work.example", "hers")).fields.at("location"),
            "/settings");
  reset_password_of(ada);
  expect_refused(sign_in_as("ada@work.example", "hers"), "stranger");
  const std::string rows = ask({.target = "/admin/v1/audit?action=person.unlink"}).body;
  EXPECT_THAT(rows, HasSubstr("person.unlink"));
  EXPECT_THAT(rows, HasSubstr("hers"));
}

TEST_F(OidcSignInTest, IdentityIsOnePersonsAlone) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com", "his").fields.at("location"), "/keys");
  invite("ada@example.com");
  const Visit visit = start_link(join_by_link("Ada"));
  expect_refused(come_back(visit, claims(visit, "bob@example.com", "his")), "taken", "/settings");
}

TEST_F(OidcSignInTest, SubjectOfAnotherProviderIsAnotherPerson) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com", "1").fields.at("location"), "/keys");
  oidc::TestIssuer other;
  use_provider(other, {});
  const AdminAnswer sent = ask_stranger({.target = "/admin/v1/oidc/start"});
  const Visit visit = visit_of(sent.fields.at("location"), sent);
  json::object said = claims(visit, "eve@example.com", "1");
  said["iss"] = other.origin();
  other.issues(other.signer().sign(said));
  expect_refused(call_back(visit.state, visit.cookie), "stranger");
}

TEST_F(OidcSignInTest, SignInEndsWithTheProviderThatItWasBegunAt) {
  invite("bob@example.com");
  const Visit visit = start();
  oidc::TestIssuer other;
  use_provider(other, {});
  json::object said = claims(visit, "bob@example.com");
  said["iss"] = other.origin();
  other.issues(other.signer().sign(said));
  expect_refused(call_back(visit.state, visit.cookie), "failed");
  EXPECT_EQ(other.asked("/token"), 0);
}

TEST_F(OidcSignInTest, OnlyWayInIsNotTakenAway) {
  invite("ada@example.com", "admin");
  const AdminAnswer ada = join_by_link("Ada");
  const Visit visit = start_link(ada);
  ASSERT_EQ(come_back(visit, claims(visit, "ada@work.example", "hers")).fields.at("location"),
            "/settings");
  const json::value session = ada.document();
  const std::string id(std::string_view(session.at("person").at("id").as_string()));
  std::function<Result<bool>(sql::Connection&)> forget_password =
      [&id](sql::Connection& connection) -> Result<bool> {
    const Status done = store::set_password(connection, PersonId(id), "");
    if (!done) return std::unexpected(done.error());
    return true;
  };
  ASSERT_TRUE(await(ledger_->write(std::move(forget_password))));
  EXPECT_EQ(ask_as(ada, {.method = "DELETE", .target = "/admin/v1/session/oidc"}).status, 409);
  EXPECT_EQ(sign_in_as("ada@work.example", "hers").fields.at("location"), "/keys");
}

TEST_F(OidcSignInTest, StateIsGoodOnce) {
  invite("bob@example.com");
  const Visit visit = start();
  ASSERT_EQ(come_back(visit, claims(visit, "bob@example.com")).fields.at("location"), "/keys");
  expect_refused(call_back(visit.state, visit.cookie), "expired");
  EXPECT_EQ(issuer_.asked("/token"), 1);
}

TEST_F(OidcSignInTest, StateOfAnotherBrowserSignsNobodyIn) {
  invite("bob@example.com");
  const Visit ours = start();
  const Visit theirs = start();
  issuer_.issues(issuer_.signer().sign(claims(theirs, "bob@example.com")));
  expect_refused(call_back(theirs.state, ours.cookie), "expired");
  expect_refused(call_back(theirs.state, "a=b"), "expired");
  expect_refused(call_back("", ours.cookie), "expired");
  EXPECT_EQ(issuer_.asked("/token"), 0);
  EXPECT_EQ(call_back(theirs.state, theirs.cookie).fields.at("location"), "/keys");
}

TEST_F(OidcSignInTest, StateIsGoodForTenMinutes) {
  invite("bob@example.com");
  const Visit visit = start();
  clock_.advance(oidc::kSignInTime);
  expect_refused(come_back(visit, claims(visit, "bob@example.com")), "expired");
}

TEST_F(OidcSignInTest, CodeOfAnotherSignInIsRefused) {
  invite("bob@example.com");
  const Visit victim = start();
  const Visit attacker = start();
  // The provider's answer to the attacker's code carries the attacker's nonce.
  expect_refused(come_back(victim, claims(attacker, "bob@example.com")), "unverified");
}

TEST_F(OidcSignInTest, TokenThatIsNotTheProvidersIsRefused) {
  invite("bob@example.com");
  const Visit visit = start();
  issuer_.issues(oidc::TestSigner::rsa("first").sign(claims(visit, "bob@example.com")));
  expect_refused(call_back(visit.state, visit.cookie), "unverified");
  const Visit again = start();
  issuer_.issues(oidc::TestSigner::symmetric("first", oidc::key_document({&issuer_.signer()}))
                     .sign(claims(again, "bob@example.com")));
  expect_refused(call_back(again.state, again.cookie), "unverified");
  EXPECT_THAT(people(), Not(HasSubstr("bob@")));
}

TEST_F(OidcSignInTest, UnverifiedAddressIsRefused) {
  invite("bob@example.com");
  const Visit visit = start();
  json::object said = claims(visit, "bob@example.com");
  said["email_verified"] = false;
  issuer_.says("/me", {.body = R"({"sub":"subject-1"})"});
  expect_refused(come_back(visit, said), "email");
}

TEST_F(OidcSignInTest, PersonWhoIsKnownNeedsNoVerifiedAddress) {
  invite("bob@example.com");
  ASSERT_EQ(sign_in_as("bob@example.com").fields.at("location"), "/keys");
  // An invitation is still the verified address's alone.
  invite("bob@example.com", "admin");
  const Visit visit = start();
  json::object said = claims(visit, "bob@example.com");
  said["email_verified"] = false;
  issuer_.says("/me", {.status = 503, .body = "{}"});
  EXPECT_EQ(come_back(visit, said).fields.at("location"), "/keys");
  EXPECT_THAT(people(), Not(HasSubstr(R"("role":"admin")")));
  // But where addresses of some domains alone are let in, they need one.
  use_provider({"example.com"});
  const Visit again = start();
  said["nonce"] = again.nonce;
  expect_refused(come_back(again, said), "email");
}

TEST_F(OidcSignInTest, RefusalsOfOneKindAreLoggedOnceInThirtySeconds) {
  issuer_.says("/.well-known/openid-configuration", {.status = 503, .body = "{}"});
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) ask_stranger({.target = "/admin/v1/oidc/start"});
  clock_.advance(LogPace::kInterval);
  for (int i = 0; i < 5; ++i) ask_stranger({.target = "/admin/v1/oidc/start"});
  const std::string lines = testing::internal::GetCapturedStderr();
  std::size_t said = 0;
  for (auto at = lines.find("refused ["); at != std::string::npos;
       at = lines.find("refused [", at + 1)) {
    ++said;
  }
  EXPECT_EQ(said, 2u) << lines;
}

TEST_F(OidcSignInTest, OtherDomainsAreRefusedEvenIfInvited) {
  use_provider({"example.org"});
  invite("bob@example.com");
  expect_refused(sign_in_as("bob@example.com"), "domain");
  invite("bob@example.org");
  EXPECT_EQ(sign_in_as("bob@example.org").fields.at("location"), "/keys");
}

TEST_F(OidcSignInTest, ProviderThatSaysNoIsHeard) {
  const Visit denied = start();
  expect_refused(call_back(denied.state, denied.cookie, "&error=access_denied"), "denied");
  const Visit failed = start();
  expect_refused(call_back(failed.state, failed.cookie, "&error=%3Cscript%3E"), "failed");
  const Visit codeless = start();
  expect_refused(call_back(codeless.state, codeless.cookie, ""), "failed");
  const Visit mixed = start();
  expect_refused(call_back(mixed.state, mixed.cookie, "&code=c&iss=https%3A%2F%2Fevil.example"),
                 "failed");
  const Visit refused = start();
  issuer_.says("/token", {.status = 400, .body = R"({"error":"invalid_grant"})"});
  expect_refused(call_back(refused.state, refused.cookie), "unverified");
}

TEST_F(OidcSignInTest, ProviderThatIsAwayIsSaidSo) {
  issuer_.says("/.well-known/openid-configuration", {.status = 503, .body = "{}"});
  const AdminAnswer sent = ask_stranger({.target = "/admin/v1/oidc/start"});
  expect_refused(sent, "unreachable");
}

TEST_F(OidcSignInTest, OtherSitesBeginNoSignIn) {
  const AdminAnswer sent = ask_stranger(
      {.target = "/admin/v1/oidc/start", .fields = {{"sec-fetch-site", "cross-site"}}});
  EXPECT_EQ(sent.fields.at("location"), "/sign-in");
  EXPECT_FALSE(sent.fields.contains("set-cookie"));
}

TEST_F(OidcSignInTest, CookieComesBackFromTheProviderAndIsOutOfReachOfScripts) {
  const AdminAnswer sent = ask_stranger({.target = "/admin/v1/oidc/start"});
  EXPECT_THAT(sent.fields.at("set-cookie"),
              HasSubstr("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"));
  EXPECT_THAT(sent.fields.at("location"),
              HasSubstr("redirect_uri=http%3A%2F%2Flocalhost%2Fadmin%2Fv1%2Foidc%2Fcallback"));
  EXPECT_EQ(sent.fields.at("cache-control"), "no-store");
}

TEST(OwnPath, OnlyPathsOfOursAreGoneOnTo) {
  for (const auto* path : {"/", "/keys", "/keys/key_1?range=7d#x", "/usage?a=//b", "/a-b_c~d.e"}) {
    EXPECT_EQ(own_path(path), path);
  }
  for (const auto* path :
       {"", "keys", "//evil.example", "/\\evil.example", "https://evil.example", "/a//evil.example",
        "/./evil", "/../evil", "/.//evil.example", "/\t/evil", "/a b", "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)", "/\xc3\xa9"}) {
    EXPECT_EQ(own_path(path), "/") << path;
  }
  EXPECT_EQ(own_path("/" + std::string(2'000, 'a')), "/");
}

}  // namespace
}  // namespace tollgate
