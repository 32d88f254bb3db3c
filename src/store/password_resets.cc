#include "store/password_resets.h"

#include "store/columns.h"

namespace tollgate::store {

Status put_reset(sql::Connection& connection, const PasswordReset& reset, const Sha256& hash) {
  return connection
      .prepare(
          "INSERT INTO password_resets (person_id, hash, created_by, expires_at) "
          "VALUES (?, ?, ?, ?) ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, "
          "created_by = excluded.created_by, expires_at = excluded.expires_at")
      .bind(1, reset.person.get())
      .bind_blob(2, hash)
      .bind(3, reset.created_by)
      .bind(4, micros(reset.expires_at))
      .run();
}

Result<std::optional<PasswordReset>> find_reset(sql::Connection& connection, const Sha256& hash,
                                                WallTime now) {
  sql::Statement select = connection.prepare(
      "SELECT person_id, created_by, expires_at FROM password_resets "
      "WHERE hash = ? AND expires_at > ?");
  select.bind_blob(1, hash).bind(2, micros(now));
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return PasswordReset{.person = PersonId(std::string(select.text(0))),
                       .created_by = std::string(select.text(1)),
                       .expires_at = wall_time(select.integer(2))};
}

Status remove_reset(sql::Connection& connection, const PersonId& person) {
  return connection.prepare("DELETE FROM password_resets WHERE person_id = ?")
      .bind(1, person.get())
      .run();
}

Status remove_resets_by(sql::Connection& connection, const std::string& actor) {
  return connection.prepare("DELETE FROM password_resets WHERE created_by = ?")
      .bind(1, actor)
      .run();
}

}  // namespace tollgate::store
