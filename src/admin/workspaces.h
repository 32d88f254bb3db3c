// /admin/v1/workspaces: list, create, look, edit, test clock (SPEC §5 "Balance", §7, §9). Operators
// see all of them, everyone else their own.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "domain/workspace.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_workspaces(AdminCall& call);
Task<Result<net::Response>> create_workspace(AdminCall& call);
Task<Result<net::Response>> get_workspace(AdminCall& call);
Task<Result<net::Response>> update_workspace(AdminCall& call);
Task<Result<net::Response>> advance_test_clock(AdminCall& call);

// The workspace that the path names, if the caller may see it; kNotFound.
Result<Workspace> visible_workspace(const AdminCall& call);

}  // namespace tollgate
