// The bodies of requests to /admin/v1/workspaces, from the command line's flags. Pure.
//
// Each is kInvalidRequest with a message that shows the right form.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "cli/flags.h"

namespace tollgate::cli {

// What changes; empty when nothing was asked for.
Result<json::object> workspace_update_document(const WorkspaceFlags& flags);
// AMOUNT such as 25, -5, 500cr, or --deduct 5; and the note.
Result<json::object> grant_document(const WorkspaceFlags& flags);
// A duration such as 1h, or --to TIME.
Result<json::object> test_clock_document(const WorkspaceFlags& flags);

}  // namespace tollgate::cli
