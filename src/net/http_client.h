// HttpClient: requests to upstreams from one I/O thread, over a pool of kept connections.
//
// A kept connection is checked for a waiting end before it is used again, and never used again
// after anything but a complete, cleanly framed answer. TLS always verifies (net/tls.h).
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/body_decoder.h"
#include "net/buffer.h"
#include "net/connection.h"
#include "net/http_codec.h"
#include "net/origin.h"
#include "net/resolver.h"

namespace tollgate::net {

inline constexpr std::size_t kIdlePerOriginMax = 256;
inline constexpr std::chrono::milliseconds kIdleUpstreamTime{60'000};

struct CallDeadlines {
  std::chrono::milliseconds connect;  // name look-up, connect, proxy, TLS
  std::chrono::milliseconds head;     // from the request to the answer's head
  std::chrono::milliseconds silence;  // between two reads of the body
  std::chrono::milliseconds total;
};

class HttpClient {
 public:
  HttpClient(IoThread& thread, Resolver& resolver) : thread_(thread), resolver_(resolver) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  IoThread& thread() { return thread_; }
  // Closes what is idle (shutdown).
  void close_idle() { idle_.clear(); }

 private:
  friend class ClientCall;
  using ConnectionPtr = std::unique_ptr<Connection>;

  ConnectionPtr take_idle(const std::string& pool_key);
  void keep(const std::string& pool_key, ConnectionPtr connection);
  void watch_idle(const std::string& pool_key, Connection& connection);
  void drop(const std::string& pool_key, Connection* connection);

  IoThread& thread_;
  Resolver& resolver_;
  std::unordered_map<std::string, std::vector<ConnectionPtr>> idle_;
  std::unordered_map<std::string, SslSessionPtr> sessions_;  // for resumption, newest
};

enum class CallStage {
  kLookUp,   // the host's addresses are asked for
  kReach,    // it has none that may be gone to
  kConnect,  // to one of them, or to the proxy
  kProxy,    // the proxy opens the way
  kTls,
  kExchange,  // the request is on its way, or its answer
};

// One request and its answer. Use: send(), then read() until it gives nothing, then finish().
// Destroying it earlier closes the connection.
class ClientCall {
 public:
  ClientCall(HttpClient& client, const Origin& origin, const CallDeadlines& deadlines);
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;
  ~ClientCall();

  // Sends the head (made by HeadWriter) and the body's pieces, and reads the answer's head.
  // kProviderError (cannot connect, not verified, connection lost, bad head), kProviderTimeout, or
  // the reason given to abort().
  Task<Status> send(std::string_view head, std::span<const std::string_view> body);
  const ResponseHead& head() const { return head_; }

  // The next bytes of the body, empty at its end. They lie in the thread's read buffer: use them
  // before the next suspension.
  Task<Result<std::string_view>> read();

  // Nothing more of the answer is wanted: keep the connection if it was read to its end, or that
  // end has arrived and holds no more data.
  void finish();
  // Ends any wait with this reason, and closes the connection.
  void abort(ErrorCode why);

  // Whether the provider may have seen any of the request.
  bool sent() const { return sent_; }
  // How far it came; after an error, where it ended.
  CallStage stage() const { return stage_; }

 private:
  Task<Status> obtain_connection();
  Task<Status> dial();
  Task<Status> connect_to(const SocketAddress& address, std::chrono::milliseconds timeout);
  Task<Status> tunnel();
  Task<Status> secure();
  Task<Status> write_request(std::string_view head, std::span<const std::string_view> body);
  Task<Status> read_head();
  bool nothing_received() const;
  void take_late_end();
  std::string_view decode_in_place(std::span<char> bytes, Status& status);
  std::chrono::milliseconds within_total(std::chrono::milliseconds limit) const;
  std::unexpected<Error> failed(std::string_view doing) const;

  HttpClient& client_;
  const Origin& origin_;
  CallDeadlines deadlines_;
  SteadyTime began_;
  std::unique_ptr<Connection> connection_;
  bool reused_ = false;
  bool ended_ = false;  // the peer closed in order where the answer's head was awaited
  std::uint64_t acknowledged_before_ = 0;  // of a reused connection, before this request
  bool sent_ = false;
  CallStage stage_ = CallStage::kExchange;
  bool surplus_ = false;  // bytes came behind the answer
  std::optional<ErrorCode> aborted_;
  Buffer head_bytes_;
  std::size_t pending_from_ = 0;  // of head_bytes_: the body's beginning, until read
  ResponseHead head_;
  BodyDecoder decoder_;
};

}  // namespace tollgate::net
