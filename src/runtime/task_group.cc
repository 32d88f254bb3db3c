#include "runtime/task_group.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/log.h"

namespace tollgate {

void TaskGroup::spawn(Task<> task) {
  ++running_;
  asio::co_spawn(context_.get_executor(), std::move(task), [this](std::exception_ptr failure) {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& exception) {
        log(LogLevel::kError, "a task ended with a bug: {}", exception.what());
      }
    }
    ended();
  });
}

void TaskGroup::ended() {
  --running_;
  if (running_ == 0) idle_.resume_later(Wake::kReady);
}

Task<> TaskGroup::wait_idle() {
  while (running_ > 0) co_await idle_.wait();
}

}  // namespace tollgate
