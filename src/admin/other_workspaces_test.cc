// What the admin API shows of one workspace to who is of another one: nothing, however it is asked.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

// The workspaces `default`, where the fixture makes keys, and `shop`, where this one does.
class OtherWorkspacesTest : public AdminServerTest {
 protected:
  OtherWorkspacesTest() {
    const AdminAnswer made =
        ask({.method = "POST", .target = "/admin/v1/workspaces", .body = R"({"name":"shop"})"});
    EXPECT_EQ(made.status, 201) << made.body;
    shop_ = text_at(made.document(), "id");
    KeyPolicy policy = named("console");
    policy.type = KeyType::kManagement;
    policy.role = Role::kAdmin;
    manager_ = make_in_shop(std::move(policy));
  }

  KeyWithSecret make_in_shop(KeyPolicy policy) {
    auto made =
        await(ledger_->create_key(owner(), WorkspaceId(shop_), std::move(policy), std::nullopt));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  KeyWithSecret make_in_shop(std::string name) { return make_in_shop(named(std::move(name))); }

  // As an admin of the shop.
  AdminAnswer ask_in_shop(const std::string& target) {
    return ask_with(*manager_, {.target = "/admin/v1/" + target});
  }
  AdminAnswer explain_in_shop(const std::string& key) {
    const json::object body{{"model", "sandbox/echo"},
                            {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
    return ask_with(*manager_,
                    {.method = "POST",
                     .target = "/admin/v1/route/explain",
                     .body = json::serialize(json::object{{"key", key}, {"body", body}})});
  }
  // How many rows the page has; each must have `value` as its `member`.
  static std::size_t expect_all(const AdminAnswer& page, const std::string& member,
                                const std::string& value) {
    EXPECT_EQ(page.status, 200) << page.body;
    const json::value document = page.document();
    for (const json::value& row : document.at("data").as_array()) {
      EXPECT_EQ(text_at(row, member), value) << page.body;
    }
    return document.at("data").as_array().size();
  }

  std::string shop_;
  std::optional<KeyWithSecret> manager_;
};

TEST_F(OtherWorkspacesTest, CursorOfAnotherWorkspacesPageLeadsToOwnRowsAlone) {
  const KeyWithSecret ours = make_in_shop("till");
  ASSERT_TRUE(buy(ours));
  for (const char* name : {"one", "two"}) {
    ASSERT_TRUE(buy(make(name)));
    clock_.advance(std::chrono::milliseconds(10));
  }
  const auto after_first_of_default = [this](const std::string& list) {
    const AdminAnswer page = ask({.target = "/admin/v1/" + list + "?workspace=default&limit=1"});
    return list + "?cursor=" + text_at(page.document(), "next_cursor");
  };
  EXPECT_EQ(expect_all(ask_in_shop(after_first_of_default("keys")), "workspace_id", shop_), 2U);
  EXPECT_EQ(expect_all(ask_in_shop(after_first_of_default("usage")), "key", ours.key.id.get()), 1U);
  EXPECT_EQ(expect_all(ask_in_shop(after_first_of_default("audit")), "workspace_id", shop_), 3U);
}

TEST_F(OtherWorkspacesTest, KeysOfAnotherWorkspaceAreNotCounted) {
  for (const char* name : {"one", "two", "three"}) make(name);
  make_in_shop("till");
  EXPECT_EQ(ask_in_shop("key-counts").body,
            R"({"active":2,"limited":0,"disabled":0,"expired":0,"revoked":0})");
  EXPECT_EQ(ask_in_shop("key-counts?search=three").body,
            R"({"active":0,"limited":0,"disabled":0,"expired":0,"revoked":0})");
}

TEST_F(OtherWorkspacesTest, AuditOfAnotherWorkspacesKeyIsEmpty) {
  const std::string theirs = make("checkout").key.id.get();
  const std::string ours = make_in_shop("till").key.id.get();
  EXPECT_EQ(expect_all(ask_in_shop("audit?object=" + theirs), "object", theirs), 0U);
  EXPECT_EQ(expect_all(ask_in_shop("audit?object=" + ours), "object", ours), 1U);
}

TEST_F(OtherWorkspacesTest, NameOfAManagementKeyMeansTheOneOfTheWorkspaceThatIsLookedAt) {
  KeyPolicy policy = named("console");
  policy.type = KeyType::kManagement;
  policy.role = Role::kMember;
  const KeyWithSecret theirs = make(std::move(policy));
  const AdminQuestion create{
      .method = "POST", .target = "/admin/v1/keys", .body = R"({"name":"by console"})"};
  ASSERT_EQ(ask_with(theirs, create).status, 201);
  ASSERT_EQ(ask_with(*manager_, create).status, 201);
  const std::string target = "audit?actor=console";
  EXPECT_EQ(expect_all(ask_in_shop(target), "actor", manager_->key.id.get()), 1U);
  const AdminAnswer in_default = ask({.target = "/admin/v1/" + target + "&workspace=default"});
  EXPECT_EQ(expect_all(in_default, "actor", theirs.key.id.get()), 1U);
  // In all of them together it means nobody.
  EXPECT_EQ(expect_all(ask({.target = "/admin/v1/" + target}), "actor", ""), 0U);
}

TEST_F(OtherWorkspacesTest, KeyOfAnotherWorkspaceIsExplainedNeitherByIdNorByName) {
  const KeyWithSecret theirs = make("checkout");
  EXPECT_EQ(explain_in_shop(theirs.key.id.get()).status, 404);
  EXPECT_EQ(explain_in_shop("checkout").status, 404);
  // Of two that share a name, one's own is meant.
  const KeyWithSecret ours = make_in_shop("checkout");
  const AdminAnswer explained = explain_in_shop("checkout");
  ASSERT_EQ(explained.status, 200) << explained.body;
  EXPECT_EQ(text_at(explained.document(), "key"), ours.key.id.get());
}

TEST_F(OtherWorkspacesTest, OverviewIsOfItsOwnWorkspace) {
  const KeyWithSecret theirs = make("failing");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(buy(theirs, 500));
  const json::value seen = ask_in_shop("overview").document();
  EXPECT_EQ(seen.at("figures").at("requests").as_int64(), 0);
  EXPECT_EQ(seen.at("active_integrations").as_int64(), 0);
  EXPECT_TRUE(seen.at("top_models").as_array().empty());
  EXPECT_TRUE(seen.at("attention").as_array().empty());
  EXPECT_EQ(ask_in_shop("keys/" + theirs.key.id.get() + "/overview").status, 404);
}

TEST_F(OtherWorkspacesTest, UsageOfAnotherWorkspacesKeyIsFoundNeitherByIdNorByName) {
  const KeyWithSecret theirs = make("checkout");
  ASSERT_TRUE(buy(theirs));
  EXPECT_EQ(ask_in_shop("usage?key=" + theirs.key.id.get()).status, 404);
  EXPECT_EQ(ask_in_shop("usage?key=checkout").status, 404);
  EXPECT_EQ(expect_all(ask_in_shop("usage?group_by=key"), "key", ""), 0U);
}

}  // namespace
}  // namespace tollgate
