// What the simulation of the budgets holds true (budgets_simulation_test.cc): every decision is the
// one that the reference model comes to, nobody is passed by a later one, and after every operation
// both sides show the same: settled + held + free = limit.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/budgets_world_fixture.h"

namespace tollgate {

// How often each kind of thing happened: a simulation in which one never does proves little.
struct SimulationTally {
  std::int64_t admitted = 0;  // at once
  std::int64_t waited = 0;
  std::int64_t woken = 0;  // admitted after waiting
  std::map<RefusalReason, std::int64_t> refused = {};
  std::int64_t grown = 0;
  std::int64_t not_grown = 0;
  std::int64_t orphans = 0;
};

class CheckedBudgets : public BudgetsWorld {
 public:
  const SimulationTally& tally() const { return tally_; }

 protected:
  using Fit = BudgetsModel::Fit;
  using Level = BudgetsModel::LevelOf;
  using Request = BudgetsModel::Request;
  using Word = BudgetsModel::Word;
  using BudgetsWorld::BudgetsWorld;
  ~CheckedBudgets() = default;

  // Something that requests wait for: a cost or token limit, or (number 0) the balance, for which
  // the level says who may stand in its queue.
  struct Queue {
    std::int64_t number = 0;
    Level level = {};
    Limit limit = {};
  };
  // Those that requests of `key` may stand in.
  std::vector<Queue> queues(std::size_t key) const {
    std::vector<Queue> queues;
    for (const Level& level : model_.levels(key)) {
      for (const NumberedLimit& limit : level.level->limits) {
        if (!BudgetsModel::guards(*level.level, limit.limit)) continue;
        queues.push_back({.number = limit.number, .level = level, .limit = limit.limit});
      }
    }
    if (model_.prepaid(key)) queues.push_back({.number = 0, .level = model_.levels(key).back()});
    return queues;
  }
  // REQUIRES: it waits, in the budgets too.
  bool stands_in(WaiterId waiter, const Queue& queue) const {
    if (!model_.counts_in(model_.requests[waiting_.at(waiter)], queue.level)) return false;
    const auto numbers = budgets_->waits_for(waiter);
    return std::ranges::find(numbers, queue.number) != numbers.end();
  }
  bool somebody_before(WaiterId waiter, const Queue& queue) const {
    return std::ranges::any_of(waiting_, [&](const auto& other) {
      return other.first < waiter && stands_in(other.first, queue);
    });
  }
  Fit fit_in(const Queue& queue, const Request& request) const {
    if (queue.number == 0) {
      const std::size_t workspace = queue.level.workspace;
      return model_.balance_fit(workspace, model_.balance_use(workspace), *request.ask.cost);
    }
    const auto bound = BudgetsModel::asked(queue.limit, request.ask).value_or(0);
    const auto used = model_.use(queue.level, queue.limit, model_.local(request.key));
    return BudgetsModel::fit(*queue.level.level, queue.limit, used, bound);
  }

  // --- decisions ---

  // Before an operation: who waits for what.
  void remember_waits() {
    waited_.clear();
    for (const auto& [waiter, request] : waiting_) {
      for (const std::int64_t number : budgets_->waits_for(waiter)) {
        waited_[waiter].insert(number);
      }
    }
  }
  // The waits that the operation ended, in their order.
  void take(Resolutions& resolved) {
    ending_.clear();
    for (const Resolution& resolution : resolved) ending_.insert(resolution.waiter);
    for (Resolution& resolution : resolved) {
      const auto found = waiting_.find(resolution.waiter);
      ASSERT_NE(found, waiting_.end()) << "waiter " << resolution.waiter;
      const std::size_t request = found->second;
      if (auto* hold = std::get_if<Hold>(&resolution.outcome)) {
        check_fits(request);
        check_passes_nobody(resolution.waiter);
        waiting_.erase(found);
        ++tally_.woken;
        open(request, std::move(*hold));
      } else {
        const Refusal& refusal = std::get<Refusal>(resolution.outcome);
        check_late_refusal(resolution.waiter, refusal);
        ++tally_.refused[refusal.reason];
        waiting_.erase(found);
        model_.requests[request].state = State::kGone;
      }
    }
    resolved.clear();
    ending_.clear();
  }
  void open(std::size_t request, Hold hold) {
    EXPECT_TRUE(hold.open());
    EXPECT_EQ(hold.admitted().wall, model_.now.wall);
    EXPECT_EQ(hold.admitted().steady, model_.now.steady);
    Request& opened = model_.requests[request];
    opened.admitted = model_.local(opened.key);
    opened.state = State::kOpen;
    holds_.emplace(request, std::move(hold));
  }

