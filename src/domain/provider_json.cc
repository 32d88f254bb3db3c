#include "domain/provider_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "domain/built_in_catalogue.h"
#include "domain/destination.h"
#include "domain/http_url.h"
#include "domain/model_id.h"
#include "domain/presets.h"

namespace tollgate {
namespace {

constexpr std::size_t kHeaderNameLengthMax = 200;
constexpr std::size_t kApiKeyLengthMax = 8'192;
constexpr std::int64_t kDeadlineMsMax = 86'400'000;

// Fields that frame the request or that the gateway itself writes (SPEC §7 "Upstream edge").
constexpr auto kReservedHeaders = std::to_array<std::string_view>(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer",
     "upgrade", "expect", "proxy-connection", "proxy-authorization", "accept", "accept-encoding",
     "content-type"});

struct DeadlineMember {
  std::string_view name;
  std::chrono::milliseconds UpstreamDeadlines::* time;
};
constexpr std::array<DeadlineMember, 4> kDeadlineMembers = {
    {{"connect_ms", &UpstreamDeadlines::connect},
     {"head_ms", &UpstreamDeadlines::head},
     {"silence_ms", &UpstreamDeadlines::silence},
     {"total_ms", &UpstreamDeadlines::total}}};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool consists_of(std::string_view text, std::size_t length_max, std::string_view besides) {
  return !text.empty() && text.size() <= length_max && std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || besides.find(c) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

json::object deadlines_json(const UpstreamDeadlines& deadlines) {
  json::object out;
  for (const DeadlineMember& member : kDeadlineMembers) {
    out[member.name] = (deadlines.*member.time).count();
  }
  return out;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

// A preset that is given anew brings its dialect and its address.
void read_preset(ObjectReader& reader, Provider& provider) {
  if (reader.is_null("preset")) return provider.preset.clear();
  auto name = reader.string("preset");
  if (!name) return;
  const Preset* const preset = find_preset(*name);
  if (preset == nullptr) {
    return reader.problem("preset", "must be one of " + preset_names());
  }
  provider.preset = std::move(*name);
  provider.dialect = preset->dialect;
  if (!preset->base_url.empty()) provider.base_url = preset->base_url;
}

void read_dialect(ObjectReader& reader, Provider& provider) {
  const auto name = reader.string("dialect");
  if (!name) return;
  const auto dialect = dialect_from_name(*name);
  if (!dialect) return reader.problem("dialect", "must be openai, anthropic or azure-openai");
  provider.dialect = *dialect;
}

void read_base_url(ObjectReader& reader, Provider& provider) {
  const auto text = reader.string("base_url");
  if (!text) return;
  auto url = parse_base_url(*text);
  if (!url) return reader.problem("base_url", url.error().message);
  provider.base_url = std::move(*url);
}

void read_api_version(ObjectReader& reader, Provider& provider) {
  if (reader.is_null("api_version")) {
    provider.api_version = kAzureApiVersion;
    return;
  }
  auto text = reader.string("api_version");
  if (!text) return;
  if (!is_api_version(*text)) {
    return reader.problem("api_version",
                          "must be 1–64 letters, digits and . _ - characters, "
                          "such as 2024-10-21");
  }
  provider.api_version = std::move(*text);
}

void read_responses(ObjectReader& reader, Provider& provider) {
  if (const auto name = reader.string("responses")) {
    const auto route = responses_route_from_name(*name);
    if (!route) return reader.problem("responses", "must be auto, native or translated");
    provider.responses = *route;
  }
  const bool native = provider.responses == ResponsesRoute::kNative;
  if (native && provider.dialect == Dialect::kAnthropic) {
    reader.problem("responses", "cannot be native: this dialect has no responses");
  }
}

void read_api_key(ObjectReader& reader, Provider& provider) {
  if (reader.is_null("api_key")) {
    provider.api_key = Secret();
    return;
  }
  auto text = reader.string("api_key");
  if (!text) return;
  const std::string_view wrong = api_key_problem(*text);
  if (!wrong.empty()) return reader.problem("api_key", std::string(wrong));
  provider.api_key = Secret(std::move(*text));
}

void read_headers(ObjectReader& reader, Provider& provider) {
  const json::value* const value = reader.raw("headers");
  if (value == nullptr) return;
  std::map<std::string, std::string> headers;
  if (!reader.is_null("headers")) {
    const auto* const object = value->if_object();
    if (object == nullptr || object->size() > kHeadersMax) {
      return reader.problem("headers", "must be an object of at most 32 headers");
    }
    std::set<std::string> seen;
    for (const auto& member : *object) {
      const std::string name(member.key());
      const auto* const text = member.value().if_string();
      std::string_view wrong = text == nullptr ? "must be a string" : header_problem(name, *text);
      if (!seen.insert(lower(name)).second) wrong = "stands twice (names ignore case)";
      // The name is not repeated: it might be a value that lost its place.
      if (!wrong.empty()) return reader.problem("headers", fmt::format("has one that {}", wrong));
      headers.emplace(name, *text);
    }
  }
  provider.headers = std::move(headers);
}

void read_deadlines(ObjectReader& reader, Provider& provider) {
  const json::value* const value = reader.raw("deadlines");
  if (value == nullptr) return;
  if (reader.is_null("deadlines")) {
    provider.deadlines = UpstreamDeadlines();
    return;
  }
  ObjectReader inner(*value);
  for (const DeadlineMember& member : kDeadlineMembers) {
    if (inner.is_null(member.name)) {
      provider.deadlines.*member.time = UpstreamDeadlines().*member.time;
      continue;
    }
    const auto ms = inner.integer(member.name);
    if (!ms) continue;
    if (*ms < 1 || *ms > kDeadlineMsMax) {
      inner.problem(member.name, fmt::format("must be 1 to {}", kDeadlineMsMax));
    } else {
      provider.deadlines.*member.time = std::chrono::milliseconds(*ms);
    }
  }
  inner.finish_into(reader, "deadlines");
}

void read_whole(ObjectReader& reader, std::string_view name, std::int64_t least, std::int64_t most,
                const std::function<void(std::int64_t)>& take) {
  const auto number = reader.integer(name);
  if (!number) return;
  if (*number < least || *number > most) {
    return reader.problem(name, fmt::format("must be {} to {}", least, most));
  }
  take(*number);
}

bool has_credential_header(const Provider& provider) {
  return std::ranges::any_of(provider.headers, [](const auto& header) {
    const std::string name = lower(header.first);
    return name == "authorization" || name == "x-api-key" || name == "api-key";
  });
}

// The deployment stands in the path of Azure's URL.
void check_deployments(const Provider& provider, const std::vector<Offer>& offers,
                       std::vector<PolicyProblem>& problems) {
  if (provider.dialect != Dialect::kAzureOpenAi) return;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const std::string& id = offers[i].model.get();
    const BuiltInOffer* const known = built_in_catalogue().offer(provider.preset, offers[i].model);
    std::string deployment = offers[i].upstream_model;
    if (deployment.empty()) deployment = known != nullptr ? known->upstream_model : id;
    if (consists_of(deployment, kProviderIdLengthMax, "._-")) continue;
    problems.push_back({fmt::format("models[{}].upstream_model", i),
                        "must be the deployment's name: 1–64 letters, digits, '.', '_' or '-'"});
  }
}

void check_models(const Provider& provider, const std::vector<Offer>& offers,
                  std::vector<PolicyProblem>& problems) {
  // Azure serves what was deployed under names of one's own, and nothing else.
  if (provider.dialect == Dialect::kAzureOpenAi && provider.model_list == ModelList::kOfPreset) {
    problems.push_back({"models",
                        "is missing: Azure serves your own deployments; list each with its `id` "
                        "and, as `upstream_model`, the deployment's name"});
  }
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Offer& offer = offers[i];
    if (auto wrong = model_id_problem(offer.model.get())) {
      problems.push_back({fmt::format("models[{}].id", i), std::move(*wrong)});
    } else if (offer.built_in_prices &&
               built_in_catalogue().offer(provider.preset, offer.model) == nullptr) {
      problems.push_back({fmt::format("models[{}].prices", i), std::string(kUnpricedRule)});
    }
  }
}

void check_credential(const Provider& provider, std::vector<PolicyProblem>& problems) {
  const bool header = has_credential_header(provider);
  if (header && !provider.api_key.empty()) {
    problems.push_back(
        {"headers",
         "has both api_key and an Authorization header or the like: leave one of them out"});
  }
  const Preset* const preset = find_preset(provider.preset);
  const bool needed = preset != nullptr && preset->credential == CredentialNeed::kRequired &&
                      (preset->base_url.empty() || preset->base_url == provider.base_url);
  if (needed && !header && provider.api_key.empty()) {
    problems.push_back(
        {"api_key", fmt::format("is missing: {} takes no request without one", preset->title)});
  }
}

}  // namespace

