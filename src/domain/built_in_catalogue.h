// The catalogue that is built into the binary: facts about models, and the prices at which the
// providers of the presets offer them (catalogue/models.json, made by tools/make_catalogue.py, with
// its sources and dates). Needs no network. Pure; read once, then shared.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/model_facts.h"
#include "domain/price.h"

namespace tollgate {

struct BuiltInOffer {
  ModelId model;
  std::string preset;
  std::string upstream_model;
  std::int64_t context_window = 0;  // 0 = as the model's
  std::int64_t max_output_tokens = 0;
  // What holds from a time on, ascending; the first from ever.
  struct DatedPrices {
    WallTime from = WallTime::min();
    Prices prices;
  };
  std::vector<DatedPrices> prices;

  const Prices& prices_at(WallTime now) const;
};

class BuiltInCatalogue {
 public:
  // kInternal for a text that is none: the one in the binary always is one.
  static Result<BuiltInCatalogue> parse(std::string_view text);

  const std::string& as_of() const { return as_of_; }  // the date of its newest fact
  const std::vector<ModelFacts>& models() const { return models_; }
  const std::vector<BuiltInOffer>& offers() const { return offers_; }
  const ModelFacts* facts(const ModelId& id) const;
  const BuiltInOffer* offer(std::string_view preset, const ModelId& model) const;
  // When the first price after `now` changes; nullopt: none will.
  std::optional<WallTime> next_price_change(WallTime now) const;

 private:
  std::string as_of_;
  std::vector<ModelFacts> models_;
  std::vector<BuiltInOffer> offers_;
  std::unordered_map<std::string, std::size_t> model_by_id_;
  std::unordered_map<std::string, std::size_t> offer_by_name_;  // preset, blank, model
};

// The one in the binary.
const BuiltInCatalogue& built_in_catalogue();

}  // namespace tollgate
