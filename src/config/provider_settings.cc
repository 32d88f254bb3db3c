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
#include "config/url.h"

namespace tollgate::config {
namespace {

constexpr std::size_t kIdLengthMax = 64;
constexpr std::size_t kModelIdLengthMax = 200;
constexpr std::size_t kApiVersionLengthMax = 64;
constexpr std::int64_t kContextMax = 1'000'000'000;
constexpr std::int64_t kDeadlineMsMax = 86'400'000;
constexpr std::int64_t kConnectionsMax = 100'000;
constexpr std::size_t kHeadersMax = 32;
constexpr std::size_t kHeaderValueLengthMax = 4'096;

constexpr std::string_view kIdCharacters = "._-";
constexpr std::string_view kModelCharacters = "._-:/@+";

// Fields that frame the request or that the gateway itself writes (SPEC §7 "Upstream edge").
constexpr auto kReservedHeaders = std::to_array<std::string_view>(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer",
     "upgrade", "expect", "proxy-connection", "proxy-authorization", "accept", "accept-encoding",
     "content-type"});

bool is_word(std::string_view text, std::size_t length_max, std::string_view besides) {
  return !text.empty() && text.size() <= length_max && std::ranges::all_of(text, [&](char c) {
    return ascii::is_alphanumeric(c) || besides.find(c) != std::string_view::npos;
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
  if (!is_word(region->text, kIdLengthMax, kIdCharacters)) {
    reader.source().problem(region->node, region->path,
                            "must be 1–64 letters, digits, '.', '_' or '-'");
    return {};
  }
  return region->text;
}

std::string read_provider_id(MappingReader& reader, Reading& reading) {
  const auto id = reader.required_text("id", "the name of this provider");
  if (!id) return {};
  if (!is_word(id->text, kIdLengthMax, kIdCharacters)) {
    reading.source.problem(id->node, id->path, "must be 1–64 letters, digits, '.', '_' or '-'");
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

Dialect read_dialect(MappingReader& reader) {
  const auto text = reader.text("dialect");
  if (!text) return Dialect::kOpenAi;
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
  const bool sound = is_word(version->text, kApiVersionLengthMax, "-._");
  if (!sound) {
    reader.source().problem(version->node, version->path,
                            "must be 1–64 letters, digits and . _ - characters, such as " +
                                std::string(kAzureApiVersion));
  }
  return version->text;
}

std::string read_base_url(MappingReader& reader) {
  const auto value = reader.required_text("base_url", "e.g. https://api.example.com/v1");
  if (!value) return {};
  const auto url = parse_base_url(value->text);
  if (!url) {
    reader.source().problem(value->node, value->path, url.error().message);
    return {};
  }
  return *url;
}

Secret read_api_key(MappingReader& reader) {
  auto value = reader.text("api_key");
  if (!value) return {};
  const bool visible =
      std::ranges::all_of(value->text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (value->text.empty()) {
    reader.source().problem(value->node, value->path,
                            "is empty; leave it out if this provider takes no key");
  } else if (!visible) {
    reader.source().problem(value->node, value->path,
                            "must be visible ASCII characters, without blanks or line ends");
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

// What is wrong with a header of the provider; empty = nothing.
std::string_view header_problem(const std::string& lower_name, std::string_view value) {
  static constexpr std::string_view kTokenCharacters = "!#$%&'*+-.^_`|~";  // RFC 9110 §5.6.2
  if (!is_word(lower_name, kModelIdLengthMax, kTokenCharacters)) return "is no header name";
  if (std::ranges::find(kReservedHeaders, lower_name) != kReservedHeaders.end()) {
    return "is written by the gateway itself";
  }
  if (value.size() > kHeaderValueLengthMax) return "is longer than 4096 bytes";
  if (has_control(value)) return "must not hold control characters or line ends";
  if (value.starts_with(' ') || value.ends_with(' ')) return "must not start or end with a blank";
  return {};
}

std::map<std::string, std::string> read_headers(MappingReader& provider) {
  std::map<std::string, std::string> headers;
  const auto node = provider.child("headers");
  if (!node) return headers;
  MappingReader reader(*node, provider.path_of("headers"), provider.source());
  std::set<std::string> seen;
  for (auto& [name, value] : reader.entries()) {
    const std::string lower_name = ascii::to_lower(name);
    const std::string_view problem = header_problem(lower_name, value.text);
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

std::string read_max_tokens_field(MappingReader& reader) {
  const auto value = reader.text("max_tokens_field");
  if (!value) return "max_tokens";
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
  if (!is_word(id->text, kModelIdLengthMax, kModelCharacters)) {
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

void read_model(const YAML::Node& node, const std::string& path, const Provider& provider,
                Reading& reading) {
  MappingReader reader(node, path, reading.source);
  Offer offer;
  offer.provider = provider.id;
  offer.region = reader.child("region") ? read_region(reader) : provider.region;
  offer.model = ModelId(read_model_id(reader, reading, {provider.id.get(), "", offer.region}));
  const auto upstream_model = reader.text("upstream_model");
  offer.upstream_model = upstream_model ? upstream_model->text : offer.model.get();
  if (upstream_model && (offer.upstream_model.empty() || has_control(offer.upstream_model) ||
                         offer.upstream_model.size() > kModelIdLengthMax)) {
    reading.source.problem(upstream_model->node, upstream_model->path,
                           "must be 1–200 bytes without control characters");
  }
  offer.context_window = reader.whole("context_window", 1, kContextMax).value_or(0);
  offer.max_output_tokens = reader.whole("max_output_tokens", 1, kContextMax).value_or(0);
  if (offer.context_window > 0 && offer.max_output_tokens > offer.context_window) {
    reading.source.problem(node, path, "max_output_tokens is above context_window");
  }
  offer.image_tokens_max =
      reader.whole("image_tokens_max", 1, kContextMax).value_or(offer.image_tokens_max);
  offer.max_tokens_field = read_max_tokens_field(reader);
  if (const auto prices = reader.child("prices")) {
    offer.prices = read_prices(*prices, reader.path_of("prices"), reading.source);
  } else if (node.IsMap()) {
    reading.source.problem(node, path,
                           "has no prices; a model needs them, and 0 is a price: "
                           "`prices: {input: 0, output: 0}`");
  }
  reader.finish();
  offer.price_version = price_version(offer.prices);
  reading.settings.catalogue.offers.push_back(std::move(offer));
}

void read_provider(const YAML::Node& node, const std::string& path, Reading& reading) {
  MappingReader reader(node, path, reading.source);
  Provider provider;
  provider.id = ProviderId(read_provider_id(reader, reading));
  provider.dialect = read_dialect(reader);
  provider.api_version = read_api_version(reader);
  provider.base_url = read_base_url(reader);
  provider.api_key = read_api_key(reader);
  provider.region = read_region(reader);
  provider.headers = read_headers(reader);
  provider.deadlines = read_deadlines(reader);
  provider.connections_max = static_cast<int>(
      reader.whole("connections_max", 1, kConnectionsMax).value_or(provider.connections_max));
  if (!provider.api_key.empty()) {
    const bool twice = std::ranges::any_of(provider.headers, [](const auto& header) {
      return ascii::to_lower(header.first) == "authorization";
    });
    if (twice) reading.source.problem(node, path, "has both api_key and an Authorization header");
  }
  if (const auto ca_file = reader.text("ca_file")) {
    if (const auto readable = check_readable(ca_file->text); !readable) {
      reading.source.problem(ca_file->node, ca_file->path, readable.error().message);
    }
    reading.settings.provider_ca_files[provider.id] = ca_file->text;
  }
  for (const auto& [model, model_path] : reader.list("models")) {
    read_model(model, model_path, provider, reading);
  }
  reader.finish();
  reading.settings.catalogue.providers.push_back(std::move(provider));
}

}  // namespace

void read_providers(MappingReader& document, Settings& settings) {
  Reading reading{.settings = settings, .source = document.source()};
  for (const auto& [node, path] : document.list("providers")) read_provider(node, path, reading);
}

}  // namespace tollgate::config
