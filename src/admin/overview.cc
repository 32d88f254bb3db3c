#include "admin/overview.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/key_json.h"
#include "ledger/ledger.h"
#include "sql/connection.h"
#include "store/usage_overview.h"
#include "store/usage_rows.h"

namespace tollgate {

namespace {

constexpr int kTopModels = 5;
constexpr std::size_t kAttentionMax = 10;
constexpr int kActiveDays = 30;
// A rate is unusual above so many times the busiest hour of the week before.
constexpr int kUnusualTimes = 3;
constexpr int kUsualHours = 7 * 24;

struct Range {
  std::string name;
  store::UsageStep step = store::UsageStep::kHour;
  int count = 0;
  std::int64_t first = 0;  // of the hours or days since 1970

  std::chrono::seconds step_length() const {
    return step == store::UsageStep::kHour ? std::chrono::hours(1) : std::chrono::days(1);
  }
  WallTime at(std::int64_t index) const {
    return WallTime(std::chrono::microseconds((first + index) * step_length()));
  }
};

// The range that ends with the running hour or day.
Result<Range> take_range(AdminCall& call) {
  Range range{.name = call.query.take("range").value_or("24h")};
  if (range.name == "24h") {
    range.count = 24;
  } else if (range.name == "7d" || range.name == "30d") {
    range.step = store::UsageStep::kDay;
    range.count = range.name == "7d" ? 7 : 30;
  } else {
    return std::unexpected(Query::bad_parameter("range", "must be 24h, 7d or 30d"));
  }
  if (auto known = call.query.finish(); !known) return std::unexpected(known.error());
  const auto now = call.context.clock.wall().time_since_epoch();
  range.first = now / range.step_length() - range.count + 1;
  return range;
}

// What is read of the store, in one transaction.
struct Figures {
  std::vector<store::UsageFigures> series;    // of the range
  std::vector<store::UsageFigures> previous;  // as long, before it
  std::vector<store::UsageTotal> models;      // of the range
};

struct Subject {
  std::optional<WorkspaceId> workspace = {};
  std::optional<std::int64_t> key_number = {};
};

Result<Figures> read_figures(sql::Connection& connection, const Range& range,
                             const Subject& subject) {
  auto both = store::usage_series(connection, {.workspace = subject.workspace,
                                               .key_number = subject.key_number,
                                               .step = range.step,
                                               .first = range.first - range.count,
                                               .count = 2 * range.count});
  if (!both) return std::unexpected(both.error());
  Figures figures;
  figures.previous.assign(both->begin(), both->begin() + range.count);
  figures.series.assign(both->begin() + range.count, both->end());
  store::UsageQuery query{.workspace = subject.workspace, .from = range.at(0)};
  if (subject.key_number) query.keys = std::vector{*subject.key_number};
  auto models = store::usage_totals(connection, query, store::UsageGroup::kModel);
  if (!models) return std::unexpected(models.error());
  if (models->size() > kTopModels) models->resize(kTopModels);
  figures.models = std::move(*models);
  return figures;
}

Task<Result<Figures>> figures_of(AdminCall& call, Range range, Subject subject) {
  std::function<Result<Figures>(sql::Connection&)> work =
      [range = std::move(range), subject = std::move(subject)](sql::Connection& connection) {
        return read_figures(connection, range, subject);
      };
  return call.context.ledger.read(std::move(work));
}

Result<store::UsageFigures> sum_of(const std::vector<store::UsageFigures>& series) {
  store::UsageFigures sum;
  for (const store::UsageFigures& one : series) {
    sum.requests += one.requests;
    sum.errors += one.errors;
    sum.input_tokens += one.input_tokens;
    sum.output_tokens += one.output_tokens;
    const Result<Money> cost = add(sum.cost, one.cost);
    if (!cost) return std::unexpected(cost.error());
    sum.cost = *cost;
  }
  return sum;
}

JsonFields figure_fields(const store::UsageFigures& figures) {
  JsonFields fields;
  fields.number("requests", figures.requests)
      .number("errors", figures.errors)
      .number("input_tokens", figures.input_tokens)
      .number("output_tokens", figures.output_tokens)
      .money("cost", figures.cost);
  return fields;
}

// To the nearest millisecond, and no less than one; null where nothing was measured.
std::optional<std::int64_t> percentile_ms(const LatencyHistogram& latencies, int percent) {
  const auto found = latencies.percentile(percent);
  if (!found) return std::nullopt;
  return std::max<std::int64_t>(1, std::chrono::round<std::chrono::milliseconds>(*found).count());
}

std::string render_series(const Range& range, const std::vector<store::UsageFigures>& series) {
  std::vector<std::string> points;
  for (std::size_t i = 0; i < series.size(); ++i) {
    JsonFields point = figure_fields(series[i]);
    points.push_back(point.number_or_null("latency_p50_ms", percentile_ms(series[i].latencies, 50))
                         .number_or_null("latency_p95_ms", percentile_ms(series[i].latencies, 95))
                         .time("at", range.at(static_cast<std::int64_t>(i)))
                         .finish());
  }
  return json_array(points);
}

std::string render_models(const std::vector<store::UsageTotal>& models) {
  std::vector<std::string> rows;
  for (const store::UsageTotal& one : models) {
    rows.push_back(JsonFields()
                       .text("model", one.group)
                       .number("requests", one.requests)
                       .number("errors", one.errors)
                       .money("cost", one.cost)
                       .finish());
  }
  return json_array(rows);
}

std::string_view concern_name(Ledger::Concern concern) {
  switch (concern) {
    case Ledger::Concern::kLimited:
      return "limited";
    case Ledger::Concern::kNearLimit:
      return "near_limit";
    case Ledger::Concern::kErrors:
      return "errors";
    case Ledger::Concern::kUnusualRate:
      return "unusual_rate";
    case Ledger::Concern::kOldSecret:
      return "old_secret";
  }
  return "";
}

// Whether the running hour has far more requests than any of the week before.
Result<bool> is_unusual(sql::Connection& connection, std::int64_t key_number, WallTime now) {
  const std::int64_t hour = now.time_since_epoch() / std::chrono::hours(1);
  const auto hours = store::usage_series(connection, {.key_number = key_number,
                                                      .step = store::UsageStep::kHour,
                                                      .first = hour - kUsualHours,
                                                      .count = kUsualHours + 1});
  if (!hours) return std::unexpected(hours.error());
  const auto usual =
      std::ranges::max(std::span(*hours).first(kUsualHours), {}, &store::UsageFigures::requests);
  return hours->back().requests > kUnusualTimes * usual.requests;
}

Result<std::string> render_attention(sql::Connection& connection, Ledger::KeySurvey keys,
                                     WallTime now) {
  std::vector<Ledger::KeyOfConcern>& list = keys.concerns;
  for (Ledger::KeyOfConcern& busy : keys.busy) {
    const Result<bool> unusual = is_unusual(connection, busy.number, now);
    if (!unusual) return std::unexpected(unusual.error());
    if (!*unusual) continue;
    const auto known = std::ranges::find(list, busy.number, &Ledger::KeyOfConcern::number);
    if (known == list.end()) {
      list.push_back(std::move(busy));
    } else {
      known->concern = std::min(known->concern, busy.concern);
    }
  }
  std::ranges::sort(list, {}, [](const Ledger::KeyOfConcern& one) {
    return std::pair(one.concern, -one.number);
  });
  if (list.size() > kAttentionMax) list.resize(kAttentionMax);
  std::vector<std::string> rows;
  for (const Ledger::KeyOfConcern& one : list) {
    rows.push_back(JsonFields()
                       .text("key", one.id.get())
                       .text("name", one.name)
                       .text("reason", concern_name(one.concern))
                       .finish());
  }
  return json_array(rows);
}

// What is found out by looking at the keys themselves.
struct KeyFindings {
  std::int64_t active = 0;
  std::int64_t active_before = 0;  // in the 30 days before those
  std::string attention = {};      // JSON
};

Task<Result<KeyFindings>> look_at_keys(AdminCall& call) {
  const Ledger& ledger = call.context.ledger;
  std::function<Result<KeyFindings>(sql::Connection&)> work =
      [&ledger, workspace = call.workspace, now = call.context.clock.wall(),
       secret_age =
           call.context.options()->secret_age](sql::Connection& connection) -> Result<KeyFindings> {
    Ledger::KeySurvey survey = ledger.survey_keys({.workspace = workspace,
                                                   .secret_age = secret_age,
                                                   .active_days = kActiveDays,
                                                   .max = kAttentionMax});
    KeyFindings findings{.active = survey.active, .active_before = survey.active_before};
    auto attention = render_attention(connection, std::move(survey), now);
    if (!attention) return std::unexpected(attention.error());
    findings.attention = std::move(*attention);
    return findings;
  };
  return call.context.ledger.read_facts(std::move(work));
}

// The members that both overviews have.
Result<JsonFields> overview_fields(const Range& range, const Figures& figures) {
  const auto sum = sum_of(figures.series);
  const auto previous = sum_of(figures.previous);
  if (!sum) return std::unexpected(sum.error());
  if (!previous) return std::unexpected(previous.error());
  JsonFields fields;
  fields.text("range", range.name)
      .text("step", range.step == store::UsageStep::kHour ? "hour" : "day")
      .time("from", range.at(0))
      .raw("figures", figure_fields(*sum).finish())
      .raw("previous", figure_fields(*previous).finish())
      .raw("series", render_series(range, figures.series))
      .raw("top_models", render_models(figures.models));
  return fields;
}

}  // namespace

Task<Result<net::Response>> show_overview(AdminCall& call) {
  auto range = take_range(call);
  if (!range) co_return std::unexpected(range.error());
  const auto figures = co_await figures_of(call, *range, {.workspace = call.workspace});
  if (!figures) co_return std::unexpected(figures.error());
  auto fields = overview_fields(*range, *figures);
  if (!fields) co_return std::unexpected(fields.error());
  const auto keys = co_await look_at_keys(call);
  if (!keys) co_return std::unexpected(keys.error());
  co_return json_answer(fields->number("active_integrations", keys->active)
                            .number("previous_active_integrations", keys->active_before)
                            .raw("attention", keys->attention)
                            .finish());
}

Task<Result<net::Response>> show_key_overview(AdminCall& call) {
  auto range = take_range(call);
  if (!range) co_return std::unexpected(range.error());
  const auto view = call.context.ledger.key(KeyId(call.id), call.workspace);
  if (!view) co_return std::unexpected(view.error());
  const auto figures = co_await figures_of(call, *range, {.key_number = view->key.number});
  if (!figures) co_return std::unexpected(figures.error());
  auto fields = overview_fields(*range, *figures);
  if (!fields) co_return std::unexpected(fields.error());
  co_return json_answer(fields->raw("key", render_key(*view)).finish());
}

}  // namespace tollgate
