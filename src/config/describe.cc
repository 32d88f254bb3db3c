#include "config/describe.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "domain/built_in_catalogue.h"
#include "domain/model_facts_json.h"
#include "domain/price_json.h"

namespace tollgate {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

json::array texts(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

json::object describe_limits(const Settings::Limits& limits) {
  return {{"head_bytes", limits.head_bytes},
          {"head_fields", limits.head_fields},
          {"body_bytes", limits.body_bytes},
          {"client_head_timeout_s", limits.client_head_timeout.count()},
          {"client_body_timeout_s", limits.client_body_timeout.count()},
          {"idle_timeout_s", limits.idle_timeout.count()},
          {"connections_max", limits.connections_max}};
}

json::value describe_oidc(const Settings& settings) {
  if (!settings.oidc) return nullptr;
  const OidcSettings& oidc = *settings.oidc;
  return {{"issuer", oidc.issuer},
          {"client_id", oidc.client_id},
          {"client_secret", !oidc.client_secret.empty()},
          {"name", oidc.name},
          {"scopes", texts(oidc.scopes)},
          {"allowed_domains", texts(oidc.allowed_domains)},
          {"public_url", oidc.public_url}};
}

json::object describe_offer(const Offer& offer) {
  json::object out{{"id", offer.model.get()},
                   {"upstream_model", offer.upstream_model},
                   {"region", offer.region},
                   {"context_window", offer.context_window},
                   {"max_output_tokens", offer.max_output_tokens},
                   {"image_tokens_max", offer.image_tokens_max},
                   {"audio_seconds_max", offer.audio_seconds_max},
                   {"max_tokens_field", offer.max_tokens_field}};
  if (offer.built_in_prices) {
    out["prices"] = "built-in";
    return out;
  }
  for (const auto& [unit, price] : prices_json(offer.prices)) out[unit] = price;
  out["price_version"] = offer.price_version;
  return out;
}

// Of a provider that offers all of its preset.
std::int64_t known_models(const Provider& provider) {
  if (provider.model_list == ModelList::kTold) return 0;
  return std::ranges::count(built_in_catalogue().offers(), provider.preset, &BuiltInOffer::preset);
}

json::object describe_provider(const Provider& provider, const Settings& settings) {
  json::array models;
  for (const Offer& offer : settings.catalogue.offers) {
    if (offer.provider == provider.id) models.push_back(describe_offer(offer));
  }
  json::array header_names;
  for (const auto& [name, value] : provider.headers) header_names.push_back(json::string(name));
  const UpstreamDeadlines& deadlines = provider.deadlines;
  return {{"id", provider.id.get()},
          {"preset", provider.preset},
          {"dialect", std::string(dialect_name(provider.dialect))},
          {"responses", std::string(responses_route_name(provider.responses))},
          {"base_url", provider.base_url},
          {"api_key", !provider.api_key.empty()},
          {"region", provider.region},
          {"headers", std::move(header_names)},
          {"ca_file", settings.provider_ca_files.contains(provider.id)},
          {"connections_max", provider.connections_max},
          {"deadlines",
           {{"connect_ms", deadlines.connect.count()},
            {"head_ms", deadlines.head.count()},
            {"silence_ms", deadlines.silence.count()},
            {"total_ms", deadlines.total.count()}}},
          {"models", std::move(models)},
          {"models_of_preset", known_models(provider)}};
}

}  // namespace

json::object describe_settings(const Settings& settings) {
  json::array trusted_proxies;
  for (const Cidr& network : settings.trusted_proxies) {
    trusted_proxies.push_back(json::string(network.text()));
  }
  json::array providers;
  for (const Provider& provider : settings.catalogue.providers) {
    providers.push_back(describe_provider(provider, settings));
  }
  json::array models;
  for (const ModelFacts& facts : settings.catalogue.models) {
    json::object stated = facts_json(facts);
    stated["id"] = facts.id.get();
    models.push_back(std::move(stated));
  }
  json::object aliases;
  for (const auto& [alias, target] : settings.catalogue.aliases) aliases[alias] = target;
  const std::string host = settings.listen.host.find(':') == std::string::npos
                               ? settings.listen.host
                               : "[" + settings.listen.host + "]";
  json::value proxy;
  if (settings.https_proxy) {
    proxy = {{"host", settings.https_proxy->host},
             {"port", settings.https_proxy->port},
             {"credentials", !settings.https_proxy->credentials.empty()}};
  }
  const bool full = settings.durability == Settings::Durability::kFull;
  const bool text_log = settings.log_format == LogFormat::kText;
  return {{"file", settings.file},
          {"listen", host + ":" + std::to_string(settings.listen.port)},
          {"data", settings.data},
          {"database_url", settings.database_url},
          {"durability", full ? "full" : "process"},
          {"threads", settings.threads},
          {"token_prefix", settings.token_format.prefix()},
          {"require_https", settings.require_https},
          {"trusted_proxies", std::move(trusted_proxies)},
          {"tls",
           {{"certificate", settings.tls.certificate}, {"private_key", settings.tls.private_key}}},
          {"limits", describe_limits(settings.limits)},
          {"log_level", std::string(level_name(settings.log_level))},
          {"log_format", text_log ? "text" : "json"},
          {"record_ip", settings.record_ip},
          {"retention_months", settings.retention_months},
          {"secret_age_warning_days", settings.secret_age_warning_days},
          {"credit_usd", format_money(settings.credit_value)},
          {"https_proxy", std::move(proxy)},
          {"no_proxy", texts(settings.no_proxy)},
          {"master_key", settings.master_key ? "environment" : "file"},
          {"upstream_ca_file", settings.upstream_ca_file},
          {"oidc", describe_oidc(settings)},
          {"providers", std::move(providers)},
          {"models", std::move(models)},
          {"aliases", std::move(aliases)}};
}

}  // namespace tollgate
