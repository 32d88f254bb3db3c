// A world of budgets for tests: one workspace, keys in it, a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/budgets.h"

namespace tollgate {

inline constexpr Window kNow{.kind = WindowKind::kNow};
inline constexpr Window kMinute{.kind = WindowKind::kRolling60s};
inline constexpr Window kHour{.kind = WindowKind::kHour};
inline constexpr Window kDay{.kind = WindowKind::kDay};
inline constexpr Window kMonth{.kind = WindowKind::kMonth};
inline constexpr Window kLifetime{.kind = WindowKind::kLifetime};
inline constexpr Window kOneRequest{.kind = WindowKind::kRequest};

inline Limit limit_of(Metric metric, Window window, std::int64_t amount) {
  return {.metric = metric, .window = window, .amount = amount};
}
inline Limit cost_limit(std::int64_t amount, Window window = kMonth) {
  return limit_of(Metric::kCost, window, amount);
}
inline Limit token_limit(std::int64_t amount, Window window = kMonth) {
  return limit_of(Metric::kTokens, window, amount);
}
inline Limit request_limit(std::int64_t amount, Window window = kMonth) {
  return limit_of(Metric::kRequests, window, amount);
}
inline Limit concurrency_limit(std::int64_t amount) {
  return limit_of(Metric::kConcurrency, kNow, amount);
}
inline Ask cost_of(std::int64_t cost) { return {.cost = cost, .tokens = 0, .token_rate = 0}; }
inline Ask tokens_of(std::int64_t tokens) {
  return {.cost = 0, .tokens = tokens, .token_rate = tokens};
}

class BudgetsTest : public ::testing::Test {
 protected:
  using Seconds = std::chrono::seconds;

  static WallTime start() {
    using std::chrono::sys_days;
    return sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(10);
  }

  KeyBudget& key(Environment environment = Environment::kProduction) {
    return *budgets.add_key(*workspace, environment, start());
  }
  KeyBudget& key_with(const std::vector<Limit>& limits,
                      Enforcement enforcement = Enforcement::kHard) {
    KeyBudget& added = key();
    limit(added, limits, enforcement);
    return added;
  }
  // Numbers a limit by its place: 1, 2, 3 …
  static std::vector<NumberedLimit> numbered(const std::vector<Limit>& limits,
                                             std::int64_t first = 1) {
    std::vector<NumberedLimit> out;
    for (const Limit& limit : limits) out.push_back({.number = first++, .limit = limit});
    return out;
  }
  void limit(KeyBudget& key, const std::vector<Limit>& limits,
             Enforcement enforcement = Enforcement::kHard, const LimitUse* use = nullptr) {
    const auto list = numbered(limits);
    budgets.set_key_limits(
        key, {.owner = "key_a", .enforcement = enforcement, .limits = list, .use = use}, now,
        resolved);
  }
  void limit_workspace(const std::vector<Limit>& limits, const LimitUse* use = nullptr) {
    const auto list = numbered(limits, 101);
    budgets.set_workspace_limits(*workspace, {.owner = "ws_a", .limits = list, .use = use}, now,
                                 resolved);
  }
  void prepay(std::int64_t granted) {
    budgets.set_balance(*workspace,
                        {.mode = BalanceMode::kPrepaid, .granted = Money::from_nanos(granted)}, now,
                        resolved);
  }

  Decision ask(KeyBudget& key, const Ask& ask) { return budgets.admit(key, ask, now, resolved); }
  // Expects it to be admitted.
  Hold admit(KeyBudget& key, const Ask& ask = {}) {
    Decision decision = this->ask(key, ask);
    EXPECT_TRUE(std::holds_alternative<Hold>(decision)) << decision.index();
    if (auto* hold = std::get_if<Hold>(&decision)) return std::move(*hold);
    return {};
  }
  bool admits(KeyBudget& key, const Ask& ask = {}) {
    Decision decision = this->ask(key, ask);
    if (auto* waiter = std::get_if<WaiterId>(&decision)) budgets.cancel(*waiter, now, resolved);
    auto* hold = std::get_if<Hold>(&decision);
    if (hold == nullptr) return false;
    held.push_back(std::move(*hold));
    return true;
  }
  WaiterId wait(KeyBudget& key, const Ask& ask) {
    const Decision decision = this->ask(key, ask);
    EXPECT_TRUE(std::holds_alternative<WaiterId>(decision)) << decision.index();
    const auto* waiter = std::get_if<WaiterId>(&decision);
    return waiter == nullptr ? 0 : *waiter;
  }
  Refusal refused(KeyBudget& key, const Ask& ask = {}) {
    const Decision decision = this->ask(key, ask);
    EXPECT_TRUE(std::holds_alternative<Refusal>(decision)) << decision.index();
    const auto* refusal = std::get_if<Refusal>(&decision);
    return refusal == nullptr ? Refusal{} : *refusal;
  }
  void settle(Hold hold, const Actual& actual = {}) {
    budgets.settle(std::move(hold), actual, now, resolved);
  }
  void settle_cost(Hold hold, std::int64_t cost) {
    settle(std::move(hold), {.cost = cost, .charged = cost});
  }
  void use(KeyBudget& key, std::int64_t cost) { settle_cost(admit(key, cost_of(cost)), cost); }
  void use_tokens(KeyBudget& key, std::int64_t tokens) {
    settle(admit(key, tokens_of(tokens)), {.tokens = tokens});
  }

  LimitState state(const KeyBudget& key, std::size_t index = 0) const {
    return budgets.limits(key, now).at(index);
  }
  LimitState workspace_state(Environment environment = Environment::kProduction) const {
    return budgets.limits(*workspace, environment, now).at(0);
  }
  // The waiters that were admitted since the last call, and their holds into `held`.
  std::vector<WaiterId> woken() {
    std::vector<WaiterId> ids;
    for (Resolution& resolution : resolved) {
      if (auto* hold = std::get_if<Hold>(&resolution.outcome)) {
        ids.push_back(resolution.waiter);
        held.push_back(std::move(*hold));
      }
    }
    resolved.clear();
    return ids;
  }
  std::optional<Refusal> refusal_of(WaiterId waiter) const {
    for (const Resolution& resolution : resolved) {
      const auto* refusal = std::get_if<Refusal>(&resolution.outcome);
      if (resolution.waiter == waiter && refusal != nullptr) return *refusal;
    }
    return std::nullopt;
  }
  void advance(std::chrono::microseconds by) {
    now.wall += by;
    now.steady += by;
  }
  void step_wall(std::chrono::microseconds by) { now.wall += by; }
  void expire() { budgets.expire(now, resolved); }

  void TearDown() override { EXPECT_TRUE(budgets.self_check().differences.empty()); }

  Budgets budgets;
  Moment now{.wall = start(), .steady = SteadyTime(std::chrono::seconds(1'000))};
  WorkspaceBudget* workspace = budgets.add_workspace(start());
  Resolutions resolved;
  std::vector<Hold> held;  // what was admitted and is not settled by the test
};

}  // namespace tollgate
