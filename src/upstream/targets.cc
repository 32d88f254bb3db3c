#include "upstream/targets.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "base/check.h"
#include "domain/destination.h"

namespace tollgate {

namespace {

using Context = std::shared_ptr<const net::TlsClientContext>;

std::string_view credential_field(Dialect dialect) {
  if (dialect == Dialect::kAnthropic) return "x-api-key";
  if (dialect == Dialect::kAzureOpenAi) return "api-key";
  return "Authorization";
}

Result<Target> make_target(const Provider& provider, const TargetOptions& options,
                           std::map<std::string, Context>& contexts) {
  const Result<net::UrlParts> url = net::parse_url(provider.base_url);
  if (!url) return std::unexpected(url.error());
  Context context;
  std::shared_ptr<const net::Proxy> proxy;
  if (url->https) {
    const auto own = options.provider_ca_files.find(provider.id.get());
    const std::string own_file = own != options.provider_ca_files.end() ? own->second : "";
    Context& shared = contexts[own_file];
    if (shared == nullptr) {
      auto loaded = net::TlsClientContext::load({options.ca_file, own_file});
      if (!loaded) return std::unexpected(loaded.error());
      shared = std::move(*loaded);
    }
    context = shared;
    if (options.proxy) proxy = options.proxy(url->host, url->port);
  }
  Target target;
  target.provider = &provider;
  target.origin = net::make_origin(*url, std::move(context), std::move(proxy));
  target.origin.scope = scope_of(provider);
  // Connections and TLS sessions serve again only where they were verified alike: for the same
  // provider, under the same settings, with the same addresses allowed.
  target.origin.pool_key += fmt::format(" for {} of {}.{}", provider.id.get(), options.generation,
                                        static_cast<int>(target.origin.scope));
  target.base_path = url->path;
  if (!provider.api_key.empty()) {
    std::string key(provider.api_key.expose());
    target.credential_field = credential_field(provider.dialect);
    target.credential =
        provider.dialect == Dialect::kOpenAi ? Secret("Bearer " + key) : Secret(key);
    OPENSSL_cleanse(key.data(), key.size());
  }
  target.deadlines = {.connect = provider.deadlines.connect,
                      .head = provider.deadlines.head,
                      .silence = provider.deadlines.silence,
                      .total = provider.deadlines.total};
  return target;
}

}  // namespace

Result<std::shared_ptr<const Targets>> Targets::make(std::shared_ptr<const Snapshot> snapshot,
                                                     const TargetOptions& options,
                                                     const Targets* former) {
  std::shared_ptr<Targets> targets(new Targets(std::move(snapshot)));
  targets->generation_ = options.generation;
  if (former != nullptr && former->generation_ == options.generation) {
    targets->authorities_ = former->authorities_;
  }
  for (const Provider& provider : targets->snapshot_->providers()) {
    if (provider.dialect == Dialect::kSandbox) continue;
    auto target = make_target(provider, options, targets->authorities_);
    if (!target) {
      Error error = target.error();
      error.message = "Provider " + provider.id.get() + ": " + error.message;
      return std::unexpected(std::move(error));
    }
    const Target* const known = former == nullptr ? nullptr : former->like(*target);
    if (known != nullptr) target->responses = known->responses;
    targets->targets_.emplace(&provider, std::move(*target));
  }
  return targets;
}

const Target* Targets::like(const Target& target) const {
  const Provider& now = *target.provider;
  const Provider* const before = snapshot_->provider(now.id);
  if (before == nullptr || before->dialect == Dialect::kSandbox) return nullptr;
  const Target& known = of(*before);
  const bool same = before->base_url == now.base_url && before->dialect == now.dialect &&
                    before->responses == now.responses && before->headers == now.headers &&
                    known.credential.expose() == target.credential.expose();
  return same ? &known : nullptr;
}

const Target& Targets::of(const Provider& provider) const {
  const auto found = targets_.find(&provider);
  check(found != targets_.end(), "every configured provider has a target");
  return found->second;
}

ResponsesBy Targets::responses_by(const Provider& provider) const {
  if (provider.dialect == Dialect::kSandbox || provider.dialect == Dialect::kAnthropic ||
      provider.responses == ResponsesRoute::kTranslated) {
    return ResponsesBy::kTranslation;
  }
  if (provider.responses == ResponsesRoute::kNative) return ResponsesBy::kProvider;
  const bool missing = of(provider).responses->load() == Target::Responses::kMissing;
  return provider.dialect == Dialect::kOpenAi && !missing ? ResponsesBy::kProvider
                                                          : ResponsesBy::kTranslation;
}

void Targets::responses_served(const Provider& provider) const {
  of(provider).responses->store(Target::Responses::kServed);
}

bool Targets::may_lack_responses(const Provider& provider) const {
  return provider.responses == ResponsesRoute::kAuto &&
         of(provider).responses->load() != Target::Responses::kServed;
}

void Targets::responses_missing(const Provider& provider) const {
  Target::Responses seen = Target::Responses::kUnknown;
  of(provider).responses->compare_exchange_strong(seen, Target::Responses::kMissing);
}

}  // namespace tollgate
