#include "ledger/budget_level.h"

namespace tollgate {

void BudgetLevel::hold(const Ask& ask, const Moment& admitted) {
  for (const auto& counter : counters_) {
    if (holds(*counter)) counter->hold(counter->asked(ask).value_or(0), admitted);
  }
}

void BudgetLevel::change_hold(const Ask& before, const Ask& after, const Moment& admitted) {
  for (const auto& counter : counters_) {
    if (!holds(*counter)) continue;
    const Wide held = counter->asked(before).value_or(0);
    counter->change_hold(counter->asked(after).value_or(0) - held, admitted);
  }
}

void BudgetLevel::release(const Ask& ask, const Moment& admitted) {
  for (const auto& counter : counters_) {
    if (holds(*counter)) counter->release(counter->asked(ask).value_or(0), admitted);
  }
}

void BudgetLevel::settle(const Actual& actual, const Moment& admitted, const Moment& now) {
  for (const auto& counter : counters_) counter->settle(counter->used(actual), admitted, now);
}

void BudgetLevel::forget(const Moment& now) {
  for (const auto& counter : counters_) counter->forget(now);
}

std::unique_ptr<BudgetLevel> BudgetLevel::fresh(WallTime created) const {
  auto level = std::make_unique<BudgetLevel>(owner_, enforcement_);
  for (const auto& counter : counters_) {
    level->counters_.push_back(std::make_unique<LimitCounter>(
        NumberedLimit{.number = counter->number(), .limit = counter->limit()}, created));
  }
  return level;
}

LimitState BudgetLevel::state(const LimitCounter& counter, const Moment& now) const {
  LimitState state = counter.state(now);
  state.id = limit_id(owner_, counter.limit());
  return state;
}

}  // namespace tollgate
