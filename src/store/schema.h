// The tables, as forward-only migrations. Words are those of the API; times are integer
// microseconds since 1970 UTC, money integer nano-dollars, hours and days whole hours and days
// since 1970 UTC.
//
// Every function of store/ works over a Connection with a transaction open around it.
#pragma once

#include <span>

#include "base/error.h"
#include "sql/connection.h"
#include "sql/migrations.h"

namespace tollgate::store {

std::span<const sql::Migration> migrations();

// Brings the database to this binary's schema. Once, at the start, with no transaction open.
// kConflict when the database is of a newer version.
Status migrate(sql::Connection& connection);

}  // namespace tollgate::store
