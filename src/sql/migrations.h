// Forward-only, numbered migrations: how a database of any earlier version becomes today's.
//
// Each runs in a transaction of its own together with its version number (table `schema_version`).
// Called once at the start, before any other thread has the database.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "sql/connection.h"

namespace tollgate::sql {

struct Migration {
  int version = 0;        // 1, 2, 3 … without gaps
  std::string_view name;  // what it does, in a few words
  std::string_view sql;
};

// Applies what is missing. kConflict, with a message that names both versions, when the database is
// of a newer version than the last of `migrations`: an older binary must not touch it.
// REQUIRES: no transaction is open; versions are 1, 2, 3 … (kInternal otherwise).
Status migrate(Connection& connection, std::span<const Migration> migrations);

// 0 for a new database.
Result<int> schema_version(Connection& connection);

}  // namespace tollgate::sql
