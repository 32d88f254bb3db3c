// The authority over keys and money: live keys, open reservations, usage rows, key changes.
//
// One per installation (the embedded one, backed by SQLite). Called by gateway/ for every request
// and by admin/ for every change. authenticate() and reserve() are memory only and may be called on
// any thread; everything that returns a Task does its I/O on the writer or reader threads and
// resumes on the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/secret.h"
#include "domain/ip.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "domain/principal.h"
#include "domain/token.h"
#include "domain/usage_row.h"
#include "domain/workspace.h"
#include "ledger/admission.h"
#include "ledger/journal.h"
#include "runtime/task.h"
#include "sql/connection.h"
#include "sql/reader_pool.h"
#include "sql/writer.h"

namespace tollgate {

// SPEC §11: kFull survives power loss (fsync per group commit), kProcess a crash of the process.
enum class Durability { kFull, kProcess };

struct LedgerOptions {
  std::string data_dir;
  Durability durability = Durability::kFull;
  TokenFormat token_format = TokenFormat::standard();
  const Clock* clock = nullptr;
  Random* random = nullptr;
  Metrics* metrics = nullptr;  // null: nothing is counted
  std::size_t journal_file_bytes = Journal::kFileBytes;
  int retention_months = 0;  // of usage rows; 0 = they stay
};

class LiveFeed;

struct KeySlot;     // the ledger's own: where a key lives in its table
struct UseCounter;  // the ledger's own: what one secret has been used for

// The ledger's own: where an admitted request stands, and when it was admitted.
struct Admission {
  std::uint32_t place = 0;  // in the table of open reservations
  WallTime admitted_at;
  std::optional<WallTime> test_time;  // as UsageRow has it
};

// What a holder of a live key may do, frozen; replaced whole by every change.
struct LiveKey {
  Key key;
  std::vector<Cidr> allowed_ips;
  // The ledger's own, and as long-lived as it.
  KeySlot* slot = nullptr;
  std::vector<UseCounter*> use = {};  // parallel to key.secrets
};

// An authenticated caller of the data plane (or, for management keys, of the admin API).
struct Identity {
  std::shared_ptr<const LiveKey> live;
  std::size_t secret_index = 0;  // into live->key.secrets

  const Key& key() const { return live->key; }
  const KeySecret& secret() const { return live->key.secrets[secret_index]; }
};

// How to stop an admitted request from another thread (revoke with abort_inflight). Called at most
// once, on any thread, never after settle() has begun. Called under the ledger's mutex, so it must
// only post (to the request's own thread) and never call the ledger.
using CancelHandle = std::function<void()>;

// An admitted request. Settled exactly once; destroying it unsettled is a bug, which the log
// reports (it gives its place up, and no row is written). The ledger outlives it.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  GenerationNumber id() const { return id_; }
  WallTime admitted_at() const { return admitted_at_; }
  bool open() const { return ledger_ != nullptr; }

 private:
  friend class Ledger;
  class Ledger* ledger_ = nullptr;
  GenerationNumber id_ = 0;
  WallTime admitted_at_;
  std::optional<WallTime> test_time_;
  std::uint32_t place_ = 0;  // in the ledger's table of open reservations
};

// What a guarded request may use, and the row that it leaves should this process end before it is
// settled: charged at the bound, `interrupted` (SPEC §5 rule 3). The ledger fills in admitted_at.
struct Guard {
  Ask ask;
  UsageRow interrupted;
};

// What the head of an answer says of the key's limits (SPEC §4 "Headers").
struct KeyStanding {
  std::optional<LimitState> requests;             // the tightest of its requests limits
  std::optional<LimitState> requests_per_minute;  // the tightest of the rolling 60 s
  std::optional<LimitState> tokens_per_minute;    // likewise
  Balance balance;
  WallTime at;  // by the clock of the key's environment, as resets_at of the limits is
};

// Idempotency-Key of a create or rotation (SPEC §2 "Life").
struct Idempotency {
  std::string key;     // the header's value
  std::string caller;  // Principal::actor
  Sha256 fingerprint;  // of method, path and body
};

struct KeyWithSecret {
  Key key;
  std::optional<Secret> secret;  // nullopt: an idempotent replay
  SecretId minted = {};          // whose token it is, where that is a playground's
};

// What else a change to a key does, in its transaction: a profile lives and dies with its key. Not
// asked where nothing changes (a replay).
struct KeyCompanion {
  ProfileId profile = {};                               // of a new key
  std::function<Status(sql::Connection&)> before = {};  // where it refuses, nothing is changed
  std::function<Status(sql::Connection&)> after = {};
};

