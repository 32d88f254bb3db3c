// The catalogue's words: provider, model, offer (SPEC §1). Filled by config/, chosen by routing/.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_class.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "domain/model_facts.h"
#include "domain/price.h"
#include "domain/profile.h"

namespace tollgate {

enum class Dialect { kOpenAi, kAnthropic, kAzureOpenAi, kSandbox };
std::string_view dialect_name(Dialect dialect);
// Of a provider that can be configured: "openai", "anthropic", "azure-openai".
std::optional<Dialect> dialect_from_name(std::string_view name);

// Who makes a response of /v1/responses: the provider that serves it, or we, of its chat
// completion.
enum class ResponsesRoute {
  kAuto,        // of OpenAI's dialect: the provider, unless it says that it has no such path
  kNative,      // the provider
  kTranslated,  // we
};
std::string_view responses_route_name(ResponsesRoute route);
// "auto", "native", "translated".
std::optional<ResponsesRoute> responses_route_from_name(std::string_view name);

// The version of Azure's API that a provider is asked for where none is configured: the one that
// Microsoft calls generally available.
inline constexpr std::string_view kAzureApiVersion = "2024-10-21";

// Deadlines of one provider (SPEC §7 "Upstream edge").
struct UpstreamDeadlines {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds head{600'000};
  std::chrono::milliseconds silence{300'000};  // between two reads of a body
  std::chrono::milliseconds total{3'600'000};
};

// Which models a provider offers.
enum class ModelList {
  kTold,      // those that its settings name
  kOfPreset,  // and beside them all that the built-in catalogue knows of its preset
};

struct Provider {
  ProviderId id;
  std::string preset = {};  // a Preset's name; empty = none
  Dialect dialect = Dialect::kOpenAi;
  std::string api_version = std::string(kAzureApiVersion);  // looked at for kAzureOpenAi only
  std::string base_url;  // http(s)://host[:port][/path], no trailing slash, no userinfo
  Secret api_key;
  std::string region;                          // may be empty
  std::map<std::string, std::string> headers;  // sent with every request
  UpstreamDeadlines deadlines;
  int connections_max = 512;  // per process; further requests wait for a free one up to `connect`
  // Of the grid that it draws from, CO2 equivalent, for its offers that say nothing; 0 = unknown.
  std::int64_t grid_carbon_grams_per_kwh = 0;
  ModelList model_list = ModelList::kTold;
  ResponsesRoute responses = ResponsesRoute::kAuto;  // kNative: not of Anthropic's dialect
  // Of one made over the API: it may be on this machine or in a network of one's own.
  bool allow_private = false;
  std::string source = "file";
  // Of one made over the API.
  std::optional<WallTime> created_at = {};
  std::optional<WallTime> updated_at = {};
};

struct Offer {
  ModelId model;  // the public id
  ProviderId provider;
  std::string upstream_model;
  std::string region;
  std::int64_t context_window = 0;         // 0 = as the model's facts have it, or unknown
  std::int64_t max_output_tokens = 0;      // likewise
  std::int64_t image_tokens_max = 16'384;  // what one image of a request may count, at most
  std::int64_t audio_seconds_max = 0;      // of one request, as the provider has it; 0 = unknown
  std::string max_tokens_field = "max_tokens";
  Prices prices;
  // Nobody told the prices: they are the built-in catalogue's (domain/whole_catalogue.h).
  bool built_in_prices = false;
  std::string price_version;
  // Of the grid that the offer's data centre draws from, CO2 equivalent; 0 = the provider's.
  std::int64_t grid_carbon_grams_per_kwh = 0;
  // Who says that there is this offer at these prices: "file", "api" or "built-in".
  std::string source = "file";
};

// What config/ and store/ hand to routing/, which makes a Snapshot of it.
struct Catalogue {
  std::vector<Provider> providers;
  std::vector<Offer> offers;
  // Of the models that somebody knows; a model that only an offer names has unknown facts, and
  // facts of a model that nobody offers lie idle.
  std::vector<ModelFacts> models = {};
  // Another name for a model: its public id, or tollgate/auto, -cheap or -fast.
  std::map<std::string, std::string> aliases = {};
  std::vector<Profile> profiles = {};
};

}  // namespace tollgate
