// /admin/v1/aliases: other names for models, and for the choice among them (SPEC §6).
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_aliases(AdminCall& call);
Task<Result<net::Response>> put_alias(AdminCall& call);
Task<Result<net::Response>> remove_alias(AdminCall& call);

}  // namespace tollgate
