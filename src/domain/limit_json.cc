#include "domain/limit_json.h"

#include "domain/money.h"

namespace tollgate {

namespace {

json::value quantity(Metric metric, std::int64_t amount) {
  if (metric != Metric::kCost) return amount;
  return json::value(format_money(Money::from_nanos(amount)));
}

}  // namespace

json::object limit_rule_json(const Limit& limit) {
  json::object out{{"metric", metric_name(limit.metric)}};
  if (limit.window.kind != WindowKind::kNow) out["window"] = window_name(limit.window);
  out["amount"] = quantity(limit.metric, limit.amount);
  return out;
}

json::array limit_rules_json(std::span<const Limit> limits) {
  json::array out;
  for (const Limit& limit : limits) out.push_back(limit_rule_json(limit));
  return out;
}

json::object limit_json(const LimitState& state, std::optional<std::int64_t> bound) {
  const Metric metric = state.limit.metric;
  const bool has_window = state.limit.window.kind != WindowKind::kNow;
  json::object out{{"id", state.id}, {"metric", metric_name(metric)}};
  out["window"] = has_window ? json::value(window_name(state.limit.window)) : nullptr;
  out["amount"] = quantity(metric, state.limit.amount);
  out["used"] = quantity(metric, state.used);
  out["held"] = quantity(metric, state.held);
  out["remaining"] = quantity(metric, state.remaining());
  out["resets_at"] = state.resets_at ? json::value(format_time(*state.resets_at)) : nullptr;
  out["bound"] = bound ? quantity(metric, *bound) : nullptr;
  return out;
}

json::array limits_json(std::span<const LimitState> states) {
  json::array out;
  for (const LimitState& state : states) out.push_back(limit_json(state, std::nullopt));
  return out;
}

}  // namespace tollgate