  // Admitted at once: everybody who waits came earlier.
  void check_admission(std::size_t request) const {
    check_fits(request);
    for (const Queue& queue : queues(model_.requests[request].key)) {
      for (const auto& [waiter, other] : waiting_) {
        EXPECT_FALSE(stands_in(waiter, queue)) << waiter << " is passed at limit " << queue.number;
      }
    }
  }
  void check_fits(std::size_t request) const {
    const Request& asking = model_.requests[request];
    EXPECT_FALSE(model_.bound_missing(asking.key, asking.ask));
    if (::testing::Test::HasFailure()) return;
    for (const Word& word : model_.objections(asking.key, asking.ask)) {
      ADD_FAILURE() << "admitted against limit " << word.number;
    }
  }
  // Somebody earlier, who waited for this limit alone, before and after, and does not fit there at
  // the moment when a later one is admitted, is passed.
  void check_passes_nobody(WaiterId admitted) const {
    for (const Queue& queue : queues(model_.requests[waiting_.at(admitted)].key)) {
      for (const auto& [waiter, place] : waiting_) {
        const auto before = waited_.find(waiter);
        if (waiter >= admitted || ending_.contains(waiter) || before == waited_.end()) continue;
        if (before->second != std::set{queue.number} || !stands_in(waiter, queue)) continue;
        if (budgets_->waits_for(waiter).size() != 1) continue;
        EXPECT_NE(fit_in(queue, model_.requests[place]), Fit::kHeld)
            << admitted << " passed " << waiter << " at limit " << queue.number;
      }
    }
  }
  // It could fit later and not now, and it waits for exactly what keeps it out.
  void check_wait(std::size_t request, WaiterId waiter) const {
    const Request& asking = model_.requests[request];
    EXPECT_FALSE(model_.bound_missing(asking.key, asking.ask));
    if (::testing::Test::HasFailure()) return;
    std::set<std::int64_t> numbers;
    for (const Word& word : model_.objections(asking.key, asking.ask)) {
      EXPECT_EQ(word.fit, Fit::kHeld) << "limit " << word.number;
      numbers.insert(word.number);
    }
    for (const Queue& queue : queues(asking.key)) {
      if (somebody_before(waiter, queue)) numbers.insert(queue.number);
    }
    EXPECT_FALSE(numbers.empty()) << "nothing keeps it out";
    const auto waits = budgets_->waits_for(waiter);
    EXPECT_EQ(std::set(waits.begin(), waits.end()), numbers);
  }
  // Refused at once: no wait could help.
  void check_refusal(std::size_t request, const Refusal& refusal) const {
    const Request& asking = model_.requests[request];
    const bool missing = model_.bound_missing(asking.key, asking.ask);
    EXPECT_EQ(refusal.reason == RefusalReason::kBoundMissing, missing);
    if (missing) return;
    std::vector<Word> words = model_.objections(asking.key, asking.ask);
    std::erase_if(words, [](const Word& word) { return word.fit == Fit::kHeld; });
    ASSERT_FALSE(words.empty()) << "refused although it may wait";
    check_named(refusal, BudgetsModel::named(words), asking, asking.ask);
  }
  // Refused after waiting: as above, or because its time is over.
  void check_late_refusal(WaiterId waiter, const Refusal& refusal) const {
    const std::size_t place = waiting_.at(waiter);
    if (refusal.reason != RefusalReason::kInFlight) return check_refusal(place, refusal);
    const Request& asking = model_.requests[place];
    EXPECT_LE(asking.asked + Budgets::kWaitMax, model_.now.steady) << "refused before its time";
    EXPECT_FALSE(model_.bound_missing(asking.key, asking.ask));
    if (::testing::Test::HasFailure()) return;
    const std::vector<Word> words = model_.objections(asking.key, asking.ask);
    for (const Word& word : words) EXPECT_EQ(word.fit, Fit::kHeld) << "limit " << word.number;
    const auto may_be_before = [&](const auto& other) {
      const auto queues = this->queues(asking.key);
      return other.first < waiter &&
             std::ranges::any_of(
                 queues,
                 [&](const Queue& queue) {
                   return model_.counts_in(model_.requests[other.second], queue.level);
                 });
    };
    if (std::ranges::any_of(waiting_, may_be_before)) return;  // it may be behind an earlier one
    ASSERT_FALSE(words.empty()) << "refused although it fits";
    check_named(refusal, BudgetsModel::named(words), asking, asking.ask);
  }
  void check_named(const Refusal& refusal, const Word& word, const Request& asking,
                   const Ask& ask) const {
    EXPECT_EQ(refusal.reason, BudgetsModel::reason(word));
    EXPECT_EQ(refusal.limit.has_value(), word.number != 0);
    if (!refusal.limit || word.number == 0) {
      EXPECT_EQ(refusal.bound, ask.cost);
      return;
    }
    const Moment local = model_.local(asking.key);
    LimitState state = state_of(word.level, word.limit, local);
    state.resets_at = word.resets_at;
    EXPECT_EQ(*refusal.limit, state) << show(*refusal.limit) << ", not " << show(state);
    EXPECT_EQ(refusal.bound, BudgetsModel::asked(word.limit, ask).value_or(0));
    EXPECT_EQ(refusal.resets_in.has_value(), word.resets_at.has_value());
    if (word.resets_at) EXPECT_EQ(refusal.resets_in, *word.resets_at - local.wall);
  }
  // Another attempt: judged before the model takes it over.
  void check_growth(const Request& request, const Ask& ask,
                    const std::optional<Refusal>& refusal) const {
    const bool missing = model_.bound_missing(request.key, ask);
    EXPECT_EQ(refusal && refusal->reason == RefusalReason::kBoundMissing, missing);
    if (missing || ::testing::Test::HasFailure()) return;
    const auto least = model_.growth_objections(request, ask, limits_since_);
    if (!refusal) {
      EXPECT_TRUE(least.empty()) << "grew against limit " << least.front().number;
      return;
    }
    auto words = model_.growth_objections(request, ask, SteadyTime::min());
    ASSERT_FALSE(words.empty()) << "refused although it fits";
    const auto same_fit = [](const Word& one, const Word& two) {
      return one.number == two.number && one.fit == two.fit;
    };
    if (!std::ranges::equal(words, least, same_fit)) return;
    const auto is_held = [](const Word& word) { return word.fit == Fit::kHeld; };
    if (!std::ranges::all_of(words, is_held)) std::erase_if(words, is_held);
    check_named(*refusal, BudgetsModel::named(words), request, ask);
  }
  // Nobody is forgotten: of the first in every queue that requests of `key` stand in, something
  // that it waits for keeps it out.
  void check_heads(std::size_t key) const {
    for (const Queue& queue : queues(key)) check_head(queue);
  }
  // The same of the queues that a change of limits, or of the balance, looks at.
  void check_heads_of_key(std::size_t key) const {
    for (const Queue& queue : queues(key)) {
      if (queue.level.key) check_head(queue);
    }
  }
  void check_heads_of_workspace(std::size_t workspace) const {
    for (std::size_t key = 0; key < kKeys; ++key) {
      if (model_.keys[key].workspace != workspace) continue;
      for (const Queue& queue : queues(key)) {
        if (!queue.level.key && queue.number != 0) check_head(queue);
      }
    }
  }
  void check_head_of_balance(std::size_t workspace) const {
    for (std::size_t key = 0; key < kKeys; ++key) {
      if (model_.keys[key].workspace != workspace || !model_.prepaid(key)) continue;
      check_head(queues(key).back());
      return;
    }
  }
  // That its requests or concurrency are used up meanwhile, by somebody who did not have to wait,
  // it learns when it is looked at next.
  void check_head(const Queue& queue) const {
    const auto first = std::ranges::find_if(
        waiting_, [&](const auto& waiting) { return stands_in(waiting.first, queue); });
    if (first == waiting_.end()) return;
    const auto& [waiter, place] = *first;
    const Request& head = model_.requests[place];
    EXPECT_FALSE(model_.bound_missing(head.key, head.ask)) << "waiter " << waiter;
    if (::testing::Test::HasFailure()) return;
    bool kept_out = false;
    for (const Queue& other : queues(head.key)) {
      const Fit fit = fit_in(other, head);
      EXPECT_TRUE(fit == Fit::kHeld || fit == Fit::kFits)
          << "waiter " << waiter << " waits in vain at limit " << other.number;
      if (!stands_in(waiter, other)) continue;
      kept_out = kept_out || fit == Fit::kHeld || somebody_before(waiter, other);
    }
    EXPECT_TRUE(kept_out) << "waiter " << waiter << " at limit " << queue.number;
  }

