// What usage rows are found by beside their time-ordered id, so that no page scans the ledger (SPEC
// §8): their kind, which is whatever pages filter by (workspace, model, status, error code), and
// their key within each kind. There are some hundred kinds at most in use, so a page is put
// together from the newest entries of each that fits, and no row is read that does not fit.
//
// Filled later and in order, up to a mark: rows above it, the tail, are scanned by id. A row that
// commits late below the mark is indexed at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "domain/usage_row.h"
#include "sql/connection.h"
#include "sql/writer.h"
#include "store/usage_filter.h"
#include "store/usage_rows.h"

namespace tollgate::store {

// Writer only, when idle or after some thousand rows: indexes at most `rows_max` of the tail.
Result<sql::UpkeepLeft> index_usage_tail(sql::Connection& connection, int rows_max);
// Writer only: those of `rows`, which are stored, that are at or below the mark.
Status index_late_rows(sql::Connection& connection, std::span<const UsageRow* const> rows,
                       GenerationNumber mark);

// Whether the query asks for some rows only by something other than their time.
bool is_filtered(const UsageQuery& query);
// The newest `count` ids in [id_from, id_to) of indexed rows that fit the query but for their exact
// time, newest first.
Result<std::vector<GenerationNumber>> newest_indexed(sql::Connection& connection,
                                                     const UsageQuery& query,
                                                     const UsageBounds& bounds, int count);

}  // namespace tollgate::store
