// What happens, for those who watch it happen: requests that were stored, keys that were changed or
// used. The ledger's threads tell it after the commit; the event streams of admin/ watch.
//
// Telling costs one load where nobody watches, never waits for a watcher, and never happens on an
// I/O thread. Each watcher has a queue of its own with a bound: one that is slower than what
// happens is told that it missed something, and reads anew what it shows. What happens in other
// workspaces a watcher of one cannot tell, neither by what it hears nor by what it misses.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "domain/money.h"
#include "domain/usage_row.h"
#include "runtime/async.h"
#include "runtime/io_threads.h"
#include "runtime/task.h"

namespace tollgate {

// A usage row, as lists show it.
struct RequestStored {
  GenerationNumber id = 0;
  WallTime admitted_at;
  KeyId key;
  std::string key_name;
  std::string model;
  int status = 0;
  std::string error_code;
  Money cost;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t latency_ms = 0;
};

struct KeyChanged {
  enum class How { kCreated, kUpdated, kRevoked };
  KeyId key;
  How how = How::kUpdated;
};

// Authenticated requests that were not admitted: they leave no row.
struct KeyUsed {
  KeyId key;
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  WallTime last_at;
};

struct LiveEvent {
  WorkspaceId workspace;
  std::variant<RequestStored, KeyChanged, KeyUsed> what;
};

class LiveFeed {
 public:
  static constexpr std::size_t kWatchersMax = 256;
  static constexpr std::size_t kWatchersPerCallerMax = 16;
  static constexpr std::size_t kWatchersPerWorkspaceMax = 64;
  static constexpr std::size_t kQueueMax = 128;
  // The most that one watcher is told of one commit; of more, the newest.
  static constexpr std::size_t kTogetherMax = 64;

  class Watcher;
  class Audience;
  // Whether something before it was left out.
  enum class Missed { kNothing, kSomething };

  LiveFeed() = default;
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  // Any thread. Whoever tells asks this first.
  bool watched() const { return watching_.load(std::memory_order_relaxed) > 0; }
  // Any thread. Who watches at the moment.
  Audience audience() const;
  // Any thread but those of I/O. What happened together, the oldest first.
  void tell(std::vector<LiveEvent> events);

  // From now on, of one workspace or of all. For Tasks of `thread`; the feed outlives the watcher.
  // kRateLimitExceeded when too many watch, or too many of this caller or of this workspace.
  Result<std::unique_ptr<Watcher>> watch(IoThread& thread, std::string caller,
                                         std::optional<WorkspaceId> workspace);

 private:
  using Events = std::vector<std::shared_ptr<const LiveEvent>>;
  bool has_place_for(const Watcher& watcher) const TOLLGATE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::atomic<int> watching_{0};
  std::vector<Watcher*> watchers_ TOLLGATE_GUARDED_BY(mutex_);
};

// Which of the things that happened together are worth making an event of, asked of each, the
// newest first. Of one workspace it wants one more than a watcher is told, so that tell() knows of
// the gap.
class LiveFeed::Audience {
 public:
  bool wants(const WorkspaceId& workspace);

 private:
  friend class LiveFeed;
  std::unordered_map<WorkspaceId, std::size_t> left_;  // of each that is watched
  std::size_t left_of_all_ = 0;                        // for those who watch all
};

class LiveFeed::Watcher {
 public:
  Watcher(LiveFeed& feed, IoThread& thread, std::string caller,
          std::optional<WorkspaceId> workspace);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Until there is something to take (at once if there is), wake(), or so long.
  Task<> wait(std::chrono::milliseconds at_most);
  // Until wake(), or so long.
  Task<> rest(std::chrono::milliseconds at_most);
  // Any thread. Ends the wait, or the next one.
  void wake();

  struct Taken {
    Missed missed = Missed::kNothing;  // before these
    Events events;
  };
  Taken take();

 private:
  friend class LiveFeed;
  enum class Until { kEvents, kTime };
  Task<> wait_until(Until until, std::chrono::milliseconds at_most);
  bool something() const TOLLGATE_REQUIRES(feed_.mutex_) {
    return missed_ == Missed::kSomething || !queue_.empty();
  }
  // Of its workspace. With the feed's mutex held, which the analysis cannot know for the same.
  void hear(std::span<const std::shared_ptr<const LiveEvent>> events)
      TOLLGATE_NO_THREAD_SAFETY_ANALYSIS;
  void end_wait() TOLLGATE_REQUIRES(feed_.mutex_);

  LiveFeed& feed_;
  IoThread& thread_;
  const std::string caller_;
  const std::optional<WorkspaceId> workspace_;
  std::deque<std::shared_ptr<const LiveEvent>> queue_ TOLLGATE_GUARDED_BY(feed_.mutex_);
  Missed missed_ TOLLGATE_GUARDED_BY(feed_.mutex_) = Missed::kNothing;
  Until until_ TOLLGATE_GUARDED_BY(feed_.mutex_) = Until::kEvents;
  bool woken_ TOLLGATE_GUARDED_BY(feed_.mutex_) = false;
  std::optional<Callback<bool>> waiting_ TOLLGATE_GUARDED_BY(feed_.mutex_);
};

}  // namespace tollgate
