#include "sql/writer.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "sql/checkpointer.h"

namespace tollgate::sql {

namespace {

using std::chrono::steady_clock;

constexpr int kOwnCheckpointFactor = 4;
// What the heartbeat writes must need room on the disk, or a full one would look healthy.
constexpr std::string_view kHeartbeatTable =
    "CREATE TABLE IF NOT EXISTS writer_heartbeat (payload BLOB NOT NULL) STRICT";
constexpr std::string_view kHeartbeatWrite =
    "INSERT INTO writer_heartbeat (payload) VALUES (zeroblob(65536))";
constexpr std::string_view kHeartbeatClear = "DELETE FROM writer_heartbeat";

Error unavailable(std::string detail) {
  return {.code = ErrorCode::kServiceUnavailable,
          .message = "The gateway's store is not available; try again shortly.",
          .detail = std::move(detail)};
}

// What the others of a failed transaction are told.
Error unavailable_because(const Error& cause) { return unavailable(cause.detail); }

Error thrown_error(const char* what) {
  return {.code = ErrorCode::kInternal,
          .message = "The request could not be completed.",
          .detail = what};
}

// Calls what others gave us; an exception out of it is their bug, and must not end the thread.
template <class T, class Work>
Result<T> guarded(Work&& work) {
  try {
    return work();
  } catch (const std::exception& thrown) {
    return std::unexpected(thrown_error(thrown.what()));
  } catch (...) {
    return std::unexpected(thrown_error("unknown exception"));
  }
}

template <class Work>
void notify(Work&& work) {
  const Status told = guarded<void>([&]() -> Status {
    work();
    return {};
  });
  if (!told) log(LogLevel::kError, "writer: a completion threw: {}", told.error().detail);
}

}  // namespace

struct Writer::State {
  explicit State(WriterOptions wanted) : options(wanted) {}

  // Any thread.
  bool enqueue(Job& job);
  void wake_within(std::chrono::milliseconds delay);
  // The writer thread.
  void serve();
  bool wait_for_work(std::vector<Job>& taken);
  std::optional<steady_clock::time_point> next_deadline() const;
  void run_transaction(std::vector<Job>& jobs);
  Status write_all(std::vector<Job>& jobs, std::vector<Status>& outcomes);
  Status run_job(Job& job, Status& outcome);
  Status run_batch();
  Status beat();
  Status store_fault(const Status& outcome);
  void give_up(const Error& cause);
  void set_healthy();
  void set_unhealthy(const Error& cause);
  void after_commit();
  void run_upkeep();

  const WriterOptions options;
  Batch batch;
  Upkeep upkeep;

  Mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs TOLLGATE_GUARDED_BY(mutex);
  bool stopping TOLLGATE_GUARDED_BY(mutex) = false;
  // From the first submit() or wake() on; before, batch and upkeep may still be set.
  bool used TOLLGATE_GUARDED_BY(mutex) = false;
  // When the batch wants to be written at the latest; kNotWoken: it does not.
  static constexpr steady_clock::time_point kNotWoken = steady_clock::time_point::max();
  std::atomic<steady_clock::time_point> wake_at{kNotWoken};
  std::atomic<bool> healthy{true};

  // The writer thread's.
  OpenOptions database;
  std::optional<Connection> connection;
  steady_clock::time_point retry_at{};
  steady_clock::time_point active_at{};
  bool last_round = false;
  bool batch_asked = false;
  Status batch_outcome;
  std::size_t batch_rows = 0;
  std::size_t rows_unkept = 0;  // written since the last upkeep
  bool upkeep_due = true;       // what an earlier run left
  int pages_at_own_checkpoint = 0;

