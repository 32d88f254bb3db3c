// Task<T>: a coroutine on an I/O thread. It starts when it is awaited (or spawned, task_group.h),
// and whoever awaits it goes on with its value, or with the exception that ended it.
// CONTRIBUTING.md's rules for coroutines hold for every Task.
//
// What a Task waits for in the end is no Task but one of three awaitables: WaitSlot (wait_slot.h),
// from_callback and next_turn (async.h). They keep it as a Suspended until they resume it. Nothing
// here locks or allocates, but for the frame of the coroutine (frame_pool.h); a Task that does not
// have to wait runs to its end like a function.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/frame_pool.h"

namespace tollgate {

namespace asio = boost::asio;

using IoContext = asio::io_context;
using IoExecutor = asio::io_context::executor_type;

// The bottom of a chain of Tasks that await each other: what was spawned, and where it runs.
struct TaskRoot {
  IoContext* context = nullptr;
  std::coroutine_handle<> frame;
};

// What the frames of all Tasks have in common.
class TaskPromise {
 public:
#if !__has_feature(address_sanitizer)  // which is to see a frame that is used too late
  static void* operator new(std::size_t bytes) { return FramePool::of_this_thread().take(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    FramePool::of_this_thread().give_back(frame, bytes);
  }
#endif

  // At its end a Task hands over to whoever awaits it, without growing the stack.
  struct BackToCaller {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().caller_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  BackToCaller final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  const TaskRoot* root() const { return root_; }
  void called_by(std::coroutine_handle<> caller, const TaskRoot* root) {
    caller_ = caller;
    root_ = root;
  }

 protected:
  void rethrow() {
    if (failure_) std::rethrow_exception(std::move(failure_));
  }

 private:
  std::coroutine_handle<> caller_;
  const TaskRoot* root_ = nullptr;
  std::exception_ptr failure_;
};

template <class T>
class Task;

template <class T>
class TaskResult : public TaskPromise {
 public:
  Task<T> get_return_object();
  template <class Value>
    requires std::constructible_from<T, Value&&>
  void return_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
  }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class TaskResult<void> : public TaskPromise {
 public:
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() { rethrow(); }
};

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = TaskResult<T>;
  using Frame = std::coroutine_handle<promise_type>;

  explicit Task(Frame frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  struct Awaiter {
    Frame frame;
    bool await_ready() const noexcept { return false; }
    template <std::derived_from<TaskPromise> Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
      frame.promise().called_by(caller, caller.promise().root());
      return frame;
    }
    T await_resume() const { return frame.promise().take(); }
  };
  // Once, and the Task lives until then: `co_await f()` or `co_await std::move(task)`.
  Awaiter operator co_await() && noexcept { return {frame_}; }

 private:
  Frame frame_;
};

template <class T>
Task<T> TaskResult<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskResult>::from_promise(*this));
}
inline Task<void> TaskResult<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskResult>::from_promise(*this));
}

// A Task that waits, with all that await it. Whoever is to resume it owns it. Dropping it instead
// destroys their frames, as at the end of a program that no longer runs its event loop.
class Suspended {
 public:
  Suspended() = default;
  template <std::derived_from<TaskPromise> Promise>
  explicit Suspended(std::coroutine_handle<Promise> waiting)
      : waiting_(waiting), root_(waiting.promise().root()) {}
  Suspended(Suspended&& other) noexcept
      : waiting_(std::exchange(other.waiting_, nullptr)), root_(other.root_) {}
  Suspended& operator=(Suspended&& other) noexcept {
    std::swap(waiting_, other.waiting_);
    std::swap(root_, other.root_);
    return *this;
  }
  ~Suspended() {
    if (waiting_) root_->frame.destroy();
  }

  explicit operator bool() const { return waiting_ != nullptr; }
  // Its event loop. REQUIRES, as all below: it holds a Task.
  IoContext& context() const { return *root_->context; }
  // Runs it until it waits again or ends. On its thread only.
  void resume() { std::exchange(waiting_, nullptr).resume(); }

 private:
  std::coroutine_handle<> waiting_;
  const TaskRoot* root_ = nullptr;
};

// Resumes it from its event loop, soon. Any thread.
inline void resume_later(Suspended task) {
  IoContext& context = task.context();
  asio::post(context, [held = std::move(task)]() mutable { held.resume(); });
}

}  // namespace tollgate
