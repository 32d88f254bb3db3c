#include "admin/sessions.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger_fixture.h"

namespace tollgate {
namespace {

class SessionsTest : public LedgerTest {
 protected:
  SessionsTest() { options_ = std::make_shared<const AdminOptions>(); }

  AdminContext context() {
    return {.ledger = *ledger_,
            .clock = clock_,
            .random = random_,
            .people = people_,
            .snapshot = [] { return std::shared_ptr<const Snapshot>(); },
            .options = [this] { return options_; }};
  }

  KeyWithSecret make_management(Role role, std::vector<std::string> allowed_ips = {}) {
    KeyPolicy policy = named("console");
    policy.type = KeyType::kManagement;
    policy.role = role;
    policy.allowed_ips = std::move(allowed_ips);
    return make(std::move(policy));
  }

  // A request from `address` with these fields.
  Session open(std::vector<net::Field> fields, std::string address = "127.0.0.1",
               std::string_view target = "/admin/v1/keys") {
    net::RequestHead head;
    head.method = "GET";
    head.target = target;
    head.fields = std::move(fields);
    return open_key_session(context(), *options_, head, {.address = std::move(address)});
  }
  Session open_with(const KeyWithSecret& made, std::string address = "127.0.0.1") {
    return open({{"x-api-key", made.secret->expose()}}, std::move(address));
  }
  static ErrorCode refusal_of(const Session& session) {
    return session.by ? ErrorCode::kInternal : session.by.error().code;
  }

  std::shared_ptr<const AdminOptions> options_;
  People people_{clock_};
};

TEST_F(SessionsTest, LocalSocketIsTheOperatorWithoutACredential) {
  net::RequestHead head;
  head.target = "/admin/v1/keys";
  const Session session =
      open_key_session(context(), *options_, head, {.address = "", .unix_socket = true});
  ASSERT_TRUE(session.by);
  EXPECT_EQ(session.by->actor, "cli");
  EXPECT_EQ(session.by->role, Role::kOperator);
  EXPECT_FALSE(session.by->workspace);
  EXPECT_EQ(session.by->from, "local socket");
}

TEST_F(SessionsTest, ManagementKeyHasItsRoleAndItsWorkspaceAlone) {
  const KeyWithSecret made = make_management(Role::kMember);
  for (const auto* name : {"x-api-key", "api-key", "x-goog-api-key"}) {
    const Session session = open({{name, made.secret->expose()}});
    ASSERT_TRUE(session.by) << name;
    EXPECT_EQ(session.by->actor, made.key.id.get());
    EXPECT_EQ(session.by->role, Role::kMember);
    EXPECT_EQ(session.by->workspace, store::default_workspace_id());
    EXPECT_EQ(session.by->from, "127.0.0.1");
    EXPECT_TRUE(session.identity);
  }
  const std::string bearer = "Bearer " + std::string(made.secret->expose());
  EXPECT_TRUE(open({{"Authorization", bearer}}).by);
}

TEST_F(SessionsTest, StandardKeyNeverUsesTheAdminApiButIsCounted) {
  const Session session = open_with(make("checkout"));
  EXPECT_EQ(refusal_of(session), ErrorCode::kInsufficientScope);
  EXPECT_TRUE(session.identity);
}

TEST_F(SessionsTest, MissingMalformedAndContradictingCredentialsAreRefused) {
  const KeyWithSecret made = make_management(Role::kAdmin);
  EXPECT_EQ(refusal_of(open({})), ErrorCode::kMissingApiKey);
  EXPECT_EQ(refusal_of(open({{"x-api-key", "nobody"}})), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal_of(open({{"x-api-key", made.secret->expose()}, {"api-key", "other"}})),
            ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal_of(open({{"x-api-key", made.secret->expose()}, {"X-Api-Key", "other"}})),
            ErrorCode::kInvalidApiKey);
}

TEST_F(SessionsTest, TokenInTheUrlIsRefusedEvenBesideAGoodHeader) {
  const KeyWithSecret made = make_management(Role::kAdmin);
  const std::string target = "/admin/v1/usage?key=" + std::string(made.secret->expose());
  EXPECT_EQ(refusal_of(open({{"x-api-key", made.secret->expose()}}, "127.0.0.1", target)),
            ErrorCode::kApiKeyInUrl);
}

TEST_F(SessionsTest, RemoteClientsNeedHttpsUnlessTheRuleIsOff) {
  const KeyWithSecret made = make_management(Role::kAdmin);
  EXPECT_EQ(refusal_of(open_with(made, "203.0.113.7")), ErrorCode::kHttpsRequired);
  AdminOptions off;
  off.https_rule = HttpsRule::kOff;
  options_ = std::make_shared<const AdminOptions>(off);
  EXPECT_TRUE(open_with(made, "203.0.113.7").by);
}

TEST_F(SessionsTest, AllowedIpsAreJudgedByTheClientBehindATrustedProxy) {
  const KeyWithSecret made = make_management(Role::kAdmin, {"203.0.113.0/24"});
  EXPECT_EQ(refusal_of(open_with(made)), ErrorCode::kIpNotAllowed);
  AdminOptions behind_proxy;
  behind_proxy.trusted_proxies = {Cidr::parse("10.0.0.1").value()};
  options_ = std::make_shared<const AdminOptions>(behind_proxy);
  const auto through = [&](std::string_view client) {
    return open({{"x-api-key", made.secret->expose()},
                 {"X-Forwarded-For", client},
                 {"X-Forwarded-Proto", "https"}},
                "10.0.0.1");
  };
  const Session inside = through("203.0.113.7");
  ASSERT_TRUE(inside.by);
  EXPECT_EQ(inside.by->from, "203.0.113.7");
  EXPECT_EQ(refusal_of(through("198.51.100.1")), ErrorCode::kIpNotAllowed);
}

TEST_F(SessionsTest, RevokedManagementKeyIsRefused) {
  const KeyWithSecret made = make_management(Role::kAdmin);
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(refusal_of(open_with(made)), ErrorCode::kExpiredApiKey);
}

}  // namespace
}  // namespace tollgate
