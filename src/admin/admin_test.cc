#include "admin/admin.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

using AdminTest = AdminServerTest;

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

TEST_F(AdminTest, StrangerHearsNothingButThatAKeyIsMissing) {
  for (const auto* target : {"/admin/v1/keys", "/admin/v1/nothing", "/admin/v1/keys/key_1"}) {
    const AdminAnswer answer = ask_stranger({.target = target});
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.code(), "missing_api_key");
  }
}

// Its status and limits above all, which say more than the policy does.
TEST_F(AdminTest, AnEditAnswersTheKeyAsALookAtItDoes) {
  KeyPolicy spent = named("spent");
  spent.limits = {{.metric = Metric::kRequests, .window = {.kind = WindowKind::kDay}, .amount = 1}};
  KeyPolicy expired = named("expired by the test clock");
  expired.environment = Environment::kSandbox;
  expired.expires_at = clock_.wall() + std::chrono::hours(1);
  const KeyWithSecret keys[] = {make(spent), make(expired)};
  ASSERT_TRUE(buy(keys[0]));
  ASSERT_TRUE(await(
      ledger_->advance_test_clock(owner(), store::default_workspace_id(), std::chrono::hours(2))));
  std::vector<std::string> statuses;
  for (const KeyWithSecret& key : keys) {
    const std::string target = "/admin/v1/keys/" + key.key.id.get();
    const AdminAnswer edited =
        ask({.method = "PATCH", .target = target, .body = R"({"description":"edited"})"});
    EXPECT_EQ(edited.status, 200) << edited.body;
    EXPECT_EQ(edited.body, ask({.target = target}).body);
    statuses.push_back(text_at(edited.document(), "status"));
  }
  EXPECT_EQ(statuses, (std::vector<std::string>{"limited", "expired"}));
}

TEST_F(AdminTest, EveryAnswerCarriesTheCallersRequestIdOnce) {
  const AdminAnswer good = ask({.target = "/admin/v1/keys", .fields = {{"X-Request-Id", "job-7"}}});
  EXPECT_EQ(good.fields.at("x-request-id"), "job-7");
  EXPECT_EQ(good.fields.at("cache-control"), "no-store");
  const AdminAnswer bad =
      ask_stranger({.target = "/admin/v1/keys", .fields = {{"X-Request-Id", "job-7"}}});
  EXPECT_EQ(bad.fields.at("x-request-id"), "job-7");
  EXPECT_EQ(text_at(bad.document().at("error"), "request_id"), "job-7");
}

TEST_F(AdminTest, UnknownPathIs404AndUnknownMethodIs405WithAllow) {
  EXPECT_EQ(ask({.target = "/admin/v1/nothing"}).status, 404);
  const AdminAnswer answer = ask({.method = "PUT", .target = "/admin/v1/keys", .body = "{}"});
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.fields.at("allow"), "GET, POST");
}

TEST_F(AdminTest, CreatedKeyCarriesASecretThatWorksAndIsNeverShownAgain) {
  const AdminAnswer made = create_over_api(R"({"name":"checkout"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const json::value key = made.document();
  EXPECT_EQ(made.fields.at("location"), "/admin/v1/keys/" + text_at(key, "id"));
  EXPECT_EQ(text_at(key, "workspace_id"), "ws_default");
  EXPECT_EQ(text_at(key, "created_by"), "cli");
  const std::string secret = text_at(key, "secret");
  EXPECT_TRUE(ledger_->authenticate(secret));
  const AdminAnswer shown = ask({.target = "/admin/v1/keys/" + text_at(key, "id")});
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.body.find(secret), std::string::npos);
}

