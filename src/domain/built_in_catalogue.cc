#include "domain/built_in_catalogue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "domain/model_facts_json.h"
#include "domain/offer_json.h"
#include "domain/presets.h"
#include "domain/price_json.h"

// cmake/embed.cmake makes these of the file.
extern "C" {
extern const char tollgate_catalogue_begin[];
extern const char tollgate_catalogue_end[];
}

namespace tollgate {
namespace {

std::string name_of(std::string_view preset, std::string_view model) {
  std::string out(preset);
  out += ' ';
  out += model;
  return out;
}

std::int64_t read_size(ObjectReader& reader, std::string_view name) {
  return reader.integer(name).value_or(0);
}

void add_prices(ObjectReader& reader, const json::value* value, WallTime from,
                BuiltInOffer& offer) {
  if (value == nullptr) return reader.problem("prices", "is missing");
  auto prices = read_prices(*value, "prices", PriceSides::kEitherStated, problems_of(reader));
  if (prices) offer.prices.push_back({.from = from, .prices = std::move(*prices)});
}

void read_changes(ObjectReader& reader, BuiltInOffer& offer) {
  const json::value* const changes = reader.raw("price_changes");
  if (changes == nullptr) return;
  if (!changes->is_array()) return reader.problem("price_changes", "must be an array");
  for (const json::value& change : changes->get_array()) {
    ObjectReader one(change);
    const auto from = parse_time(one.string("from").value_or(""));
    if (!from) one.problem("from", "must be a date");
    add_prices(one, one.raw("prices"), from.value_or(WallTime::max()), offer);
    one.finish_into(reader, "price_changes");
  }
}

BuiltInOffer read_built_in_offer(ObjectReader& reader, const ModelId& model) {
  BuiltInOffer offer;
  offer.model = model;
  offer.preset = reader.string("preset").value_or("");
  if (find_preset(offer.preset) == nullptr) reader.problem("preset", "is not known");
  const std::string& id = model.get();
  offer.upstream_model = reader.string("upstream_model").value_or(id.substr(id.find('/') + 1));
  offer.context_window = read_size(reader, "context_window");
  offer.max_output_tokens = read_size(reader, "max_output_tokens");
  add_prices(reader, reader.raw("prices"), WallTime::min(), offer);
  read_changes(reader, offer);
  reader.raw("as_of");
  return offer;
}

}  // namespace

const Prices& BuiltInOffer::prices_at(WallTime now) const {
  const auto later = std::ranges::upper_bound(prices, now, {}, &DatedPrices::from);
  check(later != prices.begin(), "an offer has prices from ever");
  return std::prev(later)->prices;
}

Result<BuiltInCatalogue> BuiltInCatalogue::parse(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return std::unexpected(value.error());
  BuiltInCatalogue catalogue;
  ObjectReader document(*value);
  catalogue.as_of_ = document.string("as_of").value_or("");
  document.raw("sources");
  const json::value* const models = document.raw("models");
  if (models == nullptr || !models->is_array()) document.problem("models", "must be an array");
  const json::array none;
  for (const json::value& one :
       models != nullptr && models->is_array() ? models->get_array() : none) {
    ObjectReader reader(one);
    ModelFacts facts;
    facts.id = ModelId(reader.string("id").value_or(""));
    read_facts(reader, facts);
    const json::value* const offers = reader.raw("offers");
    for (const json::value& offered :
         offers != nullptr && offers->is_array() ? offers->get_array() : none) {
      ObjectReader inner(offered);
      BuiltInOffer offer = read_built_in_offer(inner, facts.id);
      inner.finish_into(reader, "offers");
      const auto place = catalogue.offers_.size();
      if (!catalogue.offer_by_name_.emplace(name_of(offer.preset, facts.id.get()), place).second) {
        reader.problem("offers", "stands twice at one preset");
      }
      catalogue.offers_.push_back(std::move(offer));
    }
    reader.finish_into(document, facts.id.get());
    catalogue.model_by_id_.emplace(facts.id.get(), catalogue.models_.size());
    catalogue.models_.push_back(std::move(facts));
  }
  if (Status sound = document.finish(); !sound) {
    return fail(ErrorCode::kInternal, "The built-in catalogue cannot be read.",
                sound.error().message);
  }
  return catalogue;
}

const ModelFacts* BuiltInCatalogue::facts(const ModelId& id) const {
  const auto at = model_by_id_.find(id.get());
  return at == model_by_id_.end() ? nullptr : &models_[at->second];
}

const BuiltInOffer* BuiltInCatalogue::offer(std::string_view preset, const ModelId& model) const {
  const auto at = offer_by_name_.find(name_of(preset, model.get()));
  return at == offer_by_name_.end() ? nullptr : &offers_[at->second];
}

std::optional<WallTime> BuiltInCatalogue::next_price_change(WallTime now) const {
  std::optional<WallTime> next;
  for (const BuiltInOffer& offer : offers_) {
    for (const BuiltInOffer::DatedPrices& dated : offer.prices) {
      if (dated.from > now && (!next || dated.from < *next)) next = dated.from;
    }
  }
  return next;
}

const BuiltInCatalogue& built_in_catalogue() {
  static const BuiltInCatalogue catalogue = [] {
    auto parsed = BuiltInCatalogue::parse(
        {tollgate_catalogue_begin,
         static_cast<std::size_t>(tollgate_catalogue_end - tollgate_catalogue_begin)});
    check(parsed.has_value(), "the catalogue in the binary is one");
    return std::move(*parsed);
  }();
  return catalogue;
}

}  // namespace tollgate
