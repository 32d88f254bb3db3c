// The table of live keys, their budgets and the open reservations: what authenticate() reads and
// reserve() decides.
//
// One mutex guards it all, so that a change and an admission can never pass each other: put()
// returns with the change true for every later authenticate() and admit(), and a request is
// admitted to its key and to every limit and balance in one step. Revoked keys and dead secrets
// stay, so that they answer expired_api_key rather than invalid_api_key. Memory only; any thread.
//
// Whoever holds several locks takes this one last.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "domain/key.h"
#include "domain/workspace.h"
#include "ledger/admission.h"
#include "ledger/budgets.h"
#include "ledger/ledger.h"
#include "ledger/use_counter.h"
#include "runtime/async.h"

namespace tollgate {

// What becomes of a key's open reservations when it changes.
enum class Inflight { kKeep, kAbort };

class LiveKeys {
 public:
  using Place = std::uint32_t;  // of an open reservation

  // The place of an admitted request is the caller's until settle() or undo().
  // nullopt: something guards the key that the ask says nothing of.
  using Admitted = Result<std::optional<Admission>>;
  // The ends of waits, to be told after every lock.
  class Answers {
   public:
    void tell();

   private:
    friend class LiveKeys;
    std::vector<std::pair<Callback<Admitted>, Admitted>> told_;
  };

  // `clock` outlives this.
  explicit LiveKeys(const Clock& clock);
  ~LiveKeys();

  // --- keys and workspaces. One thread at a time: the writer's, or the loading one. ---

  // Puts a key in, or replaces it whole. A new key's number is greater than all before it, and its
  // workspace is there. `use` (parallel to key.secrets, or empty for none) is taken for secrets
  // that were not known yet, `limit_use` for limits that were not. kAbort calls the cancel handles
  // of the key's open reservations.
  void put(Key key, std::span<const UseCount> use, const LimitUse& limit_use, Inflight inflight);
  // The same of a workspace: limits, balance mode, what was granted, test clock.
  void put(const Workspace& workspace, const LimitUse& limit_use);
  // On start.
  void set_charged(const WorkspaceId& workspace, Money charged);
  // Takes `amount` (above zero) off what a workspace was granted, before the deduction is stored;
  // false when a prepaid balance does not have it beside what is held. end_deduction() follows, by
  // put() of the workspace where it was stored.
  bool begin_deduction(const WorkspaceId& workspace, Money amount);
  enum class Deduction { kStored, kFailed };
  void end_deduction(const WorkspaceId& workspace, Money amount, Deduction outcome);

  // --- requests ---

  // Errors as Ledger::authenticate() for a look-up key.
  Result<Identity> authenticate(const Sha256& hash) const;
  Preview preview(const Identity& identity) const;
  KeyStanding standing(const Identity& identity) const;
  // The step that admits: the key as it is now must allow this secret, and every limit and the
  // balance the ask. Refused at once where it would have to wait.
  Admitted admit(const Identity& identity, const Ask& ask, CancelHandle cancel);
  // The same, but it may have to wait its turn: await_turn() is then due.
  using Turn = std::variant<Admitted, WaiterId>;
  Turn admit_or_wait(const Identity& identity, GenerationNumber id, const Ask& ask,
                     CancelHandle cancel);
  // `waiting` is told once the wait has ended, which may be now.
  void await_turn(WaiterId waiter, Callback<Admitted> waiting);
  // Ends the waits whose time is over.
  void expire();
  // Refuses the request with kClientGone, if it waits.
  void cancel_wait(GenerationNumber id);
  // What admit_or_wait() would end in: its errors, with nothing held or changed. False: as nullopt
  // of Admitted.
  Result<bool> trial(const Identity& identity, const Ask& ask);
  // For another attempt: the key is checked again, and the hold covers the new ask too, or is as it
  // was. What the new ask does without is given back by narrow(), when the new bound is durable:
  // after a crash before that, the old one is what is charged.
  Status rebind(Place place, const Identity& identity, const Ask& ask);
  // Whether the key may still be used.
  Status recheck(const Identity& identity) const;
  void narrow(Place place, const Ask& ask);
  // From here on the request cannot be aborted: its outcome is being written. Gives the counter of
  // the secret that it used.
  UseCounter* seal(Place place);
  void settle(Place place, const Actual& actual, Answers& answers);
  // As though it had never been admitted.
  void undo(Place place);
  std::size_t open_reservations() const;

  // --- looking ---

