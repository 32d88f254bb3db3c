#include "ledger/ledger.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "ledger/data_lock.h"
#include "ledger/generation_numbers.h"
#include "ledger/journal.h"
#include "ledger/key_changes.h"
#include "ledger/key_search.h"
#include "ledger/key_survey.h"
#include "ledger/ledger_metrics.h"
#include "ledger/limit_loader.h"
#include "ledger/live_feed.h"
#include "ledger/live_keys.h"
#include "ledger/loading.h"
#include "ledger/retention.h"
#include "ledger/self_check.h"
#include "ledger/settlements.h"
#include "ledger/stored_rows.h"
#include "ledger/unadmitted_counts.h"
#include "ledger/usage_record.h"
#include "ledger/workspace_changes.h"
#include "ledger/workspace_table.h"
#include "runtime/async.h"
#include "store/installation.h"
#include "store/last_generation.h"
#include "store/retention.h"
#include "store/schema.h"
#include "store/usage_index.h"
#include "store/workspaces.h"

namespace tollgate {
namespace {

// Nobody but us writes here; a backup or a curious shell may lock the file for a moment. Well under
// the 500 ms in which a failed write is answered.
constexpr std::chrono::milliseconds kBusyTimeout{250};
// Rows indexed by one step of upkeep.
constexpr int kUpkeepRows = 2'000;
constexpr std::chrono::seconds kSelfCheckInterval{60};

std::unexpected<Error> no_such_key(const std::string& id_or_name) {
  return fail(
      ErrorCode::kNotFound,
      fmt::format("There is no key {} that you may see: list the keys to find it.", id_or_name));
}

enum class FirstStart { kNo, kYes };

Result<FirstStart> prepare_installation(sql::Connection& connection, const LedgerOptions& options) {
  const WallTime now = options.clock->wall();
  Result<std::optional<store::Installation>> known = store::load_installation(connection);
  if (!known) return std::unexpected(known.error());
  const std::string& prefix = options.token_format.prefix();
  Status status;
  if (!*known) {
    status = store::insert_installation(
        connection,
        {.id = random_id(*options.random, "inst_"), .created_at = now, .token_prefix = prefix});
  } else if ((*known)->token_prefix != prefix) {
    status = store::set_token_prefix(connection, prefix);
  }
  if (!status) return std::unexpected(status.error());
  Result<Workspace> workspace = store::ensure_default_workspace(connection, now);
  if (!workspace) return std::unexpected(workspace.error());
  return *known ? FirstStart::kNo : FirstStart::kYes;
}

std::unexpected<Error> store_away() {
  return fail(ErrorCode::kServiceUnavailable,
              "The gateway cannot record usage at the moment. Retry in a few seconds.");
}

std::unexpected<Error> no_such_workspace() {
  return fail(ErrorCode::kNotFound,
              "There is no such workspace that you may see: list them to find it.");
}

// Opens the journal; what it holds goes into the database first.
Result<std::unique_ptr<Journal>> recover(sql::Connection& connection,
                                         const LedgerOptions& options) {
  std::vector<UsageRow> found;
  std::map<GenerationNumber, UsageRow> promised;
  auto journal = Journal::open(
      options.data_dir,
      [&](std::string_view record) -> Status {
        auto read = decode_usage(record);
        if (!read) return std::unexpected(read.error());
        if (read->kind == RecordKind::kReserved) {
          promised[read->row.id] = std::move(read->row);
        } else {
          found.push_back(std::move(read->row));
        }
        return {};
      },
      options.journal_file_bytes);
  if (!journal) return journal;
  for (const UsageRow& row : found) promised.erase(row.id);
  // Nobody knows what became of these: they are charged at what they had reserved, unless the
  // database has their row already.
  for (auto& [id, row] : promised) found.push_back(std::move(row));
  std::vector<const UsageRow*> rows;
  rows.reserve(found.size());
  for (const UsageRow& row : found) rows.push_back(&row);
  Status status = connection.begin_write();
  if (status) {
    const auto lost = store_rows(connection, rows);
    status = lost ? connection.commit() : std::unexpected(lost.error());
    if (lost) log_lost(rows, *lost);
  }
  if (status) status = (*journal)->clear();
  if (!status) return std::unexpected(status.error());
  if (!found.empty()) log(LogLevel::kInfo, "{} usage rows read from the journal", found.size());
  return journal;
}

sql::Upkeep row_upkeep() {
  sql::Upkeep upkeep;
  upkeep.work = [](sql::Connection& connection) {
    return store::index_usage_tail(connection, kUpkeepRows);
  };
  return upkeep;
}

}  // namespace

struct Ledger::State {
  State(LedgerOptions given, DataLock held)
      : lock(std::move(held)),
        options(std::move(given)),
        metrics(options.metrics),
        keys(*options.clock),
        settlements(keys, metrics, live, options.durability) {}

