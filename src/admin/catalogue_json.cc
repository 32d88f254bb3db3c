#include "admin/catalogue_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "admin/json_fields.h"
#include "admin/provider_health.h"
#include "admin/query.h"
#include "domain/model_facts_json.h"
#include "domain/price_json.h"
#include "domain/provider_json.h"

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

namespace {

// The facts, and who states them; then what follows where nobody states it.
void add_facts(JsonFields& fields, const ModelFacts& facts) {
  const json::object stated = facts_json(facts);
  for (const auto* name : {"name", "kind", "capabilities"}) {
    fields.raw(name, json::serialize(stated.at(name)));
  }
  json::object scores;
  for (const auto* name : {"quality", "tier", "tool_calling"}) scores[name] = stated.at(name);
  fields.raw("stated", json::serialize(scores)).text("facts_source", facts.source);
}

void add_standing(JsonFields& fields, const ModelStanding& standing) {
  fields.number("quality", standing.quality)
      .text("tier", tier_name(standing.tier))
      .number("tool_calling", standing.tool_calling);
}

}  // namespace

std::string render_model(const Model& model, Role role) {
  std::vector<std::string> offers;
  offers.reserve(model.offers.size());
  for (const Offer* offer : model.offers) offers.push_back(render_offer(*offer, role));
  JsonFields fields;
  fields.text("id", model.id.get()).raw("sandbox", model.sandbox ? "true" : "false");
  add_facts(fields, model.facts);
  add_standing(fields, model.standing);
  return fields.number_or_null("context_window", known(model.context_window))
      .number_or_null("max_output_tokens", known(model.max_output_tokens))
      .raw("prices", render_prices(model.prices()))
      .raw("offers", json_array(offers))
      .finish();
}

std::string render_idle_model(const ModelFacts& facts) {
  JsonFields fields;
  fields.text("id", facts.id.get()).raw("sandbox", "false");
  add_facts(fields, facts);
  add_standing(fields, standing_of(facts, Prices()));
  return fields.number_or_null("context_window", known(facts.context_window))
      .number_or_null("max_output_tokens", known(facts.max_output_tokens))
      .raw("prices", "null")
      .raw("offers", "[]")
      .finish();
}

namespace {

std::optional<std::int64_t> milliseconds(std::chrono::microseconds latency) {
  if (latency.count() == 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(latency).count();
}

std::optional<std::int64_t> percentile(const LatencyHistogram& latencies, int percent) {
  return milliseconds(latencies.percentile(percent).value_or(std::chrono::microseconds(0)));
}

// "0.9833", or null without outcomes.
std::string rate_json(std::int64_t successes, std::int64_t failures) {
  const std::int64_t all = successes + failures;
  if (all == 0) return "null";
  const std::int64_t parts = successes * 10'000 / all;
  return fmt::format("\"{}.{:04}\"", parts / 10'000, parts % 10'000);
}

void add_outcomes(JsonFields& fields, std::int64_t successes, std::int64_t failures) {
  fields.raw("success_rate", rate_json(successes, failures))
      .number("successes", successes)
      .number("failures", failures);
}

// When the next attempt may be made; null while it is up, or while one is under way.
std::optional<WallTime> probe_time(const HealthFigures& figures, const Clock& clock) {
  if (figures.state != HealthState::kDown || figures.probe_at == SteadyTime::max()) {
    return std::nullopt;
  }
  return clock.wall() +
         std::chrono::duration_cast<std::chrono::microseconds>(figures.probe_at - clock.steady());
}

std::string render_health(const HealthReport& report, const Clock& clock) {
  JsonFields fields;
  fields.text("state", health_state_name(report.figures.state));
  add_outcomes(fields, report.successes, report.failures);
  return fields.number("failures_in_a_row", report.failures_in_a_row)
      .number_or_null("median_latency_ms", milliseconds(report.figures.median))
      .number_or_null("p95_latency_ms", percentile(report.latencies, 95))
      .time_or_null("next_probe_at", probe_time(report.figures, clock))
      .finish();
}

// Of all offers of a provider together.
struct ProviderHealth {
  std::vector<std::string> offers;  // as JSON
  std::vector<std::string> models;
  OfferTally tally;
  std::int64_t successes = 0;
  std::int64_t failures = 0;
  std::chrono::microseconds slowest_median{0};
  LatencyHistogram latencies;
  std::array<HealthSlice, kHealthSlices> slices{};

  void add(const HealthReport& report) {
    tally.add(report.figures.state);
    successes += report.successes;
    failures += report.failures;
    slowest_median = std::max(slowest_median, report.figures.median);
    latencies.add(report.latencies);
    for (std::size_t i = 0; i < slices.size(); ++i) {
      slices[i].successes += report.slices[i].successes;
      slices[i].failures += report.slices[i].failures;
    }
  }
};

ProviderHealth health_of(const Snapshot& snapshot, const Provider& provider, const Clock& clock,
                         SteadyTime now) {
  ProviderHealth all;
  for (const OfferFigures& figures : snapshot.figures()) {
    if (figures.offer->provider != provider.id) continue;
    HealthReport report;
    if (figures.health != nullptr) report = figures.health->report(now);
    all.models.push_back(figures.offer->model.get());
    all.offers.push_back(JsonFields()
                             .text("model", figures.offer->model.get())
                             .text_or_null("region", figures.offer->region)
                             .text("source", figures.offer->source)
                             .raw("health", render_health(report, clock))
                             .finish());
    all.add(report);
  }
  return all;
}

// Oldest first, those without attempts too. `now` is that of the reports.
std::string render_slices(const std::array<HealthSlice, kHealthSlices>& slices, SteadyTime now,
                          WallTime wall) {
  std::vector<std::string> rows;
  const SteadyTime newest = SteadyTime(now.time_since_epoch() / kHealthSlice * kHealthSlice);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const auto before = (slices.size() - 1 - i) * kHealthSlice + (now - newest);
    rows.push_back(JsonFields()
                       .time("at", wall - std::chrono::round<std::chrono::seconds>(before))
                       .number("successes", slices[i].successes)
                       .number("failures", slices[i].failures)
                       .finish());
  }
  return json_array(rows);
}

}  // namespace

std::string render_provider(const Snapshot& snapshot, const Provider& provider, Role role,
                            const Clock& clock) {
  const SteadyTime now = clock.steady();
  const ProviderHealth health = health_of(snapshot, provider, clock, now);
  JsonFields overall;
  overall.text("state", health_state_name(health.tally.state()));
  add_outcomes(overall, health.successes, health.failures);
  overall.number_or_null("median_latency_ms", percentile(health.latencies, 50))
      .number_or_null("p95_latency_ms", percentile(health.latencies, 95))
      .number_or_null("slowest_median_latency_ms", milliseconds(health.slowest_median))
      .raw("history", render_slices(health.slices, now, clock.wall()));
  JsonFields fields;
  fields.text("id", provider.id.get());
  // Where an upstream is, and how it is spoken to, is for admins and operators.
  for (const auto& [name, value] : provider_json(provider)) {
    const bool plain = name == "preset" || name == "dialect" || name == "region";
    if (plain || role >= Role::kAdmin) fields.raw(name, json::serialize(value));
  }
  return fields.text("source", provider.source)
      .raw("models_of_preset", provider.model_list == ModelList::kOfPreset ? "true" : "false")
      .texts("models", health.models)
      .raw("health", overall.finish())
      .raw("offers", json_array(health.offers))
      .time_or_null("created_at", provider.created_at)
      .time_or_null("updated_at", provider.updated_at)
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
