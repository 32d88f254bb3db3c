#include "domain/limit_policy.h"

#include <fmt/format.h>

#include <optional>

#include "domain/money.h"

namespace tollgate {

namespace {

std::int64_t amount_max(Metric metric) {
  if (metric == Metric::kCost) return kCostLimitMax;
  return metric == Metric::kConcurrency ? kConcurrencyLimitMax : kCountLimitMax;
}

std::optional<std::string> amount_problem(const Limit& limit) {
  const std::int64_t most = amount_max(limit.metric);
  if (limit.amount >= 0 && limit.amount <= most) return std::nullopt;
  if (limit.metric == Metric::kCost) {
    return fmt::format("must be from 0 to {} USD", format_money(Money::from_nanos(most)));
  }
  return fmt::format("must be from 0 to {}", most);
}

std::optional<std::string> window_problem(const Limit& limit) {
  const Window window = limit.window;
  if (limit.metric == Metric::kConcurrency) {
    if (window.kind == WindowKind::kNow) return std::nullopt;
    return "must be left out: concurrency is what is open at this moment";
  }
  if (window.kind == WindowKind::kNow) {
    return fmt::format("must be one of {}", kWindowChoices);
  }
  if (window.kind == WindowKind::kRequest && limit.metric == Metric::kRequests) {
    return "must not be request: every request is one request";
  }
  if (window.kind == WindowKind::kDays && (window.days < 1 || window.days > kWindowDaysMax)) {
    return fmt::format("must be from 1d to {}d", kWindowDaysMax);
  }
  return std::nullopt;
}

bool same_limit(const Limit& a, const Limit& b) {
  return a.metric == b.metric && a.window == b.window;
}

}  // namespace

std::vector<PolicyProblem> validate_limits(std::span<const Limit> limits) {
  std::vector<PolicyProblem> problems;
  if (limits.size() > kLimitsMax) {
    problems.push_back({"limits", fmt::format("must list at most {} limits", kLimitsMax)});
    return problems;
  }
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string param = fmt::format("limits[{}]", i);
    const auto window = window_problem(limits[i]);
    if (window) problems.push_back({param + ".window", *window});
    if (const auto amount = amount_problem(limits[i])) {
      problems.push_back({param + ".amount", *amount});
    }
    for (std::size_t earlier = 0; earlier < i && !window; ++earlier) {
      if (!same_limit(limits[i], limits[earlier])) continue;
      problems.push_back(
          {param, fmt::format("has the metric and window of limits[{}]: give each once", earlier)});
      break;
    }
  }
  return problems;
}

}  // namespace tollgate
