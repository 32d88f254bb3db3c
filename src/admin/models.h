// GET /admin/v1/models: every model with its offers and prices, from the Snapshot.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_models(AdminCall& call);

}  // namespace tollgate
