// Whom an OpenID provider means: its (issuer, subject) and the person here. An e-mail address may
// change its owner, a subject never does, so that is what people are found by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "sql/connection.h"

namespace tollgate::store {

struct PersonIdentity {
  PersonId person;
  std::string issuer;
  std::string subject;
  WallTime created_at;
};

// kConflict when the identity is somebody's already, or the person has one of this issuer.
Status insert_identity(sql::Connection& connection, const PersonIdentity& identity);
// nullopt: it is nobody's.
Result<std::optional<PersonId>> find_person_by_identity(sql::Connection& connection,
                                                        const std::string& issuer,
                                                        const std::string& subject);
// nullopt: the person has none of this issuer.
Result<std::optional<PersonIdentity>> find_identity(sql::Connection& connection,
                                                    const PersonId& person,
                                                    const std::string& issuer);
// kNotFound: the person has none of this issuer.
Status remove_identity(sql::Connection& connection, const PersonId& person,
                       const std::string& issuer);

// All of a person's; gives what they were.
Result<std::vector<PersonIdentity>> remove_identities(sql::Connection& connection,
                                                      const PersonId& person);

// For audit rows.
std::string identity_json(const PersonIdentity& identity);

}  // namespace tollgate::store
