#include "ledger/live_feed.h"

#include <algorithm>
#include <utility>

#include "runtime/deadlines.h"

namespace tollgate {

namespace {

constexpr std::chrono::seconds kAskAgain{30};

}  // namespace

void LiveFeed::tell(std::vector<LiveEvent> events, Missed missed) {
  std::vector<std::shared_ptr<const LiveEvent>> shared;
  shared.reserve(events.size());
  const Lock lock(mutex_);
  for (LiveEvent& event : events) {
    event.number = ++last_number_;
    shared.push_back(std::make_shared<const LiveEvent>(std::move(event)));
  }
  for (Watcher* watcher : watchers_) watcher->hear(shared, missed);
}

Result<std::unique_ptr<LiveFeed::Watcher>> LiveFeed::watch(IoThread& thread, std::string caller,
                                                           std::optional<WorkspaceId> workspace) {
  auto watcher = std::make_unique<Watcher>(*this, thread, std::move(caller), std::move(workspace));
  const Lock lock(mutex_);
  const auto own = std::ranges::count(watchers_, watcher->caller_, &Watcher::caller_);
  if (watchers_.size() >= kWatchersMax || static_cast<std::size_t>(own) >= kWatchersPerCallerMax) {
    return std::unexpected(Error{.code = ErrorCode::kRateLimitExceeded,
                                 .message = "Too many event streams are open. Close some, or ask "
                                            "for what you want to see every few seconds.",
                                 .retry_after = kAskAgain});
  }
  watchers_.push_back(watcher.get());
  watching_.store(static_cast<int>(watchers_.size()), std::memory_order_relaxed);
  return watcher;
}

std::uint64_t LiveFeed::next_number() {
  const Lock lock(mutex_);
  return ++last_number_;
}

LiveFeed::Watcher::Watcher(LiveFeed& feed, IoThread& thread, std::string caller,
                           std::optional<WorkspaceId> workspace)
    : feed_(feed), thread_(thread), caller_(std::move(caller)), workspace_(std::move(workspace)) {}

LiveFeed::Watcher::~Watcher() {
  const Lock lock(feed_.mutex_);
  std::erase(feed_.watchers_, this);
  feed_.watching_.store(static_cast<int>(feed_.watchers_.size()), std::memory_order_relaxed);
}

Task<> LiveFeed::Watcher::wait(std::chrono::milliseconds at_most) {
  return wait_until(Until::kEvents, at_most);
}

Task<> LiveFeed::Watcher::rest(std::chrono::milliseconds at_most) {
  return wait_until(Until::kTime, at_most);
}

Task<> LiveFeed::Watcher::wait_until(Until until, std::chrono::milliseconds at_most) {
  Deadline deadline(thread_.deadlines(), [this] { wake(); });
  deadline.arm(at_most);
  auto start = [this, until](Callback<bool> waiter) {
    const Lock lock(feed_.mutex_);
    until_ = until;
    waiting_.emplace(std::move(waiter));
    if (woken_ || (until == Until::kEvents && something())) end_wait();
  };
  (void)co_await from_callback<bool>(std::move(start));
}

void LiveFeed::Watcher::wake() {
  const Lock lock(feed_.mutex_);
  if (waiting_) {
    end_wait();
  } else {
    woken_ = true;
  }
}

void LiveFeed::Watcher::end_wait() {
  woken_ = false;
  Callback<bool> waiter = std::move(*waiting_);
  waiting_.reset();
  waiter(true);
}

void LiveFeed::Watcher::hear(const std::vector<std::shared_ptr<const LiveEvent>>& events,
                             Missed missed) {
  if (missed == Missed::kSomething) {
    queue_.clear();
    missed_ = missed;
  }
  for (const auto& event : events) {
    if (workspace_ && event->workspace != *workspace_) continue;
    if (queue_.size() == kQueueMax) {
      queue_.clear();
      missed_ = Missed::kSomething;
    }
    queue_.push_back(event);
  }
  if (waiting_ && until_ == Until::kEvents && something()) end_wait();
}

LiveFeed::Watcher::Taken LiveFeed::Watcher::take() {
  const Lock lock(feed_.mutex_);
  Taken taken{.missed = std::exchange(missed_, Missed::kNothing), .events = {}};
  taken.events.assign(queue_.begin(), queue_.end());
  queue_.clear();
  return taken;
}

}  // namespace tollgate