  Status load(sql::Connection& connection);
  Status start(sql::Connection connection, std::unique_ptr<Journal> journal);
  // Waits until the request is admitted or refused.
  Task<LiveKeys::Turn> turn_of(WaiterId waiter);
  Settlement settlement_of(LiveKeys::Place place, UsageRow row);
  DataLock lock;
  LedgerOptions options;
  LedgerMetrics metrics;
  LiveFeed live;
  LiveKeys keys;
  WorkspaceTable workspaces;
  FirstStart first_start = FirstStart::kNo;
  std::optional<GenerationNumbers> generations;
  Settlements settlements;
  std::unique_ptr<sql::ReaderPool> readers;
  std::unique_ptr<sql::Writer> writer;
  std::optional<KeyChanges> changes;
  std::optional<WorkspaceChanges> workspace_changes;
  std::optional<UnadmittedCounts> unadmitted;
  std::optional<SelfCheck> self_check;
  Retention::Found found;
  std::optional<Retention> retention;
};

Status Ledger::State::load(sql::Connection& connection) {
  Status status = connection.begin_write();
  if (!status) return status;
  Result<FirstStart> prepared = prepare_installation(connection, options);
  if (!prepared) return std::unexpected(prepared.error());
  first_start = *prepared;
  LimitLoader limits(connection,
                     {.wall = options.clock->wall(), .steady = options.clock->steady()});
  status = load_workspaces(connection, limits, workspaces, keys);
  if (!status) return status;
  const auto today = std::chrono::floor<std::chrono::days>(options.clock->wall());
  status = load_keys(connection, today.time_since_epoch().count(), limits, keys);
  if (!status) return status;
  Result<GenerationNumber> last = store::last_generation(connection);
  if (!last) return std::unexpected(last.error());
  generations.emplace(*options.clock, *last);
  found.last = *last;
  const auto newest = store::newest_row_time(connection);
  if (!newest) return std::unexpected(newest.error());
  found.newest_row = *newest;
  // The journal was taken over, and is empty.
  status = store::forget_removed(connection);
  if (!status) return status;
  return connection.commit();
}

Status Ledger::State::start(sql::Connection connection, std::unique_ptr<Journal> journal) {
  const sql::OpenOptions database = connection.options();
  auto started = sql::Writer::start(std::move(connection));
  if (!started) return std::unexpected(started.error());
  writer = std::move(*started);
  writer->set_upkeep(row_upkeep());
  settlements.start(*writer, std::move(journal));
  auto pool = sql::ReaderPool::start(database);
  if (!pool) return std::unexpected(pool.error());
  readers = std::move(*pool);
  changes.emplace(KeyChanges::Tools{.keys = keys,
                                    .live = live,
                                    .settlements = settlements,
                                    .writer = *writer,
                                    .token_format = options.token_format,
                                    .clock = *options.clock,
                                    .random = *options.random});
  workspace_changes.emplace(WorkspaceChanges::Tools{.keys = keys,
                                                    .table = workspaces,
                                                    .settlements = settlements,
                                                    .writer = *writer,
                                                    .clock = *options.clock,
                                                    .random = *options.random});
  unadmitted.emplace(*writer, live);
  self_check.emplace(SelfCheck::Tools{.keys = keys,
                                      .workspaces = workspaces,
                                      .settlements = settlements,
                                      .writer = *writer,
                                      .clock = *options.clock,
                                      .metrics = metrics},
                     kSelfCheckInterval);
  retention.emplace(
      Retention::Tools{.writer = *writer, .clock = *options.clock, .metrics = metrics},
      found, options.retention_months);
  return {};
}

Task<LiveKeys::Turn> Ledger::State::turn_of(WaiterId waiter) {
  std::optional<asio::steady_timer> timer;
  auto start = [this, waiter, &timer](Callback<LiveKeys::Admitted> waiting) {
    timer.emplace(waiting.context(), Budgets::kWaitMax);
    timer->async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped) keys.expire();
    });
    keys.await_turn(waiter, std::move(waiting));
  };
  co_return co_await from_callback<LiveKeys::Admitted>(std::move(start));
}