  std::optional<Checkpointer> checkpointer;
  std::thread thread;
};

bool Writer::State::enqueue(Job& job) {
  {
    const Lock lock(mutex);
    if (stopping || jobs.size() >= options.jobs_queued_max) return false;
    jobs.push_back(std::move(job));
    used = true;
  }
  changed.notify_one();
  return true;
}

void Writer::State::wake_within(std::chrono::milliseconds delay) {
  // Most calls find the writer asked already.
  if (delay.count() > 0 && wake_at.load() != kNotWoken) return;
  const steady_clock::time_point at = steady_clock::now() + delay;
  if (wake_at.load() <= at) return;
  // Under the mutex, so that it cannot fall between the writer's last look and its wait.
  {
    const Lock lock(mutex);
    if (wake_at.load() <= at) return;
    wake_at = at;
    used = true;
  }
  changed.notify_one();
}

std::optional<steady_clock::time_point> Writer::State::next_deadline() const {
  if (!healthy) return retry_at;
  std::optional<steady_clock::time_point> deadline;
  if (wake_at.load() != kNotWoken) deadline = wake_at.load();
  if (upkeep.work && (upkeep_due || rows_unkept > 0)) {
    deadline = std::min(deadline.value_or(kNotWoken), active_at + upkeep.idle);
  }
  return deadline;
}

// Takes what is queued. False: nothing is left to do, ever.
bool Writer::State::wait_for_work(std::vector<Job>& taken) {
  Lock lock(mutex);
  while (!stopping) {
    const std::optional<steady_clock::time_point> until = used ? next_deadline() : std::nullopt;
    const bool late = until && steady_clock::now() >= *until;
    // While the store is away everyone waits for the next try: one reopening serves them all.
    if (late || (healthy && !jobs.empty())) break;
    if (until) {
      lock.wait_until(changed, *until);
    } else {
      lock.wait(changed);
    }
  }
  if (last_round) return false;
  last_round = stopping;
  wake_at = kNotWoken;
  taken.assign(std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
  jobs.clear();
  return true;
}

void Writer::State::serve() {
  std::vector<Job> taken;
  active_at = steady_clock::now();
  while (wait_for_work(taken)) {
    const bool something = !taken.empty() || !healthy || (batch.pending && batch.pending());
    if (something) {
      run_transaction(taken);
      active_at = steady_clock::now();
    }
    taken.clear();
    // A batch may write less than what waits.
    if (last_round && healthy && batch.pending && batch.pending()) last_round = false;
    const bool idle = !something && steady_clock::now() >= active_at + upkeep.idle;
    const bool wanted = rows_unkept >= upkeep.rows || (idle && (upkeep_due || rows_unkept > 0));
    if (upkeep.work && healthy && !last_round && wanted) run_upkeep();
  }
}

// Turns an outcome into the reason why the whole transaction is lost, if it is.
Status Writer::State::store_fault(const Status& outcome) {
  if (std::optional<Error> fault = connection->take_fault()) {
    return std::unexpected(std::move(*fault));
  }
  if (!connection->in_transaction()) {
    return outcome ? Status(std::unexpected(thrown_error("the transaction was ended by its work")))
                   : outcome;
  }
  return {};
}

// Runs one job in its savepoint. The outcome is the job's; an error given back is everyone's.
Status Writer::State::run_job(Job& job, Status& outcome) {
  {
    Savepoint savepoint(*connection);
    outcome = savepoint.status();
    if (outcome) outcome = guarded<void>([&] { return job.work(*connection); });
    if (outcome) outcome = savepoint.release();
  }
  return store_fault(outcome);
}

Status Writer::State::run_batch() {
  batch_asked = true;
  {
    Savepoint savepoint(*connection);
    batch_outcome = savepoint.status();
    if (batch_outcome) {
      Result<std::size_t> rows = guarded<std::size_t>([&] { return batch.write(*connection); });
      if (rows) {
        batch_rows = *rows;
        batch_outcome = savepoint.release();
      } else {
        batch_outcome = std::unexpected(std::move(rows.error()));
      }
    }
  }
  return store_fault(batch_outcome);
}

Status Writer::State::beat() {
  Status outcome = connection->prepare(kHeartbeatWrite).run();
  if (outcome) outcome = connection->prepare(kHeartbeatClear).run();
  return outcome;
}

// One transaction over everything that waits. An error: nothing of it is stored.
Status Writer::State::write_all(std::vector<Job>& taken, std::vector<Status>& outcomes) {
  if (!connection) {
    Result<Connection> opened = Connection::open(database);
    if (!opened) return std::unexpected(std::move(opened.error()));
    connection.emplace(std::move(*opened));
  }
  connection->take_fault();
  if (Status begun = connection->begin_write(); !begun) return begun;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (Status sound = run_job(taken[i], outcomes[i]); !sound) return sound;
  }
  const bool asked = batch.pending && batch.pending();
  if (asked) {
    if (Status sound = run_batch(); !sound) return sound;
  } else if (!healthy) {
    if (Status beaten = beat(); !beaten) return beaten;
  }
  return connection->commit();
}

void Writer::State::run_transaction(std::vector<Job>& taken) {
  std::vector<Status> outcomes(taken.size());
  batch_asked = false;
  batch_outcome = {};
  batch_rows = 0;
  Status committed = write_all(taken, outcomes);
  if (!committed) {
    give_up(committed.error());
    // Rows that wait hear of it too, whether they were asked for or not.
    batch_asked = batch_asked || (batch.pending && batch.pending());
    for (Status& outcome : outcomes) {
      if (outcome) outcome = std::unexpected(unavailable_because(committed.error()));
    }
    if (batch_outcome) batch_outcome = std::unexpected(unavailable_because(committed.error()));
  } else if (batch_asked && !batch_outcome) {
    // The jobs are stored, but rows that cannot be written must stop admission all the same.
    set_unhealthy(batch_outcome.error());
  } else {
    set_healthy();
  }
  if (batch_asked && batch_outcome) rows_unkept += batch_rows;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    notify([&] { taken[i].done(std::move(outcomes[i])); });
  }
  if (batch_asked) notify([&] { batch.done(batch_outcome); });
  if (committed) after_commit();
}

