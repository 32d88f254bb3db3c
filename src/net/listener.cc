#include "net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tollgate::net {

namespace {

constexpr int kBacklog = 1'024;
constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kAcceptRetry{100};

std::string errno_text() { return std::strerror(errno); }

std::unexpected<Error> listen_error(const std::string& host, std::uint16_t port) {
  const bool taken = errno == EADDRINUSE;
  return fail(taken ? ErrorCode::kConflict : ErrorCode::kInvalidRequest,
              "Cannot listen on " + host + ":" + std::to_string(port) + ": " + errno_text() +
                  (taken ? ". Stop the program that uses it, or choose another with --listen."
                         : ". Choose another address with --listen HOST:PORT."));
}

int open_listening(const addrinfo& address, int reuse_port) {
  const int on = 1;
  const int socket =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) return -1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port != 0) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(socket, address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket, kBacklog) != 0) {
    const int error = errno;
    ::close(socket);
    errno = error;
    return -1;
  }
  return socket;
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Peer peer_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  Peer peer;
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(),
              text.size());
    peer.address = text.data();
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text.data(),
              text.size());
    peer.address = text.data();
  } else {
    peer.unix_socket = true;
  }
  return peer;
}

// Counts for as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

Result<BoundSocket> listen_tcp(const std::string& host, std::uint16_t port, PortUse use) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return fail(ErrorCode::kInvalidRequest, "Cannot listen on \"" + host +
                                                "\": it is no address of this computer. Use "
                                                "--listen HOST:PORT, e.g. 127.0.0.1:8080.");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(found, &::freeaddrinfo);
  if (use == PortUse::kFirst && port != 0) {
    // A socket that does not share the port cannot be bound beside one that does.
    const int probe = open_listening(*address, 0);
    if (probe < 0) return listen_error(host, port);
    ::close(probe);
  }
  const int socket = open_listening(*address, 1);
  if (socket < 0) return listen_error(host, port);
  return BoundSocket{socket, bound_port(socket)};
}

Result<int> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kInvalidRequest,
                "The path " + path + " is too long for a socket. Use a shorter --data directory.");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ::unlink(path.c_str());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const mode_t before = ::umask(0177);
  const int bound =
      socket < 0 ? -1 : ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0 || ::listen(socket, kBacklog) != 0) {
    const std::string reason = errno_text();
    if (socket >= 0) ::close(socket);
    return fail(ErrorCode::kInvalidRequest, "Cannot make the socket " + path + ": " + reason + ".");
  }
  return socket;
}

Listener::Listener(IoThread& thread, int socket, const SessionOptions& options,
                   const Handler& handler, std::size_t connections_max)
    : thread_(thread),
      descriptor_(thread.executor(), socket),
      options_(options),
      handler_(handler),
      connections_max_(connections_max),
      retry_(thread.deadlines(), [this] { wait(); }) {}

void Listener::start() { wait(); }

void Listener::wait() {
  if (stopped_) return;
  descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                         [this](boost::system::error_code error) {
                           if (!error) accept_ready();
                         });
}

void Listener::accept_ready() {
  for (int i = 0; i < kAcceptsPerTurn && !stopped_; ++i) {
    if (session_count_ >= connections_max_) return retry_.arm(kAcceptRetry);
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int socket = ::accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                 &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return wait();
      // Out of descriptors: what waits is accepted when some are free.
      return retry_.arm(kAcceptRetry);
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    thread_.tasks().spawn(run_session(socket, peer_of(address)));
  }
  wait();  // the others on this thread have their turn first
}

Task<> Listener::run_session(int socket, Peer peer) {
  const Counted counted(session_count_);
  SslPtr ssl;
  if (tls_ != nullptr && !peer.unix_socket) {
    ssl = tls_->accept_on(socket);
    peer.tls = true;
  }
  {
    HttpSession session(thread_, socket, std::move(ssl), std::move(peer), options_, handler_);
    sessions_.push_back(session);
    if (stopped_) session.close_when_idle();
    co_await session.run();
  }
}

void Listener::drain() {
  stopped_ = true;
  retry_.disarm();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  for (HttpSession& session : sessions_) session.close_when_idle();
}

void Listener::abort_sessions() {
  for (HttpSession& session : sessions_) session.abort();
}

}  // namespace tollgate::net
