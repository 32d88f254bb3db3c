// The catalogue's words: provider, model, offer (SPEC §1). Filled by config/, chosen by routing/.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

struct Provider {
  ProviderId id;
  Dialect dialect = Dialect::kOpenAi;
  std::string api_version = std::string(kAzureApiVersion);  // looked at for kAzureOpenAi only
  std::string base_url;  // http(s)://host[:port][/path], no trailing slash, no userinfo
  Secret api_key;
  std::string region;                          // may be empty
  std::map<std::string, std::string> headers;  // sent with every request
  UpstreamDeadlines deadlines;
  int connections_max = 512;  // per process; further requests wait for a free one up to `connect`
  std::string source = "file";
};

struct Offer {
  ModelId model;  // the public id
  ProviderId provider;
  std::string upstream_model;
  std::string region;
  std::int64_t context_window = 0;         // 0 = as the model's facts have it, or unknown
  std::int64_t max_output_tokens = 0;      // likewise
  std::int64_t image_tokens_max = 16'384;  // what one image of a request may count, at most
  std::string max_tokens_field = "max_tokens";
  Prices prices;
  std::string price_version;
  // Of the grid that the offer's data centre draws from, CO2 equivalent; 0 = unknown.
  std::int64_t grid_carbon_grams_per_kwh = 0;
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
