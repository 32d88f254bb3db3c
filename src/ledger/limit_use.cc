#include "ledger/limit_use.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "ledger/rolling_window.h"

namespace tollgate {

namespace {

// Beyond this many periods in the future a limit begins anew.
constexpr int kLaterPeriodsMax = 400;
// The rolling window, and the second of its grain.
constexpr std::chrono::seconds kRollingSpan{61};

std::int64_t amount_of(Metric metric, const Actual& actual) {
  switch (metric) {
    case Metric::kCost:
      return actual.cost;
    case Metric::kTokens:
      return actual.tokens;
    case Metric::kRequests:
      return 1;
    case Metric::kConcurrency:
      break;
  }
  return 0;
}

std::int64_t amount_of(Metric metric, const store::WindowUse& use) {
  if (metric == Metric::kRequests) return use.requests;
  return amount_of(metric, Actual{.cost = use.cost, .tokens = use.tokens});
}

bool is_rolling(const Limit& limit) { return limit.window.kind == WindowKind::kRolling60s; }

Environment environment_of(const LimitOwner& of) { return of.owner.environment; }

SteadyTime steady_of(const LimitOwner& of, WallTime admitted_at) {
  const auto ago = std::max<std::chrono::microseconds>(of.now.wall - admitted_at, {});
  return of.now.steady - ago;
}

void add_rolling(const LimitOwner& of, const Limit& limit, SteadyTime admitted, std::int64_t amount,
                 LimitUse& use) {
  if (of.now.steady - admitted > kRollingSpan) return;
  use.rolling.push_back({.limit_number = numbered(limit).number,
                         .environment = environment_of(of),
                         .admitted = admitted,
                         .settled = amount});
}

bool owns(const store::UseOwner& owner, std::int64_t key_number, const WorkspaceId& workspace,
          Environment environment) {
  if (owner.key_number != 0) return owner.key_number == key_number;
  return owner.workspace == workspace && owner.environment == environment;
}

}  // namespace

NumberedLimit numbered(const Limit& limit) {
  const std::int64_t metric = std::to_underlying(limit.metric);
  const std::int64_t kind = std::to_underlying(limit.window.kind);
  return {.number = 1 + metric + 8 * kind + 128 * std::int64_t{limit.window.days}, .limit = limit};
}

std::vector<NumberedLimit> numbered(std::span<const Limit> limits) {
  std::vector<NumberedLimit> list;
  list.reserve(limits.size());
  for (const Limit& limit : limits) list.push_back(numbered(limit));
  return list;
}

namespace {

LimitOwner by_clock(LimitOwner of, std::chrono::microseconds test_clock_offset) {
  if (of.owner.environment != Environment::kSandbox || test_clock_offset.count() == 0) return of;
  of.owner.by = store::UseOwner::By::kTestTime;
  of.clock_offset = test_clock_offset;
  return of;
}

}  // namespace

LimitOwner limit_owner(const Key& key, std::chrono::microseconds test_clock_offset,
                       const Moment& now) {
  return by_clock({.owner = {.key_number = key.number, .environment = key.policy.environment},
                   .created_at = key.created_at,
                   .now = now},
                  test_clock_offset);
}

LimitOwner limit_owner(const Workspace& workspace, Environment environment, const Moment& now) {
  return by_clock({.owner = {.workspace = workspace.id, .environment = environment},
                   .created_at = workspace.created_at,
                   .now = now},
                  workspace.test_clock_offset);
}

Status add_stored_periods(sql::Connection& connection, const LimitOwner& of,
                          std::span<const Limit> limits, LimitUse& use) {
  const Result<WallTime> last = store::last_used_hour_end(connection, of.owner);
  if (!last) return std::unexpected(last.error());
  for (const Limit& limit : limits) {
    if (!has_periods(limit.window)) continue;
    WallTime at = of.now.wall + of.clock_offset;
    for (int i = 0; i < kLaterPeriodsMax; ++i) {
      const Period period = period_of(limit.window, at, of.created_at);
      if (of.owner.by == store::UseOwner::By::kRealTime && period.start >= *last) break;
      const auto sum = store::sum_window(connection, of.owner, period);
      if (!sum) return std::unexpected(sum.error());
      use.periods.push_back({.limit_number = numbered(limit).number,
                             .environment = environment_of(of),
                             .period_start = period.start,
                             .settled = amount_of(limit.metric, *sum)});
      if (period.end == WallTime::max()) break;
      // A test clock never goes back.
      if (of.owner.by == store::UseOwner::By::kTestTime) break;
      at = period.end;
    }
  }
  return {};
}

void add_recent(const LimitOwner& of, std::span<const store::RecentUse> recent,
                std::span<const Limit> limits, LimitUse& use) {
  for (const Limit& limit : limits) {
    if (!is_rolling(limit)) continue;
    for (const store::RecentUse& row : recent) {
      if (!owns(of.owner, row.key_number, row.workspace, row.environment)) continue;
      add_rolling(of, limit, steady_of(of, row.admitted_at),
                  amount_of(limit.metric, Actual{.cost = row.cost, .tokens = row.tokens}), use);
    }
  }
}

Result<LimitUse> stored_use(sql::Connection& connection, const LimitOwner& of,
                            std::span<const Limit> limits) {
  LimitUse use;
  if (Status added = add_stored_periods(connection, of, limits, use); !added) {
    return std::unexpected(added.error());
  }
  if (std::ranges::none_of(limits, is_rolling)) return use;
  const auto recent =
      store::recent_use(connection, of.owner.key_number, rolling_since(of.now.wall));
  if (!recent) return std::unexpected(recent.error());
  add_recent(of, *recent, limits, use);
  return use;
}

void add_unstored(const LimitOwner& of, const UsageRow& row, std::span<const Limit> limits,
                  LimitUse& use) {
  if (!owns(of.owner, row.key_number, row.workspace, row.environment)) return;
  const Actual actual = actual_of(row);
  for (const Limit& limit : limits) {
    if (is_rolling(limit)) {
      add_rolling(of, limit, steady_of(of, row.admitted_at), amount_of(limit.metric, actual), use);
    } else if (has_periods(limit.window)) {
      use.periods.push_back(
          {.limit_number = numbered(limit).number,
           .environment = environment_of(of),
           .period_start = period_of(limit.window, row.limits_time(), of.created_at).start,
           .settled = amount_of(limit.metric, actual)});
    }
  }
}

Result<FreshLimits> FreshLimits::learn(sql::Connection& connection, std::vector<LimitOwner> owners,
                                       std::span<const Limit> before,
                                       std::span<const Limit> after) {
  FreshLimits fresh;
  for (const Limit& limit : after) {
    const bool known = std::ranges::any_of(before, [&](const Limit& other) {
      return other.metric == limit.metric && other.window == limit.window;
    });
    if (!known) fresh.limits_.push_back(limit);
  }
  if (fresh.limits_.empty()) return fresh;
  for (const LimitOwner& owner : owners) {
    Result<LimitUse> use = stored_use(connection, owner, fresh.limits_);
    if (!use) return std::unexpected(use.error());
    std::ranges::move(use->periods, std::back_inserter(fresh.use_.periods));
    std::ranges::move(use->rolling, std::back_inserter(fresh.use_.rolling));
  }
  fresh.owners_ = std::move(owners);
  return fresh;
}

void FreshLimits::add_unstored(std::span<const UsageRow* const> rows) {
  for (const UsageRow* row : rows) {
    for (const LimitOwner& owner : owners_) {
      tollgate::add_unstored(owner, *row, limits_, use_);
    }
  }
}

WallTime rolling_since(WallTime now) { return now - kRollingSpan; }

Actual actual_of(const UsageRow& row) {
  const auto sum = static_cast<Wide>(row.tokens.input) + row.tokens.output;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return {.cost = std::max<std::int64_t>(row.cost.nanos(), 0),
          .charged = std::max<std::int64_t>(row.charged.nanos(), 0),
          .tokens = static_cast<std::int64_t>(std::clamp<Wide>(sum, 0, kMost))};
}

}  // namespace tollgate
