#include "store/workspaces.h"

#include "store/columns.h"

namespace tollgate::store {

namespace {

Workspace read_workspace(sql::Statement& row) {
  Workspace workspace;
  workspace.id = WorkspaceId(std::string(row.text(0)));
  workspace.name = row.text(1);
  workspace.created_at = wall_time(row.integer(2));
  return workspace;
}

Result<Workspace> read_one(sql::Statement& select) {
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return not_found("There is no such workspace.");
  Workspace workspace = read_workspace(select);
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return workspace;
}

}  // namespace

WorkspaceId default_workspace_id() { return WorkspaceId("ws_default"); }

Result<Workspace> ensure_default_workspace(sql::Connection& connection, WallTime now) {
  Status made = connection
                    .prepare(
                        "INSERT INTO workspaces (id, name, created_at) VALUES (?, ?, ?) "
                        "ON CONFLICT (id) DO NOTHING")
                    .bind(1, default_workspace_id().get())
                    .bind(2, "default")
                    .bind(3, micros(now))
                    .run();
  if (!made) return std::unexpected(made.error());
  return find_workspace(connection, default_workspace_id());
}

Result<Workspace> find_workspace(sql::Connection& connection, const WorkspaceId& id) {
  sql::Statement select =
      connection.prepare("SELECT id, name, created_at FROM workspaces WHERE id = ?");
  select.bind(1, id.get());
  return read_one(select);
}

Result<Workspace> find_workspace_by_name(sql::Connection& connection, const std::string& name) {
  sql::Statement select =
      connection.prepare("SELECT id, name, created_at FROM workspaces WHERE name = ?");
  select.bind(1, name);
  return read_one(select);
}

Result<std::vector<Workspace>> list_workspaces(sql::Connection& connection) {
  sql::Statement select =
      connection.prepare("SELECT id, name, created_at FROM workspaces ORDER BY name");
  std::vector<Workspace> workspaces;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) workspaces.push_back(read_workspace(select));
  if (!row) return std::unexpected(row.error());
  return workspaces;
}

}  // namespace tollgate::store
