#include "admin/catalogue_json.h"

#include <algorithm>
#include <optional>

#include "admin/json_fields.h"
#include "admin/query.h"
#include "domain/money.h"
#include "domain/price.h"

namespace tollgate {

namespace {

void add_money(JsonFields& fields, std::string_view name, const std::optional<Money>& value) {
  if (value) fields.money(name, *value);
}

void add_token_prices(JsonFields& fields, const TokenPrices& prices) {
  fields.money("input", prices.input).money("output", prices.output);
  add_money(fields, "cached_input", prices.cached_input);
  add_money(fields, "cache_write", prices.cache_write);
  add_money(fields, "cache_write_1h", prices.cache_write_1h);
  add_money(fields, "reasoning_output", prices.reasoning_output);
  add_money(fields, "audio_input", prices.audio_input);
  add_money(fields, "audio_output", prices.audio_output);
  add_money(fields, "image_input", prices.image_input);
  add_money(fields, "cached_image_input", prices.cached_image_input);
  add_money(fields, "video_input", prices.video_input);
  add_money(fields, "text_output", prices.text_output);
}

std::string render_prices(const Prices& prices) {
  JsonFields fields;
  add_token_prices(fields, prices.tokens);
  add_money(fields, "per_request", prices.per_request);
  add_money(fields, "per_image", prices.per_image);
  add_money(fields, "per_minute", prices.per_minute);
  add_money(fields, "per_million_characters", prices.per_million_characters);
  if (!prices.tiers.empty()) {
    std::vector<std::string> tiers;
    tiers.reserve(prices.tiers.size());
    for (const auto& tier : prices.tiers) {
      JsonFields one;
      one.number("above_input_tokens", tier.above_input_tokens);
      add_token_prices(one, tier.tokens);
      tiers.push_back(one.finish());
    }
    fields.raw("tiers", json_array(tiers));
  }
  return fields.finish();
}

// 0 stands for unknown.
std::optional<std::int64_t> known(std::int64_t value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

std::string render_offer(const Snapshot& snapshot, const Offer& offer, Role role) {
  JsonFields fields;
  fields.text("provider", offer.provider.get()).text_or_null("region", offer.region);
  if (role >= Role::kAdmin) fields.text("upstream_model", offer.upstream_model);
  return fields.number_or_null("context_window", known(offer.context_window))
      .number_or_null("max_output_tokens", known(offer.max_output_tokens))
      .raw("prices", render_prices(offer.prices))
      .text("price_version", offer.price_version)
      .text("source", snapshot.provider_of(offer).source)
      .finish();
}

}  // namespace

std::string render_model(const Snapshot& snapshot, const Model& model, Role role) {
  std::vector<std::string> offers;
  offers.reserve(model.offers.size());
  for (const Offer* offer : model.offers) offers.push_back(render_offer(snapshot, *offer, role));
  return JsonFields()
      .text("id", model.id.get())
      .raw("sandbox", model.sandbox ? "true" : "false")
      .number_or_null("context_window", known(model.context_window))
      .number_or_null("max_output_tokens", known(model.max_output_tokens))
      .raw("prices", render_prices(model.prices()))
      .raw("offers", json_array(offers))
      .finish();
}

std::string render_provider(const Snapshot& snapshot, const Provider& provider, Role role) {
  std::vector<std::string> models;
  for (const Model& model : snapshot.models()) {
    const bool offered = std::ranges::any_of(
        model.offers, [&provider](const Offer* offer) { return offer->provider == provider.id; });
    if (offered) models.push_back(model.id.get());
  }
  JsonFields fields;
  fields.text("id", provider.id.get()).text("dialect", dialect_name(provider.dialect));
  if (role >= Role::kAdmin) fields.text_or_null("base_url", provider.base_url);
  return fields.text_or_null("region", provider.region)
      .text("source", provider.source)
      .texts("models", models)
      .finish();
}

Result<PageRange> page_range(const std::vector<std::string>& ids, const std::string& cursor,
                             int limit) {
  PageRange range;
  if (!cursor.empty()) {
    const auto at = std::ranges::find(ids, cursor);
    if (at == ids.end()) {
      return std::unexpected(Query::bad_parameter("cursor", "is none that a page gave"));
    }
    range.first = static_cast<std::size_t>(at - ids.begin()) + 1;
  }
  range.end = std::min(ids.size(), range.first + static_cast<std::size_t>(limit));
  if (range.end < ids.size()) range.next_cursor = ids[range.end - 1];
  return range;
}

}  // namespace tollgate
