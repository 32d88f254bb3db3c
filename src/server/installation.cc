#include "server/installation.h"

#include "base/log.h"
#include "config/no_proxy.h"
#include "domain/whole_catalogue.h"
#include "routing/snapshot.h"
#include "upstream/targets.h"

namespace tollgate {

namespace {

TargetOptions target_options(const Settings& settings, std::uint64_t generation) {
  TargetOptions options;
  options.generation = generation;
  options.ca_file = settings.upstream_ca_file;
  for (const auto& [provider, file] : settings.provider_ca_files) {
    options.provider_ca_files.emplace(provider.get(), file);
  }
  if (!settings.https_proxy) return options;
  auto proxy = std::make_shared<net::Proxy>();
  proxy->host = settings.https_proxy->host;
  proxy->port = settings.https_proxy->port;
  if (!settings.https_proxy->credentials.empty()) {
    proxy->authorization = net::basic_authorization(settings.https_proxy->credentials.expose());
  }
  options.proxy = [proxy, no_proxy = settings.no_proxy](
                      const std::string& host,
                      std::uint16_t port) -> std::shared_ptr<const net::Proxy> {
    if (bypasses_proxy(no_proxy, host, port)) return nullptr;
    return proxy;
  };
  return options;
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

  Installation made;
  if (settings.tls.enabled()) {
    auto tls = net::TlsServerContext::load(settings.tls.certificate, settings.tls.private_key);
    if (!tls) return std::unexpected(tls.error());
    made.tls = std::move(*tls);
  }
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
  made.admin =
      std::make_shared<AdminOptions>(AdminOptions{.token_format = settings.token_format,
                                                  .trusted_proxies = settings.trusted_proxies,
                                                  .https_rule = https_rule,
                                                  .credit_value = settings.credit_value});
  return made;
}

}  // namespace tollgate
