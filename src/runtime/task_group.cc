#include "runtime/task_group.h"

#include <boost/asio/dispatch.hpp>
#include <exception>

#include "base/log.h"

namespace tollgate {

// The coroutine below a spawned Task. Nobody awaits it, so it frees itself.
struct TaskGroup::Spawned {
  struct promise_type : TaskPromise {
    TaskRoot bottom;
    Spawned get_return_object() {
      bottom.frame = std::coroutine_handle<promise_type>::from_promise(*this);
      called_by(nullptr, &bottom);
      return {*this};
    }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void unhandled_exception() const noexcept { std::terminate(); }
    void return_void() const noexcept {}
  };
  promise_type& promise;
};

TaskGroup::Spawned TaskGroup::run(Task<> task) {
  try {
    co_await std::move(task);
  } catch (const std::exception& exception) {
    log(LogLevel::kError, "a task ended with a bug: {}", exception.what());
  }
  ended();
}

void TaskGroup::spawn(Task<> task) {
  ++running_;
  Spawned::promise_type& promise = run(std::move(task)).promise;
  promise.bottom.context = &context_;
  Suspended start(std::coroutine_handle<Spawned::promise_type>::from_promise(promise));
  asio::dispatch(context_, [held = std::move(start)]() mutable { held.resume(); });
}

void TaskGroup::ended() {
  --running_;
  if (running_ == 0) idle_.resume_later(Wake::kReady);
}

Task<> TaskGroup::wait_idle() {
  while (running_ > 0) co_await idle_.wait();
}

}  // namespace tollgate
