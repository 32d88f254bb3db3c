#include "sql/migrations.h"

#include <fmt/format.h>

#include "base/log.h"

namespace tollgate::sql {

namespace {

Status apply(Connection& connection, const Migration& migration) {
  if (Status begun = connection.begin_write(); !begun) return begun;
  Status outcome = connection.exec(migration.sql);
  if (outcome) {
    outcome = connection.prepare("INSERT INTO schema_version (version, name) VALUES (?, ?)")
                  .bind(1, migration.version)
                  .bind(2, migration.name)
                  .run();
  }
  if (outcome) outcome = connection.commit();
  if (outcome) return outcome;
  connection.rollback();
  Error error = std::move(outcome.error());
  error.message = fmt::format("The database could not be brought to version {} ({}).",
                              migration.version, migration.name);
  return std::unexpected(std::move(error));
}

}  // namespace

Result<int> schema_version(Connection& connection) {
  Statement exists = connection.prepare(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'");
  const Result<bool> there = exists.step();
  if (!there) return std::unexpected(there.error());
  if (!*there) return 0;
  Statement newest = connection.prepare("SELECT coalesce(max(version), 0) FROM schema_version");
  const Result<bool> row = newest.step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t version = newest.integer(0);
  if (Status read = newest.status(); !read) return std::unexpected(read.error());
  if (!std::in_range<int>(version)) {
    return fail(ErrorCode::kInternal, "The database's schema version is not one of ours.");
  }
  return static_cast<int>(version);
}

Status migrate(Connection& connection, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      return fail(ErrorCode::kInternal, "Migrations must be numbered 1, 2, 3 … without gaps.");
    }
  }
  const Result<int> current = schema_version(connection);
  if (!current) return std::unexpected(current.error());
  const int newest = static_cast<int>(migrations.size());
  if (*current > newest) {
    return fail(ErrorCode::kConflict,
                fmt::format("The database is of schema version {}, newer than this binary's {}: "
                            "start the newer tollgate, or restore a backup of version {}.",
                            *current, newest, newest));
  }
  if (*current == 0) {
    Status made = connection.exec(
        "CREATE TABLE IF NOT EXISTS schema_version "
        "(version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT");
    if (!made) return made;
  }
  if (*current == newest) return {};
  // What is sorted may be larger than memory.
  if (Status on_disk = connection.exec("PRAGMA temp_store = FILE"); !on_disk) return on_disk;
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(*current))) {
    if (*current > 0) {
      log(LogLevel::kInfo, "bringing the database to version {}: {}", migration.version,
          migration.name);
    }
    if (Status applied = apply(connection, migration); !applied) return applied;
  }
  return connection.exec("PRAGMA temp_store = MEMORY");
}

}  // namespace tollgate::sql
