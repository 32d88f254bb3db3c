#include "store/invitations.h"

#include <utility>

#include "base/json.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, workspace_id, email, role, created_by, created_at, expires_at FROM invitations ";

Result<Invitation> read_invitation(sql::Statement& row) {
  Invitation invitation{.id = std::string(row.text(0)),
                        .workspace = WorkspaceId(std::string(row.text(1))),
                        .email = std::string(row.text(2)),
                        .role = Role::kViewer,
                        .created_by = std::string(row.text(4)),
                        .created_at = wall_time(row.integer(5)),
                        .expires_at = wall_time(row.integer(6))};
  const auto role = role_from_name(row.text(3));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!role) return unreadable("an invitation");
  invitation.role = *role;
  return invitation;
}

Result<std::optional<Invitation>> read_one(sql::Statement& select) {
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return read_invitation(select);
}

Result<std::vector<Invitation>> read_all(sql::Statement& select) {
  std::vector<Invitation> invitations;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    Result<Invitation> invitation = read_invitation(select);
    if (!invitation) return std::unexpected(invitation.error());
    invitations.push_back(std::move(*invitation));
  }
  if (!row) return std::unexpected(row.error());
  return invitations;
}

}  // namespace

Status insert_invitation(sql::Connection& connection, const Invitation& invitation,
                         const Sha256& hash) {
  Status removed = connection.prepare("DELETE FROM invitations WHERE expires_at <= ?")
                       .bind(1, micros(invitation.created_at))
                       .run();
  if (!removed) return removed;
  return connection
      .prepare(
          "INSERT INTO invitations (id, workspace_id, email, role, hash, created_by, created_at, "
          "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(1, invitation.id)
      .bind(2, invitation.workspace.get())
      .bind(3, invitation.email)
      .bind(4, role_name(invitation.role))
      .bind_blob(5, hash)
      .bind(6, invitation.created_by)
      .bind(7, micros(invitation.created_at))
      .bind(8, micros(invitation.expires_at))
      .run();
}

Result<std::optional<Invitation>> find_invitation(sql::Connection& connection, const Sha256& hash,
                                                  WallTime now) {
  sql::Statement select =
      connection.prepare(std::string(kSelect) + "WHERE hash = ? AND expires_at > ?");
  select.bind_blob(1, hash).bind(2, micros(now));
  return read_one(select);
}

Result<std::optional<Invitation>> find_invitation_to(sql::Connection& connection,
                                                     const WorkspaceId& workspace,
                                                     const std::string& email, WallTime now) {
  sql::Statement select = connection.prepare(
      std::string(kSelect) + "WHERE workspace_id = ? AND email = ? AND expires_at > ?");
  select.bind(1, workspace.get()).bind(2, email).bind(3, micros(now));
  return read_one(select);
}

Result<std::vector<Invitation>> list_invitations_to(sql::Connection& connection,
                                                    const std::string& email, WallTime now) {
  sql::Statement select = connection.prepare(
      std::string(kSelect) + "WHERE email = ? AND expires_at > ? ORDER BY created_at");
  select.bind(1, email).bind(2, micros(now));
  return read_all(select);
}

Result<std::vector<Invitation>> remove_invitations_of(sql::Connection& connection,
                                                      const PersonId& person,
                                                      const std::optional<WorkspaceId>& workspace) {
  sql::Statement select = connection.prepare(
      std::string(kSelect) + "WHERE created_by = ? AND (? = '' OR workspace_id = ?)");
  const std::string within = workspace ? workspace->get() : std::string();
  select.bind(1, person.get()).bind(2, within).bind(3, within);
  Result<std::vector<Invitation>> made = read_all(select);
  if (!made) return made;
  for (const Invitation& one : *made) {
    auto gone = remove_invitation(connection, one.workspace, one.id);
    if (!gone) return std::unexpected(gone.error());
  }
  return made;
}

Result<std::int64_t> count_invitations(sql::Connection& connection, const WorkspaceId& workspace,
                                       WallTime now) {
  sql::Statement count = connection.prepare(
      "SELECT count(*) FROM invitations WHERE workspace_id = ? AND expires_at > ?");
  const auto found = single_integer(count.bind(1, workspace.get()).bind(2, micros(now)));
  if (!found) return std::unexpected(found.error());
  return found->value_or(0);
}

Result<std::vector<Invitation>> list_invitations(sql::Connection& connection,
                                                 const WorkspaceId& workspace, WallTime now) {
  sql::Statement select = connection.prepare(
      std::string(kSelect) + "WHERE workspace_id = ? AND expires_at > ? ORDER BY created_at DESC");
  select.bind(1, workspace.get()).bind(2, micros(now));
  return read_all(select);
}

Result<Invitation> find_invitation(sql::Connection& connection, const WorkspaceId& workspace,
                                   const std::string& id) {
  sql::Statement select =
      connection.prepare(std::string(kSelect) + "WHERE id = ? AND workspace_id = ?");
  select.bind(1, id).bind(2, workspace.get());
  Result<std::optional<Invitation>> found = read_one(select);
  if (!found) return std::unexpected(found.error());
  if (!*found) return not_found("There is no such invitation: it was accepted, or has expired.");
  return std::move(**found);
}

Result<Invitation> remove_invitation(sql::Connection& connection, const WorkspaceId& workspace,
                                     const std::string& id) {
  Result<Invitation> found = find_invitation(connection, workspace, id);
  if (!found) return found;
  Status removed = connection.prepare("DELETE FROM invitations WHERE id = ?").bind(1, id).run();
  if (!removed) return std::unexpected(removed.error());
  return found;
}

std::string invitation_json(const Invitation& invitation) {
  return json::serialize(json::object{{"id", invitation.id},
                                      {"email", invitation.email},
                                      {"role", role_name(invitation.role)},
                                      {"expires_at", format_time(invitation.expires_at)}});
}

}  // namespace tollgate::store
