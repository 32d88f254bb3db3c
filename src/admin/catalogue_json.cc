#include "admin/catalogue_json.h"

#include <algorithm>
#include <optional>

#include "admin/json_fields.h"
#include "admin/query.h"
#include "domain/price_json.h"

namespace tollgate {

namespace {

// 0 stands for unknown.
std::optional<std::int64_t> known(std::int64_t value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

std::string render_prices(const Prices& prices) { return json::serialize(prices_json(prices)); }

std::string render_offer(const Offer& offer, Role role) {
  JsonFields fields;
  fields.text("provider", offer.provider.get()).text_or_null("region", offer.region);
  if (role >= Role::kAdmin) fields.text("upstream_model", offer.upstream_model);
  return fields.number_or_null("context_window", known(offer.context_window))
      .number_or_null("max_output_tokens", known(offer.max_output_tokens))
      .raw("prices", render_prices(offer.prices))
      .text("price_version", offer.price_version)
      .text("source", offer.source)
      .finish();
}

}  // namespace

std::string render_model(const Model& model, Role role) {
  std::vector<std::string> offers;
  offers.reserve(model.offers.size());
  for (const Offer* offer : model.offers) offers.push_back(render_offer(*offer, role));
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
