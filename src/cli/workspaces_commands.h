// `tollgate workspaces …`: list, create, get, update, grant, grants, advance-clock (SPEC §5, §11).
#pragma once

#include "cli/flags.h"

namespace tollgate::cli {

Outcome<void> list_workspaces(const Invocation& invocation);
Outcome<void> create_workspace(const Invocation& invocation);
Outcome<void> get_workspace(const Invocation& invocation);
Outcome<void> update_workspace(const Invocation& invocation);
Outcome<void> grant_to_workspace(const Invocation& invocation);
Outcome<void> list_grants(const Invocation& invocation);
Outcome<void> advance_clock(const Invocation& invocation);

}  // namespace tollgate::cli
