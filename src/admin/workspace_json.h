// A workspace and its grants as the admin API shows them (schemas Workspace and Grant of
// api/openapi.yaml). Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "domain/money.h"
#include "domain/workspace.h"

namespace tollgate {

// As of `now`, amounts in credits being worth `credit_value` each. kInternal when the balance
// cannot be counted.
Result<std::string> render_workspace(const Workspace& workspace, const Balance& balance,
                                     Money credit_value, WallTime now);

std::string render_grant(const Grant& grant, Money credit_value);

}  // namespace tollgate
