// The writer: one thread that owns the only write connection, and commits in groups.
//
// The ledger and every admin change give it work. It takes whatever is queued, runs it in one
// transaction, commits, and then tells everyone (group commit). Two kinds of work:
//
// - a Job: a change of its own. Runs in a savepoint, so that a failing job is rolled back alone and
//   the others still commit.
// - the Batch: the hot path, at most one per writer. Its owner keeps a queue of its own (usage
//   rows), calls wake_within() after pushing, and is asked to write what waits in one transaction
//   with the jobs.
//
// While the store is away (disk full, I/O error) everything of a transaction fails with
// kServiceUnavailable, healthy() is false, the connection is reopened and a write is tried about
// every 100 ms (the batch's, or a heartbeat) until one commits. Jobs are never retried by the
// writer; the batch's owner keeps its rows and is asked again.
//
// Checkpoints stand outside the commit path: a second thread with its own connection runs passive
// ones when the log exceeds `checkpoint_pages`; only when it cannot keep up and the log exceeds
// four times that does the writer run one itself, between two transactions.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "runtime/async.h"
#include "sql/connection.h"

namespace tollgate::sql {

struct Job {
  // Writer thread, inside the transaction. Must leave no Statement and no transaction behind. An
  // Error rolls the job back alone. May be called in a transaction that then fails to commit.
  std::move_only_function<Status(Connection&)> work;
  // Writer thread, exactly once: success after COMMIT; otherwise the job's own error, or
  // kServiceUnavailable. Called in the order of submission. Must be quick and must not block.
  std::move_only_function<void(Status)> done;
};

struct Batch {
  // Any cheap test: does something wait? Writer thread.
  std::move_only_function<bool()> pending;
  // Inside the transaction, in a savepoint, after the jobs. Writes what waits, keeps it until
  // done() says success, and gives the number of usage rows written.
  std::move_only_function<Result<std::size_t>(Connection&)> write;
  // Writer thread: success after COMMIT of what write() wrote. An error (write()'s own or
  // kServiceUnavailable) when the transaction failed while something waited, even before write()
  // was asked; the owner keeps its rows, and write() comes again in about 100 ms.
  std::move_only_function<void(const Status&)> done;
};

enum class UpkeepLeft { kNothing, kMore };

// Work that may wait, such as indexing rows: in a transaction of its own, after `rows` rows of the
// batch or when nothing happened for `idle`.
struct Upkeep {
  std::move_only_function<Result<UpkeepLeft>(Connection&)> work;
  std::size_t rows = 4'000;
  std::chrono::milliseconds idle{200};
};

struct WriterOptions {
  std::chrono::milliseconds retry_interval{100};
  int checkpoint_pages = 4'000;          // 16 MB of log
  std::size_t jobs_queued_max = 10'000;  // further jobs are refused with kServiceUnavailable
};

class Writer {
 public:
  // Takes the migrated connection (its wal_autocheckpoint_pages is set to 0) and starts the
  // threads.
  static Result<std::unique_ptr<Writer>> start(Connection connection, WriterOptions options = {});
  // stop(), if nobody called it.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Both at most once, before the first submit() or wake().
  void set_batch(Batch batch);
  void set_upkeep(Upkeep upkeep);

  // Any thread. When the queue is full or the writer has stopped, done() is called at once, on the
  // calling thread, with kServiceUnavailable.
  void submit(Job job);
  // Any thread, cheap when the writer is asked already: the batch has something to write, which may
  // wait for more of it, but no longer than `delay`.
  void wake_within(std::chrono::milliseconds delay);
  void wake() { wake_within(std::chrono::milliseconds(0)); }

  // A job as a Task: what `work` gives, after COMMIT. Resumes on the caller's io_context.
  template <class T>
  Task<Result<T>> write(std::function<Result<T>(Connection&)> work);
  // A job from a thread that may block: start-up and tests. Never on an I/O or the writer thread.
  Status run(std::move_only_function<Status(Connection&)> work);

  // False while writes fail.
  bool healthy() const;
  // Writes everything that is queued (the batch once more), then ends the threads. Idempotent.
  void stop();

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

template <class T>
Task<Result<T>> Writer::write(std::function<Result<T>(Connection&)> work) {
  auto start = [this, held = std::move(work)](Callback<Result<T>> callback) mutable {
    auto outcome = std::make_shared<std::optional<Result<T>>>();
    Job job;
    job.work = [outcome, run_it = std::move(held)](Connection& connection) -> Status {
      outcome->emplace(run_it(connection));
      if (!**outcome) return std::unexpected((*outcome)->error());
      return {};
    };
    job.done = [outcome, resume = std::move(callback)](Status status) mutable {
      if (!status) return resume(Result<T>(std::unexpected(std::move(status.error()))));
      resume(std::move(**outcome));
    };
    submit(std::move(job));
  };
  co_return co_await from_callback<Result<T>>(std::move(start));
}

}  // namespace tollgate::sql
