// std::mutex with clang's thread-safety annotations: the compiler refuses an unlocked access.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#define TOLLGATE_CAPABILITY(x) __attribute__((capability(x)))
#define TOLLGATE_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define TOLLGATE_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define TOLLGATE_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define TOLLGATE_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TOLLGATE_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define TOLLGATE_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define TOLLGATE_NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

namespace tollgate {

class TOLLGATE_CAPABILITY("mutex") Mutex {
 public:
  void lock() TOLLGATE_ACQUIRE() { mutex_.lock(); }
  void unlock() TOLLGATE_RELEASE() { mutex_.unlock(); }

 private:
  friend class Lock;
  std::mutex mutex_;
};

// Holds a Mutex for a scope; wait() releases it while waiting on a condition variable.
class TOLLGATE_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) TOLLGATE_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~Lock() TOLLGATE_RELEASE() {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void wait(std::condition_variable& condition) { condition.wait(lock_); }
  template <class Clock, class Duration>
  void wait_until(std::condition_variable& condition,
                  std::chrono::time_point<Clock, Duration> until) {
    condition.wait_until(lock_, until);
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace tollgate
