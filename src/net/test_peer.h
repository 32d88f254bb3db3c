// TestPeer: the other end of a connection, driven by hand: raw bytes over a real socket, on the
// test's own loop. What it waits for comes in time or the test fails.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/test_loop.h"

namespace tollgate::net {

class TestPeer {
 public:
  TestPeer(TestLoop& loop, int socket) : loop_(loop), socket_(socket) {}
  TestPeer(TestPeer&& other) noexcept
      : loop_(other.loop_),
        socket_(std::exchange(other.socket_, -1)),
        received_(std::move(other.received_)),
        ended_(other.ended_),
        reset_(other.reset_) {}
  TestPeer& operator=(TestPeer&&) = delete;
  ~TestPeer() { close(); }

  static TestPeer connect(TestLoop& loop, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("nobody listens there");
    }
    return TestPeer(loop, socket);
  }

  int socket() const { return socket_; }

  void send(std::string_view bytes) {
    const bool sent = loop_.run_until([&] {
      while (!bytes.empty()) {
        const ssize_t taken =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken < 0 && errno != EAGAIN) throw std::runtime_error("the connection has ended");
        if (taken < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(taken));
      }
      return true;
    });
    if (!sent) throw std::runtime_error("nobody takes what is sent");
  }
  // Everything up to and with `mark`.
  std::string take_until(std::string_view mark) {
    std::size_t at = std::string::npos;
    const bool came = loop_.run_until([&] {
      receive();
      at = received_.find(mark);
      return at != std::string::npos || ended_;
    });
    if (!came || at == std::string::npos) {
      throw std::runtime_error("no \"" + std::string(mark) + "\" came, but: " + received_);
    }
    return take(at + mark.size());
  }
  std::string take_bytes(std::size_t count) {
    const bool came = loop_.run_until([&] {
      receive();
      return received_.size() >= count || ended_;
    });
    if (!came || received_.size() < count) throw std::runtime_error("too few bytes came");
    return take(count);
  }
  // Everything until the other side ends the connection.
  std::string take_rest() {
    const bool ended = loop_.run_until([&] {
      receive();
      return ended_;
    });
    if (!ended) throw std::runtime_error("the connection does not end, but brought: " + received_);
    return take(received_.size());
  }
  // What has come by now, once the loop has nothing more to do.
  std::string take_present() {
    loop_.settle();
    receive();
    return take(received_.size());
  }
  bool was_reset() const { return reset_; }

  void finish_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Ends with RST instead of FIN.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  void receive() {
    std::array<char, 64 * 1024> bytes;
    while (!ended_) {
      const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count > 0) {
        received_.append(bytes.data(), static_cast<std::size_t>(count));
      } else if (count < 0 && errno == EAGAIN) {
        return;
      } else {
        ended_ = true;
        reset_ = count < 0;
      }
    }
  }
  std::string take(std::size_t count) {
    std::string taken = received_.substr(0, count);
    received_.erase(0, count);
    return taken;
  }

  TestLoop& loop_;
  int socket_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

// A listening socket on 127.0.0.1 whose connections the test serves by hand.
class TestUpstream {
 public:
  explicit TestUpstream(TestLoop& loop)
      : loop_(loop), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(socket_, 16) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
  }
  TestUpstream(const TestUpstream&) = delete;
  TestUpstream& operator=(const TestUpstream&) = delete;
  ~TestUpstream() { close(); }

  std::uint16_t port() const { return port_; }
  TestPeer accept() {
    int socket = -1;
    if (!loop_.run_until([&] { return (socket = accept_now()) >= 0; })) {
      throw std::runtime_error("nobody connects");
    }
    return TestPeer(loop_, socket);
  }
  // Whether nobody has connected whom accept() did not take.
  bool nobody_waits() {
    loop_.settle();
    const int socket = accept_now();
    if (socket >= 0) ::close(socket);
    return socket < 0;
  }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

 private:
  int accept_now() {
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int on = 1;
    if (socket >= 0) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }

  TestLoop& loop_;
  int socket_;
  std::uint16_t port_ = 0;
};

// Two ends of one connection; the first is non-blocking.
struct SocketPair {
  int ours = -1;
  int theirs = -1;
};
inline SocketPair socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("no sockets left");
  }
  return {ends[0], ends[1]};
}

}  // namespace tollgate::net
