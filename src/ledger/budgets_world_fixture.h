// A small world for the simulation of the budgets: Budgets and its reference model side by side,
// the table of durable counters, who is open and who waits (budgets_simulation_test.cc).
//
// What a world does comes from its seed alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.h"
#include "ledger/budgets.h"
#include "ledger/budgets_model_fixture.h"

namespace tollgate {

// A calm world's limits and keys stay as they were, bounds are always given, and nothing overruns.
enum class Temper { kCalm, kWild };

class BudgetsWorld {
 public:
  BudgetsWorld(const BudgetsWorld&) = delete;
  BudgetsWorld& operator=(const BudgetsWorld&) = delete;

 protected:
  using State = BudgetsModel::State;
  static constexpr std::array kEnvironments{Environment::kProduction, Environment::kSandbox};
  static constexpr std::size_t kKeys = 6;
  static constexpr std::size_t kWorkspaces = 2;
  static constexpr std::size_t kRequestsMax = 1'000;

  BudgetsWorld(std::uint64_t seed, Temper temper) : temper_(temper), random_(seed) {
    using std::chrono::hours;
    using std::chrono::sys_days;
    const WallTime start = sys_days(std::chrono::year(2026) / 12 / 30) + hours(3);
    model_.now = {.wall = start, .steady = SteadyTime(std::chrono::seconds(5'000))};
    for (std::size_t i = 0; i < kWorkspaces; ++i) {
      model_.workspaces.push_back(
          {.level = {.owner = "ws_" + std::to_string(i), .created = start - hours(50)}});
    }
    for (std::size_t i = 0; i < kKeys; ++i) {
      const Environment environment = i % 3 == 2 ? Environment::kSandbox : Environment::kProduction;
      model_.keys.push_back(
          {.level = {.owner = "key_" + std::to_string(i), .created = start - hours(7 * i)},
           .workspace = i % kWorkspaces,
           .environment = environment});
    }
    model_.requests.reserve(kRequestsMax);  // sums leave one out by its address
    choose_everything();
    rebuild();
  }
  ~BudgetsWorld() = default;

  // --- choices ---

  std::int64_t below(std::int64_t bound) {
    return random_.below(static_cast<std::uint32_t>(bound));
  }
  bool chance(int percent) { return below(100) < percent; }
  std::size_t choose_key() { return static_cast<std::size_t>(below(kKeys)); }
  std::size_t choose_workspace() { return static_cast<std::size_t>(below(kWorkspaces)); }
  // An entry of a map that is not empty.
  template <class Map>
  auto choose_from(Map& map) {
    auto entry = map.begin();
    std::advance(entry, below(static_cast<std::int64_t>(map.size())));
    return entry;
  }

  Limit choose_limit() {
    static constexpr std::array kKinds{
        WindowKind::kRolling60s, WindowKind::kHour,    WindowKind::kHour,      WindowKind::kDay,
        WindowKind::kWeek,       WindowKind::kMonth,   WindowKind::kYear,      WindowKind::kDays,
        WindowKind::kLifetime,   WindowKind::kRequest, WindowKind::kRolling60s};
    const Metric metric = static_cast<Metric>(below(4));
    if (metric == Metric::kConcurrency) {
      return {.metric = metric, .window = {.kind = WindowKind::kNow}, .amount = below(12)};
    }
    Window window{.kind = kKinds.at(static_cast<std::size_t>(below(kKinds.size())))};
    if (window.kind == WindowKind::kDays) window.days = static_cast<int>(1 + below(3));
    if (metric == Metric::kRequests) {
      if (window.kind == WindowKind::kRequest) window.kind = WindowKind::kHour;
      return {.metric = metric, .window = window, .amount = below(60)};
    }
    const std::int64_t amount = window.kind == WindowKind::kRequest ? 35 : 60 + below(500);
    return {.metric = metric, .window = window, .amount = amount};
  }
  // Some of the limits that are there, with other amounts now and then, and up to `fresh_max` more.
  // A limit is its metric and window: one that stays keeps its number.
  void choose_limits(BudgetsModel::Level& level, std::int64_t fresh_max) {
    std::vector<NumberedLimit> chosen;
    if (chance(60)) {
      for (NumberedLimit kept : level.limits) {
        if (chance(30)) kept.limit.amount = choose_limit().amount * (chance(50) ? 2 : 1);
        if (chance(80)) chosen.push_back(kept);
      }
    }
    for (std::int64_t fresh = below(fresh_max + 1); fresh > 0; --fresh) {
      const Limit limit = choose_limit();
      const bool known = std::ranges::any_of(chosen, [&](const NumberedLimit& other) {
        return other.limit.metric == limit.metric && other.limit.window == limit.window;
      });
      if (!known) chosen.push_back({.number = next_number_++, .limit = limit});
    }
    level.limits = std::move(chosen);
  }
  void choose_everything() {
    for (auto& key : model_.keys) {
      if (chance(75)) choose_limits(key.level, 4);
      if (temper_ == Temper::kWild && chance(25)) key.level.enforcement = Enforcement::kSoft;
    }
    for (auto& workspace : model_.workspaces) {
      if (chance(60)) choose_limits(workspace.level, 3);
      workspace.prepaid = chance(60);
      workspace.granted = below(3'000);
    }
  }

  // --- the durable side ---

  // New budgets from the rows and the grants.
  void rebuild() {
    budgets_ = std::make_unique<Budgets>();
    workspaces_.clear();
    keys_.clear();
    limits_since_ = model_.now.steady;
    Resolutions resolved;
    for (std::size_t i = 0; i < kWorkspaces; ++i) {
      const auto& workspace = model_.workspaces[i];
      workspaces_.push_back(budgets_->add_workspace(workspace.level.created));
      WorkspaceBudget& budget = *workspaces_.back();
      budgets_->set_test_clock(budget, workspace.test_clock, model_.now, resolved);
      apply_workspace_limits(i, use_of_workspace(i), resolved);
      const Budgets::BalanceSetting balance{
          .mode = workspace.prepaid ? BalanceMode::kPrepaid : BalanceMode::kUnlimited,
          .granted = Money::from_nanos(workspace.granted),
          .charged = Money::from_nanos(model_.balance_use(i).settled)};
      budgets_->set_balance(budget, balance, model_.now, resolved);
    }
    for (std::size_t i = 0; i < kKeys; ++i) {
      const auto& key = model_.keys[i];
      keys_.push_back(
          budgets_->add_key(*workspaces_[key.workspace], key.environment, key.level.created));
      apply_key_limits(i, model_.use_of(model_.own_level(i)), resolved);
    }
    EXPECT_TRUE(resolved.empty());
  }
  LimitUse use_of_workspace(std::size_t workspace) const {
    LimitUse use;
    for (const Environment environment : kEnvironments) {
      const LimitUse part = model_.use_of(model_.workspace_level(workspace, environment));
      append(use.periods, part.periods);
      append(use.rolling, part.rolling);
    }
    return use;
  }
  template <class T>
  static void append(std::vector<T>& all, const std::vector<T>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }
  void apply_key_limits(std::size_t key, const LimitUse& use, Resolutions& resolved) {
    const BudgetsModel::Level& level = model_.keys[key].level;
    const Budgets::LimitList list{.owner = level.owner,
                                  .enforcement = level.enforcement,
                                  .limits = level.limits,
                                  .use = &use};
    limits_since_ = model_.now.steady;
    budgets_->set_key_limits(*keys_[key], list, model_.now, resolved);
  }
  void apply_workspace_limits(std::size_t workspace, const LimitUse& use, Resolutions& resolved) {
    const BudgetsModel::Level& level = model_.workspaces[workspace].level;
    const Budgets::LimitList list{.owner = level.owner, .limits = level.limits, .use = &use};
    limits_since_ = model_.now.steady;
    budgets_->set_workspace_limits(*workspaces_[workspace], list, model_.now, resolved);
  }
  const Temper temper_;
  BudgetsModel model_;
  std::unique_ptr<Budgets> budgets_;
  std::vector<WorkspaceBudget*> workspaces_;
  std::vector<KeyBudget*> keys_;
  std::map<std::size_t, Hold> holds_;        // by the request's place in the model
  std::map<WaiterId, std::size_t> waiting_;  // requests by their waiters
  SteadyTime limits_since_;                  // when any limits were last put in

 private:
  SeededRandom random_;
  std::int64_t next_number_ = 1;
};

}  // namespace tollgate
