// The table of live keys and open reservations: what authenticate() reads and reserve() checks.
//
// One mutex guards both, so that a change and an admission can never pass each other: put() returns
// with the change true for every later authenticate() and admit(). Revoked keys and dead secrets
// stay, so that they answer expired_api_key rather than invalid_api_key. Memory only; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "domain/key.h"
#include "ledger/ledger.h"
#include "ledger/use_counter.h"

namespace tollgate {

// What becomes of a key's open reservations when it changes.
enum class Inflight { kKeep, kAbort };

class LiveKeys {
 public:
  using Place = std::uint32_t;  // of an open reservation

  LiveKeys();
  ~LiveKeys();

  // Puts a key in, or replaces it whole. A new key's number is greater than all before it. `use`
  // (parallel to key.secrets, or empty for none) is taken for secrets that were not known yet.
  // kAbort calls the cancel handles of the key's open reservations. One thread at a time: the
  // writer's, or the loading one.
  void put(Key key, std::span<const UseCount> use, Inflight inflight);

  // Errors as Ledger::authenticate() for a look-up key; as of `now`.
  Result<Identity> authenticate(const Sha256& hash, WallTime now) const;

  // The step that admits: the key as it is now must allow this secret. The place is the caller's
  // until release().
  Result<Place> admit(const Identity& identity, WallTime now, CancelHandle cancel);
  // From here on the request cannot be aborted: its outcome is being written. Gives the counter of
  // the secret that it used.
  UseCounter* seal(Place place);
  void release(std::span<const Place> places);
  std::size_t open_reservations() const;

  std::shared_ptr<const LiveKey> find(const KeyId& id) const;
  // Among unrevoked keys.
  std::shared_ptr<const LiveKey> find(const WorkspaceId& workspace, const std::string& name) const;
  // Up to `count` keys whose number is below `before`, newest first, into `out` (cleared first).
  // A small part at a time, so that a scan of all keys never holds up an admission.
  void copy_older(std::int64_t before, std::size_t count,
                  std::vector<std::shared_ptr<const LiveKey>>& out) const;

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
  };
  using Name = std::pair<std::string, std::string>;  // workspace, key name
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept;
  };

  KeySlot& slot_for(const Key& key) TOLLGATE_REQUIRES(mutex_);
  void rename(KeySlot& slot, const Key& key) TOLLGATE_REQUIRES(mutex_);
  void abort_open(const KeySlot& slot) TOLLGATE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<Sha256, SecretPlace, Sha256Hash> by_hash_ TOLLGATE_GUARDED_BY(mutex_);
  std::unordered_map<KeyId, KeySlot*> by_id_ TOLLGATE_GUARDED_BY(mutex_);
  std::unordered_map<Name, KeySlot*, NameHash> by_name_ TOLLGATE_GUARDED_BY(mutex_);
  std::deque<KeySlot> slots_ TOLLGATE_GUARDED_BY(mutex_);  // by rising number; never removed
  std::deque<Open> open_ TOLLGATE_GUARDED_BY(mutex_);
  std::vector<Place> free_ TOLLGATE_GUARDED_BY(mutex_);
};

// How a list or a page shows it.
KeyView view_of(const LiveKey& live, WallTime now);

}  // namespace tollgate
