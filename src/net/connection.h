// Connection: one connected socket, plain or TLS, on its own I/O thread. What the poller told is
// remembered, so that the same readiness serves the next read and the watch for a peer that goes
// away; each read or write is one system call, and waiting is none.
//
// One Task may read and one may write at a time. All waits end by the deadline or by abort().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "net/tls.h"
#include "runtime/io_threads.h"
#include "runtime/wait_slot.h"

namespace tollgate::net {

// Why a connection can no longer be used.
enum class Failure { kNone, kPeerGone, kTimeout, kAborted, kTls };

class Connection {
 public:
  // Takes the non-blocking socket; `ssl` is null for plain text.
  Connection(IoThread& thread, int socket, SslPtr ssl);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  IoThread& thread() { return thread_; }
  int socket() const { return socket_.number; }
  SSL* ssl() const { return ssl_.get(); }

  // From now on every wait that lasts beyond this ends with kTimeout.
  // A write that makes progress starts the time anew: it bounds silence.
  void expire_after(std::chrono::milliseconds from_now) {
    patience_ = from_now;
    deadline_.arm(from_now);
  }
  void never_expire() { deadline_.disarm(); }

  // TLS from here on, over the socket as it is (after a proxy's CONNECT).
  void start_tls(SslPtr ssl) { ssl_ = std::move(ssl); }
  Task<Failure> handshake();

  enum class ReadState { kData, kWouldBlock, kEnd, kFailed };
  struct ReadResult {
    ReadState state;
    std::size_t bytes = 0;
  };
  // Without waiting. REQUIRES: room is not empty.
  ReadResult try_read(std::span<char> room);
  // Waits until something can be read. False: failure() says why.
  Task<bool> wait_readable();
  // Waits until the socket takes bytes, or a connect has ended. False: failure() says why.
  Task<bool> wait_writable();
  // kData, kEnd or kFailed.
  Task<ReadResult> read_some(std::span<char> room);

  // Everything, in one system call where the socket takes it. False: failure() says why. The pieces
  // and the list of them live until the Task is done.
  Task<bool> write_all(std::span<const std::string_view> pieces);
  Task<bool> write_all(std::string_view bytes);

  // Whether the peer may have seen anything of what was written so far.
  bool wrote() const { return wrote_; }
  void forget_writes() { wrote_ = false; }

  // How much of a dialled connection the peer's TCP has acknowledged, and what that will be once
  // all that was written so far has arrived. REQUIRES: dialled() was called, before any write.
  std::uint64_t acknowledged() const;
  std::uint64_t acknowledged_at_arrival() const;
  void dialled() { acknowledged_at_first_ = acknowledged(); }

  // Whether an idle connection can be used again: nothing waits to be read, not even its end.
  bool quiet();
  // Calls `notify` once when the connection turns readable, ends or fails. The same readiness still
  // serves the next read. `notify` must not destroy the Connection. An empty function takes it
  // back.
  void on_readable(std::function<void()> notify);

  void shutdown_write();
  // Ends all waits with this failure, and the connection with them: the peer sees it at once.
  void abort(Failure why);
  // The same for a write that waits for a peer that does not read; nothing if none waits.
  void abort_blocked_write(Failure why) {
    if (writable_.waiting()) abort(why);
  }
  Failure failure() const { return failure_; }
  // Goes on after this failure: a peer whose request timed out can still be told so, and one that
  // closed against our writing may have said why before.
  void forgive(Failure failure) {
    if (failure_ == failure) failure_ = Failure::kNone;
  }
  // Closes by a reset, so that the peer cannot take what it has for the whole.
  void reset_on_close();
  // What OpenSSL said, for the log.
  const std::string& tls_detail() const { return tls_detail_; }

 private:
  // Closed after nobody watches it any more.
  struct Socket {
    int number;
    ~Socket();
  };

  bool watch();
  void on_ready(Readiness now);
  ReadResult read_tls(std::span<char> room);
  Task<bool> write_tls(std::string_view bytes);
  Task<bool> write_plain(std::span<const std::string_view> pieces);
  Task<bool> write_tls_pieces(std::span<const std::string_view> pieces);
  void fail_with(Failure why);
  void note_progress();

  IoThread& thread_;
  Socket socket_;
  SslPtr ssl_;
  Poller::Watch watch_;
  WaitSlot readable_;
  WaitSlot writable_;
  std::function<void()> notify_readable_;
  Deadline deadline_;
  std::chrono::milliseconds patience_{0};
  bool wrote_ = false;
  std::uint64_t written_ = 0;  // but for TLS
  std::uint64_t acknowledged_at_first_ = 0;
  int eager_reads_ = 0;           // since the last wait
  bool readable_now_ = true;      // as far as anybody knows
  bool ended_ = false;            // the peer's side: readable from here on
  bool* gone_ = nullptr;          // tells on_ready() that this was destroyed
  bool tls_wants_write_ = false;  // the last TLS read waits for room to write
  Failure failure_ = Failure::kNone;
  std::string tls_detail_;
};

}  // namespace tollgate::net
