// Who made a link that gives a right away (an invitation, a new password). A link is worth no more
// than its maker: it holds as long as they could make it again, and what takes a right away does
// not have to know of links. Inside a transaction, on the writer or a reader.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/key.h"
#include "domain/person.h"
#include "sql/connection.h"

namespace tollgate {

// What a person may do in a workspace; nullopt: in one where only operators may do anything.
// kViewer for who is not there any more.
Result<Role> role_of_person(sql::Connection& connection, const PersonId& id,
                            const std::optional<WorkspaceId>& workspace);

// Whether who made the invitation still could. A management key could not when it is revoked,
// expired or switched off, nor once every secret that it had then has ended: who rotates because
// something leaked means what was made with it, too.
Result<bool> invitation_holds(sql::Connection& connection, const Invitation& invitation,
                              WallTime now);
Result<std::vector<Invitation>> those_that_hold(sql::Connection& connection,
                                                std::vector<Invitation> invitations, WallTime now);

}  // namespace tollgate
