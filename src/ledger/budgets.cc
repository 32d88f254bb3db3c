#include "ledger/budgets.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"

namespace tollgate {
namespace {

bool is_sound(const Ask& ask) {
  return ask.cost.value_or(0) >= 0 && ask.tokens.value_or(0) >= 0 &&
         ask.token_rate.value_or(0) >= 0;
}

// A level with the list's limits, each of which begins with its part of the use that `is_own`
// takes for the level's.
template <class IsOwn>
std::unique_ptr<BudgetLevel> make_level(const Budgets::LimitList& list, WallTime created,
                                        const Moment& local, const IsOwn& is_own) {
  if (list.limits.empty()) return nullptr;
  auto level = std::make_unique<BudgetLevel>(std::string(list.owner), list.enforcement);
  for (const NumberedLimit& limit : list.limits) {
    auto counter = std::make_unique<LimitCounter>(limit, created);
    if (list.use != nullptr) {
      for (const PeriodUse& use : list.use->periods) {
        if (use.limit_number != limit.number || !is_own(use)) continue;
        counter->load(use.period_start, use.settled);
      }
      for (const RollingUse& use : list.use->rolling) {
        if (use.limit_number != limit.number || !is_own(use)) continue;
        counter->load(use.admitted, use.settled, local);
      }
    }
    level->counters().push_back(std::move(counter));
  }
  return level;
}

RefusalReason reason_of(LimitCounter::Room room, Window window) {
  switch (room) {
    case LimitCounter::Room::kHeld:
      return RefusalReason::kInFlight;
    case LimitCounter::Room::kAbove:
      return RefusalReason::kAboveLimit;
    case LimitCounter::Room::kSpent:
    case LimitCounter::Room::kFits:
      break;
  }
  const bool is_rate = window.kind == WindowKind::kRolling60s || window.kind == WindowKind::kNow;
  return is_rate ? RefusalReason::kRate : RefusalReason::kSpent;
}

// As LimitCounter::room(), of a balance beside `held`.
LimitCounter::Room balance_room(const WorkspaceBudget& workspace, std::int64_t bound, Wide held) {
  if (workspace.balance() < bound) return LimitCounter::Room::kSpent;
  return workspace.balance() - held < bound ? LimitCounter::Room::kHeld : LimitCounter::Room::kFits;
}

bool same_limit(const LimitCounter& one, const LimitCounter& two) {
  return one.limit().metric == two.limit().metric && one.limit().window == two.limit().window;
}

}  // namespace

Budgets::Budgets() = default;
Budgets::~Budgets() = default;

// --- owners ---

WorkspaceBudget* Budgets::add_workspace(WallTime created_at) {
  return &workspaces_.emplace_back(WorkspaceBudget{.created_at = created_at});
}

KeyBudget* Budgets::add_key(WorkspaceBudget& workspace, Environment environment,
                            WallTime created_at) {
  return &keys_.emplace_back(KeyBudget{.workspace = &workspace,
                                       .created_at = created_at,
                                       .number = keys_.size(),
                                       .environment = environment});
}

void Budgets::set_key_limits(KeyBudget& key, const LimitList& list, const Moment& now,
                             Resolutions& resolved) {
  const auto is_own = [](const auto&) { return true; };
  const auto is_owned = [&key](const OpenRequest& request) { return request.key == &key; };
  auto fresh = make_level(list, key.created_at, key.local(now), is_own);
  const auto retired = replace_level(key.level, std::move(fresh), is_owned);
  pump(now, resolved);
}

void Budgets::set_workspace_limits(WorkspaceBudget& workspace, const LimitList& list,
                                   const Moment& now, Resolutions& resolved) {
  check(list.enforcement == Enforcement::kHard, "a workspace's limits are hard for every key");
  std::array<std::unique_ptr<BudgetLevel>, 2> retired;
  for (const Environment environment : {Environment::kProduction, Environment::kSandbox}) {
    const auto index = static_cast<std::size_t>(environment);
    const auto is_own = [=](const auto& use) { return use.environment == environment; };
    const auto is_owned = [&, environment](const OpenRequest& request) {
      return request.key->workspace == &workspace && request.key->environment == environment;
    };
    // Of the clock only the steady one is looked at, which no test clock moves.
    auto fresh = make_level(list, workspace.created_at, now, is_own);
    retired.at(index) = replace_level(workspace.levels.at(index), std::move(fresh), is_owned);
  }
  pump(now, resolved);
}

template <class IsOwned>
std::unique_ptr<BudgetLevel> Budgets::replace_level(std::unique_ptr<BudgetLevel>& level,
                                                    std::unique_ptr<BudgetLevel> fresh,
                                                    const IsOwned& is_owned) {
  touch(level.get());
  bool hold_anew = fresh && (!level || level->enforcement() != fresh->enforcement());
  if (fresh) {
    for (auto& counter : fresh->counters()) {
      std::unique_ptr<LimitCounter>* old = nullptr;
      if (level) {
        const auto found = std::ranges::find_if(level->counters(), [&](const auto& before) {
          return before && same_limit(*before, *counter);
        });
        if (found != level->counters().end()) old = &*found;
      }
      if (old == nullptr) {
        hold_anew = true;
        continue;
      }
      (*old)->change({.number = counter->number(), .limit = counter->limit()});
      counter = std::move(*old);
    }
  }
  if (level) std::erase(level->counters(), nullptr);
  if (hold_anew) {
    for (const auto& counter : fresh->counters()) counter->clear_holds();
    for (const OpenRequest& request : open_) {
      if (request.key != nullptr && is_owned(request)) fresh->hold(request.ask, request.admitted);
    }
  }
  std::swap(level, fresh);
  return fresh;
}

void Budgets::set_balance(WorkspaceBudget& workspace, const BalanceSetting& balance,
                          const Moment& now, Resolutions& resolved) {
  workspace.granted = balance.granted.nanos();
  workspace.charged = balance.charged.nanos();
  set_balance_mode(workspace, balance.mode, now, resolved);
}

void Budgets::set_balance_mode(WorkspaceBudget& workspace, BalanceMode mode, const Moment& now,
                               Resolutions& resolved) {
  workspace.balance_mode = mode;
  workspace.held = 0;
  if (mode == BalanceMode::kPrepaid) {
    for (const OpenRequest& request : open_) {
      if (request.key == nullptr || request.key->workspace != &workspace) continue;
      if (request.key->prepaid()) workspace.held += request.ask.cost.value_or(0);
    }
  }
  touch(workspace.balance_queue);
  pump(now, resolved);
}

void Budgets::grant(WorkspaceBudget& workspace, Money amount, const Moment& now,
                    Resolutions& resolved) {
  workspace.granted += amount.nanos();
  touch(workspace.balance_queue);
  pump(now, resolved);
}

void Budgets::set_test_clock(WorkspaceBudget& workspace, std::chrono::microseconds offset,
                             const Moment& now, Resolutions& resolved) {
  workspace.test_clock_offset = offset;
  for (auto& [id, waiter] : waiters_) {
    if (waiter.key->workspace == &workspace) touch(*waiter.key);
  }
  pump(now, resolved);
}

// --- requests ---

Decision Budgets::admit(KeyBudget& key, const Ask& ask, const Moment& now, Resolutions& resolved) {
  check(is_sound(ask), "a bound is never below 0");
  if (key.unlimited()) return open(key, ask, now);
  touch(key);  // time may have let the first ones through
  pump(now, resolved);
  const Moment local = key.local(now);
  judge(key, ask, next_waiter_, local);
  if (verdict_.final) return refusal_of(*verdict_.final, local);
  if (verdict_.in_flight) return wait(key, ask, now);
  return open(key, ask, now);
}

std::optional<Refusal> Budgets::trial(KeyBudget& key, const Ask& ask, const Moment& now) {
  check(is_sound(ask), "a bound is never below 0");
  if (key.unlimited()) return std::nullopt;
  const Moment local = key.local(now);
  judge(key, ask, next_waiter_, local);
  if (verdict_.final) return refusal_of(*verdict_.final, local);
  if (verdict_.in_flight) return refusal_of(*verdict_.in_flight, local);
  return std::nullopt;
}

Hold Budgets::open(KeyBudget& key, const Ask& ask, const Moment& now) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(open_.size()));
    open_.emplace_back();
  }
  Hold hold;
  hold.place_ = free_.back();
  hold.serial_ = next_serial_++;
  hold.admitted_ = now;
  free_.pop_back();
  const Moment local = key.local(now);
  open_[hold.place_] = {.key = &key, .serial = hold.serial_, .admitted = local, .ask = ask};
  for (BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level == nullptr) continue;
    level->hold(ask, local);
    level->forget(local);
  }
  if (key.prepaid()) key.workspace->held += ask.cost.value_or(0);
  return hold;
}

