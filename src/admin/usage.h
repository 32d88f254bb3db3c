// GET /admin/v1/usage: rows newest first, totals, and both as CSV; and one row by its id (SPEC §8).
#pragma once

#include <optional>
#include <string>

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "net/http_message.h"
#include "runtime/task.h"
#include "store/usage_rows.h"

namespace tollgate {

// CSV is streamed page by page and has no cap on rows: for it, the handler answers by itself
// (exchange.response_started()).
Task<Result<net::Response>> list_usage(AdminCall& call);
// GET /admin/v1/usage/{id}: one row; kNotFound also where it is another workspace's.
Task<Result<net::Response>> get_usage(AdminCall& call);

struct UsageRequest {
  enum class Format { kJson, kCsv };
  store::UsageQuery query;  // its `keys` are still to be found
  std::string key;          // id or name; empty = all
  std::optional<store::UsageGroup> group;
  Format format = Format::kJson;
  std::optional<int> rows_max;  // of CSV: what `limit` said
};

// Takes all of `query`. `format=csv` asks for CSV, and so does Accept: text/csv. `from` and `to`
// are RFC 3339 times or dates; a date as `to` includes the whole day. `status` is for rows alone.
Result<UsageRequest> parse_usage_request(Query& query, const net::FieldList& head,
                                         std::optional<WorkspaceId> workspace);

}  // namespace tollgate
