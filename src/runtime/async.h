// Waiting in a Task for something that another thread (or a later event) completes.
//
// `co_await from_callback<T>(start)` suspends, hands `start` a Callback<T>, and resumes on the
// caller's own I/O thread with the value that the Callback is given. A Callback is called exactly
// once, from any thread; it keeps the io_context alive until then (work guard), and has no more to
// do with it after: the thread that answered may let go of it whenever it likes.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <optional>
#include <utility>

#include "runtime/task.h"

namespace tollgate {

template <class T>
class Callback {
 public:
  // `into` lies in the waiter's frame.
  Callback(Suspended waiter, std::optional<T>& into)
      : waiter_(std::move(waiter)),
        into_(&into),
        work_(asio::prefer(waiter_.context().get_executor(),
                           asio::execution::outstanding_work.tracked)) {}
  Callback(Callback&&) = default;
  Callback& operator=(Callback&&) = default;
  // One that is dropped uncalled ends its waiter, on the waiter's thread.
  ~Callback() {
    if (!waiter_) return;
    asio::post(context(), [work = std::move(work_), dropped = std::move(waiter_)] {});
  }

  // Posts the resumption to the waiting Task's thread.
  void operator()(T value) {
    asio::post(context(), [work = std::move(work_), waiter = std::move(waiter_), into = into_,
                           held = std::move(value)]() mutable {
      into->emplace(std::move(held));
      waiter.resume();
    });
  }

  // The thread the waiter lives on: callers that complete many at once group them by context,
  // post once, and call resume_here() for each on that thread.
  IoContext& context() const { return waiter_.context(); }
  void resume_here(T value) {
    into_->emplace(std::move(value));
    waiter_.resume();
  }

 private:
  using Tracked = std::decay_t<decltype(asio::prefer(std::declval<IoExecutor>(),
                                                     asio::execution::outstanding_work.tracked))>;
  Suspended waiter_;
  std::optional<T>* into_;
  Tracked work_;
};

template <class T, class Start>
class FromCallback {
 public:
  explicit FromCallback(Start start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) {
    // The answer may come, and be waited for no more, before start() returns: it is no longer ours.
    Start start = std::move(start_);
    start(Callback<T>(Suspended(waiter), value_));
  }
  T await_resume() { return std::move(*value_); }

 private:
  Start start_;
  std::optional<T> value_;
};

// To be awaited. `start(Callback<T>)` runs at once, on the calling thread. T must be movable.
template <class T, class Start>
FromCallback<T, Start> from_callback(Start start) {
  return FromCallback<T, Start>(std::move(start));
}

// To be awaited: lets everything else that is ready on this thread have its turn first.
struct NextTurn {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) const {
    resume_later(Suspended(waiter));
  }
  void await_resume() const noexcept {}
};
inline NextTurn next_turn() { return {}; }

}  // namespace tollgate
