#include "store/workspaces.h"

#include "store/test_store.h"

namespace tollgate::store {
namespace {

using WorkspacesTest = StoreTest;

TEST_F(WorkspacesTest, MakesTheDefaultOnceAndKeepsItsTime) {
  const Workspace again = ensure_default_workspace(connection_, test_time(5)).value();
  EXPECT_EQ(again.id, WorkspaceId("ws_default"));
  EXPECT_EQ(again.name, "default");
  EXPECT_EQ(again.created_at, test_time());
  EXPECT_EQ(list_workspaces(connection_).value().size(), 1u);
}

TEST_F(WorkspacesTest, FindsByIdAndByName) {
  EXPECT_EQ(find_workspace(connection_, default_workspace_id()).value().name, "default");
  EXPECT_EQ(find_workspace_by_name(connection_, "default").value().id, default_workspace_id());
  EXPECT_EQ(find_workspace(connection_, WorkspaceId("ws_none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(find_workspace_by_name(connection_, "none").error().code, ErrorCode::kNotFound);
}

TEST_F(WorkspacesTest, WorkspaceFromBeforeBalancesIsUnlimitedAndHasNoLimits) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  expect_ok(sql::migrate(connection, migrations().first(2)));
  expect_ok(connection.exec("INSERT INTO workspaces (id, name, created_at) VALUES ('ws_a','a',0)"));
  expect_ok(migrate(connection));
  const Workspace old = find_workspace(connection, WorkspaceId("ws_a")).value();
  EXPECT_EQ(old.balance_mode, BalanceMode::kUnlimited);
  EXPECT_EQ(old.granted, Money());
  EXPECT_TRUE(old.limits.empty());
  EXPECT_EQ(old.test_clock_offset, std::chrono::microseconds(0));
}

TEST_F(WorkspacesTest, ComesBackAsItWasChanged) {
  Workspace shop{.id = WorkspaceId("ws_shop"), .name = "shop", .created_at = test_time()};
  expect_ok(insert_workspace(connection_, shop));
  shop.name = "market";
  shop.limits = {{.metric = Metric::kCost, .window = {.kind = WindowKind::kDay}, .amount = 5}};
  shop.balance_mode = BalanceMode::kPrepaid;
  expect_ok(update_workspace(connection_, shop));
  shop.test_clock_offset = std::chrono::hours(5);
  expect_ok(set_test_clock_offset(connection_, shop.id, shop.test_clock_offset));
  EXPECT_EQ(find_workspace(connection_, shop.id).value(), shop);
}

TEST_F(WorkspacesTest, NameIsTakenOnce) {
  Workspace shop{.id = WorkspaceId("ws_shop"), .name = "default", .created_at = test_time()};
  const Status taken = insert_workspace(connection_, shop);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_EQ(taken.error().param, "name");
  shop.name = "shop";
  expect_ok(insert_workspace(connection_, shop));
  shop.name = "default";
  EXPECT_EQ(update_workspace(connection_, shop).error().code, ErrorCode::kConflict);
}

TEST_F(WorkspacesTest, ChangingWhatIsNotThereIsNotFound) {
  const Workspace none{.id = WorkspaceId("ws_none"), .name = "none", .created_at = test_time()};
  EXPECT_EQ(update_workspace(connection_, none).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(set_test_clock_offset(connection_, none.id, std::chrono::hours(1)).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tollgate::store
