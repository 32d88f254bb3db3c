// Grants: the rows of money that, with usage, move a workspace's balance (SPEC §5 "Balance").
// Append-only: a mistake is put right by another row.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "domain/workspace.h"
#include "sql/connection.h"

namespace tollgate::store {

// Stores the grant, fills in its `number`, and adds its amount to what the workspace was granted.
// kNotFound when there is no such workspace; kUnprocessable (param "amount") when the sum would be
// beyond 9,000,000,000 USD, either way.
Status insert_grant(sql::Connection& connection, Grant& grant);
// By id; kNotFound.
Result<Grant> find_grant(sql::Connection& connection, const std::string& id);

struct GrantQuery {
  WorkspaceId workspace;
  int limit = 100;          // 1..1000
  std::string cursor = {};  // kInvalidRequest when not one of ours
};
struct GrantPage {
  std::vector<Grant> grants;  // newest first
  std::string next_cursor;    // empty at the end
};
Result<GrantPage> list_grants(sql::Connection& connection, const GrantQuery& query);

// Mode, what was granted, and what settled requests were charged (the sum of the workspace's days,
// which outlive their rows). `held` is the ledger's to say and stays zero. kNotFound.
Result<Balance> load_balance(sql::Connection& connection, const WorkspaceId& workspace);

// The grant as a JSON object for audit rows.
std::string grant_json(const Grant& grant);

}  // namespace tollgate::store
