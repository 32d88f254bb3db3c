// The budgets: every limit of every key and workspace and every balance, and the one step that
// admits a request to all of them or to none (SPEC §5).
//
// `amount − settled − held ≥ bound` at every level: the key's own limits, the workspace's (apart
// per environment, each with the full amount), the workspace's balance (never for the sandbox). A
// `soft` key's own limits hold nothing and refuse only by what is settled; its concurrency counts
// what is open, as every key's does.
//
// A plain object without a lock and without I/O: its owner guards it with the mutex that it checks
// the live key under, so that nothing can pass between the check and the hold. No call blocks, none
// allocates where nothing is limited, and none but a change of limits does work that grows with
// the number of keys, open requests or waiters: an event looks at the heads of the queues that it
// may have freed.
//
// Waiting (rule 7): admit() may answer with a WaiterId. Whatever frees something appends the waits
// that it ended to `resolved`, in the order in which they ended; the owner tells those requests,
// after its lock. expire() ends those whose two seconds are over. Only cost and token limits and
// the balance are waited for.
//
// Nothing here is durable: what is settled is the sum of rows that the owner keeps. A new limit is
// to be given the use of exactly the requests that were settled here before it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "domain/workspace.h"
#include "ledger/admission.h"
#include "ledger/budget_level.h"
#include "ledger/budget_owner.h"
#include "ledger/wait_queue.h"

namespace tollgate {

class Budgets {
 public:
  static constexpr std::chrono::seconds kWaitMax{2};

  Budgets();
  ~Budgets();
  Budgets(const Budgets&) = delete;
  Budgets& operator=(const Budgets&) = delete;

  // --- owners; none is ever removed, and their addresses stay ---

  WorkspaceBudget* add_workspace(WallTime created_at);
  KeyBudget* add_key(WorkspaceBudget& workspace, Environment environment, WallTime created_at);

  // Replaces an owner's limits, from the next request on. A limit that stays (same metric and
  // window) keeps its counters under its new amount; a new one begins with its part of `use` and
  // with what the owner's open requests hold. `owner` is the id that limit ids begin with.
  struct LimitList {
    std::string_view owner;
    Enforcement enforcement = Enforcement::kHard;  // a workspace's are always hard
    std::span<const NumberedLimit> limits;
    const LimitUse* use = nullptr;  // of new limits; null: none. Entries for others are ignored
  };
  void set_key_limits(KeyBudget& key, const LimitList& list, const Moment& now,
                      Resolutions& resolved);
  void set_workspace_limits(WorkspaceBudget& workspace, const LimitList& list, const Moment& now,
                            Resolutions& resolved);
  // On start, and when the mode changes.
  struct BalanceSetting {
    BalanceMode mode = BalanceMode::kUnlimited;
    Money granted = {};
    Money charged = {};  // by settled requests in production, those made while it was unlimited too
  };
  void set_balance(WorkspaceBudget& workspace, const BalanceSetting& balance, const Moment& now,
                   Resolutions& resolved);
  void set_balance_mode(WorkspaceBudget& workspace, BalanceMode mode, const Moment& now,
                        Resolutions& resolved);
  // A grant, or below zero a deduction.
  void grant(WorkspaceBudget& workspace, Money amount, const Moment& now, Resolutions& resolved);
  // How far the workspace's sandbox keys live ahead of real time.
  void set_test_clock(WorkspaceBudget& workspace, std::chrono::microseconds offset,
                      const Moment& now, Resolutions& resolved);

  // --- requests ---

  // One atomic step over all levels. `now` is real time; the test clock is added here.
  // REQUIRES: no bound is below 0.
  Decision admit(KeyBudget& key, const Ask& ask, const Moment& now, Resolutions& resolved);
  // What admit() would end in, with nothing held or changed: a request that would have to wait is
  // refused as it is when nothing settles meanwhile. nullopt: it would be admitted.
  std::optional<Refusal> trial(KeyBudget& key, const Ask& ask, const Moment& now);
  // For another attempt: the hold now covers `ask` (its bound and what earlier attempts may cost)
  // in the windows of its admission, or is as it was and the refusal says why. Never waits.
  std::optional<Refusal> rebind(Hold& hold, const Ask& ask, const Moment& now,
                                Resolutions& resolved);
  // Counts what was used in the windows of the admission, past the limit if it has to (overrun),
  // and gives back what was held.
  void settle(Hold hold, const Actual& actual, const Moment& now, Resolutions& resolved);
  // Admitted, and provably nothing was sent: costs nothing, but was a request.
  void give_back(Hold hold, const Moment& now, Resolutions& resolved);
  // As though it had never been admitted: its reservation could not be made durable.
  void undo(Hold hold, const Moment& now, Resolutions& resolved);
  const Ask& ask_of(const Hold& hold) const;
  std::size_t open_requests() const;

  // --- waiting ---

  // Ends the waits whose time is over: admitted if it fits at last, else refused.
  void expire(const Moment& now, Resolutions& resolved);
  // When expire() is next due; nullopt: nobody waits.
  std::optional<SteadyTime> next_deadline() const;
  // Takes a waiter out (its client went away); nothing if its wait is over.
  void cancel(WaiterId waiter, const Moment& now, Resolutions& resolved);
  // Takes out all waiters of a key (revoked, switched off) and gives them, first come first.
  std::vector<WaiterId> cancel_all(KeyBudget& key, const Moment& now, Resolutions& resolved);
  std::size_t waiters() const;
  // The limits that keep a waiter out, by number, as it was last looked at; 0: the balance.
  // REQUIRES: it waits.
  std::vector<std::int64_t> waits_for(WaiterId waiter) const;

