#include "ledger/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "ledger/data_lock.h"
#include "ledger/generation_numbers.h"
#include "ledger/journal.h"
#include "ledger/key_changes.h"
#include "ledger/key_search.h"
#include "ledger/ledger_metrics.h"
#include "ledger/live_keys.h"
#include "ledger/settlements.h"
#include "ledger/stored_rows.h"
#include "ledger/unadmitted_counts.h"
#include "ledger/usage_record.h"
#include "ledger/workspace_changes.h"
#include "ledger/workspace_table.h"
#include "runtime/async.h"
#include "store/grants.h"
#include "store/installation.h"
#include "store/keys.h"
#include "store/last_generation.h"
#include "store/schema.h"
#include "store/usage_rows.h"
#include "store/use_counts.h"
#include "store/workspaces.h"

namespace tollgate {
namespace {

// Nobody but us writes here; a backup or a curious shell may lock the file for a moment. Well under
// the 500 ms in which a failed write is answered.
constexpr std::chrono::milliseconds kBusyTimeout{250};
// Rows indexed by one step of upkeep.
constexpr int kUpkeepRows = 2'000;

std::unexpected<Error> no_such_key(const std::string& id_or_name) {
  return fail(
      ErrorCode::kNotFound,
      fmt::format("There is no key {} that you may see: list the keys to find it.", id_or_name));
}

// The database is for its owner alone, whatever the umask; the engine gives its log the same mode.
Status make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::fchmod(file, 0600) != 0) {
    const std::string reason = std::generic_category().message(errno);
    if (file >= 0) ::close(file);
    return fail(ErrorCode::kServiceUnavailable,
                fmt::format("The database {} cannot be opened: {}.", path, reason));
  }
  ::close(file);
  return {};
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

Status load_keys(sql::Connection& connection, LiveKeys& keys) {
  auto counts = store::load_use_counts(connection);
  if (!counts) return std::unexpected(counts.error());
  std::vector<UseCount> use;
  return store::for_each_key(connection, [&](Key key) -> Status {
    use.clear();
    for (const KeySecret& secret : key.secrets) use.push_back((*counts)[secret.number]);
    keys.put(std::move(key), use, Inflight::kKeep);
    return {};
  });
}

Status load_workspaces(sql::Connection& connection, WorkspaceTable& table) {
  Result<std::vector<Workspace>> workspaces = store::list_workspaces(connection);
  if (!workspaces) return std::unexpected(workspaces.error());
  for (const Workspace& workspace : *workspaces) table.put(workspace);
  return {};
}

std::unexpected<Error> no_such_workspace() {
  return fail(ErrorCode::kNotFound,
              "There is no such workspace that you may see: list them to find it.");
}

// Opens the journal; what it holds goes into the database first.
Result<std::unique_ptr<Journal>> recover(sql::Connection& connection,
                                         const LedgerOptions& options) {
  std::vector<UsageRow> found;
  auto journal = Journal::open(
      options.data_dir,
      [&found](std::string_view record) -> Status {
        auto row = decode_usage(record);
        if (!row) return std::unexpected(row.error());
        found.push_back(std::move(*row));
        return {};
      },
      options.journal_file_bytes);
  if (!journal) return journal;
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
        settlements(keys, metrics, options.durability) {}

  Status load(sql::Connection& connection);
  Status start(sql::Connection connection, std::unique_ptr<Journal> journal);
  // Whoever keeps something of workspaces in memory learns here that one is new or has changed: its
  // limits, its balance mode, what it was granted, its test clock. On the writer thread, after
  // COMMIT and before the caller of the change hears of it.
  void on_workspace_changed(const Workspace& workspace) { workspaces.put(workspace); }

  DataLock lock;
  LedgerOptions options;
  LedgerMetrics metrics;
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
};

Status Ledger::State::load(sql::Connection& connection) {
  Status status = connection.begin_write();
  if (!status) return status;
  Result<FirstStart> prepared = prepare_installation(connection, options);
  if (!prepared) return std::unexpected(prepared.error());
  first_start = *prepared;
  status = load_workspaces(connection, workspaces);
  if (!status) return status;
  status = load_keys(connection, keys);
  if (!status) return status;
  Result<GenerationNumber> last = store::last_generation(connection);
  if (!last) return std::unexpected(last.error());
  generations.emplace(*options.clock, *last);
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
                                    .writer = *writer,
                                    .token_format = options.token_format,
                                    .clock = *options.clock,
                                    .random = *options.random});
  workspace_changes.emplace(
      WorkspaceChanges::Tools{.writer = *writer,
                              .clock = *options.clock,
                              .random = *options.random,
                              .on_workspace_changed = [this](const Workspace& workspace) {
                                on_workspace_changed(workspace);
                              }});
  unadmitted.emplace(*writer);
  return {};
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
  return state_->keys.authenticate(token_hash(token), state_->options.clock->wall());
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
  state_->unadmitted->count(identity.secret().number, code, now);
}

Preview Ledger::preview(const Identity&) const { return {}; }

Standing Ledger::standing(const Identity&) const {
  Standing standing;
  standing.at = state_->options.clock->wall();
  return standing;
}

// Nothing waits yet.
void Ledger::cancel_wait(GenerationNumber) {}

Task<Result<std::optional<Reservation>>> Ledger::reserve(const Identity& identity,
                                                         GenerationNumber id, CancelHandle cancel,
                                                         Guard) {
  co_return reserve(identity, id, std::move(cancel));
}

