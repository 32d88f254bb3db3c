#include "ledger/stored_rows.h"

#include "base/log.h"
#include "store/usage_rows.h"

namespace tollgate {

namespace {

// The store is there, but will never take this.
bool for_good(const Error& error) { return error.code != ErrorCode::kServiceUnavailable; }

Status store_together(sql::Connection& connection, std::span<const UsageRow* const> rows) {
  sql::Savepoint savepoint(connection);
  if (!savepoint.status()) return savepoint.status();
  if (Status stored = store::insert_usage(connection, rows); !stored) return stored;
  return savepoint.release();
}

}  // namespace

Result<std::vector<LostRow>> store_rows(sql::Connection& connection,
                                        std::span<const UsageRow* const> rows) {
  std::vector<LostRow> lost;
  Status together = store_together(connection, rows);
  if (together) return lost;
  if (!for_good(together.error())) return std::unexpected(std::move(together.error()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Status alone = store_together(connection, rows.subspan(i, 1));
    if (alone) continue;
    if (!for_good(alone.error())) return std::unexpected(std::move(alone.error()));
    lost.push_back({.index = i, .error = std::move(alone.error())});
  }
  return lost;
}

void log_lost(std::span<const UsageRow* const> rows, std::span<const LostRow> lost) {
  for (const LostRow& row : lost) {
    log(LogLevel::kError, "usage row {} cannot be stored: {}", generation_id(rows[row.index]->id),
        row.error.detail);
  }
}

}  // namespace tollgate
