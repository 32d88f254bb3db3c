// GET /admin/v1/providers: every provider, from the Snapshot; never a credential.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_providers(AdminCall& call);

}  // namespace tollgate