Task<Status> Ledger::rebind(const Identity&, Reservation&, Guard) { co_return Status(); }

Result<std::optional<Reservation>> Ledger::reserve(const Identity& identity, GenerationNumber id,
                                                   CancelHandle cancel) {
  if (!ready()) {
    return fail(ErrorCode::kServiceUnavailable,
                "The gateway cannot record usage at the moment. Retry in a few seconds.");
  }
  const WallTime now = state_->options.clock->wall();
  Result<LiveKeys::Place> place = state_->keys.admit(identity, now, std::move(cancel));
  if (!place) return std::unexpected(std::move(place.error()));
  if (state_->metrics.open_reservations != nullptr) state_->metrics.open_reservations->Increment();
  Reservation reservation;
  reservation.ledger_ = this;
  reservation.id_ = id;
  reservation.admitted_at_ = now;
  reservation.place_ = *place;
  return reservation;
}

Task<Status> Ledger::settle(Reservation reservation, UsageRow row) {
  check(reservation.open() && reservation.ledger_ == this, "only an open reservation settles");
  check(row.id == reservation.id_, "a row carries its reservation's id");
  Settlement settlement{.row = std::move(row),
                        .place = reservation.place_,
                        .use = state_->keys.seal(reservation.place_),
                        .waiter = std::nullopt};
  reservation.ledger_ = nullptr;  // from here on Settlements ends it, whatever becomes of this Task
  if (state_->settlements.settle_now(settlement)) co_return Status();
  auto start = [this, &settlement](Callback<Status> waiter) {
    settlement.waiter.emplace(std::move(waiter));
    state_->settlements.push(std::move(settlement));
  };
  co_return co_await from_callback<Status>(std::move(start));
}

void Ledger::abandon(const Reservation& reservation) noexcept {
  log(LogLevel::kError, "bug: the reservation of {} was dropped without a usage row",
      generation_id(reservation.id_));
  const LiveKeys::Place place = reservation.place_;
  state_->keys.release(std::span(&place, 1));
  if (state_->metrics.open_reservations != nullptr) state_->metrics.open_reservations->Decrement();
}

Reservation::Reservation(Reservation&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      id_(other.id_),
      admitted_at_(other.admitted_at_),
      place_(other.place_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  if (ledger_ != nullptr) ledger_->abandon(*this);
  ledger_ = std::exchange(other.ledger_, nullptr);
  id_ = other.id_;
  admitted_at_ = other.admitted_at_;
  place_ = other.place_;
  return *this;
}

Reservation::~Reservation() {
  if (ledger_ != nullptr) ledger_->abandon(*this);
}

Task<Result<KeyWithSecret>> Ledger::create_key(Principal by, WorkspaceId workspace,
                                               KeyPolicy policy,
                                               std::optional<Idempotency> idempotency) {
  return state_->changes->create(std::move(by), std::move(workspace), std::move(policy),
                                 std::move(idempotency));
}

Task<Result<Key>> Ledger::update_key(Principal by, KeyId id, PolicyEdit edit) {
  return state_->changes->update(std::move(by), std::move(id), std::move(edit));
}

Task<Result<KeyWithSecret>> Ledger::rotate_key(Principal by, KeyId id, std::chrono::seconds grace,
                                               std::optional<Idempotency> idempotency) {
  return state_->changes->rotate(std::move(by), std::move(id), grace, std::move(idempotency));
}

Task<Result<Key>> Ledger::revoke_key(Principal by, KeyId id, RevokeOptions options) {
  return state_->changes->revoke(std::move(by), std::move(id), options);
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
  co_await catch_up();  // a deduction is judged by every request that was settled before it
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

Task<Result<std::vector<Balance>>> Ledger::balances(std::vector<WorkspaceId> workspaces) {
  std::function<Result<std::vector<Balance>>(sql::Connection&)> work =
      [ids = std::move(workspaces)](sql::Connection& connection) -> Result<std::vector<Balance>> {
    std::vector<Balance> balances;
    balances.reserve(ids.size());
    for (const WorkspaceId& id : ids) {
      Result<Balance> balance = store::load_balance(connection, id);
      if (!balance) return std::unexpected(balance.error());
      balances.push_back(*balance);
    }
    return balances;
  };
  return read<std::vector<Balance>>(std::move(work));
}

Result<KeyView> Ledger::key(const KeyId& id, const std::optional<WorkspaceId>& within) const {
  const std::shared_ptr<const LiveKey> live = state_->keys.find(id);
  if (!live || (within && live->key.workspace != *within)) return no_such_key(id.get());
  return view_of(*live, state_->options.clock->wall());
}

Result<KeyView> Ledger::key_by_name(const WorkspaceId& workspace, const std::string& name) const {
  const std::shared_ptr<const LiveKey> live = state_->keys.find(workspace, name);
  if (!live) return no_such_key("\"" + name + "\"");
  return view_of(*live, state_->options.clock->wall());
}

Result<Ledger::KeyPage> Ledger::list_keys(const KeyQuery& query) const {
  return search_keys(state_->keys, query, state_->options.clock->wall());
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

bool Ledger::ready() const { return state_->writer->healthy() && state_->settlements.healthy(); }

std::size_t Ledger::open_reservations() const { return state_->keys.open_reservations(); }

}  // namespace tollgate
