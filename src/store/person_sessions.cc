#include "store/person_sessions.h"

#include "store/columns.h"
#include "store/people.h"

namespace tollgate::store {

namespace {

PersonSession read_session(sql::Statement& row) {
  return PersonSession{.id = std::string(row.text(0)),
                       .person = PersonId(std::string(row.text(1))),
                       .created_at = wall_time(row.integer(2)),
                       .last_seen_at = wall_time(row.integer(3)),
                       .from = std::string(row.text(4)),
                       .client = std::string(row.text(5))};
}

constexpr std::string_view kSelect =
    "SELECT id, person_id, created_at, last_seen_at, from_address, client FROM sessions ";

Status remove_ended(sql::Connection& connection, WallTime now) {
  return connection.prepare("DELETE FROM sessions WHERE last_seen_at <= ?")
      .bind(1, micros(now - kSessionIdle))
      .run();
}

// Room for one more.
Status keep_newest(sql::Connection& connection, const PersonId& person) {
  return connection
      .prepare(
          "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE person_id = ? "
          "ORDER BY last_seen_at DESC LIMIT -1 OFFSET ?)")
      .bind(1, person.get())
      .bind(2, kPersonSessionsMax - 1)
      .run();
}

}  // namespace

Status insert_session(sql::Connection& connection, const PersonSession& session,
                      const Sha256& hash) {
  if (Status removed = remove_ended(connection, session.created_at); !removed) return removed;
  if (Status removed = keep_newest(connection, session.person); !removed) return removed;
  return connection
      .prepare(
          "INSERT INTO sessions (id, person_id, hash, created_at, last_seen_at, from_address, "
          "client) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(1, session.id)
      .bind(2, session.person.get())
      .bind_blob(3, hash)
      .bind(4, micros(session.created_at))
      .bind(5, micros(session.last_seen_at))
      .bind(6, session.from)
      .bind(7, session.client)
      .run();
}

Result<std::optional<OpenSession>> find_session(sql::Connection& connection, const Sha256& hash,
                                                WallTime now) {
  sql::Statement select = connection.prepare(std::string(kSelect) + "WHERE hash = ?");
  select.bind_blob(1, hash);
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  PersonSession session = read_session(select);
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  if (session_has_ended(session, now)) return std::nullopt;
  Result<Person> person = find_person(connection, session.person);
  if (!person) return std::unexpected(person.error());
  return OpenSession{.session = std::move(session), .person = std::move(*person)};
}

Status touch_session(sql::Connection& connection, const std::string& id, WallTime now) {
  return connection.prepare("UPDATE sessions SET last_seen_at = max(last_seen_at, ?) WHERE id = ?")
      .bind(1, micros(now))
      .bind(2, id)
      .run();
}

Result<std::vector<PersonSession>> list_sessions(sql::Connection& connection,
                                                 const PersonId& person, WallTime now) {
  sql::Statement select =
      connection.prepare(std::string(kSelect) + "WHERE person_id = ? ORDER BY created_at DESC");
  select.bind(1, person.get());
  std::vector<PersonSession> sessions;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    PersonSession session = read_session(select);
    if (!session_has_ended(session, now)) sessions.push_back(std::move(session));
  }
  if (!row) return std::unexpected(row.error());
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return sessions;
}

Status remove_session(sql::Connection& connection, const PersonId& person, const std::string& id) {
  Status done = connection.prepare("DELETE FROM sessions WHERE id = ? AND person_id = ?")
                    .bind(1, id)
                    .bind(2, person.get())
                    .run();
  if (!done) return done;
  if (connection.changes() != 1) return not_found("There is no such session of yours.");
  return {};
}

Status remove_sessions_except(sql::Connection& connection, const PersonId& person,
                              const std::string& kept) {
  return connection.prepare("DELETE FROM sessions WHERE person_id = ? AND id <> ?")
      .bind(1, person.get())
      .bind(2, kept)
      .run();
}

}  // namespace tollgate::store