void Writer::State::give_up(const Error& cause) {
  if (connection) connection->rollback();
  // A connection that has seen an I/O error is not trusted with the next transaction.
  connection.reset();
  set_unhealthy(cause);
}

void Writer::State::set_healthy() {
  if (!healthy.exchange(true)) log(LogLevel::kInfo, "writer: writes work again");
}

void Writer::State::set_unhealthy(const Error& cause) {
  if (healthy.exchange(false)) log(LogLevel::kError, "writer: writes fail: {}", cause.detail);
  retry_at = steady_clock::now() + options.retry_interval;
}

void Writer::State::after_commit() {
  const int pages = connection->wal_pages();
  if (pages < pages_at_own_checkpoint) pages_at_own_checkpoint = 0;
  if (pages - pages_at_own_checkpoint < options.checkpoint_pages * kOwnCheckpointFactor) {
    return checkpointer->request_after(pages);
  }
  // Not asked for another pass, the other thread ends the one it may be at, and this one gets its
  // turn: until then each commit tries, which costs nothing.
  const Result<Checkpoint> done = connection->checkpoint_passive();
  if (!done) log(LogLevel::kWarning, "writer: checkpoint: {}", done.error().detail);
  if (!done || *done == Checkpoint::kDone) pages_at_own_checkpoint = pages;
}

void Writer::State::run_upkeep() {
  rows_unkept = 0;
  upkeep_due = false;
  Status outcome = connection->begin_write();
  if (outcome) {
    Result<UpkeepLeft> left = guarded<UpkeepLeft>([&] { return upkeep.work(*connection); });
    if (left) {
      upkeep_due = *left == UpkeepLeft::kMore;
      outcome = connection->commit();
    } else {
      outcome = std::unexpected(std::move(left.error()));
    }
  }
  if (outcome) {
    // More is left: the next round comes at once when nobody else wants the writer.
    if (upkeep_due) active_at = steady_clock::now() - upkeep.idle;
    return after_commit();
  }
  upkeep_due = true;
  active_at = steady_clock::now();
  log(LogLevel::kWarning, "writer: upkeep: {}", outcome.error().detail);
  if (connection->take_fault()) return give_up(outcome.error());
  connection->rollback();
}

// --- Writer ---

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() { stop(); }

Result<std::unique_ptr<Writer>> Writer::start(Connection connection, WriterOptions options) {
  if (Status made = connection.exec(kHeartbeatTable); !made) return std::unexpected(made.error());
  auto state = std::make_unique<State>(options);
  state->database = connection.options();
  state->database.wal_autocheckpoint_pages = 0;
  // Opened anew, without automatic checkpoints.
  {
    const Connection closed = std::move(connection);
  }
  Result<Connection> opened = Connection::open(state->database);
  if (!opened) return std::unexpected(opened.error());
  state->connection.emplace(std::move(*opened));
  state->checkpointer.emplace(state->database, options.checkpoint_pages);
  State* serving = state.get();
  state->thread = std::thread([serving] { serving->serve(); });
  return std::unique_ptr<Writer>(new Writer(std::move(state)));
}

void Writer::set_batch(Batch batch) { state_->batch = std::move(batch); }
void Writer::set_upkeep(Upkeep upkeep) { state_->upkeep = std::move(upkeep); }

void Writer::submit(Job job) {
  if (state_->enqueue(job)) return;
  notify([&] { job.done(std::unexpected(unavailable("the writer's queue is full or closed"))); });
}

void Writer::wake_within(std::chrono::milliseconds delay) { state_->wake_within(delay); }

Status Writer::run(std::move_only_function<Status(Connection&)> work) {
  std::promise<Status> promise;
  std::future<Status> done = promise.get_future();
  submit({.work = std::move(work),
          .done = [&promise](Status status) { promise.set_value(std::move(status)); }});
  return done.get();
}

bool Writer::healthy() const { return state_->healthy; }

void Writer::stop() {
  {
    const Lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  state_->checkpointer.reset();
  state_->connection.reset();
}

}  // namespace tollgate::sql