Budgets::OpenRequest& Budgets::request_of(const Hold& hold) {
  check(hold.open() && open_[hold.place_].serial == hold.serial_, "a hold ends once");
  return open_[hold.place_];
}

std::optional<Refusal> Budgets::rebind(Hold& hold, const Ask& ask, const Moment& now,
                                       Resolutions& resolved) {
  check(is_sound(ask), "a bound is never below 0");
  OpenRequest& request = request_of(hold);
  KeyBudget& key = *request.key;
  const Moment local = key.local(now);
  judge_growth(request, ask, local);
  if (verdict_.final) return refusal_of(*verdict_.final, local);
  if (verdict_.in_flight) return refusal_of(*verdict_.in_flight, local);
  for (BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level != nullptr) level->change_hold(request.ask, ask, request.admitted);
  }
  if (key.prepaid()) {
    key.workspace->held += Wide{ask.cost.value_or(0)} - request.ask.cost.value_or(0);
  }
  request.ask = ask;
  touch(key);
  pump(now, resolved);
  return std::nullopt;
}

void Budgets::settle(Hold hold, const Actual& actual, const Moment& now, Resolutions& resolved) {
  check(actual.cost >= 0 && actual.charged >= 0 && actual.tokens >= 0, "nothing is used below 0");
  close(std::move(hold), actual, now, resolved);
}

