// The one table of routes: method, path, who may call, handler (SPEC §7 and §9). Every request of
// every listener comes through here.
#pragma once

#include <functional>

#include "admin/admin.h"
#include "base/metrics.h"
#include "gateway/gateway.h"
#include "net/exchange.h"
#include "runtime/task.h"
#include "server/dashboard.h"

namespace tollgate {

// What the handlers of one I/O thread work with.
struct Plane {
  Gateway& gateway;
  AdminContext& admin;
  const Metrics& metrics;
  const Dashboard& dashboard;
  std::function<bool()> ready;  // false while we drain or cannot write
};

Task<> route(Plane& plane, net::Exchange& exchange);

}  // namespace tollgate
