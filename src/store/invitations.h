// Invitations that nobody has accepted yet. Only the SHA-256 of a link's token is kept.
#pragma once

#include <cstdint>
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

// kConflict while there is another one to the same address and workspace. Removes the expired, too.
Status insert_invitation(sql::Connection& connection, const Invitation& invitation,
                         const Sha256& hash);
// nullopt: none has this hash, or it has expired.
Result<std::optional<Invitation>> find_invitation(sql::Connection& connection, const Sha256& hash,
                                                  WallTime now);
// To this address into this workspace; nullopt: there is none that has not expired.
Result<std::optional<Invitation>> find_invitation_to(sql::Connection& connection,
                                                     const WorkspaceId& workspace,
                                                     const std::string& email, WallTime now);
// Into any workspace.
Result<std::vector<Invitation>> list_invitations_to(sql::Connection& connection,
                                                    const std::string& email, WallTime now);
// Those that the person made, into this workspace (nullopt: into any). Gives them.
Result<std::vector<Invitation>> remove_invitations_of(sql::Connection& connection,
                                                      const PersonId& person,
                                                      const std::optional<WorkspaceId>& workspace);
// How many there are into the workspace, without the expired.
Result<std::int64_t> count_invitations(sql::Connection& connection, const WorkspaceId& workspace,
                                       WallTime now);
// Newest first, without the expired.
Result<std::vector<Invitation>> list_invitations(sql::Connection& connection,
                                                 const WorkspaceId& workspace, WallTime now);
// kNotFound, both, also when it is another workspace's.
Result<Invitation> find_invitation(sql::Connection& connection, const WorkspaceId& workspace,
                                   const std::string& id);
Result<Invitation> remove_invitation(sql::Connection& connection, const WorkspaceId& workspace,
                                     const std::string& id);

// For audit rows.
std::string invitation_json(const Invitation& invitation);

}  // namespace tollgate::store
