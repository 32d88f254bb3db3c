// The requests of live keys: admitted, waiting, settled.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/key_slot.h"
#include "ledger/live_keys.h"
#include "ledger/refusals.h"

namespace tollgate {
namespace {

std::unexpected<Error> expired(std::string message) {
  return fail(ErrorCode::kExpiredApiKey, std::move(message));
}

// By what a key's life is measured: its own time, and the real one, in which the playground's
// secrets live.
struct Times {
  WallTime local;
  WallTime real;
};

Status playground_ended() {
  return expired(
      "This secret was made for the playground, and its minutes are over. The playground makes "
      "another by itself; programs use a secret of the key's own.");
}

// In the precedence of KeyStatus; a dead secret counts as expired.
Status usable(const Key& key, const KeySecret& secret, const Times& at) {
  const WallTime now = at.local;
  if (key.revoked_at) {
    return expired("This API key has been revoked. Create a new key, or ask its owner for one.");
  }
  if (secret.purpose == SecretPurpose::kPlayground) {
    if (!secret.retires_at || *secret.retires_at <= at.real) return playground_ended();
  } else if (secret.retires_at && *secret.retires_at <= now) {
    return expired(
        "This API key's secret was replaced by a rotation. Use the secret that the rotation gave, "
        "or rotate the key again.");
  }
  if (key.policy.expires_at && *key.policy.expires_at <= now) {
    return expired("This API key expired at " + format_time(*key.policy.expires_at) +
                   ". Move its expiry, or use another key.");
  }
  if (!key.policy.enabled) {
    return fail(ErrorCode::kDisabledApiKey,
                "This API key is switched off. Switch it on again, or use another key.");
  }
  return {};
}

// What covers both asks; without a bound where the new one has none.
Ask larger(const Ask& held, const Ask& ask) {
  const auto of = [](std::optional<std::int64_t> one, std::optional<std::int64_t> two) {
    return two ? std::max(one, two) : two;
  };
  return {.cost = of(held.cost, ask.cost),
          .tokens = of(held.tokens, ask.tokens),
          .token_rate = of(held.token_rate, ask.token_rate)};
}

}  // namespace

void LiveKeys::Answers::tell() {
  for (auto& [waiting, admitted] : told_) waiting(std::move(admitted));
  told_.clear();
}

Result<Identity> LiveKeys::authenticate(const Sha256& hash) const {
  Identity identity;
  Times at;
  {
    const Lock lock(mutex_);
    const auto found = by_hash_.find(hash);
    if (found == by_hash_.end()) {
      return fail(ErrorCode::kInvalidApiKey,
                  "This API key is not known here. Check that it was copied whole, and that it was "
                  "made on this gateway.");
    }
    const KeySlot& slot = *found->second.slot;
    identity.live = slot.live;
    identity.secret_index = index_of(identity.live->key, found->second.age);
    at.real = clock_.wall();
    at.local = slot.budget->local({.wall = at.real, .steady = {}}).wall;
  }
  Status status = usable(identity.key(), identity.secret(), at);
  if (!status) return std::unexpected(std::move(status.error()));
  return identity;
}

Preview LiveKeys::preview(const Identity& identity) const {
  const Lock lock(mutex_);
  const KeyBudget& budget = *identity.live->slot->budget;
  return budget.unlimited() ? Preview() : budgets_.preview(budget, now());
}

KeyStanding LiveKeys::standing(const Identity& identity) const {
  KeyStanding standing;
  const Lock lock(mutex_);
  const Moment at = now();
  const KeyBudget& budget = *identity.live->slot->budget;
  standing.at = budget.local(at).wall;
  standing.balance = budgets_.balance(*budget.workspace);
  if (budget.unlimited()) return standing;
  standing.requests = budgets_.tightest_requests(budget, at);
  standing.requests_per_minute = budgets_.tightest_rate(budget, Metric::kRequests, at);
  standing.tokens_per_minute = budgets_.tightest_rate(budget, Metric::kTokens, at);
  return standing;
}

Balance LiveKeys::balance_of(const Identity& identity) const {
  return budgets_.balance(*identity.live->slot->budget->workspace);
}

// The key may have changed since the caller showed its secret.
Status LiveKeys::usable_now(const Identity& identity, const Moment& at) const {
  const KeySlot* slot = identity.live->slot;
  check(slot != nullptr, "an Identity comes from authenticate()");
  const std::size_t age = identity.key().secrets.size() - 1 - identity.secret_index;
  const Key& key = slot->live->key;
  const KeySecret& secret = key.secrets[index_of(key, age)];
  if (secret.hash != identity.secret().hash) return playground_ended();
  return usable(key, secret, {.local = slot->budget->local(at).wall, .real = at.wall});
}

Admission LiveKeys::open(const Identity& identity, Hold hold, CancelHandle cancel) {
  const KeyBudget& budget = *identity.live->slot->budget;
  Admission admission;
  admission.admitted_at = hold.admitted().wall;
  const WallTime local = budget.local(hold.admitted()).wall;
  if (local != admission.admitted_at) admission.test_time = local;
  if (free_.empty()) {
    free_.push_back(static_cast<Place>(open_.size()));
    open_.emplace_back();
  }
  admission.place = free_.back();
  free_.pop_back();
  open_[admission.place] = {.slot = identity.live->slot,
                            .use = identity.live->use[identity.secret_index],
                            .cancel = std::move(cancel),
                            .hold = std::move(hold)};
  return admission;
}

LiveKeys::Admitted LiveKeys::admit(const Identity& identity, const Ask& ask, CancelHandle cancel) {
  Turn turn = admit_or_wait(identity, 0, ask, std::move(cancel));
  check(std::holds_alternative<Admitted>(turn), "only what is guarded waits");
  return std::get<Admitted>(std::move(turn));
}

LiveKeys::Turn LiveKeys::admit_or_wait(const Identity& identity, GenerationNumber id,
                                       const Ask& ask, CancelHandle cancel) {
  std::optional<Turn> turn;
  Answers answers;  // time may have let others through
  {
    const Lock lock(mutex_);
    const Moment at = now();
    if (Status status = usable_now(identity, at); !status) {
      return std::unexpected(std::move(status.error()));
    }
    Decision decision = budgets_.admit(*identity.live->slot->budget, ask, at, resolved_);
    if (auto* hold = std::get_if<Hold>(&decision)) {
      turn.emplace(open(identity, std::move(*hold), std::move(cancel)));
    } else if (const auto* refusal = std::get_if<Refusal>(&decision)) {
      turn.emplace(refused(*refusal, balance_of(identity)));
    } else {
      const WaiterId waiter = std::get<WaiterId>(decision);
      Waiting& waiting = waiting_[waiter];
      waiting.id = id;
      waiting.identity = identity;
      waiting.cancel = std::move(cancel);
      turn.emplace(waiter);
    }
    if (!resolved_.empty()) collect(at, answers);
  }
  answers.tell();
  return std::move(*turn);
}

Result<bool> LiveKeys::trial(const Identity& identity, const Ask& ask) {
  const Lock lock(mutex_);
  const Moment at = now();
  if (Status status = usable_now(identity, at); !status) {
    return std::unexpected(std::move(status.error()));
  }
  const auto refusal = budgets_.trial(*identity.live->slot->budget, ask, at);
  if (!refusal) return true;
  if (refusal->reason == RefusalReason::kBoundMissing) return false;
  return std::unexpected(refusal_error(*refusal, balance_of(identity)));
}

void LiveKeys::await_turn(WaiterId waiter, Callback<Admitted> waiting) {
  std::optional<Admitted> answer;
  {
    const Lock lock(mutex_);
    const auto found = waiting_.find(waiter);
    check(found != waiting_.end() && !found->second.waiting, "a wait is waited for once");
    if (!found->second.answer) {
      found->second.waiting.emplace(std::move(waiting));
      return;
    }
    answer = std::move(found->second.answer);
    waiting_.erase(found);
  }
  waiting(std::move(*answer));
}

void LiveKeys::answer(WaiterId waiter, Admitted admitted, Answers& answers) {
  const auto found = waiting_.find(waiter);
  if (!found->second.waiting) {
    found->second.answer.emplace(std::move(admitted));
    return;
  }
  answers.told_.emplace_back(std::move(*found->second.waiting), std::move(admitted));
  waiting_.erase(found);
}

LiveKeys::Admitted LiveKeys::end_of(Waiting& waiting, Resolution& resolution, const Moment& at) {
  if (const auto* refusal = std::get_if<Refusal>(&resolution.outcome)) {
    return refused(*refusal, balance_of(waiting.identity));
  }
  auto& hold = std::get<Hold>(resolution.outcome);
  if (Status status = usable_now(waiting.identity, at); !status) {
    budgets_.undo(std::move(hold), at, resolved_);
    return std::unexpected(std::move(status.error()));
  }
  return open(waiting.identity, std::move(hold), std::move(waiting.cancel));
}

void LiveKeys::collect(const Moment& at, Answers& answers) {
  while (!resolved_.empty()) {
    Resolutions ended = std::exchange(resolved_, {});
    for (Resolution& resolution : ended) {
      Admitted admitted = end_of(waiting_.at(resolution.waiter), resolution, at);
      answer(resolution.waiter, std::move(admitted), answers);
    }
  }
}

void LiveKeys::end_waits(KeySlot& slot, const Moment& at, Answers& answers) {
  const Key& key = slot.live->key;
  const Times times{.local = slot.budget->local(at).wall, .real = at.wall};
  const Status status = usable(key, current_secret(key), times);
  if (status) return;
  for (const WaiterId waiter : budgets_.cancel_all(*slot.budget, at, resolved_)) {
    answer(waiter, std::unexpected(status.error()), answers);
  }
}

void LiveKeys::expire() {
  Answers answers;
  {
    const Lock lock(mutex_);
    const Moment at = now();
    budgets_.expire(at, resolved_);
    collect(at, answers);
  }
  answers.tell();
}

void LiveKeys::cancel_wait(GenerationNumber id) {
  Answers answers;
  {
    const Lock lock(mutex_);
    const auto found =
        std::ranges::find_if(waiting_, [id](const auto& entry) { return entry.second.id == id; });
    if (found == waiting_.end() || found->second.answer) return;
    const WaiterId waiter = found->first;
    const Moment at = now();
    budgets_.cancel(waiter, at, resolved_);
    answer(waiter, fail(ErrorCode::kClientGone, "The client went away."), answers);
    collect(at, answers);
  }
  answers.tell();
}

Status LiveKeys::recheck(const Identity& identity) const {
  const Lock lock(mutex_);
  return usable_now(identity, now());
}

Status LiveKeys::rebind(Place place, const Identity& identity, const Ask& ask) {
  Status outcome;
  Answers answers;
  {
    const Lock lock(mutex_);
    const Moment at = now();
    outcome = usable_now(identity, at);
    if (!outcome) return outcome;
    Hold& hold = open_[place].hold;
    const auto refusal = budgets_.rebind(hold, larger(budgets_.ask_of(hold), ask), at, resolved_);
    if (refusal) outcome = std::unexpected(refusal_error(*refusal, balance_of(identity)));
    collect(at, answers);
  }
  answers.tell();
  return outcome;
}

void LiveKeys::narrow(Place place, const Ask& ask) {
  Answers answers;
  {
    const Lock lock(mutex_);
    const Moment at = now();
    // Refused only where a new limit needs a bound that the ask lacks; then the hold stays.
    budgets_.rebind(open_[place].hold, ask, at, resolved_);
    collect(at, answers);
  }
  answers.tell();
}

UseCounter* LiveKeys::seal(Place place) {
  CancelHandle dropped;  // freed after the lock
  const Lock lock(mutex_);
  dropped.swap(open_[place].cancel);
  return open_[place].use;
}

void LiveKeys::close(Place place) {
  open_[place] = {};
  free_.push_back(place);
}

void LiveKeys::settle(Place place, const Actual& actual, Answers& answers) {
  const Lock lock(mutex_);
  check(open_[place].slot != nullptr, "a reservation ends once");
  const Moment at = now();
  budgets_.settle(std::move(open_[place].hold), actual, at, resolved_);
  close(place);
  if (!resolved_.empty()) collect(at, answers);
}

void LiveKeys::undo(Place place) {
  Answers answers;
  CancelHandle dropped;  // freed after the lock
  {
    const Lock lock(mutex_);
    check(open_[place].slot != nullptr, "a reservation ends once");
    dropped.swap(open_[place].cancel);
    const Moment at = now();
    budgets_.undo(std::move(open_[place].hold), at, resolved_);
    close(place);
    collect(at, answers);
  }
  answers.tell();
}

std::size_t LiveKeys::open_reservations() const {
  const Lock lock(mutex_);
  return open_.size() - free_.size();
}

void LiveKeys::abort_open(const KeySlot& slot) {
  for (Open& open : open_) {
    if (open.slot != &slot || !open.cancel) continue;
    open.cancel();
    open.cancel = nullptr;
  }
}

}  // namespace tollgate
