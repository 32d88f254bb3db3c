#include "store/person_identities.h"

#include "base/json.h"
#include "store/columns.h"

namespace tollgate::store {

Status insert_identity(sql::Connection& connection, const PersonIdentity& identity) {
  Status made = connection
                    .prepare(
                        "INSERT INTO person_identities (issuer, subject, person_id, created_at) "
                        "VALUES (?, ?, ?, ?)")
                    .bind(1, identity.issuer)
                    .bind(2, identity.subject)
                    .bind(3, identity.person.get())
                    .bind(4, micros(identity.created_at))
                    .run();
  if (made || made.error().code != ErrorCode::kConflict) return made;
  made.error().message = "This sign-in is linked already.";
  return made;
}

Result<std::optional<PersonId>> find_person_by_identity(sql::Connection& connection,
                                                        const std::string& issuer,
                                                        const std::string& subject) {
  sql::Statement select = connection.prepare(
      "SELECT person_id FROM person_identities WHERE issuer = ? AND subject = ?");
  select.bind(1, issuer).bind(2, subject);
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return PersonId(std::string(select.text(0)));
}

Result<std::optional<PersonIdentity>> find_identity(sql::Connection& connection,
                                                    const PersonId& person,
                                                    const std::string& issuer) {
  sql::Statement select = connection.prepare(
      "SELECT subject, created_at FROM person_identities WHERE person_id = ? AND issuer = ?");
  select.bind(1, person.get()).bind(2, issuer);
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return PersonIdentity{.person = person,
                        .issuer = issuer,
                        .subject = std::string(select.text(0)),
                        .created_at = wall_time(select.integer(1))};
}

Status remove_identity(sql::Connection& connection, const PersonId& person,
                       const std::string& issuer) {
  Status done =
      connection.prepare("DELETE FROM person_identities WHERE person_id = ? AND issuer = ?")
          .bind(1, person.get())
          .bind(2, issuer)
          .run();
  if (!done) return done;
  if (connection.changes() != 1) return not_found("This sign-in is not linked.");
  return {};
}

Result<std::vector<PersonIdentity>> remove_identities(sql::Connection& connection,
                                                      const PersonId& person) {
  sql::Statement removal = connection.prepare(
      "DELETE FROM person_identities WHERE person_id = ? RETURNING issuer, subject, created_at");
  removal.bind(1, person.get());
  std::vector<PersonIdentity> removed;
  Result<bool> row = removal.step();
  for (; row && *row; row = removal.step()) {
    removed.push_back({.person = person,
                       .issuer = std::string(removal.text(0)),
                       .subject = std::string(removal.text(1)),
                       .created_at = wall_time(removal.integer(2))});
  }
  if (!row) return std::unexpected(row.error());
  if (Status read = removal.status(); !read) return std::unexpected(read.error());
  return removed;
}

std::string identity_json(const PersonIdentity& identity) {
  return json::serialize(json::object{{"issuer", identity.issuer}, {"subject", identity.subject}});
}

}  // namespace tollgate::store