Settlement Ledger::State::settlement_of(LiveKeys::Place place, UsageRow row) {
  return {.row = std::move(row), .place = place, .use = keys.seal(place), .waiter = std::nullopt};
}

Result<std::unique_ptr<Ledger>> Ledger::open(LedgerOptions options) {
  check(options.clock != nullptr && options.random != nullptr, "the ledger needs clock and random");
  Result<DataLock> lock = DataLock::take(options.data_dir);
  if (!lock) return std::unexpected(lock.error());
  sql::OpenOptions database;
  database.path = options.data_dir + "/tollgate.db";
  database.synchronous =
      options.durability == Durability::kFull ? sql::Synchronous::kFull : sql::Synchronous::kNormal;
  database.busy_timeout = kBusyTimeout;
  // The engine gives its log the same mode.
  Status status = make_private_file(database.path);
  if (!status) return std::unexpected(status.error());
  Result<sql::Connection> connection = sql::Connection::open(database);
  if (!connection) return std::unexpected(connection.error());
  status = store::migrate(*connection);
  if (!status) return std::unexpected(status.error());

  auto journal = recover(*connection, options);
  if (!journal) return std::unexpected(journal.error());

  auto state = std::make_unique<State>(std::move(options), std::move(*lock));
  status = state->load(*connection);
  if (status) status = state->start(std::move(*connection), std::move(*journal));
  if (!status) return std::unexpected(status.error());
  return std::unique_ptr<Ledger>(new Ledger(std::move(state)));
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}

Ledger::~Ledger() {
  state_->retention.reset();
  state_->self_check.reset();
  state_->unadmitted.reset();
  state_->settlements.stop();
  state_->writer->stop();
  state_->settlements.clear_journal();
}

bool Ledger::created_now() const { return state_->first_start == FirstStart::kYes; }

Result<Identity> Ledger::authenticate(std::string_view token) const {
  if (!state_->options.token_format.plausible(token)) {
    return fail(
        ErrorCode::kInvalidApiKey,
        "The API key is malformed. Check that it was copied whole, without anything added.");
  }
  return state_->keys.authenticate(token_hash(token));
}

GenerationNumber Ledger::next_generation() { return state_->generations->next(); }

void Ledger::count_unadmitted(const Identity& identity, std::optional<ErrorCode> code) {
  const WallTime now = state_->options.clock->wall();
  UseCounter& use = *identity.live->use[identity.secret_index];
  if (code) {
    use.count_error(now);
  } else {
    use.count_good(now);
  }
  state_->unadmitted->count(identity, code, now);
}

Preview Ledger::preview(const Identity& identity) const { return state_->keys.preview(identity); }

