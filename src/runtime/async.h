// Waiting in a Task for something that another thread (or a later event) completes.
//
// `co_await from_callback<T>(start)` suspends, hands `start` a Callback<T>, and resumes on the
// caller's own I/O thread with the value that the Callback is given. A Callback is called exactly
// once, from any thread; it keeps the io_context alive until then (work guard).
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <optional>
#include <utility>

#include "runtime/task.h"

namespace tollgate {

template <class T>
class Callback {
 public:
  using Handler =
      typename asio::async_result<asio::use_awaitable_t<IoExecutor>, void(T)>::handler_type;

  explicit Callback(Handler handler)
      : handler_(std::move(handler)),
        work_(asio::prefer(handler_.get_executor(), asio::execution::outstanding_work.tracked)) {}
  Callback(Callback&&) = default;
  Callback& operator=(Callback&&) = default;

  // Posts the resumption to the waiting Task's thread.
  void operator()(T value) {
    asio::post(work_, [handler = std::move(handler_), held = std::move(value)]() mutable {
      handler(std::move(held));
    });
  }

  // The thread the waiter lives on: callers that complete many at once group them by context,
  // post once, and call resume_here() for each on that thread.
  IoContext& context() const { return handler_.get_executor().context(); }
  void resume_here(T value) { std::move(handler_)(std::move(value)); }

 private:
  using Tracked = std::decay_t<decltype(asio::prefer(std::declval<IoExecutor>(),
                                                     asio::execution::outstanding_work.tracked))>;
  Handler handler_;
  Tracked work_;
};

// `start(Callback<T>)` runs at once, on the calling thread. T must be movable.
template <class T, class Start>
Task<T> from_callback(Start start) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<IoExecutor>, void(T)>(
      [](auto handler, Start begin) { begin(Callback<T>(std::move(handler))); }, use_task,
      std::move(start));
}

}  // namespace tollgate
