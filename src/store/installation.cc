#include "store/installation.h"

#include "store/columns.h"

namespace tollgate::store {

Result<std::optional<Installation>> load_installation(sql::Connection& connection) {
  sql::Statement select =
      connection.prepare("SELECT id, created_at, token_prefix FROM installation WHERE one = 1");
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  Installation installation;
  installation.id = select.text(0);
  installation.created_at = wall_time(select.integer(1));
  installation.token_prefix = select.text(2);
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return installation;
}

Status insert_installation(sql::Connection& connection, const Installation& installation) {
  return connection
      .prepare("INSERT INTO installation (one, id, created_at, token_prefix) VALUES (1, ?, ?, ?)")
      .bind(1, installation.id)
      .bind(2, micros(installation.created_at))
      .bind(3, installation.token_prefix)
      .run();
}

Status set_token_prefix(sql::Connection& connection, const std::string& prefix) {
  return connection.prepare("UPDATE installation SET token_prefix = ? WHERE one = 1")
      .bind(1, prefix)
      .run();
}

}  // namespace tollgate::store