  // --- what is shown ---

  LimitState state_of(const Level& level, const Limit& limit, const Moment& at) const {
    const auto used = model_.use(level, limit, at);
    return {.limit = limit,
            .id = limit_id(level.level->owner, limit),
            .used = used.settled,
            .held = used.held,
            .resets_at = model_.resets_at(level, limit, limit.amount + 1, at)};
  }
  static std::string show(const LimitState& state) {
    const auto resets = state.resets_at ? state.resets_at->time_since_epoch().count() : -1;
    return state.id + " used " + std::to_string(state.used) + " held " +
           std::to_string(state.held) + " of " + std::to_string(state.limit.amount) + " resets " +
           std::to_string(resets);
  }
  void check_states(const std::vector<LimitState>& shown, const Level& level,
                    const Moment& at) const {
    const auto& limits = level.level->limits;
    ASSERT_EQ(shown.size(), limits.size());
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const LimitState right = state_of(level, limits[i].limit, at);
      EXPECT_EQ(shown[i], right) << show(shown[i]) << ", not " << show(right);
      if (temper_ != Temper::kCalm) continue;
      EXPECT_LE(shown[i].used + shown[i].held, limits[i].limit.amount) << show(shown[i]);
    }
  }
  void check_key(std::size_t key) const {
    const Moment local = model_.local(key);
    check_states(budgets_->limits(*keys_[key], model_.now), model_.own_level(key), local);
    bool limited = false;
    for (const NumberedLimit& numbered : model_.keys[key].level.limits) {
      const Limit& limit = numbered.limit;
      if (limit.metric == Metric::kConcurrency || limit.window.kind == WindowKind::kRequest) {
        continue;
      }
      // What is held of requests stays used, however they end.
      const auto used = model_.use(model_.own_level(key), limit, local);
      const bool stays = limit.metric == Metric::kRequests;
      limited = limited || used.settled + (stays ? used.held : 0) >= limit.amount;
    }
    EXPECT_EQ(budgets_->limited(*keys_[key], model_.now), limited);
  }
  void check_preview(std::size_t key) const {
    const Preview shown = budgets_->preview(*keys_[key], model_.now);
    const Preview right = model_.preview(key);
    EXPECT_EQ(shown.now, right.now);
    EXPECT_EQ(shown.once_settled, right.once_settled);
  }
  void check_workspace(std::size_t workspace) const {
    for (const Environment environment : kEnvironments) {
      check_states(budgets_->limits(*workspaces_[workspace], environment, model_.now),
                   model_.workspace_level(workspace, environment),
                   model_.local(workspace, environment));
    }
    const Balance shown = budgets_->balance(*workspaces_[workspace]);
    const auto used = model_.balance_use(workspace);
    const auto& right = model_.workspaces[workspace];
    EXPECT_EQ(shown.mode == BalanceMode::kPrepaid, right.prepaid);
    EXPECT_EQ(shown.granted.nanos(), right.granted);
    EXPECT_EQ(shown.charged.nanos(), used.settled);
    EXPECT_EQ(shown.held.nanos(), used.held);
    if (temper_ == Temper::kCalm && right.prepaid) {
      EXPECT_LE(used.settled + used.held, right.granted);
    }
  }
  void check_everything() const {
    for (std::size_t i = 0; i < kKeys; ++i) check_key(i);
    for (std::size_t i = 0; i < kWorkspaces; ++i) check_workspace(i);
    EXPECT_TRUE(budgets_->self_check().differences.empty());
    EXPECT_EQ(budgets_->open_requests(), holds_.size());
    EXPECT_EQ(budgets_->waiters(), waiting_.size());
    std::optional<SteadyTime> deadline;
    if (!waiting_.empty()) {
      deadline = model_.requests[waiting_.begin()->second].asked + Budgets::kWaitMax;
    }
    EXPECT_EQ(budgets_->next_deadline(), deadline);
  }

