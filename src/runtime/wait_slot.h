// WaitSlot: where one Task waits for one thing on its own thread: a socket turning readable, an
// event fired by other code on the thread. Not for other threads: see async.h for those.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "base/check.h"
#include "runtime/task.h"

namespace tollgate {

// Why a wait ended.
enum class Wake { kReady, kTimeout, kAborted };

class WaitSlot {
 public:
  WaitSlot() = default;
  WaitSlot(const WaitSlot&) = delete;
  WaitSlot& operator=(const WaitSlot&) = delete;

  bool waiting() const { return handler_.has_value(); }

  // REQUIRES: nobody waits already.
  Task<Wake> wait() {
    check(!waiting(), "one waiter per slot");
    return asio::async_initiate<const asio::use_awaitable_t<IoExecutor>, void(Wake)>(
        [this](auto handler) { handler_.emplace(std::move(handler)); }, use_task);
  }

  // Resumes the waiter, if any, before returning. For event-loop callbacks, not for Tasks.
  void resume(Wake wake) {
    if (auto handler = take()) (*handler)(wake);
  }

  // Resumes the waiter, if any, from the event loop, soon.
  void resume_later(Wake wake) {
    if (auto handler = take()) {
      auto executor = handler->get_executor();
      asio::post(executor, [waiter = std::move(*handler), wake]() mutable { waiter(wake); });
    }
  }

 private:
  using Handler =
      typename asio::async_result<asio::use_awaitable_t<IoExecutor>, void(Wake)>::handler_type;

  std::optional<Handler> take() {
    std::optional<Handler> handler = std::move(handler_);
    handler_.reset();
    return handler;
  }

  std::optional<Handler> handler_;
};

}  // namespace tollgate
