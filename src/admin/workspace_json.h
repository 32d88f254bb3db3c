// A workspace and its grants as the admin API shows them (schemas Workspace and Grant of
// api/openapi.yaml). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "domain/workspace.h"

namespace tollgate {

// How a workspace stands: its limits count each environment apart.
struct WorkspaceState {
  Balance balance;
  std::vector<LimitState> limits;  // as they count for production keys
  std::vector<LimitState> sandbox_limits;
};

// As of `now`, amounts in credits being worth `credit_value` each. kInternal when the balance
// cannot be counted.
Result<std::string> render_workspace(const Workspace& workspace, const WorkspaceState& state,
                                     Money credit_value, WallTime now);

std::string render_grant(const Grant& grant, Money credit_value);

}  // namespace tollgate
