#include "sql/reader_pool.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"

namespace tollgate::sql {

using Work = std::move_only_function<void(Result<Connection*>)>;

struct ReaderPool::State {
  State(OpenOptions opened, ReaderPoolOptions wanted)
      : database(std::move(opened)), options(wanted) {}

  bool enqueue(Work& work);
  void serve(std::optional<Connection> connection);
  bool take(Work& work);

  const OpenOptions database;
  const ReaderPoolOptions options;
  Mutex mutex;
  std::condition_variable changed;
  std::deque<Work> queue TOLLGATE_GUARDED_BY(mutex);
  bool stopping TOLLGATE_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;
};

namespace {

void call(Work& work, Result<Connection*> connection) {
  try {
    work(std::move(connection));
  } catch (const std::exception& thrown) {
    log(LogLevel::kError, "reader: the work threw: {}", thrown.what());
  } catch (...) {
    log(LogLevel::kError, "reader: the work threw");
  }
}

// Gives `work` a connection inside a read transaction, or the reason why there is none.
void run_in_snapshot(Work& work, std::optional<Connection>& connection,
                     const OpenOptions& database) {
  if (!connection) {
    Result<Connection> opened = Connection::open(database);
    if (!opened) return call(work, std::unexpected(std::move(opened.error())));
    connection.emplace(std::move(*opened));
  }
  if (Status begun = connection->begin_read(); begun) {
    call(work, &*connection);
  } else {
    call(work, std::unexpected(std::move(begun.error())));
  }
  connection->rollback();
  // The next work begins with a fresh connection.
  if (connection->take_fault()) connection.reset();
}

}  // namespace

bool ReaderPool::State::enqueue(Work& work) {
  {
    const Lock lock(mutex);
    if (stopping || queue.size() >= options.queued_max) return false;
    queue.push_back(std::move(work));
  }
  changed.notify_one();
  return true;
}

bool ReaderPool::State::take(Work& work) {
  Lock lock(mutex);
  while (queue.empty() && !stopping) lock.wait(changed);
  if (queue.empty()) return false;
  work = std::move(queue.front());
  queue.pop_front();
  return true;
}

void ReaderPool::State::serve(std::optional<Connection> connection) {
  Work work;
  while (take(work)) {
    run_in_snapshot(work, connection, database);
    work = nullptr;
  }
}

ReaderPool::ReaderPool(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ReaderPool>> ReaderPool::start(OpenOptions database,
                                                      ReaderPoolOptions options) {
  database.access = Access::kReadOnly;
  std::vector<Connection> connections;
  for (int i = 0; i < options.threads; ++i) {
    Result<Connection> opened = Connection::open(database);
    if (!opened) return std::unexpected(opened.error());
    connections.push_back(std::move(*opened));
  }
  auto state = std::make_unique<State>(std::move(database), options);
  State* serving = state.get();
  for (Connection& connection : connections) {
    state->threads.emplace_back([serving, held = std::optional(std::move(connection))]() mutable {
      serving->serve(std::move(held));
    });
  }
  return std::unique_ptr<ReaderPool>(new ReaderPool(std::move(state)));
}

ReaderPool::~ReaderPool() {
  {
    const Lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void ReaderPool::submit(Work work) {
  if (state_->enqueue(work)) return;
  call(work, fail(ErrorCode::kServiceUnavailable, "The gateway's store is busy; try again shortly.",
                  "the readers' queue is full or closed"));
}

void ReaderPool::submit_and_wait(Work work) {
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  submit([&promise, held = std::move(work)](Result<Connection*> connection) mutable {
    held(std::move(connection));
    promise.set_value();
  });
  done.get();
}

}  // namespace tollgate::sql
