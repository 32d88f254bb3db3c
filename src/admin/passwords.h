// Passwords: hashing and checking off the I/O threads, at most two at once, because each takes 64
// MiB and a core for about 100 ms (base/password.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "runtime/blocking_pool.h"
#include "runtime/task.h"

namespace tollgate {

inline constexpr std::size_t kPasswordThreads = 2;
// More would wait for seconds: they are refused instead.
inline constexpr std::size_t kPasswordsWaitingMax = 32;

class Passwords {
 public:
  explicit Passwords(Metrics* metrics);

  // kServiceUnavailable when too many wait, or there is no memory.
  Task<Result<std::string>> hash(Secret password);
  Task<Result<bool>> is_of(std::string hash, Secret password);
  // How many hashes were computed; tollgate_password_hashes_total, where there are metrics.
  std::uint64_t computed() const { return computed_; }

 private:
  template <class T>
  Task<Result<T>> run(std::function<Result<T>()> work);

  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<std::uint64_t> computed_ = 0;
  prometheus::Counter* counter_ = nullptr;
  BlockingPool pool_{kPasswordThreads};
};

}  // namespace tollgate
