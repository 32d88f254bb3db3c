// Where the budgets of a key and of a workspace live (ledger/budgets.h). Plain data, changed by
// Budgets alone; its owner only keeps the addresses.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "domain/key.h"
#include "domain/workspace.h"
#include "ledger/budget_level.h"
#include "ledger/rolling_window.h"
#include "ledger/wait_queue.h"

namespace tollgate {

struct WorkspaceBudget {
  WallTime created_at;
  std::chrono::microseconds test_clock_offset{0};
  // By Environment; null: no limits.
  std::array<std::unique_ptr<BudgetLevel>, 2> levels = {};

  BalanceMode balance_mode = BalanceMode::kUnlimited;
  Wide granted = 0;
  Wide charged = 0;
  Wide held = 0;  // while prepaid: the cost bounds of open requests in production
  WaitQueue balance_queue = {};

  Wide balance() const { return granted - charged; }  // what is held not taken off
};

struct KeyBudget {
  WorkspaceBudget* workspace = nullptr;
  WallTime created_at;
  std::size_t number = 0;  // by age, from 0
  Environment environment = Environment::kProduction;
  std::uint32_t waiting = 0;                // requests of it
  std::unique_ptr<BudgetLevel> level = {};  // null: no limits

  BudgetLevel* workspace_level() const {
    return workspace->levels.at(static_cast<std::size_t>(environment)).get();
  }
  bool prepaid() const {
    return environment == Environment::kProduction &&
           workspace->balance_mode == BalanceMode::kPrepaid;
  }
  bool unlimited() const { return !level && !workspace_level() && !prepaid(); }
  // Real time by the clock of its environment.
  Moment local(const Moment& now) const {
    if (environment == Environment::kProduction) return now;
    return {.wall = now.wall + workspace->test_clock_offset, .steady = now.steady};
  }
};

}  // namespace tollgate
