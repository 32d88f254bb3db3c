// WaitSlot: where one Task waits for one thing on its own thread: a socket turning readable, an
// event fired by other code on the thread. Not for other threads: see async.h for those.
#pragma once

#include <utility>

#include "base/check.h"
#include "runtime/task.h"

namespace tollgate {

// Why a wait ended.
enum class Wake { kReady, kTimeout, kAborted };

class WaitSlot {
 public:
  class Wait {
   public:
    explicit Wait(WaitSlot& slot) : slot_(slot) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
      slot_.waiter_ = Suspended(waiter);
      slot_.wake_ = &wake_;
    }
    Wake await_resume() const noexcept { return wake_; }

   private:
    WaitSlot& slot_;
    Wake wake_ = Wake::kReady;
  };

  WaitSlot() = default;
  WaitSlot(const WaitSlot&) = delete;
  WaitSlot& operator=(const WaitSlot&) = delete;

  bool waiting() const { return static_cast<bool>(waiter_); }

  // To be awaited: gives why it was resumed. REQUIRES: nobody waits already.
  Wait wait() {
    check(!waiting(), "one waiter per slot");
    return Wait(*this);
  }

  // Resumes the waiter, if any, before returning. For event-loop callbacks, not for Tasks.
  void resume(Wake wake) {
    if (Suspended waiter = take(wake)) waiter.resume();
  }

  // Resumes the waiter, if any, from the event loop, soon.
  void resume_later(Wake wake) {
    if (Suspended waiter = take(wake)) tollgate::resume_later(std::move(waiter));
  }

 private:
  Suspended take(Wake wake) {
    if (waiting()) *wake_ = wake;
    return std::move(waiter_);
  }

  Suspended waiter_;
  Wake* wake_ = nullptr;  // where the waiter reads it
};

}  // namespace tollgate
