// For tests: a ledger over the real store in a directory of its own, with a clock that stands
// still.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "ledger/ledger.h"
#include "runtime/task_group.h"
#include "store/usage_rows.h"
#include "store/workspaces.h"

namespace tollgate {

// The I/O contexts of a test. They outlive its ledger, as a server's do: the writer may still be
// inside the post that woke the last waiter when that waiter has long gone on.
class Contexts {
 public:
  // Runs a Task on this thread until it is done. Any thread.
  template <class T>
  T await(Task<T> task) {
    IoContext& context = take();
    TaskGroup tasks(context);
    std::optional<T> result;
    tasks.spawn(keep(std::move(task), result));
    context.run();
    give_back(context);
    return std::move(*result);
  }

  IoContext& take() {
    const Lock lock(mutex_);
    if (free_.empty()) return *all_.emplace_back(std::make_unique<IoContext>());
    IoContext* context = free_.back();
    free_.pop_back();
    return *context;
  }

  void give_back(IoContext& context) {
    context.restart();
    const Lock lock(mutex_);
    free_.push_back(&context);
  }

  // A Task that leaves its value in `into`.
  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<IoContext>> all_ TOLLGATE_GUARDED_BY(mutex_);
  std::vector<IoContext*> free_ TOLLGATE_GUARDED_BY(mutex_);
};

// Waits, in real time, for what another thread is about to do.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class TempDir {
 public:
  TempDir() {
    std::string path = (std::filesystem::temp_directory_path() / "tollgate-XXXXXX").string();
    path_ = ::mkdtemp(path.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path() const { return path_; }

 private:
  std::string path_;
};

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { start(); }

  LedgerOptions options() {
    LedgerOptions options;
    options.data_dir = dir_.path() + "/data";
    options.durability = Durability::kProcess;
    options.clock = &clock_;
    options.random = &random_;
    options.metrics = &metrics_;
    options.journal_file_bytes = 256UL << 10U;
    return options;
  }

  void start() {
    auto opened = Ledger::open(options());
    ASSERT_TRUE(opened) << opened.error().message << " " << opened.error().detail;
    ledger_ = std::move(*opened);
  }

  void restart() {
    ledger_.reset();
    start();
  }

  static Principal owner() {
    return {
        .actor = "cli", .role = Role::kOperator, .workspace = std::nullopt, .from = "local socket"};
  }

  static Principal stranger() {
    Principal stranger = owner();
    stranger.workspace = WorkspaceId("ws_other");
    return stranger;
  }

  static KeyPolicy named(std::string name) {
    KeyPolicy policy;
    policy.name = std::move(name);
    return policy;
  }

  Result<KeyWithSecret> create(KeyPolicy policy,
                               std::optional<Idempotency> idempotency = std::nullopt) {
    return await(ledger_->create_key(owner(), store::default_workspace_id(), std::move(policy),
                                     std::move(idempotency)));
  }

  KeyWithSecret make(KeyPolicy policy) {
    auto made = create(std::move(policy));
    EXPECT_TRUE(made) << made.error().message << " " << made.error().detail;
    return std::move(*made);
  }
  KeyWithSecret make(std::string name) { return make(named(std::move(name))); }

  Result<Key> switch_to(const KeyId& id, KeyStatus status) {
    return await(ledger_->update_key(owner(), id, [status](KeyPolicy& policy) -> Status {
      policy.enabled = status == KeyStatus::kActive;
      return {};
    }));
  }

  Result<KeyWithSecret> rotate(const KeyId& id, std::chrono::seconds grace,
                               std::optional<Idempotency> idempotency = std::nullopt) {
    return await(ledger_->rotate_key(owner(), id, grace, std::move(idempotency)));
  }

  Result<Key> revoke(const KeyId& id, Ledger::RevokeOptions how = {}) {
    return await(ledger_->revoke_key(owner(), id, how));
  }

  Result<Identity> authenticate(const KeyWithSecret& made) {
    return ledger_->authenticate(made.secret->expose());
  }

  // The code that the token is refused with; nullopt = it is let in.
  std::optional<ErrorCode> refusal(const KeyWithSecret& made) {
    Result<Identity> identity = authenticate(made);
    if (identity) return std::nullopt;
    return identity.error().code;
  }

  Result<Reservation> reserve(const Identity& identity, CancelHandle cancel = [] {}) {
    auto reserved = ledger_->reserve(identity, ledger_->next_generation(), std::move(cancel));
    if (!reserved) return std::unexpected(std::move(reserved.error()));
    if (!*reserved) return fail(ErrorCode::kInternal, "needs a guard");
    return std::move(**reserved);
  }

  static UsageRow row_for(const Identity& identity, const Reservation& reservation) {
    UsageRow row;
    row.id = reservation.id();
    row.request_id = "req_test";
    row.admitted_at = reservation.admitted_at();
    row.finished_at = reservation.admitted_at() + std::chrono::milliseconds(5);
    row.key_number = identity.key().number;
    row.secret_number = identity.secret().number;
    row.workspace = identity.key().workspace;
    row.environment = identity.key().policy.environment;
    row.requested_model = "sandbox/echo";
    row.model = "sandbox/echo";
    row.provider = "sandbox";
    row.tokens.input = 10;
    row.tokens.output = 5;
    row.cost = Money::from_nanos(1'000);
    row.charged = Money::from_nanos(1'000);
    row.latency_ms = 5;
    return row;
  }

  // One whole request: in, out, on the disk.
  Status buy(const KeyWithSecret& made, int status = 200) {
    Result<Identity> identity = authenticate(made);
    if (!identity) return std::unexpected(identity.error());
    Result<Reservation> reservation = reserve(*identity);
    if (!reservation) return std::unexpected(reservation.error());
    UsageRow row = row_for(*identity, *reservation);
    row.status = status;
    return await(ledger_->settle(std::move(*reservation), std::move(row)));
  }

  // A number that a query gives, e.g. how many rows there are.
  std::int64_t number(std::string query) {
    std::function<Result<std::int64_t>(sql::Connection&)> work =
        [query = std::move(query)](sql::Connection& connection) -> Result<std::int64_t> {
      sql::Statement statement = connection.prepare(query);
      Result<bool> row = statement.step();
      if (!row) return std::unexpected(row.error());
      return statement.integer(0);
    };
    auto result = await(ledger_->read<std::int64_t>(std::move(work)));
    EXPECT_TRUE(result) << result.error().detail;
    return result.value_or(-1);
  }

  template <class T>
  T await(Task<T> task) {
    return contexts_.await(std::move(task));
  }

  KeyView view(const KeyWithSecret& made) {
    auto found = ledger_->key(made.key.id, std::nullopt);
    EXPECT_TRUE(found);
    return *found;
  }

  TempDir dir_;
  Contexts contexts_;
  ManualClock clock_{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 21))};
  SystemRandom random_;
  Metrics metrics_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace tollgate
