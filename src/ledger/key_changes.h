// Changes to keys: jobs on the writer thread that store the change with its audit row, and make it
// true in the table of live keys after COMMIT and before the caller hears of it.
//
// Each job reads the key from the store, not from the table: an earlier job of the same group
// commit may have changed it already.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "domain/key.h"
#include "domain/principal.h"
#include "domain/token.h"
#include "ledger/ledger.h"
#include "ledger/limit_use.h"
#include "ledger/live_feed.h"
#include "ledger/live_keys.h"
#include "ledger/settlements.h"
#include "runtime/task.h"
#include "sql/connection.h"
#include "sql/writer.h"

namespace tollgate {

class KeyChanges {
 public:
  struct Tools {
    LiveKeys& keys;
    LiveFeed& live;
    Settlements& settlements;
    sql::Writer& writer;
    TokenFormat token_format;
    const Clock& clock;
    Random& random;
  };
  // All of them outlive this.
  explicit KeyChanges(Tools tools) : tools_(std::move(tools)) {}

  // As Ledger's functions of the same names.
  Task<Result<KeyWithSecret>> create(Principal by, WorkspaceId workspace, KeyPolicy policy,
                                     std::optional<Idempotency> idempotency,
                                     KeyCompanion companion);
  Task<Result<Key>> update(Principal by, KeyId id, Ledger::PolicyEdit edit);
  Task<Result<KeyWithSecret>> rotate(Principal by, KeyId id, std::chrono::seconds grace,
                                     std::optional<Idempotency> idempotency);
  Task<Result<KeyWithSecret>> mint_for_playground(Principal by, KeyId id,
                                                  std::optional<Idempotency> idempotency);
  Task<Result<Key>> revoke(Principal by, KeyId id, Ledger::RevokeOptions options,
                           KeyCompanion companion);

 private:
  enum class Effect { kNone, kChanged };
  struct Outcome {
    KeyWithSecret answer;
    Effect effect = Effect::kChanged;
    Inflight inflight = Inflight::kKeep;
    FreshLimits fresh = {};
  };
  using Work = std::function<Result<Outcome>(sql::Connection&)>;

  // What the limits that are new have used.
  Status learn_limits(sql::Connection& connection, Outcome& outcome);
  void put(Outcome& outcome);
  // Runs as a job; after COMMIT puts the key of a kChanged outcome into the table.
  Task<Result<KeyWithSecret>> run(Work work);
  static Task<Result<Key>> key_of(Task<Result<KeyWithSecret>> changed);

  // The jobs, on the writer thread.
  Result<Outcome> create_now(sql::Connection& connection, const Principal& by,
                             const WorkspaceId& workspace, const KeyPolicy& policy,
                             const std::optional<Idempotency>& idempotency,
                             const KeyCompanion& companion);
  Result<Outcome> update_now(sql::Connection& connection, const Principal& by, const KeyId& id,
                             const Ledger::PolicyEdit& edit);
  Result<Outcome> rotate_now(sql::Connection& connection, const Principal& by, const KeyId& id,
                             std::chrono::seconds grace,
                             const std::optional<Idempotency>& idempotency);
  Result<Outcome> mint_now(sql::Connection& connection, const Principal& by, const KeyId& id,
                           const std::optional<Idempotency>& idempotency);
  Result<Outcome> revoke_now(sql::Connection& connection, const Principal& by, const KeyId& id,
                             Inflight inflight, const KeyCompanion& companion);

  // The key, if `by` may see it.
  Result<Key> visible(sql::Connection& connection, const Principal& by, const KeyId& id) const;
  // The answer to an idempotent call that was made before; nullopt: this is the first.
  Result<std::optional<Outcome>> replay(sql::Connection& connection,
                                        const std::optional<Idempotency>& idempotency,
                                        WallTime now) const;
  Status retire_secrets(sql::Connection& connection, Key& key, std::chrono::seconds grace,
                        WallTime now) const;
  // kConflict for a key that could call no model.
  Status may_call(const Key& key, WallTime now) const;
  // The answer to a mint_for_playground() that was made before.
  Result<std::optional<Outcome>> minted_before(sql::Connection& connection, const Key& key,
                                               const std::optional<Idempotency>& idempotency,
                                               WallTime now) const;
  struct Minted {
    KeySecret kept;
    Secret shown;
  };
  Minted mint(const KeyPolicy& policy, WallTime now) const;

  Tools tools_;
};

}  // namespace tollgate
