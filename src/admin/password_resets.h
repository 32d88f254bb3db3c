// A new password for who lost theirs: a link that somebody with the right to makes, and its holder
// uses (SPEC §9 "People").
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// POST /members/{id}/password-reset: an admin's, of a member who is nothing elsewhere: whoever has
// the link has the account, with all that it may do anywhere. Of people and the local socket alone,
// never of a management key.
Task<Result<net::Response>> reset_member(AdminCall& call);
// POST /people/{id}/password-reset: an operator's, of anybody. Neither is for oneself.
Task<Result<net::Response>> reset_person(AdminCall& call);
// POST /password-reset: by the link's token, while whoever made it still may. Ends every session
// and link to a provider, and the links and invitations that the person made, and begins a session.
Task<Result<net::Response>> use_reset(AdminCall& call);

}  // namespace tollgate
