// /admin/v1/profiles: routing profiles with their keys (SPEC §2 "Profile keys", §6 "Profiles").
// Admins of a workspace make and change its profiles; whoever may look into it sees them; those of
// another workspace are not there.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_profiles(AdminCall& call);
// Makes the profile's key, too, whose secret is shown this once.
Task<Result<net::Response>> create_profile(AdminCall& call);
Task<Result<net::Response>> get_profile(AdminCall& call);
Task<Result<net::Response>> update_profile(AdminCall& call);
// Revokes its key, if it has one.
Task<Result<net::Response>> remove_profile(AdminCall& call);

}  // namespace tollgate
