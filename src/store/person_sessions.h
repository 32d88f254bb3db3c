// The sessions of people who signed in. Only the SHA-256 of a session's token is kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "domain/person.h"
#include "sql/connection.h"

namespace tollgate::store {

struct OpenSession {
  PersonSession session;
  Person person;
};

// Removes those that have ended, too, and of more than kPersonSessionsMax of one person those that
// were used longest ago.
Status insert_session(sql::Connection& connection, const PersonSession& session,
                      const Sha256& hash);
// nullopt: none has this hash, or it has ended.
Result<std::optional<OpenSession>> find_session(sql::Connection& connection, const Sha256& hash,
                                                WallTime now);
// It was used. Nothing for one that is not there.
Status touch_session(sql::Connection& connection, const std::string& id, WallTime now);
// Those of a person that have not ended, newest first.
Result<std::vector<PersonSession>> list_sessions(sql::Connection& connection,
                                                 const PersonId& person, WallTime now);
// kNotFound, also when it is another person's.
Status remove_session(sql::Connection& connection, const PersonId& person, const std::string& id);
// All of a person's but the one with id `kept` ("" for none).
Status remove_sessions_except(sql::Connection& connection, const PersonId& person,
                              const std::string& kept);

}  // namespace tollgate::store