Status Ledger::trial(const Identity& identity, const Ask& ask) const {
  if (!ready()) return store_away();
  const Result<bool> admitted = state_->keys.trial(identity, ask);
  if (!admitted) return std::unexpected(admitted.error());
  if (*admitted) return {};
  return fail(ErrorCode::kServiceUnavailable,
              "The limits of this key are being changed. Retry in a few seconds.");
}

KeyStanding Ledger::standing(const Identity& identity) const {
  return state_->keys.standing(identity);
}

void Ledger::cancel_wait(GenerationNumber id) { state_->keys.cancel_wait(id); }

Reservation Ledger::opened(GenerationNumber id, const Admission& admission) {
  if (state_->metrics.open_reservations != nullptr) state_->metrics.open_reservations->Increment();
  Reservation reservation;
  reservation.ledger_ = this;
  reservation.id_ = id;
  reservation.admitted_at_ = admission.admitted_at;
  reservation.test_time_ = admission.test_time;
  reservation.place_ = admission.place;
  return reservation;
}

Result<std::optional<Reservation>> Ledger::reserve(const Identity& identity, GenerationNumber id,
                                                   CancelHandle cancel) {
  if (!ready()) return store_away();
  LiveKeys::Admitted admitted = state_->keys.admit(identity, {}, std::move(cancel));
  if (!admitted) return std::unexpected(std::move(admitted.error()));
  if (!*admitted) return std::nullopt;
  return opened(id, **admitted);
}

Task<Result<std::optional<Reservation>>> Ledger::reserve(const Identity& identity,
                                                         GenerationNumber id, CancelHandle cancel,
                                                         Guard guard) {
  if (!ready()) co_return store_away();
  LiveKeys::Turn turn = state_->keys.admit_or_wait(identity, id, guard.ask, std::move(cancel));
  if (const auto* waiter = std::get_if<WaiterId>(&turn)) {
    turn = co_await state_->turn_of(*waiter);
  }
  auto& admitted = std::get<LiveKeys::Admitted>(turn);
  if (!admitted) co_return std::unexpected(std::move(admitted.error()));
  if (!*admitted) co_return std::nullopt;
  Reservation reservation = opened(id, **admitted);
  guard.interrupted.id = id;
  guard.interrupted.admitted_at = reservation.admitted_at_;
  guard.interrupted.finished_at = reservation.admitted_at_;
  guard.interrupted.test_time = reservation.test_time_;
  Status promised = co_await promise(std::move(guard.interrupted));
  if (promised) co_return reservation;
  reservation.ledger_ = nullptr;
  state_->keys.undo(reservation.place_);
  if (state_->metrics.open_reservations != nullptr) state_->metrics.open_reservations->Decrement();
  co_return std::unexpected(std::move(promised.error()));
}

Task<Status> Ledger::promise(UsageRow row) {
  Promise promise;
  if (state_->settlements.promise_now(row, promise)) co_return Status();
  auto start = [this, &promise](Callback<Status> waiter) {
    promise.waiter.emplace(std::move(waiter));
    state_->settlements.push(std::move(promise));
  };
  co_return co_await from_callback<Status>(std::move(start));
}

Task<Status> Ledger::rebind(const Identity& identity, Reservation& reservation, Guard guard) {
  check(reservation.open() && reservation.ledger_ == this, "only an open reservation is rebound");
  if (!ready()) co_return store_away();
  const Ask ask = guard.ask;
  Status bound = state_->keys.rebind(reservation.place_, identity, ask);
  if (!bound) co_return bound;
  guard.interrupted.id = reservation.id_;
  guard.interrupted.admitted_at = reservation.admitted_at_;
  guard.interrupted.finished_at = reservation.admitted_at_;
  guard.interrupted.test_time = reservation.test_time_;
  Status promised = co_await promise(std::move(guard.interrupted));
  if (promised) state_->keys.narrow(reservation.place_, ask);
  co_return promised;
}

