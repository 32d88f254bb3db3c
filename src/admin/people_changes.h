// What several changes to people share: their audit rows, and what falls with a right that is taken
// away. Writer only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "admin/audited_change.h"
#include "base/error.h"
#include "domain/person.h"
#include "runtime/task.h"
#include "sql/connection.h"

namespace tollgate {

// By the caller, now, unless the change says who else did it.
Status audit_people_change(sql::Connection& connection, const AdminCall& call,
                           AuditedChange change);

// The invitations of one who may not make them any more, into the workspace (nullopt: any), and
// their links to new passwords: whoever holds such a link would come in by a right that is gone.
// `actor` is who did it, for the audit ("" = the caller).
Status withdraw_invitations(sql::Connection& connection, const AdminCall& call,
                            const PersonId& person, const std::optional<WorkspaceId>& workspace,
                            const std::string& actor = "");

// Gives the person what the invitation gives, and uses it up. Who has a higher role there keeps it.
// A link to a new password ends: whoever made it may have had a right to less than there is now.
Status join_by(sql::Connection& connection, const AdminCall& call, const Invitation& invitation,
               const Person& person);

// The ids of the unrevoked management keys that the person made, in the workspace (nullopt: all):
// they work on until somebody revokes them. Looks at every key, on a reader thread.
Task<Result<std::vector<std::string>>> management_keys_of(AdminCall& call, PersonId person,
                                                          std::optional<WorkspaceId> workspace);

}  // namespace tollgate
