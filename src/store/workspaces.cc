#include "store/workspaces.h"

#include "base/json.h"
#include "store/columns.h"
#include "store/limit_columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, name, created_at, limits, balance_mode, granted, test_clock_offset_us "
    "FROM workspaces ";

std::unexpected<Error> no_such_workspace() { return not_found("There is no such workspace."); }

Result<Workspace> read_workspace(sql::Statement& row) {
  Workspace workspace;
  workspace.id = WorkspaceId(std::string(row.text(0)));
  workspace.name = row.text(1);
  workspace.created_at = wall_time(row.integer(2));
  Result<std::vector<Limit>> limits = limits_values(row.text(3));
  const auto mode = balance_mode_from_name(row.text(4));
  workspace.granted = Money::from_nanos(row.integer(5));
  workspace.test_clock_offset = std::chrono::microseconds(row.integer(6));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!limits || !mode) return unreadable("a workspace");
  workspace.limits = std::move(*limits);
  workspace.balance_mode = *mode;
  return workspace;
}

Result<Workspace> read_one(sql::Statement& select) {
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_such_workspace();
  return read_workspace(select);
}

sql::Statement prepare_select(sql::Connection& connection, std::string_view rest) {
  return connection.prepare(std::string(kSelect) + std::string(rest));
}

// Refuses a name that another workspace than `id` has.
Status check_name(sql::Connection& connection, const std::string& name, const WorkspaceId& id) {
  sql::Statement taken = connection.prepare("SELECT 1 FROM workspaces WHERE name = ? AND id <> ?");
  taken.bind(1, name).bind(2, id.get());
  const Result<bool> row = taken.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return {};
  Error error{.code = ErrorCode::kConflict,
              .message = "A workspace has this name already: choose another name."};
  error.param = "name";
  return std::unexpected(std::move(error));
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

Status insert_workspace(sql::Connection& connection, const Workspace& workspace) {
  if (Status free = check_name(connection, workspace.name, workspace.id); !free) return free;
  return connection
      .prepare(
          "INSERT INTO workspaces (id, name, created_at, limits, balance_mode) "
          "VALUES (?, ?, ?, ?, ?)")
      .bind(1, workspace.id.get())
      .bind(2, workspace.name)
      .bind(3, micros(workspace.created_at))
      .bind(4, limits_text(workspace.limits))
      .bind(5, balance_mode_name(workspace.balance_mode))
      .run();
}

Status update_workspace(sql::Connection& connection, const Workspace& workspace) {
  if (Status free = check_name(connection, workspace.name, workspace.id); !free) return free;
  Status updated =
      connection
          .prepare("UPDATE workspaces SET name = ?, limits = ?, balance_mode = ? WHERE id = ?")
          .bind(1, workspace.name)
          .bind(2, limits_text(workspace.limits))
          .bind(3, balance_mode_name(workspace.balance_mode))
          .bind(4, workspace.id.get())
          .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return no_such_workspace();
  return {};
}

Status set_test_clock_offset(sql::Connection& connection, const WorkspaceId& id,
                             std::chrono::microseconds offset) {
  Status updated = connection.prepare("UPDATE workspaces SET test_clock_offset_us = ? WHERE id = ?")
                       .bind(1, offset.count())
                       .bind(2, id.get())
                       .run();
  if (!updated) return updated;
  if (connection.changes() != 1) return no_such_workspace();
  return {};
}

Result<Workspace> find_workspace(sql::Connection& connection, const WorkspaceId& id) {
  sql::Statement select = prepare_select(connection, "WHERE id = ?");
  select.bind(1, id.get());
  return read_one(select);
}

Result<Workspace> find_workspace_by_name(sql::Connection& connection, const std::string& name) {
  sql::Statement select = prepare_select(connection, "WHERE name = ?");
  select.bind(1, name);
  return read_one(select);
}

Result<std::vector<Workspace>> list_workspaces(sql::Connection& connection) {
  sql::Statement select = prepare_select(connection, "ORDER BY name");
  std::vector<Workspace> workspaces;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    Result<Workspace> workspace = read_workspace(select);
    if (!workspace) return std::unexpected(workspace.error());
    workspaces.push_back(std::move(*workspace));
  }
  if (!row) return std::unexpected(row.error());
  return workspaces;
}

std::string workspace_json(const Workspace& workspace) {
  json::object out{{"id", workspace.id.get()},
                   {"name", workspace.name},
                   {"created_at", format_time(workspace.created_at)}};
  out["limits"] = parse_json(limits_text(workspace.limits)).value_or(json::array());
  out["balance_mode"] = balance_mode_name(workspace.balance_mode);
  out["granted"] = format_money(workspace.granted);
  out["test_clock_offset_us"] = workspace.test_clock_offset.count();
  return json::serialize(out);
}

}  // namespace tollgate::store
