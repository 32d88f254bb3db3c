// A seeded simulation of the budgets against the reference model, one operation at a time.
//
// Every world has its seed, a few keys in two workspaces, and up to 1,000 operations: requests that
// come, wait, run, are bound anew and end in every way; limits, balances and test clocks that
// change; a wall clock that jumps both ways; crashes, after which the budgets are built again from
// what is durable and every orphan is charged at its bound. Every third world is calm: no window of
// it may ever be charged past its amount.
//
// TOLLGATE_SIMULATION_OPERATIONS sets the number of operations (30,000), TOLLGATE_SIMULATION_SEED
// the first world's seed; a failure says which to set to see it again.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/budgets.h"
#include "ledger/budgets_checks_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class World : private CheckedBudgets {
 public:
  using CheckedBudgets::tally;
  static constexpr int kOperationsMax = kRequestsMax;

  World(std::uint64_t seed, Temper temper) : CheckedBudgets(seed, temper) {}

  // REQUIRES: called once, with at most kOperationsMax.
  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      remember_waits();
      step();
      check_everything();
    }
    if (::testing::Test::HasFailure()) return;
    end_everything();
    check_everything();
    if (temper_ == Temper::kCalm) check_no_window_was_overcharged();
  }

 private:
  static constexpr std::size_t kOpenMax = 24;

  void step() {
    const std::int64_t dice = below(1'000);
    if (dice < 470) return ask();
    if (dice < 660) return settle();
    if (dice < 700) return end_unused();
    if (dice < 760) return rebind();
    if (dice < 785) return cancel();
    if (dice < 900) return pass_time();
    if (dice < 920) return step_wall();
    if (dice < 940) return grant();
    if (dice < 950) return crash();
    if (temper_ == Temper::kCalm) return ask();
    if (dice < 980) return change_key_limits();
    if (dice < 987) return change_workspace_limits();
    if (dice < 993) return change_balance_mode();
    move_test_clock();
  }

  Ask choose_ask(std::size_t key) {
    Ask ask{.cost = below(40), .tokens = below(40), .token_rate = below(30)};
    if (temper_ == Temper::kCalm) return ask;
    const Preview preview = budgets_->preview(*keys_[key], model_.now);
    if (!preview.now.cost && chance(50)) ask.cost.reset();
    if (!preview.now.tokens && chance(50)) ask.tokens.reset();
    if (!preview.now.token_rate && chance(50)) ask.token_rate.reset();
    if (chance(1)) ask.cost.reset();  // guarded since the preview, for all that it knows
    return ask;
  }
  void ask() {
    if (holds_.size() >= kOpenMax) return settle();
    const std::size_t key = choose_key();
    check_preview(key);
    const Ask ask = choose_ask(key);
    Resolutions resolved;
    Decision decision = budgets_->admit(*keys_[key], ask, model_.now, resolved);
    take(resolved);
    const std::size_t request = model_.requests.size();
    model_.requests.push_back({.key = key, .ask = ask, .asked = model_.now.steady});
    if (auto* hold = std::get_if<Hold>(&decision)) {
      check_admission(request);
      ++tally_.admitted;
      open(request, std::move(*hold));
    } else if (const auto* waiter = std::get_if<WaiterId>(&decision)) {
      check_wait(request, *waiter);
      ++tally_.waited;
      waiting_[*waiter] = request;
    } else {
      const Refusal& refusal = std::get<Refusal>(decision);
      check_refusal(request, refusal);
      ++tally_.refused[refusal.reason];
      model_.requests[request].state = State::kGone;
    }
    check_heads(key);
  }
  std::pair<std::size_t, Hold> take_hold() {
    auto entry = holds_.extract(choose_from(holds_));
    return {entry.key(), std::move(entry.mapped())};
  }
  void settle() {
    if (holds_.empty()) return;
    auto [request, hold] = take_hold();
    Request& ended = model_.requests[request];
    const auto used = [&](std::optional<std::int64_t> bound) {
      const std::int64_t most = bound.value_or(30);
      if (temper_ == Temper::kWild && chance(5)) return most + below(30);  // an overrun
      return chance(15) ? most : below((chance(60) ? most / 8 : most) + 1);
    };
    ended.actual.cost = used(ended.ask.cost);
    // One figure for both windows of tokens: calm worlds must keep both bounds.
    const auto rate = std::min(ended.ask.tokens.value_or(30), ended.ask.token_rate.value_or(30));
    ended.actual.tokens = used(rate);
    ended.actual.charged = ended.actual.cost - below(ended.actual.cost / 2 + 1);
    finish(request, std::move(hold));
  }
  // Stores what settles in the transaction of its row, then settles it.
  void finish(std::size_t request, Hold hold) {
    Request& ended = model_.requests[request];
    ended.state = State::kDone;
    Resolutions resolved;
    budgets_->settle(std::move(hold), ended.actual, model_.now, resolved);
    take(resolved);
    check_heads(ended.key);
  }
  // Given back (it was a request all the same), or undone.
  void end_unused() {
    if (holds_.empty()) return;
    auto [request, hold] = take_hold();
    Request& ended = model_.requests[request];
    Resolutions resolved;
    if (chance(60)) {
      ended.state = State::kDone;
      budgets_->give_back(std::move(hold), model_.now, resolved);
    } else {
      ended.state = State::kGone;
      budgets_->undo(std::move(hold), model_.now, resolved);
    }
    take(resolved);
    check_heads(ended.key);
  }
  void rebind() {
    if (holds_.empty()) return;
    const auto held = choose_from(holds_);
    Request& request = model_.requests[held->first];
    const Ask ask = choose_ask(request.key);
    Resolutions resolved;
    const auto refusal = budgets_->rebind(held->second, ask, model_.now, resolved);
    check_growth(request, ask, refusal);
    ++(refusal ? tally_.not_grown : tally_.grown);
    if (refusal) {
      EXPECT_TRUE(resolved.empty());
      return;
    }
    request.ask = ask;
    take(resolved);
    check_heads(request.key);
  }
  // One client goes away, or all waiters of a key are cut.
  void cancel() {
    if (waiting_.empty()) return;
    const auto chosen = choose_from(waiting_);
    const std::size_t key = model_.requests[chosen->second].key;
    Resolutions resolved;
    std::vector<WaiterId> gone{chosen->first};
    if (chance(80)) {
      budgets_->cancel(chosen->first, model_.now, resolved);
    } else {
      gone.clear();
      for (const auto& [waiter, request] : waiting_) {
        if (model_.requests[request].key == key) gone.push_back(waiter);
      }
      EXPECT_EQ(budgets_->cancel_all(*keys_[key], model_.now, resolved), gone);
    }
    for (const WaiterId waiter : gone) {
      model_.requests[waiting_.at(waiter)].state = State::kGone;
      waiting_.erase(waiter);
    }
    take(resolved);
  }
  void pass_time() {
    static constexpr std::array kSpansMax{1'000,     1'000,      300'000,   300'000,
                                          2'500'000, 20'000'000, 90'000'000};
    const microseconds span(below(kSpansMax.at(static_cast<std::size_t>(below(kSpansMax.size())))));
    model_.now.wall += span;
    model_.now.steady += span;
    latest_wall_ = std::max(latest_wall_, model_.now.wall);
    Resolutions resolved;
    std::set<WaiterId> due;
    for (const auto& [id, request] : waiting_) {
      if (model_.requests[request].asked + Budgets::kWaitMax <= model_.now.steady) due.insert(id);
    }
    budgets_->expire(model_.now, resolved);
    take(resolved);
    for (const WaiterId waiter : due) EXPECT_FALSE(waiting_.contains(waiter)) << waiter;
  }
  void step_wall() {
    microseconds by = chance(50) ? microseconds(hours(below(60))) : -microseconds(hours(below(9)));
    by += milliseconds(below(3'600'000));
    // Less far back than periods are remembered.
    if (model_.now.wall + by < latest_wall_ - hours(20)) return;
    model_.now.wall += by;
    latest_wall_ = std::max(latest_wall_, model_.now.wall);
  }
  void grant() {
    const std::size_t index = choose_workspace();
    const std::int64_t amount = temper_ == Temper::kWild && chance(30) ? -below(200) : below(400);
    model_.workspaces[index].granted += amount;
    Resolutions resolved;
    budgets_->grant(*workspaces_[index], Money::from_nanos(amount), model_.now, resolved);
    take(resolved);
    check_head_of_balance(index);
  }
  void crash() {
    if (!chance(30)) return;
    // What is durable says who was open: each is charged at its bound.
    for (const auto& [request, hold] : holds_) {
      Request& orphan = model_.requests[request];
      const std::int64_t tokens =
          std::min(orphan.ask.tokens.value_or(0), orphan.ask.token_rate.value_or(0));
      orphan.actual = {.cost = orphan.ask.cost.value_or(0), .tokens = tokens};
      orphan.actual.charged = orphan.actual.cost;
      orphan.state = State::kDone;
      ++tally_.orphans;
    }
    for (const auto& [id, request] : waiting_) model_.requests[request].state = State::kGone;
    holds_.clear();
    waiting_.clear();
    rebuild();
  }
  void change_key_limits() {
    const std::size_t key = choose_key();
    BudgetsModel::Level& level = model_.keys[key].level;
    choose_limits(level, 3);
    if (chance(20)) level.enforcement = static_cast<Enforcement>(below(2));
    const LimitUse use = model_.use_of(model_.own_level(key));
    Resolutions resolved;
    apply_key_limits(key, use, resolved);
    take(resolved);
    check_heads_of_key(key);
  }
  void change_workspace_limits() {
    const std::size_t index = choose_workspace();
    BudgetsModel::Level& level = model_.workspaces[index].level;
    choose_limits(level, 2);
    const LimitUse use = use_of_workspace(index);
    Resolutions resolved;
    apply_workspace_limits(index, use, resolved);
    take(resolved);
    check_heads_of_workspace(index);
  }
  void change_balance_mode() {
    const std::size_t index = choose_workspace();
    auto& workspace = model_.workspaces[index];
    workspace.prepaid = !workspace.prepaid;
    Resolutions resolved;
    budgets_->set_balance_mode(*workspaces_[index],
                               workspace.prepaid ? BalanceMode::kPrepaid : BalanceMode::kUnlimited,
                               model_.now, resolved);
    take(resolved);
    check_head_of_balance(index);
  }
  void move_test_clock() {
    const std::size_t index = choose_workspace();
    auto& workspace = model_.workspaces[index];
    workspace.test_clock += hours(below(30));
    Resolutions resolved;
    budgets_->set_test_clock(*workspaces_[index], workspace.test_clock, model_.now, resolved);
    take(resolved);
    for (const auto& [waiter, place] : waiting_) {
      const std::size_t key = model_.requests[place].key;
      if (model_.keys[key].workspace == index) check_heads(key);
    }
  }
  // All go away or end: nothing may stay held.
  void end_everything() {
    while (!waiting_.empty() || !holds_.empty()) {
      remember_waits();
      if (!waiting_.empty()) {
        cancel();
      } else {
        settle();
      }
      if (::testing::Test::HasFailure()) return;
    }
    for (const Level& level : all_levels()) {
      for (const NumberedLimit& limit : level.level->limits) {
        const Moment at = model_.local(level.workspace, level.environment);
        EXPECT_EQ(model_.use(level, limit.limit, at).held, 0);
      }
    }
  }

  WallTime latest_wall_ = model_.now.wall;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  const std::string_view digits(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  EXPECT_TRUE(error == std::errc() && end == digits.data() + digits.size()) << variable;
  return number;
}

void add(const SimulationTally& part, SimulationTally& sum) {
  sum.admitted += part.admitted;
  sum.waited += part.waited;
  sum.woken += part.woken;
  for (const auto& [reason, count] : part.refused) sum.refused[reason] += count;
  sum.grown += part.grown;
  sum.not_grown += part.not_grown;
  sum.orphans += part.orphans;
}

void expect_that_all_happened(SimulationTally& sum) {
  EXPECT_GT(sum.admitted, 0);
  EXPECT_GT(sum.waited, 0);
  EXPECT_GT(sum.woken, 0);
  for (const RefusalReason reason :
       {RefusalReason::kBoundMissing, RefusalReason::kNoCredits, RefusalReason::kAboveLimit,
        RefusalReason::kInFlight, RefusalReason::kRate, RefusalReason::kSpent}) {
    EXPECT_GT(sum.refused[reason], 0) << "reason " << static_cast<int>(reason);
  }
  EXPECT_GT(sum.grown, 0);
  EXPECT_GT(sum.not_grown, 0);
  EXPECT_GT(sum.orphans, 0);
}

TEST(BudgetsSimulation, EveryDecisionIsTheReferenceModelsAndNothingStaysHeld) {
  const std::uint64_t operations = number_from("TOLLGATE_SIMULATION_OPERATIONS", 30'000);
  const std::uint64_t first_seed = number_from("TOLLGATE_SIMULATION_SEED", 1);
  SimulationTally sum;
  std::uint64_t done = 0;
  for (std::uint64_t seed = first_seed; done < operations; ++seed) {
    SCOPED_TRACE("TOLLGATE_SIMULATION_SEED=" + std::to_string(seed) +
                 " TOLLGATE_SIMULATION_OPERATIONS=" + std::to_string(World::kOperationsMax));
    World world(seed, seed % 3 == 0 ? Temper::kCalm : Temper::kWild);
    const int next =
        static_cast<int>(std::min<std::uint64_t>(operations - done, World::kOperationsMax));
    world.run(next);
    if (HasFailure()) return;
    add(world.tally(), sum);
    done += static_cast<std::uint64_t>(next);
  }
  if (done >= 30'000) expect_that_all_happened(sum);
  fmt::print(
      "note: {} operations from seed {}: {} admitted, {} more after waiting ({} waited), {} "
      "orphans\n",
      done, first_seed, sum.admitted, sum.woken, sum.waited, sum.orphans);
}

}  // namespace
}  // namespace tollgate
