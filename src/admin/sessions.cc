#include "admin/sessions.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/events.h"
#include "admin/person_cookie.h"
#include "base/hash.h"
#include "domain/client_address.h"
#include "domain/credentials.h"
#include "store/people.h"
#include "store/person_sessions.h"
#include "store/workspaces.h"

namespace tollgate {

namespace {

// How often a session's last use is written down.
constexpr std::chrono::minutes kSeenEvery{1};

// Whether a header stands with two different values.
bool contradicts_itself(const net::FieldList& head, std::string_view name) {
  const std::string_view first = head.find(name);
  return std::ranges::any_of(head.fields, [first, name](const net::Field& field) {
    return net::equals_ignoring_case(field.name, name) && field.value != first;
  });
}

CredentialHeaders credential_headers(const net::FieldList& head) {
  CredentialHeaders headers;
  headers.authorization = head.find("authorization");
  headers.x_api_key = head.find("x-api-key");
  headers.api_key = head.find("api-key");
  headers.x_goog_api_key = head.find("x-goog-api-key");
  for (const auto* name : {"authorization", "x-api-key", "api-key", "x-goog-api-key"}) {
    if (contradicts_itself(head, name)) headers.repeated = true;
  }
  return headers;
}

Result<ClientAddress> address_of(const AdminOptions& options, const net::FieldList& head,
                                 const net::Peer& peer) {
  const auto address = IpAddress::parse(peer.address);
  if (!address) return std::unexpected(address.error());
  std::vector<std::string_view> forwarded_for;
  std::string_view forwarded_proto;
  for (const auto& field : head.fields) {
    if (net::equals_ignoring_case(field.name, "x-forwarded-for")) {
      forwarded_for.push_back(field.value);
    }
    if (net::equals_ignoring_case(field.name, "x-forwarded-proto")) forwarded_proto = field.value;
  }
  const ListenerKind listener = peer.tls ? ListenerKind::kTls : ListenerKind::kPlain;
  return client_address(*address, listener,
                        {.forwarded_for = forwarded_for, .forwarded_proto = forwarded_proto},
                        options.trusted_proxies);
}

Status check_key(const Identity& identity, const ClientAddress& client) {
  if (identity.key().policy.type != KeyType::kManagement) {
    return fail(ErrorCode::kInsufficientScope,
                "This key calls models: the admin API takes a management key.");
  }
  const auto& allowed = identity.live->allowed_ips;
  const bool inside = std::ranges::any_of(
      allowed, [&client](const Cidr& network) { return network.contains(client.address); });
  if (allowed.empty() || inside) return {};
  return fail(ErrorCode::kIpNotAllowed, "This key may not be used from this address.");
}

std::unexpected<Error> no_such_workspace() {
  return std::unexpected(Error{.code = ErrorCode::kNotFound,
                               .message = "There is no such workspace that you may see.",
                               .param = "workspace"});
}

enum class Counts { kAsUse, kAsNothing };

Counts counts_of(const net::RequestHead& head) {
  const bool by_itself = head.find(kUnattendedField) == "true" || head.path() == kEventsPath;
  return by_itself ? Counts::kAsNothing : Counts::kAsUse;
}

// Of the session with this token: kExpiredSession when there is none. kAsUse: it counts as used, to
// the minute.
Task<Result<SignedIn>> find_person(AdminContext& context, std::string_view token, Counts counts) {
  const WallTime now = context.clock.wall();
  using Found = std::optional<SignedIn>;
  std::function<Result<Found>(sql::Connection&)> work =
      [hash = sha256(token), now](sql::Connection& connection) -> Result<Found> {
    auto open = store::find_session(connection, hash, now);
    if (!open) return std::unexpected(open.error());
    if (!*open) return Found();
    auto memberships = store::memberships_of(connection, (*open)->person.id);
    if (!memberships) return std::unexpected(memberships.error());
    return SignedIn{.person = std::move((*open)->person),
                    .session = std::move((*open)->session),
                    .memberships = std::move(*memberships),
                    .csrf_token = {}};
  };
  const std::string csrf_token = csrf_token_of(token);
  auto found = co_await context.ledger.read_facts(std::move(work));
  if (!found) co_return std::unexpected(found.error());
  if (!*found) {
    co_return fail(ErrorCode::kExpiredSession, "This session has ended: sign in again.");
  }
  SignedIn person = std::move(**found);
  person.csrf_token = csrf_token;
  if (counts == Counts::kAsUse && now - person.session.last_seen_at >= kSeenEvery) {
    std::function<Result<bool>(sql::Connection&)> touch =
        [id = person.session.id, now](sql::Connection& connection) -> Result<bool> {
      const Status touched = store::touch_session(connection, id, now);
      if (!touched) return std::unexpected(touched.error());
      return true;
    };
    // Best effort: a session that could not be touched ends a little early.
    if (co_await context.ledger.write(std::move(touch))) person.session.last_seen_at = now;
  }
  co_return person;
}

// A person in the workspace they ask in, with their role there.
Result<Principal> principal_of(const SignedIn& person, const net::RequestHead& head,
                               const IpAddress& address) {
  Principal by{.actor = person.person.id.get(),
               .role = Role::kOperator,
               .workspace = std::nullopt,
               .from = address.text()};
  if (person.person.reach == Reach::kInstallation) return by;
  auto query = Query::parse(head.query());
  if (!query) return std::unexpected(query.error());
  const auto asked = query->take("workspace");
  const auto right = [&asked](const Membership& one) {
    return !asked || one.workspace.get() == *asked || one.workspace_name == *asked;
  };
  const auto chosen = std::ranges::find_if(person.memberships, right);
  if (chosen == person.memberships.end() && asked) return no_such_workspace();
  // A member of none sees nothing: no workspace has an empty id.
  by.workspace = WorkspaceId();
  by.role = Role::kViewer;
  if (chosen == person.memberships.end()) return by;
  by.workspace = chosen->workspace;
  by.role = chosen->role;
  return by;
}

// Whoever only looks needs no more than the cookie.
Status check_page(const net::RequestHead& head, std::string_view token) {
  if (head.method == "GET" || head.method == "HEAD") return {};
  return check_csrf(head, token);
}

}  // namespace

Result<ClientAddress> open_door(const AdminOptions& options, const net::RequestHead& head,
                                const net::Peer& peer) {
  if (token_in_admin_url(head.target, options.token_format)) {
    return fail(ErrorCode::kApiKeyInUrl,
                "Never put an API key in a URL, where logs keep it: send it in the Authorization "
                "header, and rotate this one.");
  }
  if (peer.unix_socket) return ClientAddress{};
  auto client = address_of(options, head, peer);
  if (!client) return client;
  if (auto https = check_https(*client, options.https_rule); !https) {
    return std::unexpected(https.error());
  }
  return client;
}

Session open_key_session(const AdminContext& context, const AdminOptions& options,
                         const net::RequestHead& head, const net::Peer& peer) {
  const auto client = open_door(options, head, peer);
  if (!client) return {.by = std::unexpected(client.error())};
  if (peer.unix_socket) {
    return {.by = Principal{.actor = std::string(kCliActor),
                            .role = Role::kOperator,
                            .workspace = std::nullopt,
                            .from = "local socket"}};
  }
  const auto token = find_credential(credential_headers(head));
  if (!token) return {.by = std::unexpected(token.error())};
  auto identity = context.ledger.authenticate(*token);
  if (!identity) return {.by = std::unexpected(identity.error())};
  if (auto right = check_key(*identity, *client); !right) {
    return {.by = std::unexpected(right.error()), .identity = std::move(*identity)};
  }
  const Key& key = identity->key();
  Principal by{.actor = key.id.get(),
               .role = key.policy.role,
               .workspace = key.workspace,
               .from = client->address.text()};
  return {.by = std::move(by), .identity = std::move(*identity)};
}

Task<Session> open_session(AdminContext& context, std::shared_ptr<const AdminOptions> options,
                           const net::RequestHead& head, const net::Peer& peer) {
  Session session = open_key_session(context, *options, head, peer);
  const bool keyless = !session.by && session.by.error().code == ErrorCode::kMissingApiKey;
  if (!keyless) co_return session;
  const auto client = open_door(*options, head, peer);
  if (!client) co_return Session{.by = std::unexpected(client.error())};
  const std::string_view token = session_token(head, client->scheme);
  if (token.empty()) co_return session;
  auto person = co_await find_person(context, token, counts_of(head));
  if (!person) co_return Session{.by = std::unexpected(person.error())};
  if (auto own = check_page(head, token); !own) {
    co_return Session{.by = std::unexpected(own.error())};
  }
  auto by = principal_of(*person, head, client->address);
  co_return Session{.by = std::move(by), .person = std::move(*person)};
}

Result<std::optional<WorkspaceId>> choose_workspace(AdminCall& call) {
  const auto asked = call.query.take("workspace");
  if (!asked) return call.by.workspace;
  const Ledger& ledger = call.context.ledger;
  auto found = ledger.workspace(WorkspaceId(*asked), call.by.workspace);
  if (!found) found = ledger.workspace_by_name(*asked, call.by.workspace);
  if (!found) return no_such_workspace();
  return std::move(found->id);
}

WorkspaceId one_workspace(const AdminCall& call) {
  return call.workspace.value_or(store::default_workspace_id());
}

}  // namespace tollgate
