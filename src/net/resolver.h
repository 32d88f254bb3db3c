// Resolver: host names to addresses, cached, looked up on a pool's threads so that no event loop
// ever waits for DNS. One for the process; the cache is shared under its own mutex.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "runtime/blocking_pool.h"
#include "runtime/io_threads.h"
#include "runtime/task.h"

namespace tollgate::net {

inline constexpr std::chrono::seconds kDnsCacheTime{30};
inline constexpr std::size_t kDnsCacheMax = 1'024;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};
using Addresses = std::vector<SocketAddress>;

// Asks for the addresses of a host, with getaddrinfo()'s flags. Blocks.
using LookUp = std::function<Result<Addresses>(const std::string& host, int flags)>;
Result<Addresses> system_look_up(const std::string& host, int flags);

class Resolver {
 public:
  explicit Resolver(BlockingPool& pool, LookUp look_up = system_look_up)
      : pool_(pool), look_up_(std::move(look_up)) {}

  // In the system's order of preference. kProviderError when the name has no address,
  // kProviderTimeout when none came in time, kServiceUnavailable when too many look-ups wait.
  Task<Result<Addresses>> resolve(IoThread& thread, std::string host, std::uint16_t port,
                                  std::chrono::milliseconds timeout);

 private:
  struct Entry {
    Addresses addresses;
    SteadyTime until;
  };
  std::optional<Addresses> cached(const std::string& host, std::uint16_t port)
      TOLLGATE_EXCLUDES(mutex_);
  void remember(const std::string& host, Addresses addresses) TOLLGATE_EXCLUDES(mutex_);

  BlockingPool& pool_;
  const LookUp look_up_;
  Mutex mutex_;
  std::unordered_map<std::string, Entry> cache_ TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate::net