Status Ledger::recheck(const Identity& identity) const {
  if (!ready()) return store_away();
  return state_->keys.recheck(identity);
}

Task<Status> Ledger::settle(Reservation reservation, UsageRow row) {
  check(reservation.open() && reservation.ledger_ == this, "only an open reservation settles");
  check(row.id == reservation.id_, "a row carries its reservation's id");
  row.test_time = reservation.test_time_;
  reservation.ledger_ = nullptr;  // from here on Settlements ends it, whatever becomes of this Task
  Settlement settlement = state_->settlement_of(reservation.place_, std::move(row));
  auto start = [this, &settlement](Callback<Status> waiter) {
    settlement.waiter.emplace(std::move(waiter));
    state_->settlements.settle(std::move(settlement));
  };
  co_return co_await from_callback<Status>(std::move(start));
}

void Ledger::abandon(const Reservation& reservation) noexcept {
  log(LogLevel::kError, "bug: the reservation of {} was dropped without a usage row",
      generation_id(reservation.id_));
  // What it had promised stands: nobody knows what was sent.
  if (std::optional<UsageRow> row = state_->settlements.promised(reservation.id_)) {
    state_->settlements.settle_unwaited(state_->settlement_of(reservation.place_, std::move(*row)));
    return;
  }
  state_->keys.undo(reservation.place_);
  if (state_->metrics.open_reservations != nullptr) state_->metrics.open_reservations->Decrement();
}

Task<Result<KeyWithSecret>> Ledger::create_key(Principal by, WorkspaceId workspace,
                                               KeyPolicy policy,
                                               std::optional<Idempotency> idempotency,
                                               KeyCompanion companion) {
  return state_->changes->create(std::move(by), std::move(workspace), std::move(policy),
                                 std::move(idempotency), std::move(companion));
}

Task<Result<Key>> Ledger::update_key(Principal by, KeyId id, PolicyEdit edit) {
  return state_->changes->update(std::move(by), std::move(id), std::move(edit));
}

Task<Result<KeyWithSecret>> Ledger::rotate_key(Principal by, KeyId id, std::chrono::seconds grace,
                                               std::optional<Idempotency> idempotency) {
  return state_->changes->rotate(std::move(by), std::move(id), grace, std::move(idempotency));
}

Task<Result<KeyWithSecret>> Ledger::mint_playground_secret(Principal by, KeyId id,
                                                           std::optional<Idempotency> idempotency) {
  return state_->changes->mint_for_playground(std::move(by), std::move(id), std::move(idempotency));
}

Task<Result<Key>> Ledger::revoke_key(Principal by, KeyId id, RevokeOptions options,
                                     KeyCompanion companion) {
  return state_->changes->revoke(std::move(by), std::move(id), options, std::move(companion));
}

Task<Result<CreatedWorkspace>> Ledger::create_workspace(Principal by, std::string name,
                                                        std::optional<Idempotency> idempotency) {
  return state_->workspace_changes->create(std::move(by), std::move(name), std::move(idempotency));
}

Task<Result<Workspace>> Ledger::update_workspace(Principal by, WorkspaceId id, WorkspaceEdit edit) {
  return state_->workspace_changes->update(std::move(by), std::move(id), std::move(edit));
}

Task<Result<CreatedGrant>> Ledger::grant(Principal by, WorkspaceId id, GrantRequest request,
                                         std::optional<Idempotency> idempotency) {
  co_return co_await state_->workspace_changes->grant(std::move(by), std::move(id),
                                                      std::move(request), std::move(idempotency));
}

Task<Result<Workspace>> Ledger::advance_test_clock(Principal by, WorkspaceId id,
                                                   TestClockMove move) {
  return state_->workspace_changes->advance_test_clock(std::move(by), std::move(id), move);
}