bool is_word(std::string_view text) { return consists_of(text, kProviderIdLengthMax, "._-"); }

bool is_api_version(std::string_view text) {
  return consists_of(text, kProviderIdLengthMax, "-._");
}

std::string_view api_key_problem(std::string_view key) {
  if (key.empty()) return "is empty; leave it out if this provider takes no key";
  if (key.size() > kApiKeyLengthMax) return "is longer than 8192 bytes";
  const bool visible =
      std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!visible) return "must be visible ASCII characters, without blanks or line ends";
  return {};
}

std::string_view header_problem(std::string_view name, std::string_view value) {
  static constexpr std::string_view kTokenCharacters = "!#$%&'*+-.^_`|~";  // RFC 9110 §5.6.2
  if (!consists_of(name, kHeaderNameLengthMax, kTokenCharacters)) return "is no header name";
  if (std::ranges::find(kReservedHeaders, lower(name)) != kReservedHeaders.end()) {
    return "is written by the gateway itself";
  }
  if (value.size() > kHeaderValueLengthMax) return "is longer than 4096 bytes";
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(value, control)) return "must not hold control characters or line ends";
  if (value.starts_with(' ') || value.ends_with(' ')) return "must not start or end with a blank";
  return {};
}

void read_region(ObjectReader& reader, std::string& region) {
  if (reader.is_null("region")) return region.clear();
  auto text = reader.string("region");
  if (!text) return;
  if (!text->empty() && !is_word(*text)) return reader.problem("region", std::string(kWordRule));
  region = std::move(*text);
}

