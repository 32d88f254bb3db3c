#include "ledger/live_feed.h"

#include <algorithm>
#include <utility>

#include "runtime/deadlines.h"

namespace tollgate {

namespace {

constexpr std::chrono::seconds kAskAgain{30};

}  // namespace

bool LiveFeed::Audience::wants(const WorkspaceId& workspace) {
  bool wanted = left_of_all_ > 0;
  if (wanted) --left_of_all_;
  const auto left = left_.find(workspace);
  if (left != left_.end() && left->second > 0) {
    --left->second;
    wanted = true;
  }
  return wanted;
}

LiveFeed::Audience LiveFeed::audience() const {
  Audience audience;
  const Lock lock(mutex_);
  for (const Watcher* watcher : watchers_) {
    if (watcher->workspace_) {
      audience.left_[*watcher->workspace_] = kTogetherMax + 1;
    } else {
      audience.left_of_all_ = kTogetherMax + 1;
    }
  }
  return audience;
}

void LiveFeed::tell(std::vector<LiveEvent> events) {
  Events all;
  all.reserve(events.size());
  std::unordered_map<WorkspaceId, Events> by_workspace;
  for (LiveEvent& event : events) {
    all.push_back(std::make_shared<const LiveEvent>(std::move(event)));
    by_workspace[all.back()->workspace].push_back(all.back());
  }
  const Lock lock(mutex_);
  for (Watcher* watcher : watchers_) {
    if (!watcher->workspace_) {
      watcher->hear(all);
    } else if (const auto own = by_workspace.find(*watcher->workspace_);
               own != by_workspace.end()) {
      watcher->hear(own->second);
    }
  }
}

bool LiveFeed::has_place_for(const Watcher& watcher) const {
  const auto same = [this](const auto& what, auto member) TOLLGATE_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<std::size_t>(std::ranges::count(watchers_, what, member));
  };
  if (watchers_.size() >= kWatchersMax) return false;
  if (same(watcher.caller_, &Watcher::caller_) >= kWatchersPerCallerMax) return false;
  return !watcher.workspace_ ||
         same(watcher.workspace_, &Watcher::workspace_) < kWatchersPerWorkspaceMax;
}

Result<std::unique_ptr<LiveFeed::Watcher>> LiveFeed::watch(IoThread& thread, std::string caller,
                                                           std::optional<WorkspaceId> workspace) {
  auto watcher = std::make_unique<Watcher>(*this, thread, std::move(caller), std::move(workspace));
  const Lock lock(mutex_);
  if (!has_place_for(*watcher)) {
    return std::unexpected(Error{.code = ErrorCode::kRateLimitExceeded,
                                 .message = "Too many event streams are open. Close some, or ask "
                                            "for what you want to see every few seconds.",
                                 .retry_after = kAskAgain});
  }
  watchers_.push_back(watcher.get());
  watching_.store(static_cast<int>(watchers_.size()), std::memory_order_relaxed);
  return watcher;
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

void LiveFeed::Watcher::hear(std::span<const std::shared_ptr<const LiveEvent>> events) {
  if (events.size() > kTogetherMax) {
    queue_.clear();
    missed_ = Missed::kSomething;
    events = events.last(kTogetherMax);
  }
  for (const auto& event : events) {
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
