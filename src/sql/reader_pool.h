// Reader threads with read-only connections, for pages and reports: no SQLite call is ever made on
// an I/O thread. Each piece of work sees one consistent snapshot (a read transaction around it).
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "runtime/async.h"
#include "sql/connection.h"

namespace tollgate::sql {

struct ReaderPoolOptions {
  int threads = 2;
  std::size_t queued_max = 1'024;  // further reads are refused with kServiceUnavailable
};

class ReaderPool {
 public:
  // Opens one connection per thread; `access` of the options is read-only whatever it says.
  static Result<std::unique_ptr<ReaderPool>> start(OpenOptions database,
                                                   ReaderPoolOptions options = {});
  ~ReaderPool();  // finishes what is queued
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Runs `work` on a reader thread; resumes on the caller's io_context.
  template <class T>
  Task<Result<T>> read(std::function<Result<T>(Connection&)> work);
  // The same from a thread that may block: start-up and tests.
  template <class T>
  Result<T> read_now(std::function<Result<T>(Connection&)> work);

  // The part both stand on. `work` is called once on a reader thread, inside a read transaction, or
  // with an Error when there is none (queue full: at once, on the calling thread; store away).
  void submit(std::move_only_function<void(Result<Connection*>)> work);

 private:
  struct State;
  explicit ReaderPool(std::unique_ptr<State> state);
  // Blocks until `work` has run.
  void submit_and_wait(std::move_only_function<void(Result<Connection*>)> work);
  std::unique_ptr<State> state_;
};

// What `work` gives; an exception out of it is a bug and becomes kInternal.
template <class T>
Result<T> run_read(const std::function<Result<T>(Connection&)>& work,
                   const Result<Connection*>& connection) {
  if (!connection) return std::unexpected(connection.error());
  try {
    return work(**connection);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::kInternal, "The request could not be completed.", thrown.what());
  }
}

template <class T>
Task<Result<T>> ReaderPool::read(std::function<Result<T>(Connection&)> work) {
  auto start = [this, held = std::move(work)](Callback<Result<T>> callback) mutable {
    submit([read_it = std::move(held),
            resume = std::move(callback)](Result<Connection*> connection) mutable {
      resume(run_read<T>(read_it, connection));
    });
  };
  co_return co_await from_callback<Result<T>>(std::move(start));
}

template <class T>
Result<T> ReaderPool::read_now(std::function<Result<T>(Connection&)> work) {
  std::optional<Result<T>> result;
  submit_and_wait([&result, &work](Result<Connection*> connection) {
    result.emplace(run_read<T>(work, connection));
  });
  return std::move(*result);
}

}  // namespace tollgate::sql
