// /admin/v1/workspaces/{id}/grants: money that an operator gives to a workspace, or takes from it
// (SPEC §5 "Balance").
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// Newest first.
Task<Result<net::Response>> list_grants(AdminCall& call);
Task<Result<net::Response>> create_grant(AdminCall& call);

}  // namespace tollgate