void Budgets::give_back(Hold hold, const Moment& now, Resolutions& resolved) {
  close(std::move(hold), Actual{}, now, resolved);
}

void Budgets::undo(Hold hold, const Moment& now, Resolutions& resolved) {
  close(std::move(hold), std::nullopt, now, resolved);
}

void Budgets::close(Hold hold, const std::optional<Actual>& actual, const Moment& now,
                    Resolutions& resolved) {
  const OpenRequest request = std::exchange(request_of(hold), OpenRequest{});
  free_.push_back(hold.place_);
  KeyBudget& key = *request.key;
  WorkspaceBudget& workspace = *key.workspace;
  if (key.prepaid()) workspace.held -= request.ask.cost.value_or(0);
  if (actual && key.environment == Environment::kProduction) workspace.charged += actual->charged;
  if (key.unlimited()) return;
  const Moment local = key.local(now);
  for (BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level == nullptr) continue;
    level->release(request.ask, request.admitted);
    if (actual) level->settle(*actual, request.admitted, local);
  }
  touch(key);
  pump(now, resolved);
}

const Ask& Budgets::ask_of(const Hold& hold) const {
  check(hold.open() && open_[hold.place_].serial == hold.serial_, "a hold ends once");
  return open_[hold.place_].ask;
}

std::size_t Budgets::open_requests() const { return open_.size() - free_.size(); }

// --- the judgement ---

void Budgets::judge(KeyBudget& key, const Ask& ask, WaiterId self, const Moment& local) {
  verdict_.final.reset();
  verdict_.in_flight.reset();
  verdict_.queues.clear();
  for (BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level != nullptr) judge_level(*level, ask, self, local);
    if (bound_missing()) return;
  }
  if (key.prepaid()) judge_balance(*key.workspace, ask, self);
}

void Budgets::judge_level(BudgetLevel& level, const Ask& ask, WaiterId self, const Moment& local) {
  using Room = LimitCounter::Room;
  for (const auto& counter : level.counters()) {
    const std::optional<std::int64_t> asked = counter->asked(ask);
    if (level.guards(*counter) && !asked) {
      verdict_.final = Objection{.reason = RefusalReason::kBoundMissing};
      return;
    }
    Room room = level.room(*counter, asked.value_or(0), local);
    if (room == Room::kFits && level.guards(*counter) && counter->queue().has_before(self)) {
      room = Room::kHeld;  // it would fit, and must not pass
    }
    if (room == Room::kFits) continue;
    object({.level = &level, .counter = counter.get(), .bound = asked.value_or(0)}, room, local);
    if (room == Room::kHeld) verdict_.queues.push_back(&counter->queue());
  }
}

