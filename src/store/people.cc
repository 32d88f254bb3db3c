#include "store/people.h"

#include <utility>

#include "base/json.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kColumns = "p.id, p.email, p.name, p.operator, p.created_at";

std::unexpected<Error> no_such_person() { return not_found("There is no such person."); }
std::unexpected<Error> no_such_member() {
  return not_found("There is no such member: list the members to find the id.");
}

Person read_person(sql::Statement& row) {
  return Person{.id = PersonId(std::string(row.text(0))),
                .email = std::string(row.text(1)),
                .name = std::string(row.text(2)),
                .reach = row.integer(3) != 0 ? Reach::kInstallation : Reach::kWorkspaces,
                .created_at = wall_time(row.integer(4))};
}

Result<std::optional<Account>> read_account(sql::Statement& select) {
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  Account account{.person = read_person(select), .password_hash = std::string(select.text(5))};
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return account;
}

sql::Statement select_people(sql::Connection& connection, std::string_view rest) {
  return connection.prepare("SELECT " + std::string(kColumns) + ", p.password FROM people p " +
                            std::string(rest));
}

Status one_changed(sql::Connection& connection, const Status& done) {
  if (!done) return done;
  if (connection.changes() != 1) return no_such_person();
  return {};
}

Result<WorkspaceMember> read_member(sql::Statement& row) {
  WorkspaceMember member{.person = read_person(row), .since = {}, .last_seen_at = {}};
  const auto role = role_from_name(row.text(5));
  member.since = wall_time(row.integer(6));
  member.last_seen_at = optional_time(row.optional_integer(7));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!role) return unreadable("a membership");
  member.role = *role;
  return member;
}

sql::Statement select_members(sql::Connection& connection, std::string_view rest) {
  return connection.prepare(
      "SELECT " + std::string(kColumns) +
      ", m.role, m.created_at, "
      "(SELECT max(s.last_seen_at) FROM sessions s WHERE s.person_id = p.id) "
      "FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.workspace_id = ? " +
      std::string(rest));
}

}  // namespace

Result<bool> has_operator(sql::Connection& connection) {
  sql::Statement select = connection.prepare("SELECT 1 FROM people WHERE operator = 1 LIMIT 1");
  return select.step();
}

Status insert_person(sql::Connection& connection, const Account& account) {
  const Person& person = account.person;
  Status made = connection
                    .prepare(
                        "INSERT INTO people (id, email, name, operator, password, created_at) "
                        "VALUES (?, ?, ?, ?, ?, ?)")
                    .bind(1, person.id.get())
                    .bind(2, person.email)
                    .bind(3, person.name)
                    .bind(4, person.reach == Reach::kInstallation ? 1 : 0)
                    .bind(5, account.password_hash)
                    .bind(6, micros(person.created_at))
                    .run();
  if (made || made.error().code != ErrorCode::kConflict) return made;
  made.error().message = "Somebody has this address already.";
  made.error().param = "email";
  return made;
}

Result<Person> find_person(sql::Connection& connection, const PersonId& id) {
  auto account = find_account(connection, id);
  if (!account) return std::unexpected(account.error());
  if (!*account) return no_such_person();
  return std::move((*account)->person);
}

Result<std::optional<Account>> find_account(sql::Connection& connection, const std::string& email) {
  sql::Statement select = select_people(connection, "WHERE p.email = ?");
  select.bind(1, email);
  return read_account(select);
}

Result<std::optional<Account>> find_account(sql::Connection& connection, const PersonId& id) {
  sql::Statement select = select_people(connection, "WHERE p.id = ?");
  select.bind(1, id.get());
  return read_account(select);
}

Result<std::vector<Person>> list_people(sql::Connection& connection, const PeopleQuery& query) {
  sql::Statement select = select_people(connection, "WHERE p.email > ? ORDER BY p.email LIMIT ?");
  select.bind(1, query.after).bind(2, query.limit);
  std::vector<Person> people;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) people.push_back(read_person(select));
  if (!row) return std::unexpected(row.error());
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return people;
}

