// What a set of settings makes of the catalogue and the outside: snapshot, targets, TLS. Made on
// start and again on every reload, whole or not at all.
#pragma once

#include <cstdint>
#include <memory>

#include "admin/admin.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/settings.h"
#include "gateway/gateway.h"
#include "net/tls.h"
#include "routing/health.h"

namespace tollgate {

struct Installation {
  std::shared_ptr<const GatewayState> gateway;
  std::shared_ptr<const AdminOptions> admin;
  std::shared_ptr<const net::TlsServerContext> tls;  // null = plain text
  std::uint64_t generation = 0;                      // of the settings
};

// `stored` is what was made over the API; prices are those of `now`; `health` outlives what is
// made. Connections to providers are kept from one installation to the next of the same
// `generation`, and what `former` learned of a provider until it changes. Files are read once for
// each generation: a change of the catalogue reads one only for the first provider over TLS.
Result<Installation> make_installation(const Settings& settings, std::uint64_t generation,
                                       const Catalogue& stored, Health& health, WallTime now,
                                       const Installation& former);

}  // namespace tollgate
