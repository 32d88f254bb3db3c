// The installation's own row, made on first start: who this is, and its token prefix.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "sql/connection.h"

namespace tollgate::store {

struct Installation {
  std::string id;  // inst_…
  WallTime created_at;
  std::string token_prefix;  // of new secrets

  bool operator==(const Installation&) const = default;
};

// nullopt before the first start has made it.
Result<std::optional<Installation>> load_installation(sql::Connection& connection);
// kConflict when there is one.
Status insert_installation(sql::Connection& connection, const Installation& installation);
Status set_token_prefix(sql::Connection& connection, const std::string& prefix);

}  // namespace tollgate::store
