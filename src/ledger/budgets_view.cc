// The budgets as people and headers see them, and the check that they hold what is open.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "ledger/budgets.h"

namespace tollgate {
namespace {

template <class T>
void lower(std::optional<T>& least, T left) {
  least = std::min(least.value_or(left), left);
}

void take_level(const BudgetLevel& level, const Moment& local, Preview& preview) {
  for (const auto& counter : level.counters()) {
    if (!level.guards(*counter)) continue;
    const LimitCounter::Left left = counter->left(local);
    const auto take = [&](std::optional<std::int64_t> Available::* metric) {
      lower(preview.now.*metric, left.now);
      lower(preview.once_settled.*metric, left.once_settled);
    };
    const Limit& limit = counter->limit();
    if (limit.metric == Metric::kCost) {
      lower(preview.now.cost, Money::from_nanos(left.now));
      lower(preview.once_settled.cost, Money::from_nanos(left.once_settled));
    } else if (limit.window.kind == WindowKind::kRolling60s) {
      take(&Available::token_rate);
    } else {
      take(&Available::tokens);
    }
  }
}

std::vector<LimitState> states(const BudgetLevel* level, const Moment& local) {
  std::vector<LimitState> states;
  if (level == nullptr) return states;
  states.reserve(level->counters().size());
  for (const auto& counter : level->counters()) states.push_back(level->state(*counter, local));
  return states;
}

// The state with the least left among the limits that `is_meant` takes; of equals the one that
// resets last.
template <class IsMeant>
std::optional<LimitState> tightest(const KeyBudget& key, const Moment& now,
                                   const IsMeant& is_meant) {
  const Moment local = key.local(now);
  const auto rank = [](const LimitState& state) {
    return std::pair(-state.remaining(), state.resets_at.value_or(WallTime::max()));
  };
  std::optional<LimitState> tightest;
  for (const BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level == nullptr) continue;
    for (const auto& counter : level->counters()) {
      if (!is_meant(counter->limit())) continue;
      LimitState state = counter->state(local);
      if (!tightest || rank(state) > rank(*tightest)) tightest = std::move(state);
    }
  }
  return tightest;
}

void compare(const BudgetLevel& level, const BudgetLevel& expected,
             std::vector<HeldDifference>& differences) {
  for (std::size_t i = 0; i < level.counters().size(); ++i) {
    const LimitCounter& counter = *level.counters()[i];
    const LimitCounter& right = *expected.counters()[i];
    if (counter.holds_as(right)) continue;
    differences.push_back({.owner = level.owner(),
                           .limit_number = counter.number(),
                           .expected = narrow(right.held()),
                           .held = narrow(counter.held())});
  }
}

}  // namespace

Preview Budgets::preview(const KeyBudget& key, const Moment& now) const {
  Preview preview;
  if (key.unlimited()) return preview;
  const Moment local = key.local(now);
  for (const BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level != nullptr) take_level(*level, local, preview);
  }
  if (key.prepaid()) {
    const Wide balance = key.workspace->balance();
    const Wide unheld = balance - key.workspace->held;
    lower(preview.now.cost, Money::from_nanos(narrow(std::max<Wide>(0, unheld))));
    lower(preview.once_settled.cost, Money::from_nanos(narrow(std::max<Wide>(0, balance))));
  }
  return preview;
}

bool Budgets::limited(const KeyBudget& key, const Moment& now) const {
  if (!key.level) return false;
  const Moment local = key.local(now);
  return std::ranges::any_of(key.level->counters(),
                             [&](const auto& counter) { return counter->spent(local); });
}

bool Budgets::nearly_limited(const KeyBudget& key, const Moment& now) const {
  if (!key.level) return false;
  const Moment local = key.local(now);
  return std::ranges::any_of(key.level->counters(),
                             [&](const auto& counter) { return counter->nearly_spent(local); });
}

std::vector<LimitState> Budgets::limits(const KeyBudget& key, const Moment& now) const {
  return states(key.level.get(), key.local(now));
}

std::vector<LimitState> Budgets::limits(const WorkspaceBudget& workspace, Environment environment,
                                        const Moment& now) const {
  Moment local = now;
  if (environment == Environment::kSandbox) local.wall += workspace.test_clock_offset;
  return states(workspace.levels.at(static_cast<std::size_t>(environment)).get(), local);
}

Balance Budgets::balance(const WorkspaceBudget& workspace) const {
  return {.mode = workspace.balance_mode,
          .granted = Money::from_nanos(narrow(workspace.granted)),
          .charged = Money::from_nanos(narrow(workspace.charged)),
          .held = Money::from_nanos(narrow(workspace.held))};
}

std::optional<LimitState> Budgets::tightest_requests(const KeyBudget& key,
                                                     const Moment& now) const {
  return tightest(key, now, [](const Limit& limit) { return limit.metric == Metric::kRequests; });
}

std::optional<LimitState> Budgets::tightest_rate(const KeyBudget& key, Metric metric,
                                                 const Moment& now) const {
  return tightest(key, now, [metric](const Limit& limit) {
    return limit.metric == metric && limit.window.kind == WindowKind::kRolling60s;
  });
}

Budgets::SelfCheck Budgets::self_check(std::size_t first, std::size_t keys_max) const {
  const std::size_t end =
      keys_max < keys_.size() - std::min(first, keys_.size()) ? first + keys_max : keys_.size();
  SelfCheck result{.next = end < keys_.size() ? end : 0};
  // What every level must hold: the same limits, into which all that is open is held anew.
  std::unordered_map<const BudgetLevel*, std::unique_ptr<BudgetLevel>> expected;
  std::unordered_map<const WorkspaceBudget*, Wide> expected_of_balance;
  const auto hold = [&](const BudgetLevel* level, WallTime created, const OpenRequest& request) {
    if (level == nullptr) return;
    auto& fresh = expected[level];
    if (!fresh) fresh = level->fresh(created);
    fresh->hold(request.ask, request.admitted);
  };
  for (const OpenRequest& request : open_) {
    if (request.key == nullptr) continue;
    const KeyBudget& key = *request.key;
    if (key.number >= first && key.number < end) hold(key.level.get(), key.created_at, request);
    if (first != 0) continue;
    hold(key.workspace_level(), key.workspace->created_at, request);
    if (key.prepaid()) expected_of_balance[key.workspace] += request.ask.cost.value_or(0);
  }
  const auto compare_level = [&](const BudgetLevel* level, WallTime created) {
    if (level == nullptr) return;
    const auto found = expected.find(level);
    const auto nothing = found == expected.end() ? level->fresh(created) : nullptr;
    compare(*level, nothing ? *nothing : *found->second, result.differences);
  };
  for (std::size_t i = first; i < end; ++i)
    compare_level(keys_[i].level.get(), keys_[i].created_at);
  if (first != 0) return result;
  for (const WorkspaceBudget& workspace : workspaces_) {
    for (const auto& level : workspace.levels) compare_level(level.get(), workspace.created_at);
    const Wide right = expected_of_balance[&workspace];
    if (right == workspace.held) continue;
    result.differences.push_back({.expected = narrow(right), .held = narrow(workspace.held)});
  }
  return result;
}

}  // namespace tollgate
