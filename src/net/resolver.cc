#include "net/resolver.h"

#include <netdb.h>

#include <boost/asio/prefer.hpp>
#include <cstring>

#include "runtime/wait_slot.h"

namespace tollgate::net {

Result<Addresses> system_look_up(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return fail(ErrorCode::kProviderError, "The provider's address could not be found.",
                "getaddrinfo: " + std::string(::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

namespace {

void set_port(Addresses& addresses, std::uint16_t port) {
  for (SocketAddress& address : addresses) {
    if (address.storage.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
    } else {
      reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
    }
  }
}

}  // namespace

std::optional<Addresses> Resolver::cached(const std::string& host, std::uint16_t port) {
  Lock lock(mutex_);
  const auto found = cache_.find(host);
  if (found == cache_.end() || found->second.until < std::chrono::steady_clock::now()) {
    return std::nullopt;
  }
  Addresses addresses = found->second.addresses;
  set_port(addresses, port);
  return addresses;
}

void Resolver::remember(const std::string& host, Addresses addresses) {
  Lock lock(mutex_);
  if (cache_.size() >= kDnsCacheMax) cache_.clear();
  cache_[host] = {std::move(addresses), std::chrono::steady_clock::now() + kDnsCacheTime};
}

// The look-up's answer outlives a waiter that gave up.
struct PendingLookUp {
  WaitSlot slot;
  std::optional<Result<Addresses>> answer;
};

Task<Result<Addresses>> Resolver::resolve(IoThread& thread, std::string host, std::uint16_t port,
                                          std::chrono::milliseconds timeout) {
  if (auto known = cached(host, port)) co_return std::move(*known);
  // A literal address needs no thread.
  Result<Addresses> addresses = look_up_(host, AI_NUMERICHOST);
  if (!addresses) {
    auto pending = std::make_shared<PendingLookUp>();
    auto executor = asio::prefer(thread.executor(), asio::execution::outstanding_work.tracked);
    const bool taken = pool_.submit([this, name = host, pending, executor] {
      asio::post(executor, [pending, answer = look_up_(name, AI_ADDRCONFIG)]() mutable {
        pending->answer = std::move(answer);
        pending->slot.resume(Wake::kReady);
      });
    });
    if (!taken) {
      co_return fail(ErrorCode::kServiceUnavailable,
                     "Too many name look-ups are waiting. Try again shortly.");
    }
    Deadline deadline(thread.deadlines(),
                      [pending] { pending->slot.resume_later(Wake::kTimeout); });
    deadline.arm(timeout);
    co_await pending->slot.wait();
    if (!pending->answer) {
      co_return fail(ErrorCode::kProviderTimeout, "The provider's address was not found in time.");
    }
    addresses = std::move(*pending->answer);
    if (!addresses) co_return addresses;
  }
  remember(host, *addresses);
  set_port(*addresses, port);
  co_return addresses;
}

}  // namespace tollgate::net