// Whether an idempotent call was made before, so that it changed nothing this time.
enum class Replayed { kNo, kYes };

struct CreatedWorkspace {
  Workspace workspace;
  Replayed replayed = Replayed::kNo;
};

struct CreatedGrant {
  Grant grant;
  Replayed replayed = Replayed::kNo;
};

// How a test clock moves: on by a while, or to a time.
using TestClockMove = std::variant<std::chrono::microseconds, WallTime>;

// A key as lists and pages show it.
struct KeyView {
  Key key;
  UseCount use;
  std::vector<UseCount> secret_use;  // parallel to key.secrets
  std::vector<LimitState> limits;    // parallel to key.policy.limits
  KeyStatus status = KeyStatus::kActive;
};

class Ledger {
 public:
  // Takes DATA/lock, opens and migrates DATA/tollgate.db, loads the live keys. Makes the data
  // directory (0700). kConflict with the holder's pid when another process has the lock.
  static Result<std::unique_ptr<Ledger>> open(LedgerOptions options);
  // Stores what is settled. Every io_context on which a Task has waited here outlives this: the
  // writer may still be inside the post that woke its last waiter.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  // Whether open() made the installation, rather than finding one.
  bool created_now() const;

  // --- the data plane ---

  // kInvalidApiKey, kExpiredApiKey (expired, revoked, rotated out), kDisabledApiKey.
  Result<Identity> authenticate(std::string_view token) const;
  // A fresh generation id, for answers that admit nothing too.
  GenerationNumber next_generation();
  // Counts an authenticated request that was not admitted (refused, or a GET such as /v1/models).
  // nullopt = answered well. Kept in memory and written at least every second.
  void count_unadmitted(const Identity& identity, std::optional<ErrorCode> code);
  // What is left for the key, and whether anything guards it: what a bound is worked out from.
  Preview preview(const Identity& identity) const;
  // Admission: the key is checked again (active, this secret still valid) in one step with every
  // limit, the balance, and the opening of the reservation. Of a request that nothing guards.
  // Errors as authenticate(), kLimitExceeded and kRateLimitExceeded, or kServiceUnavailable while
  // writes fail. nullopt: something guards it, so that it needs a Guard.
  //
  // A limit's error has its limit_json() in details_json, and retry_after where that is near: a
  // second for kLimitInFlight and for concurrency, else the time until the reset, rounded up, if
  // that is at most 60 s.
  Result<std::optional<Reservation>> reserve(const Identity& identity, GenerationNumber id,
                                             CancelHandle cancel);
  // The same of a request that something guards: its bound is held, durably, when this returns. May
  // wait for open reservations to settle (SPEC §5 rule 7); kInsufficientCredits and kLimitInFlight
  // beside the errors above. nullopt: the guard does not say what is needed by now; preview again.
  Task<Result<std::optional<Reservation>>> reserve(const Identity& identity, GenerationNumber id,
                                                   CancelHandle cancel, Guard guard);
  // What reserve() would say of a request with this bound, with nothing held, counted or waited
  // for: its errors, those that end a wait among them. Without a bound, of one that nothing guards.
  Status trial(const Identity& identity, const Ask& ask) const;
  // Ends the wait of a guarded reserve(), whose client went away: it refuses with kClientGone,
  // unless it is admitted already. Nothing if no such request waits.
  void cancel_wait(GenerationNumber id);
  // For another attempt of an open reservation: it now holds the new guard, or no less than it did
  // and the error says why. The key is checked again.
  Task<Status> rebind(const Identity& identity, Reservation& reservation, Guard guard);
  // The same for one that nothing guards: whether the key may still be used. Errors as
  // authenticate().
  Status recheck(const Identity& identity) const;
  // How the key stands, as answers say it in their head.
  KeyStanding standing(const Identity& identity) const;
  // Records the row and with it the end of the reservation, durably, and resumes after that. The
  // database follows, the row with its aggregates in one commit. row.id, admitted_at, key, secret,
  // workspace and environment are the caller's to fill, test_time the ledger's.
  // kServiceUnavailable (within 500 ms) when the write failed: the row stays queued and is retried.
  Task<Status> settle(Reservation reservation, UsageRow row);

  // --- changes; each returns when it is durable and true for every later request ---

