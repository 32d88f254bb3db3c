// Usage rows into the database: the step that the writer's batch and the recovery share.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "domain/usage_row.h"
#include "sql/connection.h"

namespace tollgate {

// A row that the database refuses for good (a bug) must not keep the others from it.
struct LostRow {
  std::size_t index = 0;
  Error error;
};

// Inside a transaction. Stores `rows` with their aggregates, those that are stored already left
// alone, and gives the ones that can never be, in their order. kServiceUnavailable: nothing is
// stored, try again.
Result<std::vector<LostRow>> store_rows(sql::Connection& connection,
                                        std::span<const UsageRow* const> rows);

// One line each, and none else will ever be seen of them.
void log_lost(std::span<const UsageRow* const> rows, std::span<const LostRow> lost);

}  // namespace tollgate
