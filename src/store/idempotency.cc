#include "store/idempotency.h"

#include <algorithm>

#include "store/columns.h"

namespace tollgate::store {

namespace {

std::int64_t oldest_kept(WallTime now) { return micros(now - kIdempotencyKept); }

}  // namespace

Result<std::optional<IdempotencyRecord>> find_idempotency(sql::Connection& connection,
                                                          const std::string& caller,
                                                          const std::string& key, WallTime now) {
  sql::Statement select = connection.prepare(
      "SELECT fingerprint, object_id, created_at FROM idempotency "
      "WHERE caller = ? AND key = ? AND created_at > ?");
  select.bind(1, caller).bind(2, key).bind(3, oldest_kept(now));
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  IdempotencyRecord record{.caller = caller, .key = key, .object_id = {}, .created_at = {}};
  const std::span<const std::uint8_t> fingerprint = select.blob(0);
  if (fingerprint.size() != record.fingerprint.size()) return unreadable("a fingerprint");
  std::ranges::copy(fingerprint, record.fingerprint.begin());
  record.object_id = select.text(1);
  record.created_at = wall_time(select.integer(2));
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return record;
}

Status insert_idempotency(sql::Connection& connection, const IdempotencyRecord& record) {
  Status removed =
      connection.prepare("DELETE FROM idempotency WHERE caller = ? AND key = ? AND created_at <= ?")
          .bind(1, record.caller)
          .bind(2, record.key)
          .bind(3, oldest_kept(record.created_at))
          .run();
  if (!removed) return removed;
  return connection
      .prepare(
          "INSERT INTO idempotency (caller, key, fingerprint, object_id, created_at) "
          "VALUES (?, ?, ?, ?, ?)")
      .bind(1, record.caller)
      .bind(2, record.key)
      .bind_blob(3, record.fingerprint)
      .bind(4, record.object_id)
      .bind(5, micros(record.created_at))
      .run();
}

Status remove_old_idempotency(sql::Connection& connection, WallTime now) {
  return connection
      .prepare(
          "DELETE FROM idempotency WHERE (caller, key) IN "
          "(SELECT caller, key FROM idempotency WHERE created_at <= ? "
          "ORDER BY created_at LIMIT 1000)")
      .bind(1, oldest_kept(now))
      .run();
}

}  // namespace tollgate::store
