#include "upstream/sandbox_player.h"

namespace tollgate {

SandboxPlayer::SandboxPlayer(IoThread& thread, SandboxScript script,
                             const net::CallDeadlines& deadlines)
    : script_(std::move(script)), deadlines_(deadlines), timer_(thread.executor()) {}

SandboxPlayer::~SandboxPlayer() = default;

Task<Status> SandboxPlayer::pause(std::chrono::milliseconds delay) {
  if (!aborted_ && delay.count() > 0) {
    timer_.expires_after(delay);
    timer_.async_wait([slot = slot_](boost::system::error_code error) {
      if (!error) slot->resume(Wake::kReady);
    });
    co_await slot_->wait();
  }
  if (aborted_) co_return fail(*aborted_, "The request was cut.");
  co_return Status{};
}

Task<Status> SandboxPlayer::open() {
  if (script_.ending == SandboxEnding::kHang) {
    const auto limit = std::min(deadlines_.head, deadlines_.total);
    if (auto waited = co_await pause(limit); !waited) co_return waited;
    co_return fail(ErrorCode::kProviderTimeout,
                   "The provider did not answer in time. Try again later.");
  }
  const auto delay =
      script_.steps.empty() ? std::chrono::milliseconds(0) : script_.steps.front().delay;
  co_return co_await pause(delay);
}

Task<Result<std::string_view>> SandboxPlayer::read() {
  if (next_step_ == script_.steps.size()) {
    if (script_.ending == SandboxEnding::kComplete) co_return std::string_view();
    co_return fail(ErrorCode::kProviderError,
                   "The connection to the provider failed. Try again later.", "the script cuts");
  }
  const SandboxStep& step = script_.steps[next_step_++];
  if (next_step_ > 1) {
    if (auto waited = co_await pause(step.delay); !waited) {
      co_return std::unexpected(waited.error());
    }
  } else if (aborted_) {
    co_return fail(*aborted_, "The request was cut.");
  }
  co_return std::string_view(step.bytes);
}

void SandboxPlayer::abort(ErrorCode why) {
  if (aborted_) return;
  aborted_ = why;
  slot_->resume_later(Wake::kAborted);
  timer_.cancel();
}

}  // namespace tollgate
