// Workspaces: the first start makes `default` (ws_default).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "sql/connection.h"

namespace tollgate::store {

struct Workspace {
  WorkspaceId id;
  std::string name;
  WallTime created_at;
};

WorkspaceId default_workspace_id();  // ws_default
// Makes it when it is not there; gives it either way.
Result<Workspace> ensure_default_workspace(sql::Connection& connection, WallTime now);
// By id; kNotFound.
Result<Workspace> find_workspace(sql::Connection& connection, const WorkspaceId& id);
// By name; kNotFound.
Result<Workspace> find_workspace_by_name(sql::Connection& connection, const std::string& name);
// By name, ascending.
Result<std::vector<Workspace>> list_workspaces(sql::Connection& connection);

}  // namespace tollgate::store