  Task<Result<KeyWithSecret>> create_key(Principal by, WorkspaceId workspace, KeyPolicy policy,
                                         std::optional<Idempotency> idempotency,
                                         KeyCompanion companion = {});
  // `edit` changes the policy in place, or refuses; it runs on the writer thread, so that edits
  // never lose each other. The result is validated by the caller's edit. Name clashes: kConflict.
  using PolicyEdit = std::function<Status(KeyPolicy& policy)>;
  Task<Result<Key>> update_key(Principal by, KeyId id, PolicyEdit edit);
  Task<Result<KeyWithSecret>> rotate_key(Principal by, KeyId id, std::chrono::seconds grace,
                                         std::optional<Idempotency> idempotency);
  // A further secret of the key, for the playground: dead after kPlaygroundLife. One that has ended
  // is given the new token, and so is, of kPlaygroundSecretsMax, the one that ends first: it keeps
  // its id and its counters, and its token of before is unknown. kConflict for a key that could
  // call no model with it (a revoked, expired, disabled or management one), and for the replay of a
  // call whose secret has given its place to another.
  Task<Result<KeyWithSecret>> mint_playground_secret(Principal by, KeyId id,
                                                     std::optional<Idempotency> idempotency);
  struct RevokeOptions {
    bool abort_inflight = false;
  };
  Task<Result<Key>> revoke_key(Principal by, KeyId id, RevokeOptions options,
                               KeyCompanion companion = {});

  Task<Result<CreatedWorkspace>> create_workspace(Principal by, std::string name,
                                                  std::optional<Idempotency> idempotency);
  // `edit` may change name, limits and balance mode; as PolicyEdit otherwise.
  using WorkspaceEdit = std::function<Status(Workspace& workspace)>;
  Task<Result<Workspace>> update_workspace(Principal by, WorkspaceId id, WorkspaceEdit edit);
  struct GrantRequest {
    Money amount;  // below zero: a deduction
    std::string note = {};
  };
  // kUnprocessable for nothing at all, and for a deduction from a prepaid balance of more than is
  // left: what was granted less what was charged.
  Task<Result<CreatedGrant>> grant(Principal by, WorkspaceId id, GrantRequest request,
                                   std::optional<Idempotency> idempotency);
  // Forward only, at most kTestClockOffsetMax ahead: kUnprocessable otherwise.
  Task<Result<Workspace>> advance_test_clock(Principal by, WorkspaceId id, TestClockMove move);

  // --- looking ---

  // kNotFound, also when it is another workspace than `within` (if given).
  Result<Workspace> workspace(const WorkspaceId& id,
                              const std::optional<WorkspaceId>& within) const;
  Result<Workspace> workspace_by_name(const std::string& name,
                                      const std::optional<WorkspaceId>& within) const;
  static constexpr int kWorkspacePageMax = 1'000;
  struct WorkspaceQuery {
    std::optional<WorkspaceId> workspace = {};  // this one alone
    int limit = 100;                            // 1..kWorkspacePageMax
    std::string cursor = {};                    // opaque; kInvalidRequest when not one of ours
  };
  struct WorkspacePage {
    std::vector<Workspace> workspaces;  // by name
    std::string next_cursor;            // empty at the end
  };
  Result<WorkspacePage> list_workspaces(const WorkspaceQuery& query) const;
  // What of it is granted, charged and held at this moment; kNotFound.
  Result<Balance> balance(const WorkspaceId& id) const;
  // The limits of a workspace, as they count in one environment. Empty for one that is not there.
  std::vector<LimitState> workspace_limits(const WorkspaceId& id, Environment environment) const;

