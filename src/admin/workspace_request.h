// What clients write about workspaces: the bodies of create, edit, grant and test clock, read
// strictly, with every problem reported at once (SPEC §5, §9). Pure.
//
// Each is kInvalidRequest when the body is no JSON, else kUnprocessable with every problem.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "domain/workspace.h"
#include "ledger/ledger.h"

namespace tollgate {

// The name of a new workspace.
Result<std::string> parse_workspace_create(std::string_view body);

// The members an edit sets; absent ones stay as they are.
struct WorkspacePatch {
  std::optional<std::string> name;
  std::optional<std::vector<Limit>> limits;
  std::optional<BalanceMode> balance_mode;
};
// Amounts in credits are worth `credit_value` each.
Result<WorkspacePatch> parse_workspace_patch(std::string_view body, Money credit_value);
void apply_workspace_patch(const WorkspacePatch& patch, Workspace& workspace);

// {"amount": "25"} in USD, or with "unit": "credits"; "-5" is a deduction; "note" is optional.
Result<Ledger::GrantRequest> parse_grant(std::string_view body, Money credit_value);

// {"advance": "1h"} or {"now": "2027-01-31T00:00:00Z"}.
Result<TestClockMove> parse_test_clock(std::string_view body);

}  // namespace tollgate