void Budgets::judge_balance(WorkspaceBudget& workspace, const Ask& ask, WaiterId self) {
  if (!ask.cost) {
    verdict_.final = Objection{.reason = RefusalReason::kBoundMissing};
    return;
  }
  LimitCounter::Room room = balance_room(workspace, *ask.cost, workspace.held);
  if (room == LimitCounter::Room::kFits && workspace.balance_queue.has_before(self)) {
    room = LimitCounter::Room::kHeld;
  }
  object_balance(room, *ask.cost);
  if (room == LimitCounter::Room::kHeld) verdict_.queues.push_back(&workspace.balance_queue);
}

void Budgets::judge_growth(const OpenRequest& request, const Ask& ask, const Moment& local) {
  verdict_.final.reset();
  verdict_.in_flight.reset();
  verdict_.queues.clear();
  const KeyBudget& key = *request.key;
  for (const BudgetLevel* level : {key.level.get(), key.workspace_level()}) {
    if (level != nullptr) judge_level_growth(*level, request, ask, local);
    if (bound_missing()) return;
  }
  if (!key.prepaid()) return;
  const std::int64_t before = request.ask.cost.value_or(0);
  if (!ask.cost) {
    verdict_.final = Objection{.reason = RefusalReason::kBoundMissing};
  } else if (*ask.cost > before) {
    const WorkspaceBudget& workspace = *key.workspace;
    object_balance(balance_room(workspace, *ask.cost, workspace.held - before), *ask.cost);
  }
}

void Budgets::judge_level_growth(const BudgetLevel& level, const OpenRequest& request,
                                 const Ask& ask, const Moment& local) {
  for (const auto& counter : level.counters()) {
    if (!level.guards(*counter)) continue;  // a request is one, however often it is tried
    const std::int64_t before = counter->asked(request.ask).value_or(0);
    const std::optional<std::int64_t> after = counter->asked(ask);
    if (!after) {
      verdict_.final = Objection{.reason = RefusalReason::kBoundMissing};
      return;
    }
    if (*after <= before) continue;
    const auto room = counter->room_to_grow(before, *after, request.admitted, local);
    object({.level = &level, .counter = counter.get(), .bound = *after}, room, local);
  }
}

bool Budgets::bound_missing() const {
  return verdict_.final && verdict_.final->reason == RefusalReason::kBoundMissing;
}

void Budgets::object(Objection objection, LimitCounter::Room room, const Moment& local) {
  if (room == LimitCounter::Room::kFits) return;
  const LimitCounter& counter = *objection.counter;
  const bool holds = objection.level->holds(counter);
  objection.reason = reason_of(room, counter.limit().window);
  // A limit that holds nothing lets the next one in as soon as anything is left.
  objection.resets_at = counter.resets_at(holds ? objection.bound : 1, local);
  std::optional<Objection>& named =
      room == LimitCounter::Room::kHeld ? verdict_.in_flight : verdict_.final;
  if (!named || resets_later(objection, *named)) named = objection;
}

void Budgets::object_balance(LimitCounter::Room room, std::int64_t bound) {
  if (room == LimitCounter::Room::kSpent) {
    // No limit's reset brings credits: whatever else objects, this is what to act on.
    verdict_.final = Objection{.reason = RefusalReason::kNoCredits, .bound = bound};
  } else if (room == LimitCounter::Room::kHeld && !verdict_.in_flight) {
    verdict_.in_flight = Objection{.reason = RefusalReason::kInFlight, .bound = bound};
  }
}

bool Budgets::resets_later(const Objection& one, const Objection& two) {
  // What is above a whole limit fits at no time; concurrency waits for no reset.
  const auto rank = [](const Objection& objection) {
    const bool never = objection.reason == RefusalReason::kAboveLimit;
    const bool now = objection.counter->limit().window.kind == WindowKind::kNow;
    return std::pair(never, now ? WallTime::min() : objection.resets_at.value_or(WallTime::max()));
  };
  return rank(one) > rank(two);
}

Refusal Budgets::refusal_of(const Objection& objection, const Moment& local) {
  Refusal refusal{.reason = objection.reason, .bound = objection.bound};
  if (objection.counter == nullptr) return refusal;
  refusal.limit = objection.level->state(*objection.counter, local);
  refusal.limit->resets_at = objection.resets_at;
  if (objection.resets_at) refusal.resets_in = *objection.resets_at - local.wall;
  return refusal;
}

}  // namespace tollgate
