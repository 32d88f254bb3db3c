// The one table of admin routes: method, path, the least role, handler. api/openapi.yaml describes
// each of them.
#pragma once

#include <span>

#include "admin/admin.h"
#include "admin/router.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

using AdminHandler = Task<Result<net::Response>> (*)(AdminCall& call);

std::span<const RoutePattern> admin_routes();
// REQUIRES: an index into admin_routes().
AdminHandler admin_handler(std::size_t index);

}  // namespace tollgate
