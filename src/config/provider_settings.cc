#include "config/provider_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "config/file_check.h"
#include "config/text.h"
#include "domain/built_in_catalogue.h"
#include "domain/destination.h"
#include "domain/http_url.h"
#include "domain/presets.h"
#include "domain/provider_json.h"

namespace tollgate::config {
namespace {

constexpr std::size_t kModelIdLengthMax = 200;
constexpr std::int64_t kContextMax = 1'000'000'000;
constexpr std::int64_t kDeadlineMsMax = 86'400'000;

constexpr std::string_view kModelCharacters = "._-:/@+";

bool is_model_id(std::string_view text) {
  return !text.empty() && text.size() <= kModelIdLengthMax && std::ranges::all_of(text, [](char c) {
    return ascii::is_alphanumeric(c) || kModelCharacters.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) { return std::ranges::any_of(text, ascii::is_control); }

// Where an offer was first defined, so that its repetition can point at it.
using OfferName = std::tuple<std::string, std::string, std::string>;  // provider, model, region

struct Reading {
  Settings& settings;
  const YamlSource& source;
  std::map<std::string, int> provider_lines = {};
  std::map<OfferName, int> offer_lines = {};
};

std::string read_region(MappingReader& reader) {
  const auto region = reader.text("region");
  if (!region) return {};
  if (!is_word(region->text)) {
    reader.source().problem(region->node, region->path, kWordRule);
    return {};
  }
  return region->text;
}

std::string read_provider_id(MappingReader& reader, Reading& reading) {
  const auto id = reader.required_text("id", "the name of this provider");
  if (!id) return {};
  if (!is_word(id->text)) {
    reading.source.problem(id->node, id->path, kWordRule);
    return {};
  }
  if (id->text == "sandbox") {
    reading.source.problem(id->node, id->path, "`sandbox` is the built-in provider's");
    return {};
  }
  const int line = reading.source.place(id->node).line;
  const auto [known, added] = reading.provider_lines.emplace(id->text, line);
  if (!added) {
    reading.source.problem(id->node, id->path,
                           fmt::format("is the id of the provider in line {}", known->second));
  }
  return id->text;
}

// nullptr for none, or for one that nobody knows.
const Preset* read_preset(MappingReader& reader) {
  const auto name = reader.text("preset");
  if (!name) return nullptr;
  const Preset* const preset = find_preset(name->text);
  if (preset == nullptr) {
    reader.source().problem(name->node, name->path, "must be one of " + preset_names());
  }
  return preset;
}

Dialect read_dialect(MappingReader& reader, const Preset* preset) {
  const auto text = reader.text("dialect");
  if (!text) return preset == nullptr ? Dialect::kOpenAi : preset->dialect;
  const auto dialect = dialect_from_name(text->text);
  if (!dialect) {
    reader.source().problem(text->node, text->path,
                            "must be openai, anthropic or azure-openai; most other servers speak "
                            "openai");
  }
  return dialect.value_or(Dialect::kOpenAi);
}

// Goes into a URL as it is.
std::string read_api_version(MappingReader& reader) {
  const auto version = reader.text("api_version");
  if (!version) return std::string(kAzureApiVersion);
  if (!is_api_version(version->text)) {
    reader.source().problem(version->node, version->path,
                            "must be 1–64 letters, digits and . _ - characters, such as " +
                                std::string(kAzureApiVersion));
  }
  return version->text;
}

ResponsesRoute read_responses(MappingReader& reader, Dialect dialect) {
  const auto text = reader.text("responses");
  if (!text) return ResponsesRoute::kAuto;
  const auto route = responses_route_from_name(text->text);
  if (!route) {
    reader.source().problem(text->node, text->path, "must be auto, native or translated");
  } else if (*route == ResponsesRoute::kNative && dialect == Dialect::kAnthropic) {
    reader.source().problem(text->node, text->path,
                            "cannot be native: this dialect has no responses");
  }
  return route.value_or(ResponsesRoute::kAuto);
}

std::string read_base_url(MappingReader& reader, const Preset* preset) {
  const bool known = preset != nullptr && !preset->base_url.empty();
  if (known && !reader.child("base_url")) return std::string(preset->base_url);
  const auto value = reader.required_text("base_url", "e.g. https://api.example.com/v1");
  if (!value) return {};
  const auto url = parse_base_url(value->text);
  if (!url) {
    reader.source().problem(value->node, value->path, url.error().message);
    return {};
  }
  Provider written;
  written.base_url = *url;
  if (const auto wrong = destination_problem(written)) {
    reader.source().problem(value->node, value->path, *wrong);
  }
  return *url;
}

Secret read_api_key(MappingReader& reader) {
  auto value = reader.text("api_key");
  if (!value) return {};
  if (const std::string_view wrong = api_key_problem(value->text); !wrong.empty()) {
    reader.source().problem(value->node, value->path, wrong);
  }
  return Secret(std::move(value->text));
}

UpstreamDeadlines read_deadlines(MappingReader& provider) {
  UpstreamDeadlines deadlines;
  const auto node = provider.child("deadlines");
  if (!node) return deadlines;
  MappingReader reader(*node, provider.path_of("deadlines"), provider.source());
  const auto read = [&](std::string_view key, std::chrono::milliseconds& target) {
    const auto ms = reader.whole(key, 1, kDeadlineMsMax);
    if (ms) target = std::chrono::milliseconds(*ms);
  };
  read("connect_ms", deadlines.connect);
  read("head_ms", deadlines.head);
  read("silence_ms", deadlines.silence);
  read("total_ms", deadlines.total);
  reader.finish();
  return deadlines;
}

std::map<std::string, std::string> read_headers(MappingReader& provider) {
  std::map<std::string, std::string> headers;
  const auto node = provider.child("headers");
  if (!node) return headers;
  MappingReader reader(*node, provider.path_of("headers"), provider.source());
  std::set<std::string> seen;
  for (auto& [name, value] : reader.entries()) {
    const std::string lower_name = ascii::to_lower(name);
    const std::string_view problem = header_problem(name, value.text);
    if (!problem.empty()) {
      reader.source().problem(value.node, value.path, problem);
    } else if (!seen.insert(lower_name).second) {
      reader.source().problem(value.node, value.path, "stands twice (names ignore case)");
    } else {
      headers.emplace(name, std::move(value.text));
    }
  }
  if (headers.size() > kHeadersMax) {
    reader.source().problem(*node, reader.path(), "has more than 32 headers");
  }
  return headers;
}

std::string read_max_tokens_field(MappingReader& reader, const Preset* preset) {
  const auto value = reader.text("max_tokens_field");
  if (!value) return std::string(preset == nullptr ? "max_tokens" : preset->max_tokens_field);
  // The gateway reads these two of a request, and must not write a third beside one of them.
  if (value->text != "max_tokens" && value->text != "max_completion_tokens") {
    reader.source().problem(value->node, value->path,
                            "must be max_tokens or max_completion_tokens");
  }
  return value->text;
}

std::string read_model_id(MappingReader& reader, Reading& reading, const OfferName& rest) {
  const auto id = reader.required_text("id", "the public id, e.g. acme/large");
  if (!id) return {};
  if (!is_model_id(id->text)) {
    reading.source.problem(id->node, id->path,
                           "must be 1–200 letters, digits or any of . _ - : / @ +");
    return {};
  }
  if (id->text.starts_with("sandbox/")) {
    reading.source.problem(id->node, id->path, "`sandbox/` is the built-in provider's");
    return {};
  }
  OfferName name = rest;
  std::get<1>(name) = id->text;
  const int line = reading.source.place(id->node).line;
  const auto [known, added] = reading.offer_lines.emplace(std::move(name), line);
  if (!added) {
    reading.source.problem(
        id->node, id->path,
        fmt::format("is offered by this provider in this region already, in line {}",
                    known->second));
  }
  return id->text;
}

// The name at the provider: as told, else as the built-in catalogue has it, else the public id.
// Azure has its deployments in the path of a URL.
std::string read_upstream_model(MappingReader& reader, const Provider& provider,
                                const ModelId& model) {
  const auto told = reader.text("upstream_model");
  std::string name = model.get();
  if (told) {
    name = told->text;
  } else if (const auto* known = built_in_catalogue().offer(provider.preset, model)) {
    name = known->upstream_model;
  } else if (provider.dialect == Dialect::kAzureOpenAi) {
    name = name.substr(name.find('/') + 1);
  }
  if (!reader.node().IsMap()) return name;  // said already
  const YAML::Node place = told ? told->node : reader.node();
  const std::string path = told ? told->path : reader.path();
  if (provider.dialect == Dialect::kAzureOpenAi && !is_word(name)) {
    reader.source().problem(place, path,
                            "needs the deployment's name as upstream_model: 1–64 letters, digits, "
                            "'.', '_' or '-'");
  } else if (name.empty() || has_control(name) || name.size() > kModelIdLengthMax) {
    reader.source().problem(place, path, "must be 1–200 bytes without control characters");
  }
  return name;
}

void read_offer_prices(MappingReader& reader, const Provider& provider, Offer& offer) {
  if (const auto prices = reader.child("prices")) {
    offer.prices = read_prices(*prices, reader.path_of("prices"), reader.source());
  } else if (built_in_catalogue().offer(provider.preset, offer.model) != nullptr) {
    offer.built_in_prices = true;
  } else if (reader.node().IsMap()) {
    reader.source().problem(reader.node(), reader.path(),
                            "has no prices; a model needs them, and 0 is a price: "
                            "`prices: {input: 0, output: 0}`");
  }
  offer.price_version = price_version(offer.prices);
}

void read_model(const YAML::Node& node, const std::string& path, const Provider& provider,
                Reading& reading) {
  MappingReader reader(node, path, reading.source);
  Offer offer;
  offer.provider = provider.id;
  offer.region = reader.child("region") ? read_region(reader) : provider.region;
  offer.model = ModelId(read_model_id(reader, reading, {provider.id.get(), "", offer.region}));
  offer.upstream_model = read_upstream_model(reader, provider, offer.model);
  offer.context_window = reader.whole("context_window", 1, kContextMax).value_or(0);
  offer.max_output_tokens = reader.whole("max_output_tokens", 1, kContextMax).value_or(0);
  if (offer.context_window > 0 && offer.max_output_tokens > offer.context_window) {
    reading.source.problem(node, path, "max_output_tokens is above context_window");
  }
  offer.image_tokens_max =
      reader.whole("image_tokens_max", 1, kContextMax).value_or(offer.image_tokens_max);
  offer.audio_seconds_max = reader.whole("audio_seconds_max", 1, kContextMax).value_or(0);
  offer.max_tokens_field = read_max_tokens_field(reader, find_preset(provider.preset));
  offer.grid_carbon_grams_per_kwh =
      reader.whole("grid_carbon_grams_per_kwh", 1, kGridCarbonMax).value_or(0);
  read_offer_prices(reader, provider, offer);
  reader.finish();
  reading.settings.catalogue.offers.push_back(std::move(offer));
}

// What the settings break together.
void check_provider(const MappingReader& reader, const Provider& provider) {
  for (const PolicyProblem& problem : validate_provider(provider, {})) {
    // Missing ids and addresses, and where the address leads, are said where they stand.
    if (problem.param == "id" || problem.param == "base_url") continue;
    reader.source().problem(reader.node(), reader.path_of(problem.param), problem.message);
  }
}

void read_models(MappingReader& reader, Provider& provider, Reading& reading) {
  for (const auto& [model, path] : reader.list("models")) {
    read_model(model, path, provider, reading);
  }
}

void read_provider(const YAML::Node& node, const std::string& path, Reading& reading) {
  MappingReader reader(node, path, reading.source);
  Provider provider;
  provider.id = ProviderId(read_provider_id(reader, reading));
  const Preset* const preset = read_preset(reader);
  if (preset != nullptr) provider.preset = preset->name;
  provider.dialect = read_dialect(reader, preset);
  provider.api_version = read_api_version(reader);
  provider.responses = read_responses(reader, provider.dialect);
  provider.base_url = read_base_url(reader, preset);
  provider.api_key = read_api_key(reader);
  provider.region = read_region(reader);
  provider.headers = read_headers(reader);
  provider.deadlines = read_deadlines(reader);
  provider.connections_max = static_cast<int>(
      reader.whole("connections_max", 1, kConnectionsMax).value_or(provider.connections_max));
  provider.grid_carbon_grams_per_kwh =
      reader.whole("grid_carbon_grams_per_kwh", 1, kGridCarbonMax).value_or(0);
  // With `models`, those alone; without, all that is known of the preset.
  const bool told = reader.child("models").has_value();
  if (!told && preset != nullptr) provider.model_list = ModelList::kOfPreset;
  check_provider(reader, provider);
  if (const auto ca_file = reader.text("ca_file")) {
    if (const auto readable = check_readable(ca_file->text); !readable) {
      reading.source.problem(ca_file->node, ca_file->path, readable.error().message);
    }
    reading.settings.provider_ca_files[provider.id] = ca_file->text;
  }
  read_models(reader, provider, reading);
  reader.finish();
  reading.settings.catalogue.providers.push_back(std::move(provider));
}

}  // namespace

void read_providers(MappingReader& document, Settings& settings) {
  Reading reading{.settings = settings, .source = document.source()};
  for (const auto& [node, path] : document.list("providers")) read_provider(node, path, reading);
}

}  // namespace tollgate::config
