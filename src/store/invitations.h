// Invitations that nobody has accepted yet. Only the SHA-256 of a link's token is kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "domain/person.h"
#include "sql/connection.h"

namespace tollgate::store {

// In the place of an earlier one to the same address and workspace. Removes the expired, too.
Status insert_invitation(sql::Connection& connection, const Invitation& invitation,
                         const Sha256& hash);
// nullopt: none has this hash, or it has expired.
Result<std::optional<Invitation>> find_invitation(sql::Connection& connection, const Sha256& hash,
                                                  WallTime now);
// Newest first, without the expired.
Result<std::vector<Invitation>> list_invitations(sql::Connection& connection,
                                                 const WorkspaceId& workspace, WallTime now);
// kNotFound, also when it is another workspace's.
Result<Invitation> remove_invitation(sql::Connection& connection, const WorkspaceId& workspace,
                                     const std::string& id);

// For audit rows.
std::string invitation_json(const Invitation& invitation);

}  // namespace tollgate::store