  std::shared_ptr<const LiveKey> find(const KeyId& id) const;
  // Of the key's current secret, in whatever state it is; nullopt: no such key.
  std::optional<Identity> identity_of(const KeyId& id) const;
  // Among unrevoked keys.
  std::shared_ptr<const LiveKey> find(const WorkspaceId& workspace, const std::string& name) const;
  // Up to `count` keys whose number is below `before`, newest first, into `out` (cleared first).
  // A small part at a time, so that a scan of all keys never holds up an admission.
  void copy_older(std::int64_t before, std::size_t count,
                  std::vector<std::shared_ptr<const LiveKey>>& out) const;
  // How a list or a page shows it.
  KeyView view_of(const LiveKey& live) const;
  KeyStatus status_of(const LiveKey& live) const;
  // Whether the key has used nine tenths of a limit of its own, or more.
  bool is_near_a_limit(const LiveKey& live) const;
  // nullopt: no such workspace.
  std::optional<Balance> balance(const WorkspaceId& workspace) const;
  std::vector<LimitState> limits(const WorkspaceId& workspace, Environment environment) const;
  std::chrono::microseconds test_clock_offset(const WorkspaceId& workspace) const;
  Budgets::SelfCheck self_check(std::size_t first, std::size_t keys_max) const;

 private:
  // A secret keeps its age (0 = the key's first) while newer ones come in before it.
  struct SecretPlace {
    KeySlot* slot = nullptr;
    std::size_t age = 0;
  };
  struct Open {
    const KeySlot* slot = nullptr;  // null: free
    UseCounter* use = nullptr;
    CancelHandle cancel;
    Hold hold;
  };
  struct Waiting {
    GenerationNumber id = 0;
    Identity identity;
    CancelHandle cancel;
    std::optional<Callback<Admitted>> waiting;
    std::optional<Admitted> answer;  // before somebody waits for it
  };
  struct WorkspaceSlot {
    WorkspaceBudget* budget = nullptr;
    Money granted;   // as the budget has it
    Money deducted;  // of that, by deductions that are not stored yet
  };
  using Name = std::pair<std::string, std::string>;  // workspace, key name
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept;
  };

  Moment now() const { return {.wall = clock_.wall(), .steady = clock_.steady()}; }
  KeySlot& slot_for(const Key& key) TOLLGATE_REQUIRES(mutex_);
  void rename(KeySlot& slot, const Key& key) TOLLGATE_REQUIRES(mutex_);
  // Secrets that have another token from now on: the one before is unknown.
  void replace_tokens(const KeySlot& slot, const Key& key) TOLLGATE_REQUIRES(mutex_);
  void abort_open(const KeySlot& slot) TOLLGATE_REQUIRES(mutex_);
  // Tells all that wait with the key why they may not any more.
  void end_waits(KeySlot& slot, const Moment& at, Answers& answers) TOLLGATE_REQUIRES(mutex_);
  Status usable_now(const Identity& identity, const Moment& at) const TOLLGATE_REQUIRES(mutex_);
  Balance balance_of(const Identity& identity) const TOLLGATE_REQUIRES(mutex_);
  Admission open(const Identity& identity, Hold hold, CancelHandle cancel)
      TOLLGATE_REQUIRES(mutex_);
  void close(Place place) TOLLGATE_REQUIRES(mutex_);
  // Turns what resolved_ has into answers.
  void collect(const Moment& at, Answers& answers) TOLLGATE_REQUIRES(mutex_);
  Admitted end_of(Waiting& waiting, Resolution& resolution, const Moment& at)
      TOLLGATE_REQUIRES(mutex_);
  void answer(WaiterId waiter, Admitted admitted, Answers& answers) TOLLGATE_REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  std::unordered_map<Sha256, SecretPlace, Sha256Hash> by_hash_ TOLLGATE_GUARDED_BY(mutex_);
  std::unordered_map<KeyId, KeySlot*> by_id_ TOLLGATE_GUARDED_BY(mutex_);
  std::unordered_map<Name, KeySlot*, NameHash> by_name_ TOLLGATE_GUARDED_BY(mutex_);
  std::deque<KeySlot> slots_ TOLLGATE_GUARDED_BY(mutex_);  // by rising number; never removed
  std::map<WorkspaceId, WorkspaceSlot> workspaces_ TOLLGATE_GUARDED_BY(mutex_);
  std::deque<Open> open_ TOLLGATE_GUARDED_BY(mutex_);
  std::vector<Place> free_ TOLLGATE_GUARDED_BY(mutex_);
  Budgets budgets_ TOLLGATE_GUARDED_BY(mutex_);
  std::map<WaiterId, Waiting> waiting_ TOLLGATE_GUARDED_BY(mutex_);
  Resolutions resolved_ TOLLGATE_GUARDED_BY(mutex_);  // empty between calls
};

}  // namespace tollgate