json::object provider_json(const Provider& provider) {
  json::array header_names;
  for (const auto& [name, value] : provider.headers) header_names.emplace_back(name);
  return {
      {"preset", text_or_null(provider.preset)},
      {"dialect", dialect_name(provider.dialect)},
      {"base_url", text_or_null(provider.base_url)},
      {"api_version", provider.dialect == Dialect::kAzureOpenAi ? json::value(provider.api_version)
                                                                : json::value(nullptr)},
      {"responses", responses_route_name(provider.responses)},
      {"region", text_or_null(provider.region)},
      {"api_key_set", !provider.api_key.empty()},
      {"header_names", std::move(header_names)},
      {"deadlines", deadlines_json(provider.deadlines)},
      {"connections_max", provider.connections_max},
      {"grid_carbon_grams_per_kwh", provider.grid_carbon_grams_per_kwh > 0
                                        ? json::value(provider.grid_carbon_grams_per_kwh)
                                        : json::value(nullptr)},
      {"allow_private", provider.allow_private}};
}

json::object provider_secrets_json(const Provider& provider) {
  json::object headers;
  for (const auto& [name, value] : provider.headers) headers[name] = value;
  json::object out;
  out["api_key"] =
      provider.api_key.empty() ? json::value(nullptr) : json::value(provider.api_key.expose());
  out["headers"] = std::move(headers);
  return out;
}

void read_provider(ObjectReader& reader, Provider& provider) {
  read_preset(reader, provider);
  read_dialect(reader, provider);
  read_base_url(reader, provider);
  read_api_version(reader, provider);
  read_responses(reader, provider);
  read_api_key(reader, provider);
  read_region(reader, provider.region);
  read_headers(reader, provider);
  read_deadlines(reader, provider);
  read_whole(reader, "connections_max", 1, kConnectionsMax,
             [&](std::int64_t number) { provider.connections_max = static_cast<int>(number); });
  if (reader.is_null("grid_carbon_grams_per_kwh")) provider.grid_carbon_grams_per_kwh = 0;
  read_whole(reader, "grid_carbon_grams_per_kwh", 1, kGridCarbonMax,
             [&](std::int64_t number) { provider.grid_carbon_grams_per_kwh = number; });
  if (const auto allowed = reader.boolean("allow_private")) provider.allow_private = *allowed;
}

Result<Provider> provider_from_json(const json::value& settings) {
  Provider provider;
  ObjectReader reader(settings);
  read_provider(reader, provider);
  // What provider_json() says of the secrets, and what stands beside the settings.
  for (const auto* name : {"api_key_set", "header_names", "models_of_preset"}) reader.raw(name);
  if (Status sound = reader.finish(); !sound) {
    return fail(ErrorCode::kInternal, "A stored provider cannot be read.", sound.error().message);
  }
  return provider;
}

Status read_provider_secrets(const json::value& secrets, Provider& provider) {
  ObjectReader reader(secrets);
  read_api_key(reader, provider);
  read_headers(reader, provider);
  if (reader.finish()) return {};
  return fail(ErrorCode::kInternal, "A stored credential cannot be read.");
}

std::vector<PolicyProblem> validate_provider(const Provider& provider,
                                             const std::vector<Offer>& offers) {
  std::vector<PolicyProblem> problems;
  if (!is_word(provider.id.get())) problems.push_back({"id", std::string(kWordRule)});
  if (provider.id.get() == "sandbox") {
    problems.push_back({"id", "`sandbox` is the built-in provider's: choose another"});
  }
  if (provider.base_url.empty()) {
    problems.push_back({"base_url", "is missing, e.g. https://api.example.com/v1"});
  } else if (auto wrong = destination_problem(provider)) {
    problems.push_back({"base_url", std::move(*wrong)});
  }
  check_credential(provider, problems);
  check_models(provider, offers, problems);
  check_deployments(provider, offers, problems);
  return problems;
}

Offer untold_offer(const Provider& provider) {
  Offer offer;
  offer.provider = provider.id;
  offer.max_tokens_field.clear();
  offer.built_in_prices = true;
  offer.source = provider.source;
  return offer;
}

}  // namespace tollgate
