// People and what they may do: accounts and memberships (SPEC §9).
//
// Password hashes stay apart from Person: they never stand in an answer or an audit row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/person.h"
#include "sql/connection.h"

namespace tollgate::store {

struct Account {
  Person person;
  std::string password_hash;  // "": signs in elsewhere
};

// A member as a workspace's list shows one.
struct WorkspaceMember {
  Person person;
  Role role = Role::kViewer;
  WallTime since;
  std::optional<WallTime> last_seen_at;  // of the sessions that are still open
};

Result<bool> has_operator(sql::Connection& connection);

// kConflict (param "email") when somebody has the address.
Status insert_person(sql::Connection& connection, const Account& account);
// kNotFound.
Result<Person> find_person(sql::Connection& connection, const PersonId& id);
Result<std::optional<Account>> find_account(sql::Connection& connection, const std::string& email);
Result<std::optional<Account>> find_account(sql::Connection& connection, const PersonId& id);
// A page, by address: those after `after` ("" for the first).
struct PeopleQuery {
  std::string after = {};
  int limit = 100;
};
// Of the installation.
Result<std::vector<Person>> list_people(sql::Connection& connection, const PeopleQuery& query);
// kNotFound.
Status set_password(sql::Connection& connection, const PersonId& id, const std::string& hash);
Status set_reach(sql::Connection& connection, const PersonId& id, Reach reach);
// Ends all that is theirs with it: memberships, sessions, identities. kNotFound.
Status remove_person(sql::Connection& connection, const PersonId& id);

// Makes it, or changes its role. REQUIRES: role is not kOperator.
Status put_membership(sql::Connection& connection, const PersonId& person,
                      const WorkspaceId& workspace, Role role, WallTime now);
// kNotFound.
Status remove_membership(sql::Connection& connection, const PersonId& person,
                         const WorkspaceId& workspace);
// By the workspace's name.
Result<std::vector<Membership>> memberships_of(sql::Connection& connection, const PersonId& person);
Result<std::vector<WorkspaceMember>> list_members(sql::Connection& connection,
                                                  const WorkspaceId& workspace,
                                                  const PeopleQuery& query);
// kNotFound.
Result<WorkspaceMember> find_member(sql::Connection& connection, const WorkspaceId& workspace,
                                    const PersonId& person);

// For audit rows.
std::string person_json(const Person& person);

}  // namespace tollgate::store
