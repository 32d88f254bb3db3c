// Who asks: the door of the control plane (SPEC §3, §9). The local Unix socket is the operator's
// own; programs show a management key, browsers the cookie of a person's session. Also used by
// server/ for /metrics.
#pragma once

#include <memory>
#include <optional>

#include "admin/admin.h"
#include "base/error.h"
#include "domain/principal.h"
#include "ledger/ledger.h"
#include "net/exchange.h"
#include "net/http_message.h"
#include "runtime/task.h"

namespace tollgate {

inline constexpr std::string_view kCliActor = "cli";
// "true": the page asks by itself, after some minutes in which nobody touched a key or the pointer.
inline constexpr std::string_view kUnattendedField = "x-tollgate-unattended";

struct Session {
  // The caller, or why not: kApiKeyInUrl, kHttpsRequired, kMissingApiKey, kInvalidApiKey,
  // kExpiredApiKey, kDisabledApiKey, kInsufficientScope (no management key), kIpNotAllowed; of
  // people kExpiredSession, kForeignRequest, and kNotFound for a workspace that is not theirs.
  Result<Principal> by;
  // The key that was recognised, whether let in or not: its request counts.
  std::optional<Identity> identity = {};
  std::optional<SignedIn> person = {};
};

// What every request passes first, whoever sends it: no token in the URL, and HTTPS where it must
// be. The local socket has no address.
Result<ClientAddress> open_door(const AdminOptions& options, const net::RequestHead& head,
                                const net::Peer& peer);

// By the local socket or a management key.
Session open_key_session(const AdminContext& context, const AdminOptions& options,
                         const net::RequestHead& head, const net::Peer& peer);
// The same, or by the cookie of a person who signed in. A person has one role in each workspace:
// ?workspace= says in which they ask; if it is left out, in the first by name, and an operator in
// all.
//
// What a page asks for by itself does not count as use, or a tab that is left open would keep its
// session from ending: what says so (kUnattendedField), and event streams, which go on by
// themselves and which browsers open again without asking the page.
Task<Session> open_session(AdminContext& context, std::shared_ptr<const AdminOptions> options,
                           const net::RequestHead& head, const net::Peer& peer);

// The workspace to look in: ?workspace= (id or name) if given, else the caller's own; nullopt =
// all. kNotFound for one that is not there, or not the caller's.
Result<std::optional<WorkspaceId>> choose_workspace(AdminCall& call);
// For what is always of one: that workspace, or where a caller of all names none, the default one.
WorkspaceId one_workspace(const AdminCall& call);

}  // namespace tollgate
