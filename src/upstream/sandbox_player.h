// Plays a sandbox script over a timer, as if a provider answered. One I/O thread's.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "dialects/sandbox.h"
#include "net/http_client.h"
#include "runtime/io_threads.h"
#include "runtime/wait_slot.h"

namespace tollgate {

class SandboxPlayer {
 public:
  SandboxPlayer(IoThread& thread, SandboxScript script, const net::CallDeadlines& deadlines);
  SandboxPlayer(const SandboxPlayer&) = delete;
  SandboxPlayer& operator=(const SandboxPlayer&) = delete;
  ~SandboxPlayer();

  const SandboxScript& script() const { return script_; }
  // Until the head would have come: the first step's delay, or the head deadline of one that hangs.
  Task<Status> open();
  // The next step's bytes, empty at the end; kProviderError where the script cuts.
  Task<Result<std::string_view>> read();
  void abort(ErrorCode why);

 private:
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock,
                                 asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
  Task<Status> pause(std::chrono::milliseconds delay);

  SandboxScript script_;
  net::CallDeadlines deadlines_;
  std::size_t next_step_ = 0;
  std::shared_ptr<WaitSlot> slot_ = std::make_shared<WaitSlot>();
  Timer timer_;
  std::optional<ErrorCode> aborted_;
};

}  // namespace tollgate
