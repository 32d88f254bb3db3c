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

}  // namespace
}  // namespace tollgate::store
