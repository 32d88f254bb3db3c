#include "admin/workspaces.h"

#include <gtest/gtest.h>

#include <string>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

class WorkspacesTest : public AdminServerTest {
 protected:
  AdminAnswer post(std::string target, std::string body) {
    return ask({.method = "POST", .target = std::move(target), .body = std::move(body)});
  }
  AdminAnswer patch(std::string target, std::string body) {
    return ask({.method = "PATCH", .target = std::move(target), .body = std::move(body)});
  }
  std::string make_shop() {
    const AdminAnswer made = post("/admin/v1/workspaces", R"({"name":"shop"})");
    EXPECT_EQ(made.status, 201) << made.body;
    return text_at(made.document(), "id");
  }
  json::value balance_of(const std::string& id) {
    return ask({.target = "/admin/v1/workspaces/" + id}).document().at("balance");
  }
  // A management key of the shop.
  KeyWithSecret manager_of(const std::string& workspace, Role role) {
    KeyPolicy policy = named("manager " + std::string(role_name(role)));
    policy.type = KeyType::kManagement;
    policy.role = role;
    auto made = await(ledger_->create_key(owner(), WorkspaceId(workspace), policy, std::nullopt));
    EXPECT_TRUE(made);
    return std::move(*made);
  }
};

TEST_F(WorkspacesTest, NewWorkspaceIsUnlimitedAndOwesNothing) {
  const AdminAnswer made = post("/admin/v1/workspaces", R"({"name":"shop"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const json::value shop = made.document();
  EXPECT_EQ(made.fields.at("location"), "/admin/v1/workspaces/" + text_at(shop, "id"));
  EXPECT_EQ(json::serialize(shop.at("balance")),
            R"({"mode":"unlimited","granted":"0","charged":"0","held":"0","available":null,)"
            R"("credits":null})");
  EXPECT_EQ(json::serialize(shop.at("limits")), "[]");
  EXPECT_TRUE(shop.at("test_time").is_null());
  EXPECT_EQ(post("/admin/v1/workspaces", R"({"name":"shop"})").status, 409);
}

TEST_F(WorkspacesTest, LimitsShowWhatEachEnvironmentHasUsedAndHolds) {
  const std::string id = make_shop();
  const std::string target = "/admin/v1/workspaces/" + id;
  ASSERT_EQ(patch(target, R"({"limits":[{"metric":"requests","window":"day","amount":5},)"
                          R"({"metric":"concurrency","amount":4}]})")
                .status,
            200);
  ASSERT_EQ(post(target + "/test-clock", R"({"advance":"24h"})").status, 200);
  auto made =
      await(ledger_->create_key(owner(), WorkspaceId(id), named("production"), std::nullopt));
  ASSERT_TRUE(made);
  ASSERT_TRUE(buy(*made));
  const Identity identity = *authenticate(*made);
  Reservation open = *reserve(identity);
  const auto expected = [&](std::string_view used, std::string_view held, std::string_view left,
                            std::string_view resets, std::string_view free) {
    return R"([{"id":")" + id + R"(/requests/day","metric":"requests","window":"day",)" +
           R"("amount":5,"used":)" + std::string(used) + R"(,"held":)" + std::string(held) +
           R"(,"remaining":)" + std::string(left) + R"(,"resets_at":")" + std::string(resets) +
           R"(T00:00:00.000000Z","bound":null},{"id":")" + id +
           R"(/concurrency","metric":"concurrency","window":null,"amount":4,"used":0,"held":)" +
           std::string(held) + R"(,"remaining":)" + std::string(free) +
           R"(,"resets_at":null,"bound":null}])";
  };
  const json::value listed =
      ask({.target = "/admin/v1/workspaces?name=shop"}).document().at("data").at(0);
  for (const json::value& shown : {ask({.target = target}).document(), listed}) {
    EXPECT_EQ(json::serialize(shown.at("limits")), expected("1", "1", "3", "2026-11-22", "3"));
    EXPECT_EQ(json::serialize(shown.at("sandbox_limits")),
              expected("0", "0", "5", "2026-11-23", "4"));
  }
  UsageRow row = row_for(identity, open);
  EXPECT_TRUE(await(ledger_->settle(std::move(open), std::move(row))));
}

