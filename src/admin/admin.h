// The control plane: everything below /admin/v1/ (SPEC §9, api/openapi.yaml).
//
// server/ makes one AdminContext, which outlives every request, and forwards the requests; both the
// TCP listeners' and the local Unix socket's. Runs on the connection's I/O thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/catalogue_hooks.h"
#include "admin/people.h"
#include "admin/provider_health.h"
#include "admin/query.h"
#include "base/clock.h"
#include "base/random.h"
#include "domain/client_address.h"
#include "domain/credits.h"
#include "domain/ip.h"
#include "domain/money.h"
#include "domain/person.h"
#include "domain/principal.h"
#include "domain/token.h"
#include "ledger/ledger.h"
#include "net/exchange.h"
#include "net/http_client.h"
#include "oidc/identity_provider.h"
#include "routing/snapshot.h"
#include "runtime/task.h"
#include "upstream/targets.h"

namespace tollgate {

inline constexpr std::string_view kAdminPrefix = "/admin/v1/";
inline constexpr std::size_t kAdminBodyBytesMax = 256 * 1024;

// The settings that a reload may replace.
struct AdminOptions {
  TokenFormat token_format = TokenFormat::standard();
  std::vector<Cidr> trusted_proxies;
  HttpsRule https_rule = HttpsRule::kRequired;
  Money credit_value = kCreditValueDefault;
  std::chrono::days secret_age{90};  // a secret that is older is due for rotation
  // Where people may sign in instead of by password; null: nowhere.
  std::shared_ptr<const oidc::IdentityProvider> identity_provider = nullptr;
};

// Of event streams.
struct EventTiming {
  // How often a stream looks around by itself.
  std::chrono::milliseconds check_every{1'000};
  // How long it holds what was found out: that the caller may watch, and how the providers do.
  std::chrono::milliseconds answers_hold{1'000};
  // A stream that had nothing to say says so, for dead connections to be noticed.
  std::chrono::milliseconds heartbeat_every{15'000};
  // After a write the next events are gathered for so long.
  std::chrono::milliseconds gather{200};
};

struct AdminContext {
  Ledger& ledger;
  const Clock& clock;
  Random& random;
  People& people;
  // Both give the newest; a request keeps what it got.
  std::function<std::shared_ptr<const Snapshot>()> snapshot;
  std::function<std::shared_ptr<const AdminOptions>()> options;
  CatalogueHooks catalogue = {};
  // Where the providers of the newest snapshot are.
  std::function<std::shared_ptr<const Targets>()> targets = {};
  EventTiming events = {};
  // What all event streams share.
  std::shared_ptr<ProviderBoard> board = std::make_shared<ProviderBoard>();
};

// A person who signed in, as the cookie of the request says.
struct SignedIn {
  Person person;
  PersonSession session;
  std::vector<Membership> memberships;
  std::string csrf_token;
};

// One admin request past the door: who asks, what for, and the parameters nobody has taken yet.
// Lives as long as its handler runs.
struct AdminCall {
  AdminContext& context;
  net::HttpClient& http_client;  // of this thread, to providers of models and of sign-in
  net::Exchange& exchange;
  Principal by;
  std::optional<SignedIn> person;  // who asks, where it is one: always on routes of Door::kPerson
  ClientAddress client;            // unset over the local socket
  // Where to look: the caller's own workspace, or the one that ?workspace= names; nullopt = all.
  std::optional<WorkspaceId> workspace;
  std::string request_id;
  std::string id;  // what stood for {id} in the path
  Query query;
};

// What every answer carries: the request id, and that nobody keeps a copy.
void add_common_fields(net::Response& response, const std::string& request_id);

// 200 with a JSON body.
inline net::Response json_answer(std::string body) {
  net::Response response;
  response.body = std::move(body);
  return response;
}

// Answers the request, whatever becomes of it: 401 for strangers before anything else is told, 404
// and 405 for what does not exist, else what the handler says.
Task<> handle_admin(AdminContext& context, net::HttpClient& http_client, net::Exchange& exchange);

}  // namespace tollgate
