#include "admin/sessions.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "domain/client_address.h"
#include "domain/credentials.h"

namespace tollgate {

namespace {

bool is_named(const net::Field& field, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(field.name, name, {}, lower);
}

// Whether a header stands with two different values.
bool contradicts_itself(const net::FieldList& head, std::string_view name) {
  const std::string_view first = head.find(name);
  return std::ranges::any_of(head.fields, [first, name](const net::Field& field) {
    return is_named(field, name) && field.value != first;
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
    if (is_named(field, "x-forwarded-for")) forwarded_for.push_back(field.value);
    if (is_named(field, "x-forwarded-proto")) forwarded_proto = field.value;
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

}  // namespace

Session open_session(const AdminContext& context, const AdminOptions& options,
                     const net::RequestHead& head, const net::Peer& peer) {
  if (token_in_admin_url(head.target, options.token_format)) {
    return {.by = fail(ErrorCode::kApiKeyInUrl,
                       "Never put an API key in a URL, where logs keep it: send it in the "
                       "Authorization header, and rotate this one."),
            .identity = std::nullopt};
  }
  if (peer.unix_socket) {
    return {.by = Principal{.actor = std::string(kCliActor),
                            .role = Role::kOperator,
                            .workspace = std::nullopt,
                            .from = "local socket"},
            .identity = std::nullopt};
  }
  const auto client = address_of(options, head, peer);
  if (!client) return {.by = std::unexpected(client.error()), .identity = std::nullopt};
  if (auto https = check_https(*client, options.https_rule); !https) {
    return {.by = std::unexpected(https.error()), .identity = std::nullopt};
  }
  const auto token = find_credential(credential_headers(head));
  if (!token) return {.by = std::unexpected(token.error()), .identity = std::nullopt};
  auto identity = context.ledger.authenticate(*token);
  if (!identity) return {.by = std::unexpected(identity.error()), .identity = std::nullopt};
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

Result<std::optional<WorkspaceId>> choose_workspace(AdminCall& call) {
  const auto asked = call.query.take("workspace");
  if (!asked) return call.by.workspace;
  const Ledger& ledger = call.context.ledger;
  auto found = ledger.workspace(WorkspaceId(*asked), call.by.workspace);
  if (!found) found = ledger.workspace_by_name(*asked, call.by.workspace);
  if (!found) return no_such_workspace();
  return std::move(found->id);
}

}  // namespace tollgate