Result<Workspace> Ledger::workspace(const WorkspaceId& id,
                                    const std::optional<WorkspaceId>& within) const {
  std::optional<Workspace> found = state_->workspaces.find(id);
  if (!found || (within && found->id != *within)) return no_such_workspace();
  return std::move(*found);
}

Result<Workspace> Ledger::workspace_by_name(const std::string& name,
                                            const std::optional<WorkspaceId>& within) const {
  std::optional<Workspace> found = state_->workspaces.find_by_name(name);
  if (!found || (within && found->id != *within)) return no_such_workspace();
  return std::move(*found);
}

Result<Ledger::WorkspacePage> Ledger::list_workspaces(const WorkspaceQuery& query) const {
  return state_->workspaces.list(query);
}

Result<Balance> Ledger::balance(const WorkspaceId& id) const {
  const std::optional<Balance> found = state_->keys.balance(id);
  if (!found) return no_such_workspace();
  return *found;
}

std::vector<LimitState> Ledger::workspace_limits(const WorkspaceId& id,
                                                 Environment environment) const {
  return state_->keys.limits(id, environment);
}

Result<KeyView> Ledger::key(const KeyId& id, const std::optional<WorkspaceId>& within) const {
  const std::shared_ptr<const LiveKey> live = state_->keys.find(id);
  if (!live || (within && live->key.workspace != *within)) return no_such_key(id.get());
  return state_->keys.view_of(*live);
}

Result<KeyView> Ledger::key_by_name(const WorkspaceId& workspace, const std::string& name) const {
  const std::shared_ptr<const LiveKey> live = state_->keys.find(workspace, name);
  if (!live) return no_such_key("\"" + name + "\"");
  return state_->keys.view_of(*live);
}

Result<Identity> Ledger::identity_of(const KeyId& id,
                                     const std::optional<WorkspaceId>& within) const {
  std::optional<Identity> found = state_->keys.identity_of(id);
  if (!found || (within && found->key().workspace != *within)) return no_such_key(id.get());
  return std::move(*found);
}

KeyView Ledger::own_key(const Identity& identity) const {
  return state_->keys.view_of(*identity.live);
}

Result<Ledger::KeyPage> Ledger::list_keys(const KeyQuery& query) const {
  return search_keys(state_->keys, query);
}

Ledger::KeyCounts Ledger::count_keys(const KeyQuery& query) const {
  return tollgate::count_keys(state_->keys, query);
}

std::vector<std::int64_t> Ledger::key_numbers(const std::string& name,
                                              const std::optional<WorkspaceId>& workspace) const {
  return numbers_named(state_->keys, name, workspace);
}

Ledger::KeySurvey Ledger::survey_keys(const KeySurveyQuery& query) const {
  return tollgate::survey_keys(state_->keys, state_->options.clock->wall(), query);
}

Status Ledger::read_at_start(const std::function<Status(sql::Connection&)>& work) {
  return writer().run([&work](sql::Connection& connection) { return work(connection); });
}

sql::ReaderPool& Ledger::readers() { return *state_->readers; }
sql::Writer& Ledger::writer() { return *state_->writer; }

Task<> Ledger::catch_up() {
  const Journal::Serial last = state_->settlements.recorded();
  std::function<Result<int>(sql::Connection&)> nothing = [](sql::Connection&) { return 0; };
  while (!state_->settlements.stored(last)) {
    // Rows go with the next job. When the store is away, what it has must do.
    if (!co_await writer().write<int>(nothing)) co_return;
  }
}

LiveFeed& Ledger::live() { return state_->live; }

std::size_t Ledger::self_check() { return state_->self_check->check(); }

void Ledger::keep_rows(int months) { state_->retention->keep_months(months); }
void Ledger::remove_old_rows() { state_->retention->remove_old_rows(); }

bool Ledger::ready() const { return state_->writer->healthy() && state_->settlements.healthy(); }

std::size_t Ledger::open_reservations() const { return state_->keys.open_reservations(); }

}  // namespace tollgate