  // --- the books at the end ---

  std::vector<Level> all_levels() const {
    std::vector<Level> levels;
    for (std::size_t i = 0; i < kKeys; ++i) levels.push_back(model_.own_level(i));
    for (std::size_t i = 0; i < kWorkspaces; ++i) {
      for (const Environment where : kEnvironments) {
        levels.push_back(model_.workspace_level(i, where));
      }
    }
    return levels;
  }
  // Of a calm world: in no window of any limit, that ended long ago or not, was more charged than
  // the limit allows.
  void check_no_window_was_overcharged() const {
    for (const Level& level : all_levels()) {
      const LimitUse use = model_.use_of(level);
      for (const NumberedLimit& limit : level.level->limits) {
        for (const PeriodUse& period : use.periods) {
          if (period.limit_number != limit.number) continue;
          EXPECT_LE(period.settled, limit.limit.amount) << limit_id("", limit.limit);
        }
        std::map<std::int64_t, std::int64_t> seconds;
        for (const RollingUse& one : use.rolling) {
          if (one.limit_number != limit.number) continue;
          seconds[BudgetsModel::second_of(one.admitted)] += one.settled;
        }
        for (auto first = seconds.begin(); first != seconds.end(); ++first) {
          std::int64_t sum = 0;
          for (auto at = first; at != seconds.end() && at->first <= first->first + 60; ++at) {
            sum += at->second;
          }
          EXPECT_LE(sum, limit.limit.amount) << "from second " << first->first;
        }
      }
    }
  }
  SimulationTally tally_;

 private:
  std::map<WaiterId, std::set<std::int64_t>> waited_;  // before the operation
  std::set<WaiterId> ending_;                          // by the operation
};

}  // namespace tollgate
