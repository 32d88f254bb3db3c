// What the table of live keys begins with, out of the store: on start, before anything is admitted.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "ledger/limit_loader.h"
#include "ledger/live_keys.h"
#include "ledger/workspace_table.h"
#include "sql/connection.h"

namespace tollgate {

// Workspaces with their limits and what they were charged.
Status load_workspaces(sql::Connection& connection, LimitLoader& limits, WorkspaceTable& table,
                       LiveKeys& keys);
// Every key with what it has used; its workspace is loaded. `today` since 1970, UTC.
Status load_keys(sql::Connection& connection, std::int64_t today, LimitLoader& limits,
                 LiveKeys& keys);

}  // namespace tollgate
