// Rows of the audit log by who made them and what they did, in a workspace: each actor has a few
// actions, and the rows of an actor and an action are in the order of their numbers, so a page is
// put together from the newest of each pair that fits (as pages of usage are, store/usage_index.h).
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "sql/connection.h"
#include "store/audit.h"

namespace tollgate::store {

// [from, to).
struct AuditNumbers {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// The newest `count` numbers among these, newest first, of rows that fit the query but for their
// time and object. REQUIRES: the query names a workspace.
Result<std::vector<std::int64_t>> newest_audit_numbers(sql::Connection& connection,
                                                       const AuditQuery& query,
                                                       const AuditNumbers& among, int count);

}  // namespace tollgate::store
