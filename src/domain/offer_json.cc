#include "domain/offer_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "domain/price_json.h"
#include "domain/provider_json.h"

namespace tollgate {
namespace {

constexpr std::int64_t kTokensMax = 1'000'000'000;
constexpr std::size_t kModelIdLengthMax = 200;

json::value told(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}
json::value told(std::int64_t number) { return number > 0 ? json::value(number) : nullptr; }

void read_whole(ObjectReader& reader, std::string_view name, std::int64_t most, std::int64_t untold,
                std::int64_t& target) {
  if (reader.is_null(name)) {
    target = untold;
    return;
  }
  const auto number = reader.integer(name);
  if (!number) return;
  if (*number < 1 || *number > most) {
    return reader.problem(name, fmt::format("must be a whole number from 1 to {}", most));
  }
  target = *number;
}

void read_upstream_model(ObjectReader& reader, std::string& target) {
  if (reader.is_null("upstream_model")) return target.clear();
  auto text = reader.string("upstream_model");
  if (!text) return;
  const bool control =
      std::ranges::any_of(*text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (text->empty() || text->size() > kUpstreamModelLengthMax || control) {
    return reader.problem("upstream_model", "must be 1–200 bytes without control characters");
  }
  target = std::move(*text);
}

void read_max_tokens_field(ObjectReader& reader, std::string& target) {
  if (reader.is_null("max_tokens_field")) return target.clear();
  auto text = reader.string("max_tokens_field");
  if (!text) return;
  // The gateway reads these two of a request, and must not write a third beside one of them.
  if (*text != "max_tokens" && *text != "max_completion_tokens") {
    return reader.problem("max_tokens_field", "must be max_tokens or max_completion_tokens");
  }
  target = std::move(*text);
}

void read_offer_prices(ObjectReader& reader, Offer& offer) {
  const json::value* const value = reader.raw("prices");
  if (value == nullptr) return;
  if (reader.is_null("prices")) {
    offer.prices = Prices();
    offer.built_in_prices = true;
    return;
  }
  auto prices = read_prices(*value, "prices", PriceSides::kBothStated, problems_of(reader));
  if (!prices) return;
  offer.prices = std::move(*prices);
  offer.built_in_prices = false;
}

std::string read_model_id(ObjectReader& reader) {
  auto id = reader.string("id");
  if (!id) {
    if (!reader.has("id")) reader.problem("id", "is missing: the public id, e.g. acme/large");
    return {};
  }
  const bool sound = !id->empty() && id->size() <= kModelIdLengthMax;
  if (!sound) reader.problem("id", "must be 1–200 characters");
  return std::move(*id);
}

}  // namespace

ProblemSink problems_of(ObjectReader& reader) {
  return [&reader](std::string path, std::string what) { reader.problem(path, std::move(what)); };
}

json::object offer_json(const Offer& offer) {
  json::object out{{"upstream_model", told(offer.upstream_model)},
                   {"region", told(offer.region)},
                   {"context_window", told(offer.context_window)},
                   {"max_output_tokens", told(offer.max_output_tokens)},
                   {"image_tokens_max", told(offer.image_tokens_max)},
                   {"audio_seconds_max", told(offer.audio_seconds_max)},
                   {"max_tokens_field", told(offer.max_tokens_field)},
                   {"grid_carbon_grams_per_kwh", told(offer.grid_carbon_grams_per_kwh)}};
  out["prices"] =
      offer.built_in_prices ? json::value(nullptr) : json::value(prices_json(offer.prices));
  return out;
}

void read_offer(ObjectReader& reader, Offer& offer) {
  read_upstream_model(reader, offer.upstream_model);
  read_region(reader, offer.region);
  read_whole(reader, "context_window", kTokensMax, 0, offer.context_window);
  read_whole(reader, "max_output_tokens", kTokensMax, 0, offer.max_output_tokens);
  read_whole(reader, "image_tokens_max", kTokensMax, Offer().image_tokens_max,
             offer.image_tokens_max);
  read_whole(reader, "audio_seconds_max", kTokensMax, 0, offer.audio_seconds_max);
  read_max_tokens_field(reader, offer.max_tokens_field);
  read_whole(reader, "grid_carbon_grams_per_kwh", kGridCarbonMax, 0,
             offer.grid_carbon_grams_per_kwh);
  read_offer_prices(reader, offer);
  if (offer.context_window > 0 && offer.max_output_tokens > offer.context_window) {
    reader.problem("max_output_tokens", "is above context_window");
  }
}

std::vector<Offer> read_offers(ObjectReader& reader, std::string_view name,
                               const Provider& provider) {
  std::vector<Offer> offers;
  const json::value* const value = reader.raw(name);
  if (value == nullptr) return offers;
  const auto* const list = value->if_array();
  if (list == nullptr || list->size() > kOffersMax) {
    reader.problem(name, fmt::format("must be an array of at most {} models", kOffersMax));
    return offers;
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list->size(); ++i) {
    ObjectReader one((*list)[i]);
    Offer offer = untold_offer(provider);
    offer.model = ModelId(read_model_id(one));
    read_offer(one, offer);
    if (!seen.insert(offer.model.get()).second) one.problem("id", "stands twice in this list");
    one.finish_into(reader, fmt::format("{}[{}]", name, i));
    offers.push_back(std::move(offer));
  }
  return offers;
}

}  // namespace tollgate
