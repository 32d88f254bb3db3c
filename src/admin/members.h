// The people of a workspace, and the invitations to it (SPEC §9 "People"); for operators also all
// people of the installation.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// GET /members, PATCH and DELETE /members/{id}. Nobody changes a role above their own or grants
// one.
Task<Result<net::Response>> list_members(AdminCall& call);
Task<Result<net::Response>> update_member(AdminCall& call);
Task<Result<net::Response>> remove_member(AdminCall& call);

// GET /people, DELETE /people/{id}: an operator's. The last operator stays.
Task<Result<net::Response>> list_people(AdminCall& call);
Task<Result<net::Response>> remove_person(AdminCall& call);

// GET, POST /invitations, DELETE /invitations/{id}. The link is shown once.
Task<Result<net::Response>> list_invitations(AdminCall& call);
Task<Result<net::Response>> create_invitation(AdminCall& call);
Task<Result<net::Response>> revoke_invitation(AdminCall& call);
// GET /invitations/lookup, POST /invitations/accept: of whoever holds the link's token. Who has an
// account already shows its password; others choose one.
Task<Result<net::Response>> look_up_invitation(AdminCall& call);
Task<Result<net::Response>> accept_invitation(AdminCall& call);

}  // namespace tollgate
