#include "gateway/caller.h"

#include <algorithm>

#include "domain/client_address.h"
#include "domain/credentials.h"
#include "intake/key_route.h"
#include "net/caller_headers.h"
#include "net/problem.h"

namespace tollgate {

namespace {

Result<ClientAddress> address_of(const GatewayState& state, const net::CallerHeaders& headers,
                                 const net::Peer& peer) {
  const auto address = IpAddress::parse(peer.address);
  if (!address) return std::unexpected(address.error());
  const ListenerKind listener = peer.tls ? ListenerKind::kTls : ListenerKind::kPlain;
  return client_address(
      *address, listener,
      {.forwarded_for = headers.forwarded_for, .forwarded_proto = headers.forwarded_proto},
      state.trusted_proxies);
}

}  // namespace

Result<Caller> authenticate(Gateway& gateway, const net::Exchange& exchange,
                            std::string& request_id) {
  const GatewayState& state = *gateway.state;
  const net::CallerHeaders headers = net::read_caller_headers(exchange.head());
  request_id = safe_request_id(headers.request_id);
  if (request_id.empty()) request_id = net::new_request_id(gateway.random);

  if (key_in_url(exchange.head().target, state.token_format)) {
    return fail(ErrorCode::kApiKeyInUrl,
                "Never put an API key in a URL, where logs keep it. Send it in the Authorization "
                "header, and rotate this one.");
  }
  const auto client = address_of(state, headers, exchange.peer());
  if (!client) return std::unexpected(client.error());
  if (auto https = check_https(*client, state.https_rule); !https) {
    return std::unexpected(https.error());
  }
  const auto token = find_credential({.authorization = headers.authorization,
                                      .x_api_key = headers.x_api_key,
                                      .api_key = headers.api_key,
                                      .x_goog_api_key = headers.x_goog_api_key,
                                      .repeated = headers.credential_repeated});
  if (!token) return std::unexpected(token.error());
  auto identity = gateway.ledger.authenticate(*token);
  if (!identity) return std::unexpected(identity.error());
  return Caller{.state = gateway.state,
                .request_id = request_id,
                .generation = gateway.ledger.next_generation(),
                .identity = std::move(*identity),
                .address = client->address,
                .began = gateway.clock.steady()};
}

Status may_call_models(const Caller& caller) {
  if (Status status = may_call_models(caller.identity.key()); !status) return status;
  const auto& allowed = caller.identity.live->allowed_ips;
  const bool inside = std::ranges::any_of(
      allowed, [&](const Cidr& network) { return network.contains(caller.address); });
  if (allowed.empty() || inside) return {};
  return fail(ErrorCode::kIpNotAllowed,
              "This key may not be used from this address. Ask its owner to add your network to "
              "its allowed_ips.");
}

}  // namespace tollgate
