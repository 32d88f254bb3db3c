// Workspaces, as the ledger loads and changes them: the first start makes `default` (ws_default).
// None is ever removed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/workspace.h"
#include "sql/connection.h"

namespace tollgate::store {

WorkspaceId default_workspace_id();  // ws_default
// Makes it when it is not there; gives it either way.
Result<Workspace> ensure_default_workspace(sql::Connection& connection, WallTime now);
// Stores a new one, nothing granted yet. kConflict (param "name") when the name is taken.
Status insert_workspace(sql::Connection& connection, const Workspace& workspace);
// Replaces name, limits and balance mode. kConflict as above; kNotFound.
Status update_workspace(sql::Connection& connection, const Workspace& workspace);
// kNotFound.
Status set_test_clock_offset(sql::Connection& connection, const WorkspaceId& id,
                             std::chrono::microseconds offset);

// By id; kNotFound.
Result<Workspace> find_workspace(sql::Connection& connection, const WorkspaceId& id);
// By name; kNotFound.
Result<Workspace> find_workspace_by_name(sql::Connection& connection, const std::string& name);
// By name, ascending.
Result<std::vector<Workspace>> list_workspaces(sql::Connection& connection);

// The workspace as a JSON object for audit rows.
std::string workspace_json(const Workspace& workspace);

}  // namespace tollgate::store
