// How a workspace, or one key, has done lately: figures, a series, what needs attention (SPEC §10).
// From aggregates and what is in memory: no row of the ledger is read.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// GET /overview?range=24h|7d|30d
Task<Result<net::Response>> show_overview(AdminCall& call);
// GET /keys/{id}/overview?range=24h|7d|30d
Task<Result<net::Response>> show_key_overview(AdminCall& call);

}  // namespace tollgate
