#include "admin/link_makers.h"

#include <algorithm>
#include <utility>

#include "admin/sessions.h"
#include "store/keys.h"
#include "store/people.h"

namespace tollgate {

namespace {

// Whether a secret of the key that worked then works now.
bool has_secret_of(const Key& key, WallTime then, WallTime now) {
  return std::ranges::any_of(key.secrets, [then, now](const KeySecret& secret) {
    return secret.created_at <= then && (!secret.retires_at || *secret.retires_at > now);
  });
}

// What the management key that made the invitation may do where it leads; kViewer: nothing any
// more.
Result<Role> role_of_key(sql::Connection& connection, const Invitation& invitation, WallTime now) {
  const auto key = store::find_key(connection, KeyId(invitation.created_by));
  if (!key && key.error().code == ErrorCode::kNotFound) return Role::kViewer;
  if (!key) return std::unexpected(key.error());
  const bool works = key->policy.type == KeyType::kManagement &&
                     key->workspace == invitation.workspace &&
                     key_status(*key, now) == KeyStatus::kActive &&
                     has_secret_of(*key, invitation.created_at, now);
  return works ? key->policy.role : Role::kViewer;
}

}  // namespace

Result<Role> role_of_person(sql::Connection& connection, const PersonId& id,
                            const std::optional<WorkspaceId>& workspace) {
  const auto account = store::find_account(connection, id);
  if (!account) return std::unexpected(account.error());
  if (!*account) return Role::kViewer;
  if ((*account)->person.reach == Reach::kInstallation) return Role::kOperator;
  const auto memberships = store::memberships_of(connection, id);
  if (!memberships) return std::unexpected(memberships.error());
  const auto there = std::ranges::find_if(
      *memberships, [&workspace](const Membership& one) { return workspace == one.workspace; });
  return there == memberships->end() ? Role::kViewer : there->role;
}

Result<bool> invitation_holds(sql::Connection& connection, const Invitation& invitation,
                              WallTime now) {
  const std::string& maker = invitation.created_by;
  if (maker == kCliActor) return true;
  const auto role = maker.starts_with("key_")
                        ? role_of_key(connection, invitation, now)
                        : role_of_person(connection, PersonId(maker), invitation.workspace);
  if (!role) return std::unexpected(role.error());
  return *role >= std::max(Role::kAdmin, invitation.role);
}

Result<std::vector<Invitation>> those_that_hold(sql::Connection& connection,
                                                std::vector<Invitation> invitations, WallTime now) {
  std::vector<Invitation> kept;
  for (Invitation& one : invitations) {
    const auto holds = invitation_holds(connection, one, now);
    if (!holds) return std::unexpected(holds.error());
    if (*holds) kept.push_back(std::move(one));
  }
  return kept;
}

}  // namespace tollgate