Status set_password(sql::Connection& connection, const PersonId& id, const std::string& hash) {
  return one_changed(connection, connection.prepare("UPDATE people SET password = ? WHERE id = ?")
                                     .bind(1, hash)
                                     .bind(2, id.get())
                                     .run());
}

Status set_reach(sql::Connection& connection, const PersonId& id, Reach reach) {
  return one_changed(connection, connection.prepare("UPDATE people SET operator = ? WHERE id = ?")
                                     .bind(1, reach == Reach::kInstallation ? 1 : 0)
                                     .bind(2, id.get())
                                     .run());
}

Status remove_person(sql::Connection& connection, const PersonId& id) {
  for (const char* statement : {"DELETE FROM sessions WHERE person_id = ?",
                                "DELETE FROM person_identities WHERE person_id = ?",
                                "DELETE FROM password_resets WHERE person_id = ?",
                                "DELETE FROM memberships WHERE person_id = ?"}) {
    if (Status done = connection.prepare(statement).bind(1, id.get()).run(); !done) return done;
  }
  return one_changed(connection,
                     connection.prepare("DELETE FROM people WHERE id = ?").bind(1, id.get()).run());
}

Status put_membership(sql::Connection& connection, const PersonId& person,
                      const WorkspaceId& workspace, Role role, WallTime now) {
  return connection
      .prepare(
          "INSERT INTO memberships (person_id, workspace_id, role, created_at) "
          "VALUES (?, ?, ?, ?) ON CONFLICT (person_id, workspace_id) DO UPDATE "
          "SET role = excluded.role")
      .bind(1, person.get())
      .bind(2, workspace.get())
      .bind(3, role_name(role))
      .bind(4, micros(now))
      .run();
}

Status remove_membership(sql::Connection& connection, const PersonId& person,
                         const WorkspaceId& workspace) {
  Status done =
      connection.prepare("DELETE FROM memberships WHERE person_id = ? AND workspace_id = ?")
          .bind(1, person.get())
          .bind(2, workspace.get())
          .run();
  if (!done) return done;
  if (connection.changes() != 1) return no_such_member();
  return {};
}

Result<std::vector<Membership>> memberships_of(sql::Connection& connection,
                                               const PersonId& person) {
  sql::Statement select = connection.prepare(
      "SELECT w.id, w.name, m.role FROM memberships m JOIN workspaces w ON w.id = m.workspace_id "
      "WHERE m.person_id = ? ORDER BY w.name");
  select.bind(1, person.get());
  std::vector<Membership> memberships;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    const auto role = role_from_name(select.text(2));
    if (!role) return unreadable("a membership");
    memberships.push_back({.workspace = WorkspaceId(std::string(select.text(0))),
                           .workspace_name = std::string(select.text(1)),
                           .role = *role});
  }
  if (!row) return std::unexpected(row.error());
  return memberships;
}

Result<std::vector<WorkspaceMember>> list_members(sql::Connection& connection,
                                                  const WorkspaceId& workspace,
                                                  const PeopleQuery& query) {
  sql::Statement select = select_members(connection, "AND p.email > ? ORDER BY p.email LIMIT ?");
  select.bind(1, workspace.get()).bind(2, query.after).bind(3, query.limit);
  std::vector<WorkspaceMember> members;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    Result<WorkspaceMember> member = read_member(select);
    if (!member) return std::unexpected(member.error());
    members.push_back(std::move(*member));
  }
  if (!row) return std::unexpected(row.error());
  return members;
}

Result<WorkspaceMember> find_member(sql::Connection& connection, const WorkspaceId& workspace,
                                    const PersonId& person) {
  sql::Statement select = select_members(connection, "AND m.person_id = ?");
  select.bind(1, workspace.get()).bind(2, person.get());
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_such_member();
  return read_member(select);
}

std::string person_json(const Person& person) {
  return json::serialize(json::object{{"id", person.id.get()},
                                      {"email", person.email},
                                      {"name", person.name},
                                      {"operator", person.reach == Reach::kInstallation}});
}

}  // namespace tollgate::store