  // By id. kNotFound also when the key is of another workspace than `within` (if given).
  Result<KeyView> key(const KeyId& id, const std::optional<WorkspaceId>& within) const;
  Result<KeyView> key_by_name(const WorkspaceId& workspace, const std::string& name) const;
  // As authenticate() gives it for the key's current secret, in whatever state it is. kNotFound as
  // key().
  Result<Identity> identity_of(const KeyId& id, const std::optional<WorkspaceId>& within) const;
  // As its own holder sees it.
  KeyView own_key(const Identity& identity) const;
  enum class KeySort { kCreated, kName, kLastUsed, kRequests, kErrors, kErrorRate };
  enum class SortOrder { kAscending, kDescending };
  struct KeyQuery {
    std::optional<WorkspaceId> workspace = {};
    std::string search = {};  // in name, description, id, tags, preview, last4; any case
    std::optional<KeyStatus> status =
        {};  // kRevoked lists revoked ones; otherwise they are left out
    std::optional<Environment> environment = {};
    std::optional<KeyType> type = {};
    std::string tag = {};
    KeySort sort = KeySort::kCreated;
    SortOrder order = SortOrder::kDescending;
    int limit = 100;          // 1..1000
    std::string cursor = {};  // opaque; kInvalidRequest when not one of ours, or of another order
  };
  struct KeyPage {
    std::vector<KeyView> keys;  // in the order that was asked for; equals newest or oldest first
    std::string next_cursor;    // empty at the end
  };
  // Looks at every key, if need be, and so takes milliseconds in a large installation: from a
  // reader thread (read_facts), never from one that serves.
  Result<KeyPage> list_keys(const KeyQuery& query) const;
  // How many keys that the query's filters let through, but for `status`, are in each status.
  // Likewise.
  using KeyCounts = std::map<KeyStatus, std::int64_t>;
  KeyCounts count_keys(const KeyQuery& query) const;
  // The number of every key that has the name, revoked ones too. Likewise.
  std::vector<std::int64_t> key_numbers(const std::string& name,
                                        const std::optional<WorkspaceId>& workspace) const;
  // Why somebody should look at a key; the gravest first.
  enum class Concern {
    kLimited,      // at a limit
    kNearLimit,    // has used nine tenths of one
    kErrors,       // more than 5 % in about a day, of twenty requests or more
    kUnusualRate,  // far more requests than it ever has
    kOldSecret,    // older than `secret_age`
  };
  static constexpr std::size_t kConcerns = 5;
  struct KeyOfConcern {
    KeyId id;
    std::int64_t number = 0;
    std::string name;
    Concern concern = Concern::kLimited;
  };
  struct KeySurveyQuery {
    std::optional<WorkspaceId> workspace = {};
    std::chrono::days secret_age{90};  // a secret that is older is old
    // Keys are active over so many days, the running one too: 31 at most.
    int active_days = 30;
    std::size_t max = 10;  // of each list
  };
  struct KeySurvey {
    // Keys, revoked ones too, of which a request was admitted on those days (UTC); and on as many
    // before.
    std::int64_t active = 0;
    std::int64_t active_before = 0;
    // None for its rate; gravest first, of equals the newest. Errors are those since the process
    // started.
    std::vector<KeyOfConcern> concerns;
    // Those with the most requests in the running hour, if these are many. What is unusual is for
    // who knows the hours before to say.
    std::vector<KeyOfConcern> busy;
  };
  // Of all keys but revoked ones, in one walk. Likewise.
  KeySurvey survey_keys(const KeySurveyQuery& query) const;

  // Runs `work` on a reader thread over a read transaction: store/ queries for pages and reports.
  // Every request that was settled before is seen.
  template <class T>
  Task<Result<T>> read(std::function<Result<T>(sql::Connection&)> work) {
    co_await catch_up();
    co_return co_await readers().read<T>(std::move(work));
  }
  // The same of facts that only changes write (people, sessions): without waiting for rows, so that
  // who asks does not hurry the writer.
  template <class T>
  Task<Result<T>> read_facts(std::function<Result<T>(sql::Connection&)> work) {
    return readers().read<T>(std::move(work));
  }
  // The same on the writer, in the next group commit: for small facts of admin/ (not keys). When
  // `work` refuses, nothing of it is kept.
  template <class T>
  Task<Result<T>> write(std::function<Result<T>(sql::Connection&)> work) {
    return writer().write<T>(std::move(work));
  }

  // Blocks; for start-up.
  Status read_at_start(const std::function<Status(sql::Connection&)>& work);

  // What happens, for who watches it.
  LiveFeed& live();

  bool ready() const;  // false while writes fail
  std::size_t open_reservations() const;
  // What is counted against what the rows say, as every minute by itself: the number of
  // differences, each a bug. Blocks; for tests, while the ledger does not do it itself.
  std::size_t self_check();
  // Any thread: how long usage rows are kept from now on, as retention_months of the options.
  void keep_rows(int months);
  // Those that are past it are gone when this returns, as happens by itself. Blocks; for tests.
  void remove_old_rows();

 private:
  friend class Reservation;
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  void abandon(const Reservation& reservation) noexcept;
  Reservation opened(GenerationNumber id, const Admission& admission);
  // The reservation's row is durable before this returns.
  Task<Status> promise(UsageRow row);
  // Resumes when the database has every row that is recorded now.
  Task<> catch_up();

  sql::ReaderPool& readers();
  sql::Writer& writer();

  std::unique_ptr<State> state_;
};

}  // namespace tollgate
