// Reads LiteLLM's model_prices_and_context_window.json: prices, sizes and capabilities of models by
// provider, USD per single unit. Pure, and exact: a price goes from its digits to ours without a
// floating-point number in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace tollgate::cli {

struct ListedModel {
  std::string name;       // as the file has it
  std::string listed_as;  // its litellm_provider
  std::string upstream;   // the name at the provider: without the provider's prefix
  json::object facts;     // as the admin API takes them
  json::object prices;    // likewise, in USD per million tokens
  std::int64_t context_window = 0;
  std::int64_t max_output_tokens = 0;
};

struct ListSkipped {
  std::string name;
  std::string listed_as;
  std::string why;
};

struct PriceList {
  std::vector<ListedModel> models;
  std::vector<ListSkipped> skipped;
};

// kInvalidRequest when it is no such file.
Result<PriceList> read_litellm_prices(std::string_view text);

// "1.5e-07" a unit as USD per `units` of them: "0.15". Rounded up to a nano-dollar. kInvalidRequest
// for what is no amount, or too large a one.
Result<std::string> price_per(std::string_view number, std::int64_t units);

}  // namespace tollgate::cli
