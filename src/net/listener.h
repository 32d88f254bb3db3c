// Listener: accepts connections on one I/O thread and runs a session for each. Every thread has its
// own, all on one address (SO_REUSEPORT), so nothing is handed over.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/http_session.h"

namespace tollgate::net {

// A TCP listening socket; port 0 picks one. Refuses (kConflict) an address that another program
// listens on, even one that shares ports.
struct BoundSocket {
  int socket = -1;
  std::uint16_t port = 0;
};
enum class PortUse { kFirst, kShared };
Result<BoundSocket> listen_tcp(const std::string& host, std::uint16_t port, PortUse use);
// A Unix socket of mode 0600; a stale file is replaced.
Result<int> listen_unix(const std::string& path);

class Listener {
 public:
  // Takes the listening socket. `handler` and `options` outlive the listener.
  Listener(IoThread& thread, int socket, const SessionOptions& options, const Handler& handler,
           std::size_t connections_max);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // All of these on the listener's thread.
  void start();
  // The certificate for connections accepted from now on; null = plain text.
  void use_tls(std::shared_ptr<const TlsServerContext> context) { tls_ = std::move(context); }
  // Accepts no more; sessions end when their request is answered.
  void drain();
  void abort_sessions();
  std::size_t session_count() const { return session_count_; }

 private:
  void wait();
  void accept_ready();
  Task<> run_session(int socket, Peer peer);

  using SessionList = boost::intrusive::list<
      HttpSession,
      boost::intrusive::member_hook<HttpSession, decltype(HttpSession::hook), &HttpSession::hook>,
      boost::intrusive::constant_time_size<false>>;

  IoThread& thread_;
  asio::posix::basic_stream_descriptor<IoExecutor> descriptor_;
  const SessionOptions& options_;
  const Handler& handler_;
  std::size_t connections_max_;
  std::shared_ptr<const TlsServerContext> tls_;
  SessionList sessions_;
  std::size_t session_count_ = 0;
  Deadline retry_;
  bool stopped_ = false;
};

}  // namespace tollgate::net
