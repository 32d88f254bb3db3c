// Who asks: the door of the control plane (SPEC §3, §9). The local Unix socket is the operator's
// own; everyone else shows a management key. Also used by server/ for /metrics.
#pragma once

#include <optional>

#include "admin/admin.h"
#include "base/error.h"
#include "domain/principal.h"
#include "ledger/ledger.h"
#include "net/exchange.h"
#include "net/http_message.h"

namespace tollgate {

inline constexpr std::string_view kCliActor = "cli";

struct Session {
  // The caller, or why not: kApiKeyInUrl, kHttpsRequired, kMissingApiKey, kInvalidApiKey,
  // kExpiredApiKey, kDisabledApiKey, kInsufficientScope (no management key), kIpNotAllowed.
  Result<Principal> by;
  // The key that was recognised, whether let in or not: its request counts.
  std::optional<Identity> identity;
};

Session open_session(const AdminContext& context, const AdminOptions& options,
                     const net::RequestHead& head, const net::Peer& peer);

// The workspace to look in: ?workspace= (id or name) if given, else the caller's own; nullopt =
// all. kNotFound for one that is not there, or not the caller's.
Result<std::optional<WorkspaceId>> choose_workspace(AdminCall& call);

}  // namespace tollgate