TEST_F(AdminTest, AKeyIsShownWithItsLimitsAndLosesThemByAnEmptyList) {
  KeyPolicy policy = named("capped");
  policy.limits = {{.metric = Metric::kCost,
                    .window = {.kind = WindowKind::kLifetime},
                    .amount = 25'000'000'000}};
  const KeyWithSecret made = make(std::move(policy));
  const std::string target = "/admin/v1/keys/" + made.key.id.get();
  const json::value limit = ask({.target = target}).document().at("limits").at(0);
  EXPECT_EQ(text_at(limit, "id"), made.key.id.get() + "/cost/lifetime");
  EXPECT_EQ(text_at(limit, "amount"), "25");
  EXPECT_EQ(text_at(limit, "remaining"), "25");
  const AdminAnswer changed =
      ask({.method = "PATCH", .target = target, .body = R"({"limits":[]})"});
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_TRUE(changed.document().at("limits").as_array().empty());
  EXPECT_TRUE(ask({.target = target}).document().at("limits").as_array().empty());
}

TEST_F(AdminTest, TakenNameIsAConflictUntilItsKeyIsRevoked) {
  const std::string id = text_at(create_over_api(R"({"name":"checkout"})").document(), "id");
  const AdminAnswer again = create_over_api(R"({"name":"checkout"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(text_at(again.document().at("error"), "param"), "name");
  const AdminAnswer revoked = ask({.method = "DELETE", .target = "/admin/v1/keys/" + id});
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(text_at(revoked.document(), "status"), "revoked");
  EXPECT_EQ(create_over_api(R"({"name":"checkout"})").status, 201);
}

TEST_F(AdminTest, BadBodiesAreToldApart) {
  EXPECT_EQ(create_over_api("{").status, 400);
  EXPECT_EQ(create_over_api(R"({"name":1})").status, 422);
  const AdminAnswer limits = create_over_api(
      R"({"name":"n","limits":[{"metric":"requests","window":"60s","amount":-1}]})");
  EXPECT_EQ(limits.status, 422);
  EXPECT_EQ(text_at(limits.document().at("error"), "param"), "limits[0].amount");
  AdminQuestion form{.method = "POST", .target = "/admin/v1/keys", .body = "name=n"};
  form.fields["content-type"] = "application/x-www-form-urlencoded";
  EXPECT_EQ(ask(form).status, 415);
  EXPECT_EQ(create_over_api(std::string(kAdminBodyBytesMax + 1, ' ')).status, 413);
  EXPECT_EQ(create_over_api("").status, 400);
}

TEST_F(AdminTest, IdempotentCreateIsReplayedWithoutTheSecret) {
  AdminQuestion question{
      .method = "POST", .target = "/admin/v1/keys", .body = R"({"name":"checkout"})"};
  question.fields["Idempotency-Key"] = "attempt-1";
  const AdminAnswer first = ask(question);
  const AdminAnswer second = ask(question);
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_FALSE(first.fields.contains("idempotent-replayed"));
  EXPECT_EQ(second.fields.at("idempotent-replayed"), "true");
  EXPECT_EQ(text_at(second.document(), "id"), text_at(first.document(), "id"));
  EXPECT_FALSE(second.document().as_object().contains("secret"));
  question.body = R"({"name":"other"})";
  EXPECT_EQ(ask(question).code(), "idempotency_key_reused");
}

TEST_F(AdminTest, ToggleHoldsFromTheNextRequestOn) {
  const KeyWithSecret made = make("checkout");
  const std::string target = "/admin/v1/keys/" + made.key.id.get();
  const AdminAnswer off =
      ask({.method = "PATCH", .target = target, .body = R"({"enabled":false})"});
  EXPECT_EQ(off.status, 200);
  EXPECT_EQ(text_at(off.document(), "status"), "disabled");
  EXPECT_EQ(refusal(made), ErrorCode::kDisabledApiKey);
  ask({.method = "PATCH", .target = target, .body = R"({"enabled":true})"});
  EXPECT_EQ(refusal(made), std::nullopt);
}

TEST_F(AdminTest, RotationWithGraceKeepsBothSecretsAndWithoutItOnlyTheNewOne) {
  const KeyWithSecret made = make("checkout");
  const std::string target = "/admin/v1/keys/" + made.key.id.get() + "/rotate";
  const AdminAnswer graceful =
      ask({.method = "POST", .target = target, .body = R"({"grace_seconds":3600})"});
  ASSERT_EQ(graceful.status, 200) << graceful.body;
  EXPECT_EQ(graceful.document().at("secrets").as_array().size(), 2u);
  EXPECT_EQ(refusal(made), std::nullopt);
  const std::string second = text_at(graceful.document(), "secret");
  EXPECT_EQ(ask({.method = "POST", .target = target}).status, 200);
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  EXPECT_FALSE(ledger_->authenticate(second));
}

TEST_F(AdminTest, APlaygroundSecretIsShownOnceAndListedWithItsPurpose) {
  const KeyWithSecret made = make("tried");
  AdminQuestion question{.method = "POST",
                         .target = "/admin/v1/keys/" + made.key.id.get() + "/secrets",
                         .body = R"({"purpose":"playground"})"};
  question.fields["Idempotency-Key"] = "page-1";
  const AdminAnswer answer = ask(question);
  ASSERT_EQ(answer.status, 201) << answer.body;
  const json::value minted = answer.document();
  const std::string secret = text_at(minted, "secret");
  EXPECT_TRUE(ledger_->authenticate(secret));
  EXPECT_EQ(text_at(minted, "key_id"), made.key.id.get());
  EXPECT_EQ(text_at(minted, "purpose"), "playground");
  EXPECT_EQ(text_at(minted, "retires_at"), format_time(clock_.wall() + std::chrono::minutes(15)));

  const AdminAnswer again = ask(question);
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_FALSE(again.document().as_object().contains("secret"));
  EXPECT_EQ(text_at(again.document(), "id"), text_at(minted, "id"));

  const AdminAnswer shown = ask({.target = "/admin/v1/keys/" + made.key.id.get()});
  EXPECT_EQ(shown.body.find(secret), std::string::npos);
  const json::value key = shown.document();
  EXPECT_EQ(text_at(key, "last4"), made.key.secrets[0].last4);
  EXPECT_EQ(text_at(key.at("secrets").at(0), "purpose"), "playground");
  EXPECT_EQ(text_at(key.at("secrets").at(1), "purpose"), "client");
}

TEST_F(AdminTest, RevokedKeyCannotBeChanged) {
  const KeyWithSecret made = make("checkout");
  ASSERT_TRUE(revoke(made.key.id));
  const std::string target = "/admin/v1/keys/" + made.key.id.get();
  EXPECT_EQ(ask({.target = target}).status, 200);
  EXPECT_EQ(ask({.method = "PATCH", .target = target, .body = "{}"}).status, 409);
  EXPECT_EQ(ask({.method = "POST", .target = target + "/rotate"}).status, 409);
  EXPECT_EQ(ask({.method = "DELETE", .target = target}).status, 409);
}

TEST_F(AdminTest, RolesMayDoWhatTheContractSays) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  const KeyWithSecret member = make_management(Role::kMember);
  const KeyWithSecret admin = make_management(Role::kAdmin);
  const AdminQuestion create{
      .method = "POST", .target = "/admin/v1/keys", .body = R"({"name":"by member"})"};
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/keys"}).status, 200);
  EXPECT_EQ(ask_with(viewer, create).code(), "insufficient_scope");
  const AdminAnswer own = ask_with(member, create);
  ASSERT_EQ(own.status, 201) << own.body;
  EXPECT_EQ(text_at(own.document(), "created_by"), member.key.id.get());

  const std::string own_target = "/admin/v1/keys/" + text_at(own.document(), "id");
  const std::string other_target = "/admin/v1/keys/" + make("by cli").key.id.get();
  AdminQuestion off{.method = "PATCH", .target = own_target, .body = R"({"enabled":false})"};
  EXPECT_EQ(ask_with(viewer, off).status, 403);
  EXPECT_EQ(ask_with(member, off).status, 200);
  off.target = other_target;
  EXPECT_EQ(ask_with(member, off).status, 403);
  EXPECT_EQ(ask_with(admin, off).status, 200);
  EXPECT_EQ(ask_with(member, {.target = "/admin/v1/audit"}).status, 403);
  EXPECT_EQ(ask_with(admin, {.target = "/admin/v1/audit"}).status, 200);
}

TEST_F(AdminTest, ManagementKeysAreAnAdminsToMakeAndNeverOperators) {
  const KeyWithSecret member = make_management(Role::kMember);
  const KeyWithSecret admin = make_management(Role::kAdmin);
  AdminQuestion create{.method = "POST",
                       .target = "/admin/v1/keys",
                       .body = R"({"name":"new","type":"management","role":"viewer"})"};
  EXPECT_EQ(ask_with(member, create).status, 403);
  EXPECT_EQ(ask_with(admin, create).status, 201);
  create.body = R"({"name":"boss","type":"management","role":"operator"})";
  EXPECT_EQ(ask(create).status, 422);
}

TEST_F(AdminTest, WorkspaceOfSomeoneElseIsNotThere) {
  const KeyWithSecret admin = make_management(Role::kAdmin);
  EXPECT_EQ(ask_with(admin, {.target = "/admin/v1/keys?workspace=default"}).status, 200);
  EXPECT_EQ(ask_with(admin, {.target = "/admin/v1/keys?workspace=ws_default"}).status, 200);
  EXPECT_EQ(ask_with(admin, {.target = "/admin/v1/keys?workspace=other"}).status, 404);
  EXPECT_EQ(ask({.target = "/admin/v1/keys?workspace=other"}).status, 404);
}

TEST_F(AdminTest, RequestsOfAManagementKeyAreCountedWithItsErrors) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  ask_with(viewer, {.target = "/admin/v1/keys"});
  ask_with(viewer, {.method = "POST", .target = "/admin/v1/keys", .body = "{}"});
  EXPECT_EQ(view(viewer).use.requests, 2);
  EXPECT_EQ(view(viewer).use.errors, 1);
}

TEST_F(AdminTest, ListsArePagesThatShowEveryKeyOnce) {
  for (int i = 0; i < 7; ++i) make("key " + std::to_string(i));
  std::set<std::string> names;
  std::string target = "/admin/v1/keys?limit=3";
  int pages = 0;
  while (true) {
    const json::value page = ask({.target = target}).document();
    for (const auto& key : page.at("data").as_array()) names.insert(text_at(key, "name"));
    ++pages;
    if (page.at("next_cursor").is_null()) break;
    target = "/admin/v1/keys?limit=3&cursor=" + text_at(page, "next_cursor");
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(ask({.target = "/admin/v1/keys?cursor=nonsense"}).status, 400);
  EXPECT_EQ(ask({.target = "/admin/v1/keys?name=key%203"}).document().at("data").as_array().size(),
            1u);
  EXPECT_TRUE(ask({.target = "/admin/v1/keys?name=none"}).document().at("data").as_array().empty());
}

TEST_F(AdminTest, KeysAreSortedAsAskedAndCountedByStatus) {
  const KeyWithSecret busy = make("busy");
  const KeyWithSecret idle = make("idle");
  make("Able");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(buy(busy));
  ASSERT_TRUE(switch_to(idle.key.id, KeyStatus::kDisabled));
  ASSERT_TRUE(revoke(make("gone").key.id));
  const auto listed = [this](const std::string& query) {
    std::string found;
    const json::value page = ask({.target = "/admin/v1/keys?" + query}).document();
    for (const json::value& key : page.at("data").as_array()) found += text_at(key, "name") + " ";
    return found;
  };
  EXPECT_EQ(listed("sort=name"), "Able busy idle ");
  EXPECT_EQ(listed("sort=requests&limit=1"), "busy ");
  EXPECT_EQ(listed("sort=created&order=asc"), "busy idle Able ");
  const AdminAnswer counts = ask({.target = "/admin/v1/key-counts"});
  EXPECT_EQ(counts.body, R"({"active":2,"limited":0,"disabled":1,"expired":0,"revoked":1})");
  EXPECT_EQ(ask({.target = "/admin/v1/key-counts?search=idle"}).body,
            R"({"active":0,"limited":0,"disabled":1,"expired":0,"revoked":0})");
  EXPECT_EQ(ask({.target = "/admin/v1/key-counts?status=active"}).status, 400);
}

TEST_F(AdminTest, UsageIsFoundByKeyIdAndByNameOfARevokedKeyToo) {
  const KeyWithSecret first = make("checkout");
  ASSERT_TRUE(buy(first));
  ASSERT_TRUE(revoke(first.key.id));
  const KeyWithSecret second = make("checkout");
  ASSERT_TRUE(buy(second));
  ASSERT_TRUE(buy(make("other")));
  const auto rows = [this](const std::string& query) {
    return ask({.target = "/admin/v1/usage" + query}).document().at("data").as_array();
  };
  EXPECT_EQ(rows("").size(), 3u);
  EXPECT_EQ(rows("?key=checkout").size(), 2u);
  ASSERT_EQ(rows("?key=" + first.key.id.get()).size(), 1u);
  EXPECT_EQ(text_at(rows("?key=" + first.key.id.get())[0], "key_name"), "checkout");
  EXPECT_EQ(rows("?limit=2").size(), 2u);
  EXPECT_EQ(ask({.target = "/admin/v1/usage?key=nobody"}).status, 404);
}

TEST_F(AdminTest, OneRowIsFoundByItsIdAndInItsWorkspaceOnly) {
  const KeyWithSecret made = make("checkout");
  ASSERT_TRUE(buy(made));
  const json::value row = ask({.target = "/admin/v1/usage"}).document().at("data").at(0);
  const std::string target = "/admin/v1/usage/" + text_at(row, "id");
  EXPECT_EQ(ask({.target = target}).document(), row);
  EXPECT_EQ(ask({.target = target + "?workspace=default"}).status, 200);
  EXPECT_EQ(ask({.target = "/admin/v1/usage/gen_0000000000000001"}).status, 404);
  EXPECT_EQ(ask({.target = "/admin/v1/usage/nonsense"}).status, 404);
  ASSERT_EQ(
      ask({.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"w2"})"}).status,
      201);
  EXPECT_EQ(ask({.target = target + "?workspace=w2"}).status, 404);
}

TEST_F(AdminTest, UsageTotalsAddUpToTheRows) {
  const KeyWithSecret made = make("checkout");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(buy(made, i == 0 ? 500 : 200));
  for (const auto* group : {"key", "model", "day"}) {
    const json::value page =
        ask({.target = std::string("/admin/v1/usage?group_by=") + group}).document();
    ASSERT_EQ(page.at("data").as_array().size(), 1u) << group;
    const json::value& total = page.at("data").at(0);
    EXPECT_TRUE(total.as_object().contains(group));
    EXPECT_EQ(total.at("requests"), 3);
    EXPECT_EQ(total.at("errors"), 1);
    EXPECT_EQ(text_at(total, "cost"), "0.000003");
    EXPECT_TRUE(page.at("next_cursor").is_null());
  }
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST_F(AdminTest, CsvStreamsEveryRowBeyondOnePage) {
  const KeyWithSecret made = make("=SUM(A1)");
  const int rows = kPageLimitMax + 5;
  for (int i = 0; i < rows; ++i) ASSERT_TRUE(buy(made));
  const AdminAnswer answer = ask({.target = "/admin/v1/usage?format=csv"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("content-type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(answer.fields.contains("x-request-id"));
  EXPECT_EQ(lines_of(answer.body), static_cast<std::size_t>(rows) + 1);
  EXPECT_TRUE(answer.body.starts_with("id,request_id,admitted_at,"));
  EXPECT_NE(answer.body.find(",'=SUM(A1),"), std::string::npos);
  EXPECT_EQ(lines_of(ask({.target = "/admin/v1/usage?format=csv&limit=2"}).body), 3u);
  EXPECT_EQ(lines_of(ask({.target = "/admin/v1/usage?format=csv&group_by=key"}).body), 2u);
}

TEST_F(AdminTest, CsvOfNothingIsItsHeader) {
  const AdminAnswer answer = ask({.target = "/admin/v1/usage", .fields = {{"Accept", "text/csv"}}});
  EXPECT_EQ(lines_of(answer.body), 1u);
}

TEST_F(AdminTest, ModelsAndProvidersAreShownToEveryRoleWithoutWhereTheyAre) {
  const KeyWithSecret viewer = make_management(Role::kViewer);
  const AdminAnswer models = ask_with(viewer, {.target = "/admin/v1/models?limit=1"});
  EXPECT_EQ(text_at(models.document().at("data").at(0), "id"), "acme/large");
  EXPECT_EQ(text_at(models.document(), "next_cursor"), "acme/large");
  const AdminAnswer providers = ask_with(viewer, {.target = "/admin/v1/providers"});
  EXPECT_EQ(providers.document().at("data").as_array().size(), 2u);
  EXPECT_EQ(providers.body.find("upstream.example"), std::string::npos);
  EXPECT_NE(ask({.target = "/admin/v1/providers"}).body.find("upstream.example"),
            std::string::npos);
}

TEST_F(AdminTest, EveryChangeIsAnAuditRowOfASoundChainWithoutSecrets) {
  const json::value key = create_over_api(R"({"name":"checkout"})").document();
  ask({.method = "PATCH",
       .target = "/admin/v1/keys/" + text_at(key, "id"),
       .body = R"({"enabled":false})"});
  const AdminAnswer audit = ask({.target = "/admin/v1/audit?object=" + text_at(key, "id")});
  const json::value page = audit.document();
  const json::array& rows = page.at("data").as_array();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(text_at(rows[0], "action"), "key.update");
  EXPECT_EQ(text_at(rows[1], "action"), "key.create");
  EXPECT_EQ(text_at(rows[0], "from"), "local socket");
  EXPECT_EQ(audit.body.find(text_at(key, "secret")), std::string::npos);
  const json::value verdict = ask({.target = "/admin/v1/audit/verify"}).document();
  EXPECT_EQ(verdict.at("valid"), true);
  EXPECT_GE(verdict.at("rows").as_int64(), 2);
}

TEST_F(AdminTest, UnknownParametersAreRefusedEverywhere) {
  for (const auto* path : {"keys", "usage", "models", "providers", "audit", "audit/verify"}) {
    const AdminAnswer answer = ask({.target = std::string("/admin/v1/") + path + "?surprise=1"});
    EXPECT_EQ(answer.status, 400) << path;
  }
}

}  // namespace
}  // namespace tollgate
