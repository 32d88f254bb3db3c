// Links to a new password, each good once and for an hour. Only the SHA-256 of a link's token is
// kept, and of a person the newest link alone.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "sql/connection.h"

namespace tollgate::store {

struct PasswordReset {
  PersonId person;
  std::string created_by;  // Principal::actor
  WallTime expires_at;
};

// Takes the place of an earlier one of the person.
Status put_reset(sql::Connection& connection, const PasswordReset& reset, const Sha256& hash);
// nullopt: none has this hash, or it has expired.
Result<std::optional<PasswordReset>> find_reset(sql::Connection& connection, const Sha256& hash,
                                                WallTime now);
// Of the person, if there is one.
Status remove_reset(sql::Connection& connection, const PersonId& person);
// All that the actor made.
Status remove_resets_by(sql::Connection& connection, const std::string& actor);

}  // namespace tollgate::store