TEST_F(WorkspacesTest, PrepaidBalanceShowsWhatIsLeftInUsdAndInCredits) {
  const std::string id = make_shop();
  EXPECT_EQ(patch("/admin/v1/workspaces/" + id, R"({"balance":{"mode":"prepaid"}})").status, 200);
  const AdminAnswer granted =
      post("/admin/v1/workspaces/" + id + "/grants", R"({"amount":"25","note":"June"})");
  ASSERT_EQ(granted.status, 201) << granted.body;
  EXPECT_EQ(text_at(granted.document(), "credits"), "2500");
  EXPECT_EQ(post("/admin/v1/workspaces/" + id + "/grants", R"({"amount":"-0.5"})").status, 201);
  const json::value balance = balance_of(id);
  EXPECT_EQ(text_at(balance, "granted"), "24.5");
  EXPECT_EQ(text_at(balance, "available"), "24.5");
  EXPECT_EQ(text_at(balance, "credits"), "2450");
}

TEST_F(WorkspacesTest, CreditsAreWorthWhatTheOperatorSays) {
  AdminOptions options;
  options.credit_value = Money::from_nanos(1'000'000'000);
  admin_options_ = std::make_shared<const AdminOptions>(options);
  const std::string id = make_shop();
  const AdminAnswer granted =
      post("/admin/v1/workspaces/" + id + "/grants", R"({"amount":"500","unit":"credits"})");
  EXPECT_EQ(text_at(granted.document(), "amount"), "500");
}

TEST_F(WorkspacesTest, DeductionOfMoreThanIsLeftSaysWhatIsLeft) {
  const std::string id = make_shop();
  patch("/admin/v1/workspaces/" + id, R"({"balance":{"mode":"prepaid"}})");
  post("/admin/v1/workspaces/" + id + "/grants", R"({"amount":"5"})");
  const AdminAnswer refused =
      post("/admin/v1/workspaces/" + id + "/grants", R"({"amount":"-5.01"})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("5 USD left"), std::string::npos) << refused.body;
  EXPECT_EQ(text_at(balance_of(id), "granted"), "5");
}

TEST_F(WorkspacesTest, ReplayedGrantIsPaidOnceAndSaysSo) {
  const std::string id = make_shop();
  const AdminQuestion question{.method = "POST",
                               .target = "/admin/v1/workspaces/" + id + "/grants",
                               .body = R"({"amount":"5"})",
                               .fields = {{"Idempotency-Key", "job-7"}}};
  const AdminAnswer first = ask(question);
  const AdminAnswer again = ask(question);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_FALSE(first.fields.contains("idempotent-replayed"));
  EXPECT_EQ(text_at(balance_of(id), "granted"), "5");
}

TEST_F(WorkspacesTest, GrantsArePagesNewestFirst) {
  const std::string grants = "/admin/v1/workspaces/" + make_shop() + "/grants";
  for (const auto* amount : {"1", "2", "3"}) {
    post(grants, R"({"amount":")" + std::string(amount) + "\"}");
  }
  const json::value page = ask({.target = grants + "?limit=2"}).document();
  EXPECT_EQ(text_at(page.at("data").at(0), "amount"), "3");
  EXPECT_EQ(page.at("data").as_array().size(), 2u);
  const json::value rest =
      ask({.target = grants + "?cursor=" + text_at(page, "next_cursor")}).document();
  EXPECT_EQ(text_at(rest.at("data").at(0), "amount"), "1");
  EXPECT_TRUE(rest.at("next_cursor").is_null());
}

TEST_F(WorkspacesTest, ManagementKeySeesItsOwnWorkspaceAndNoOther) {
  const std::string id = make_shop();
  const KeyWithSecret viewer = manager_of(id, Role::kViewer);
  const json::value list = ask_with(viewer, {.target = "/admin/v1/workspaces"}).document();
  ASSERT_EQ(list.at("data").as_array().size(), 1u);
  EXPECT_EQ(text_at(list.at("data").at(0), "id"), id);
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/workspaces/" + id}).status, 200);
  EXPECT_EQ(ask_with(viewer, {.target = "/admin/v1/workspaces/" + id + "/grants"}).status, 200);
  for (const auto* target :
       {"/admin/v1/workspaces/ws_default", "/admin/v1/workspaces/ws_default/grants",
        "/admin/v1/workspaces?workspace=default", "/admin/v1/workspaces/ws_none"}) {
    EXPECT_EQ(ask_with(viewer, {.target = target}).status, 404) << target;
  }
  const json::value by_name =
      ask_with(viewer, {.target = "/admin/v1/workspaces?name=default"}).document();
  EXPECT_TRUE(by_name.at("data").as_array().empty());
}

TEST_F(WorkspacesTest, OnlyOperatorsMoveMoneyAndChangeWorkspaces) {
  const std::string id = make_shop();
  const KeyWithSecret admin = manager_of(id, Role::kAdmin);
  const std::string own = "/admin/v1/workspaces/" + id;
  const AdminQuestion questions[] = {
      {.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"mall"})"},
      {.method = "PATCH", .target = own, .body = R"({"balance":{"mode":"unlimited"}})"},
      {.method = "POST", .target = own + "/grants", .body = R"({"amount":"5"})"}};
  for (const AdminQuestion& question : questions) {
    const AdminAnswer refused = ask_with(admin, question);
    EXPECT_EQ(refused.status, 403) << question.target;
    EXPECT_EQ(refused.code(), "insufficient_scope");
  }
  EXPECT_EQ(text_at(balance_of(id), "granted"), "0");
}

