#include "server/installation.h"

#include <functional>
#include <string>
#include <utility>

#include "base/log.h"
#include "config/no_proxy.h"
#include "domain/whole_catalogue.h"
#include "oidc/identity_provider.h"
#include "routing/snapshot.h"
#include "upstream/targets.h"

namespace tollgate {

namespace {

using ProxyOf =
    std::function<std::shared_ptr<const net::Proxy>(const std::string& host, std::uint16_t port)>;

ProxyOf proxy_of(const Settings& settings) {
  if (!settings.https_proxy) return {};
  auto proxy = std::make_shared<net::Proxy>();
  proxy->host = settings.https_proxy->host;
  proxy->port = settings.https_proxy->port;
  if (!settings.https_proxy->credentials.empty()) {
    proxy->authorization = net::basic_authorization(settings.https_proxy->credentials.expose());
  }
  return [proxy, no_proxy = settings.no_proxy](
             const std::string& host, std::uint16_t port) -> std::shared_ptr<const net::Proxy> {
    if (bypasses_proxy(no_proxy, host, port)) return nullptr;
    return proxy;
  };
}

TargetOptions target_options(const Settings& settings, std::uint64_t generation) {
  TargetOptions options;
  options.generation = generation;
  options.ca_file = settings.upstream_ca_file;
  for (const auto& [provider, file] : settings.provider_ca_files) {
    options.provider_ca_files.emplace(provider.get(), file);
  }
  options.proxy = proxy_of(settings);
  return options;
}

using IdentityProviderPtr = std::shared_ptr<const oidc::IdentityProvider>;

using ServerTlsPtr = std::shared_ptr<const net::TlsServerContext>;

// Null: plain text.
Result<ServerTlsPtr> server_tls(const Settings& settings, std::uint64_t generation,
                                const Installation& former) {
  if (!settings.tls.enabled()) return nullptr;
  if (former.tls != nullptr && former.generation == generation) return former.tls;
  return net::TlsServerContext::load(settings.tls.certificate, settings.tls.private_key);
}

// Null: people sign in here alone. One of the same generation knows its provider already.
Result<IdentityProviderPtr> identity_provider(const Settings& settings, std::uint64_t generation,
                                              const Installation& former) {
  if (!settings.oidc) return nullptr;
  if (former.admin != nullptr && former.admin->identity_provider != nullptr &&
      former.generation == generation) {
    return former.admin->identity_provider;
  }
  auto tls = net::TlsClientContext::load({settings.upstream_ca_file});
  if (!tls) return std::unexpected(tls.error());
  oidc::Reach reach{.tls = std::move(*tls), .proxy = proxy_of(settings), .generation = generation};
  return std::make_shared<const oidc::IdentityProvider>(*settings.oidc, std::move(reach));
}

}  // namespace

Result<Installation> make_installation(const Settings& settings, std::uint64_t generation,
                                       const Catalogue& stored, Health& health, WallTime now,
                                       const Installation& former) {
  WholeCatalogue whole = whole_catalogue(settings.catalogue, stored, built_in_catalogue(), now);
  for (const std::string& why : whole.left_out) log(LogLevel::kWarning, "left out: {}", why);
  auto snapshot = build_snapshot(std::move(whole.catalogue), &health);
  if (!snapshot) return std::unexpected(snapshot.error());
  const Targets* const known = former.gateway ? former.gateway->targets.get() : nullptr;
  auto targets = Targets::make(std::move(*snapshot), target_options(settings, generation), known);
  if (!targets) return std::unexpected(targets.error());

  auto tls = server_tls(settings, generation, former);
  if (!tls) return std::unexpected(tls.error());
  Installation made{.gateway = {}, .admin = {}, .tls = std::move(*tls), .generation = generation};
  const HttpsRule https_rule = settings.require_https ? HttpsRule::kRequired : HttpsRule::kOff;
  auto gateway = std::make_shared<GatewayState>();
  gateway->targets = std::move(*targets);
  gateway->token_format = settings.token_format;
  gateway->trusted_proxies = settings.trusted_proxies;
  gateway->https_rule = https_rule;
  gateway->record_ip = settings.record_ip ? RecordIp::kYes : RecordIp::kNo;
  gateway->credit_value = settings.credit_value;
  gateway->body_bytes_max = settings.limits.body_bytes;
  made.gateway = std::move(gateway);
  auto provider = identity_provider(settings, generation, former);
  if (!provider) return std::unexpected(provider.error());
  made.admin = std::make_shared<AdminOptions>(
      AdminOptions{.token_format = settings.token_format,
                   .trusted_proxies = settings.trusted_proxies,
                   .https_rule = https_rule,
                   .credit_value = settings.credit_value,
                   .secret_age = std::chrono::days(settings.secret_age_warning_days),
                   .identity_provider = std::move(*provider)});
  return made;
}

}  // namespace tollgate
