// Rule 7 of SPEC §5: who waits, and who gets through when something is freed.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ledger/budgets.h"

namespace tollgate {

Decision Budgets::wait(KeyBudget& key, const Ask& ask, const Moment& now) {
  if (std::ranges::any_of(verdict_.queues, &WaitQueue::full)) {
    return refusal_of(*verdict_.in_flight, key.local(now));
  }
  const WaiterId id = next_waiter_++;
  for (WaitQueue* queue : verdict_.queues) queue->insert(id);
  ++key.waiting;
  waiters_.emplace_hint(
      waiters_.end(), id,
      Waiter{
          .key = &key, .ask = ask, .deadline = now.steady + kWaitMax, .queues = verdict_.queues});
  return id;
}

void Budgets::expire(const Moment& now, Resolutions& resolved) {
  while (!waiters_.empty() && waiters_.begin()->second.deadline <= now.steady) {
    const auto& [id, waiter] = *waiters_.begin();
    const Moment local = waiter.key->local(now);
    judge(*waiter.key, waiter.ask, id, local);
    if (verdict_.final) {
      resolve_refused(id, *verdict_.final, local, resolved);
    } else if (verdict_.in_flight) {
      resolve_refused(id, *verdict_.in_flight, local, resolved);
    } else {
      resolve_admitted(id, now, resolved);
    }
    pump(now, resolved);
  }
}

std::optional<SteadyTime> Budgets::next_deadline() const {
  if (waiters_.empty()) return std::nullopt;
  return waiters_.begin()->second.deadline;
}

void Budgets::cancel(WaiterId waiter, const Moment& now, Resolutions& resolved) {
  if (!waiters_.contains(waiter)) return;
  leave(waiter);
  pump(now, resolved);
}

std::vector<WaiterId> Budgets::cancel_all(KeyBudget& key, const Moment& now,
                                          Resolutions& resolved) {
  std::vector<WaiterId> cancelled;
  if (key.waiting == 0) return cancelled;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter.key == &key) cancelled.push_back(id);
  }
  for (const WaiterId id : cancelled) leave(id);
  pump(now, resolved);
  return cancelled;
}

std::size_t Budgets::waiters() const { return waiters_.size(); }

std::vector<std::int64_t> Budgets::waits_for(WaiterId waiter) const {
  const Waiter& found = waiters_.at(waiter);
  std::vector<std::int64_t> numbers;
  for (const WaitQueue* queue : found.queues) {
    std::int64_t number = 0;
    for (const BudgetLevel* level : {found.key->level.get(), found.key->workspace_level()}) {
      if (level == nullptr) continue;
      for (const auto& counter : level->counters()) {
        if (&counter->queue() == queue) number = counter->number();
      }
    }
    numbers.push_back(number);
  }
  return numbers;
}

void Budgets::touch(KeyBudget& key) {
  touch(key.level.get());
  touch(key.workspace_level());
  touch(key.workspace->balance_queue);
}

void Budgets::touch(BudgetLevel* level) {
  if (level == nullptr) return;
  for (const auto& counter : level->counters()) touch(counter->queue());
}

void Budgets::touch(WaitQueue& queue) {
  if (!queue.empty()) touched_.push_back(&queue);
}

void Budgets::pump(const Moment& now, Resolutions& resolved) {
  while (!touched_.empty()) {
    WaitQueue& queue = *touched_.back();
    touched_.pop_back();
    while (!queue.empty() && advance(queue, now, resolved)) continue;
  }
}

bool Budgets::advance(WaitQueue& queue, const Moment& now, Resolutions& resolved) {
  const WaiterId id = queue.front();
  Waiter& waiter = waiters_.at(id);
  const Moment local = waiter.key->local(now);
  judge(*waiter.key, waiter.ask, id, local);
  if (verdict_.final) {
    resolve_refused(id, *verdict_.final, local, resolved);
  } else if (!verdict_.in_flight) {
    resolve_admitted(id, now, resolved);
  } else if (!requeue(id, waiter)) {
    resolve_refused(id, *verdict_.in_flight, local, resolved);
  }
  return queue.empty() || queue.front() != id;
}

// Into the queues of what keeps it out now; false, and nothing changed, when one of them is full.
bool Budgets::requeue(WaiterId id, Waiter& waiter) {
  const auto is_in = [](const std::vector<WaitQueue*>& queues, const WaitQueue* queue) {
    return std::ranges::find(queues, queue) != queues.end();
  };
  for (const WaitQueue* queue : verdict_.queues) {
    if (queue->full() && !is_in(waiter.queues, queue)) return false;
  }
  for (WaitQueue* queue : verdict_.queues) {
    if (!is_in(waiter.queues, queue)) queue->insert(id);
  }
  for (WaitQueue* queue : waiter.queues) {
    if (is_in(verdict_.queues, queue)) continue;
    const bool was_first = queue->front() == id;
    queue->erase(id);
    if (was_first) touch(*queue);
  }
  waiter.queues = verdict_.queues;
  return true;
}

Budgets::Waiter Budgets::leave(WaiterId id) {
  const auto found = waiters_.find(id);
  check(found != waiters_.end(), "a wait ends once");
  Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  --waiter.key->waiting;
  for (WaitQueue* queue : waiter.queues) {
    const bool was_first = queue->front() == id;
    queue->erase(id);
    if (was_first) touch(*queue);
  }
  return waiter;
}

void Budgets::resolve_refused(WaiterId id, const Objection& objection, const Moment& local,
                              Resolutions& resolved) {
  resolved.push_back({.waiter = id, .outcome = refusal_of(objection, local)});
  leave(id);
}

void Budgets::resolve_admitted(WaiterId id, const Moment& now, Resolutions& resolved) {
  const Waiter waiter = leave(id);
  resolved.push_back({.waiter = id, .outcome = open(*waiter.key, waiter.ask, now)});
}

}  // namespace tollgate