TEST_F(WorkspacesTest, AdminsMoveTheTestClockOfTheirOwnWorkspaceForwardOnly) {
  const std::string id = make_shop();
  const KeyWithSecret admin = manager_of(id, Role::kAdmin);
  const std::string clock = "/admin/v1/workspaces/" + id + "/test-clock";
  const auto move = [&](const KeyWithSecret& by, const std::string& target, std::string body) {
    return ask_with(by, {.method = "POST", .target = target, .body = std::move(body)});
  };
  const AdminAnswer moved = move(admin, clock, R"({"advance":"1h"})");
  ASSERT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(text_at(moved.document(), "test_time"),
            format_time(clock_.wall() + std::chrono::hours(1)));
  EXPECT_EQ(move(admin, clock, R"({"now":"2026-01-01"})").status, 422);
  EXPECT_EQ(move(admin, "/admin/v1/workspaces/ws_default/test-clock", R"({"advance":"1h"})").status,
            404);
  EXPECT_EQ(move(manager_of(id, Role::kMember), clock, R"({"advance":"1h"})").status, 403);
}

TEST_F(WorkspacesTest, OperatorsChooseTheWorkspaceOfKeysByIdOrByName) {
  const std::string id = make_shop();
  for (const std::string& workspace : {id, std::string("shop")}) {
    const AdminAnswer made =
        post("/admin/v1/keys?workspace=" + workspace, R"({"name":"till )" + workspace + "\"}");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(text_at(made.document(), "workspace_id"), id);
    const json::value list = ask({.target = "/admin/v1/keys?workspace=" + workspace}).document();
    for (const json::value& key : list.at("data").as_array()) {
      EXPECT_EQ(text_at(key, "workspace_id"), id);
    }
  }
  EXPECT_EQ(post("/admin/v1/keys?workspace=mall", R"({"name":"till"})").status, 404);
}

TEST_F(WorkspacesTest, KeyNameInSeveralWorkspacesIsFoundInEach) {
  const std::string id = make_shop();
  create_over_api(R"({"name":"till"})");
  EXPECT_EQ(post("/admin/v1/keys?workspace=shop", R"({"name":"till"})").status, 201);
  EXPECT_EQ(ask({.target = "/admin/v1/keys?name=till"}).document().at("data").as_array().size(),
            2u);
  const json::value one = ask({.target = "/admin/v1/keys?name=till&workspace=shop"}).document();
  ASSERT_EQ(one.at("data").as_array().size(), 1u);
  EXPECT_EQ(text_at(one.at("data").at(0), "workspace_id"), id);
}

TEST_F(WorkspacesTest, ListFindsByExactNameAndFollowsCursors) {
  const std::string id = make_shop();
  const json::value found = ask({.target = "/admin/v1/workspaces?name=shop"}).document();
  ASSERT_EQ(found.at("data").as_array().size(), 1u);
  EXPECT_EQ(text_at(found.at("data").at(0), "id"), id);
  const json::value page = ask({.target = "/admin/v1/workspaces?limit=1"}).document();
  EXPECT_EQ(text_at(page.at("data").at(0), "name"), "default");
  const json::value next =
      ask({.target = "/admin/v1/workspaces?cursor=" + text_at(page, "next_cursor")}).document();
  EXPECT_EQ(text_at(next.at("data").at(0), "name"), "shop");
  EXPECT_EQ(ask({.target = "/admin/v1/workspaces?cursor=none"}).status, 400);
  EXPECT_EQ(ask({.target = "/admin/v1/workspaces?name=shop&cursor=none"}).status, 400);
}

}  // namespace
}  // namespace tollgate
