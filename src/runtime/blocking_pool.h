// A few threads for work that blocks: name resolution, password hashing. Work runs in order of
// arrival; the queue is bounded.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace tollgate {

inline constexpr std::size_t kBlockingQueueMax = 1'024;

class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads);
  ~BlockingPool();  // finishes what is running, drops what is queued

  // False when the queue is full: the work is not taken.
  [[nodiscard]] bool submit(std::function<void()> work) TOLLGATE_EXCLUDES(mutex_);

 private:
  void run() TOLLGATE_EXCLUDES(mutex_);
  Mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_ TOLLGATE_GUARDED_BY(mutex_);
  bool stopping_ TOLLGATE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace tollgate