  // --- looking; `now` is real time ---

  Preview preview(const KeyBudget& key, const Moment& now) const;
  // Whether a limit of the key's own lets nothing more through until it resets, or more is settled
  // than it allows (status `limited`).
  bool limited(const KeyBudget& key, const Moment& now) const;
  // Whether a limit of the key's own is near that.
  bool nearly_limited(const KeyBudget& key, const Moment& now) const;
  // Every limit of the owner, in the order of its list.
  std::vector<LimitState> limits(const KeyBudget& key, const Moment& now) const;
  std::vector<LimitState> limits(const WorkspaceBudget& workspace, Environment environment,
                                 const Moment& now) const;
  Balance balance(const WorkspaceBudget& workspace) const;
  // Of the key's requests limits and its workspace's, the one with the least left (X-RateLimit-*);
  // the same of the rolling 60 s of `metric` (x-ratelimit-*). Without `id`, which no header shows.
  std::optional<LimitState> tightest_requests(const KeyBudget& key, const Moment& now) const;
  std::optional<LimitState> tightest_rate(const KeyBudget& key, Metric metric,
                                          const Moment& now) const;
  // Σ open requests = held, for `keys_max` keys from the `first` on (by age; in slices, so that no
  // admission waits for long), and for all workspaces with the first slice.
  struct SelfCheck {
    std::vector<HeldDifference> differences = {};
    std::size_t next = 0;  // 0: that was the last slice
  };
  SelfCheck self_check(std::size_t first = 0,
                       std::size_t keys_max = std::numeric_limits<std::size_t>::max()) const;

 private:
  // An open request: everything that what it holds can be worked out from.
  struct OpenRequest {
    KeyBudget* key = nullptr;  // null: free
    std::uint64_t serial = 0;
    Moment admitted;  // by the clock of its environment
    Ask ask;
  };
  struct Waiter {
    KeyBudget* key = nullptr;
    Ask ask;
    SteadyTime deadline;
    std::vector<WaitQueue*> queues = {};  // of what keeps it out
  };
  // One reason for which a request does not get through.
  struct Objection {
    RefusalReason reason = RefusalReason::kSpent;
    const BudgetLevel* level = nullptr;
    const LimitCounter* counter = nullptr;  // null: the balance
    std::int64_t bound = 0;
    std::optional<WallTime> resets_at = {};
  };
  // What all levels say to a request. Fits when it has none of these.
  struct Verdict {
    std::optional<Objection> final;      // no wait can help: the one to name
    std::optional<Objection> in_flight;  // what is held, or somebody earlier: the one to name
    std::vector<WaitQueue*> queues;      // those of all that are in flight
  };

  // Each leaves its answer in verdict_.
  void judge(KeyBudget& key, const Ask& ask, WaiterId self, const Moment& local);
  void judge_level(BudgetLevel& level, const Ask& ask, WaiterId self, const Moment& local);
  void judge_balance(WorkspaceBudget& workspace, const Ask& ask, WaiterId self);
  void judge_growth(const OpenRequest& request, const Ask& ask, const Moment& local);
  void judge_level_growth(const BudgetLevel& level, const OpenRequest& request, const Ask& ask,
                          const Moment& local);
  bool bound_missing() const;
  // Takes an objection, if it is one, into verdict_.
  void object(Objection objection, LimitCounter::Room room, const Moment& local);
  void object_balance(LimitCounter::Room room, std::int64_t bound);
  static bool resets_later(const Objection& one, const Objection& two);
  static Refusal refusal_of(const Objection& objection, const Moment& local);

  Hold open(KeyBudget& key, const Ask& ask, const Moment& now);
  OpenRequest& request_of(const Hold& hold);
  // Ends it; nullopt: as though it had never been.
  void close(Hold hold, const std::optional<Actual>& actual, const Moment& now,
             Resolutions& resolved);
  // Takes over what stays, holds anew where that is needed, and gives what is left of the old
  // level, which the waiters of its limits still have to leave.
  template <class IsOwned>
  std::unique_ptr<BudgetLevel> replace_level(std::unique_ptr<BudgetLevel>& level,
                                             std::unique_ptr<BudgetLevel> fresh,
                                             const IsOwned& is_owned);

  Decision wait(KeyBudget& key, const Ask& ask, const Moment& now);
  // Notes the queues whose heads may get through now; pump() looks at them.
  void touch(KeyBudget& key);
  void touch(BudgetLevel* level);
  void touch(WaitQueue& queue);
  void pump(const Moment& now, Resolutions& resolved);
  // Looks at the first of the queue; whether it has gone from there.
  bool advance(WaitQueue& queue, const Moment& now, Resolutions& resolved);
  bool requeue(WaiterId id, Waiter& waiter);
  Waiter leave(WaiterId id);
  void resolve_refused(WaiterId id, const Objection& objection, const Moment& local,
                       Resolutions& resolved);
  void resolve_admitted(WaiterId id, const Moment& now, Resolutions& resolved);

  std::deque<WorkspaceBudget> workspaces_;
  std::deque<KeyBudget> keys_;
  std::vector<OpenRequest> open_;
  std::vector<std::uint32_t> free_;  // places in open_
  std::uint64_t next_serial_ = 1;
  std::map<WaiterId, Waiter> waiters_;  // by deadline too: all wait equally long
  WaiterId next_waiter_ = 1;
  Verdict verdict_;                  // of the last judge(): its room is kept
  std::vector<WaitQueue*> touched_;  // empty between calls
};

}  // namespace tollgate
