#include "net/connection.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/tcp_progress.h"
#include "runtime/async.h"

namespace tollgate::net {

namespace {

// A TLS record holds 16 KiB: pieces up to that are joined into one.
constexpr std::size_t kTlsJoinMax = 16 * 1024;
// Pieces handed to the kernel at once.
constexpr std::size_t kGatherMax = 16;
// Reads in a row that find data before the event loop has its turn.
constexpr int kEagerReadsMax = 16;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Connection::Socket::~Socket() { ::close(number); }

Connection::Connection(IoThread& thread, int socket, SslPtr ssl)
    : thread_(thread),
      socket_{socket},
      ssl_(std::move(ssl)),
      watch_(thread.poller(), [this](Readiness now) { on_ready(now); }),
      deadline_(thread.deadlines(), [this] { fail_with(Failure::kTimeout); }) {}

Connection::~Connection() {
  if (gone_ != nullptr) *gone_ = true;
  if (ssl_ == nullptr || SSL_is_init_finished(ssl_.get()) != 1) return;
  if (failure_ == Failure::kNone) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  } else {
    // What befell one connection says nothing against its session, which others may resume.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

// From the first wait on: a socket that is not connecting yet would be told to have failed.
bool Connection::watch() {
  if (watch_.started() || watch_.start(socket())) return true;
  fail_with(Failure::kAborted);
  return false;
}

void Connection::on_ready(Readiness now) {
  bool gone = false;
  gone_ = &gone;
  if (now.ended) ended_ = true;
  if (now.readable) {
    readable_now_ = true;
    if (notify_readable_) {
      auto notify = std::exchange(notify_readable_, nullptr);
      notify();
    }
    readable_.resume(Wake::kReady);
  }
  if (!gone && now.writable) writable_.resume(Wake::kReady);
  if (!gone) gone_ = nullptr;
}

void Connection::fail_with(Failure why) {
  if (failure_ == Failure::kNone) failure_ = why;
  readable_.resume_later(Wake::kAborted);
  writable_.resume_later(Wake::kAborted);
  if (auto notify = std::exchange(notify_readable_, nullptr)) notify();
}

void Connection::note_progress() {
  wrote_ = true;
  if (deadline_.armed()) deadline_.arm(patience_);
}

std::uint64_t Connection::acknowledged() const { return acknowledged_bytes(socket()); }

std::uint64_t Connection::acknowledged_at_arrival() const {
  std::uint64_t written = written_;
  if (ssl_ != nullptr) written += BIO_number_written(SSL_get_wbio(ssl_.get()));
  return acknowledged_at_first_ + written;
}

void Connection::abort(Failure why) {
  fail_with(why);
  ::shutdown(socket(), SHUT_RDWR);
}

Task<bool> Connection::wait_readable() {
  if (failure_ != Failure::kNone) co_return false;
  if (!watch()) co_return false;
  co_await readable_.wait();
  co_return failure_ == Failure::kNone;
}

Task<bool> Connection::wait_writable() {
  if (failure_ != Failure::kNone) co_return false;
  if (!watch()) co_return false;
  co_await writable_.wait();
  co_return failure_ == Failure::kNone;
}

Task<Failure> Connection::handshake() {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return Failure::kNone;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) {
      if (!co_await wait_readable()) co_return failure_;
    } else if (error == SSL_ERROR_WANT_WRITE) {
      if (!co_await wait_writable()) co_return failure_;
    } else {
      const long verdict = SSL_get_verify_result(ssl_.get());
      tls_detail_ = ssl_error_text();
      if (verdict != X509_V_OK) tls_detail_ = X509_verify_cert_error_string(verdict);
      fail_with(error == SSL_ERROR_SYSCALL ? Failure::kPeerGone : Failure::kTls);
      co_return failure_;
    }
  }
}

Connection::ReadResult Connection::read_tls(std::span<char> room) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &bytes);
  if (result == 1) return {ReadState::kData, bytes};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      readable_now_ = false;
      return {ReadState::kWouldBlock};
    case SSL_ERROR_WANT_WRITE:
      tls_wants_write_ = true;
      return {ReadState::kWouldBlock};
    case SSL_ERROR_ZERO_RETURN:
      return {ReadState::kEnd};
    default:
      // A close without close_notify is an error for TLS; framing decides what it means for HTTP.
      tls_detail_ = ssl_error_text();
      fail_with(Failure::kPeerGone);
      return {ReadState::kFailed};
  }
}

Connection::ReadResult Connection::try_read(std::span<char> room) {
  if (failure_ != Failure::kNone) return {ReadState::kFailed};
  if (ssl_ != nullptr) return read_tls(room);
  const ssize_t bytes = ::recv(socket(), room.data(), room.size(), 0);
  if (bytes > 0) {
    const auto size = static_cast<std::size_t>(bytes);
    // Less than there was room for: all that had come (epoll(7)), and what comes will be told.
    if (size < room.size() && watch_.started()) readable_now_ = ended_;
    return {ReadState::kData, size};
  }
  if (bytes == 0) return {ReadState::kEnd};
  if (would_block(errno)) {
    readable_now_ = false;
    return {ReadState::kWouldBlock};
  }
  fail_with(Failure::kPeerGone);
  return {ReadState::kFailed};
}

Task<Connection::ReadResult> Connection::read_some(std::span<char> room) {
  for (;;) {
    // Nothing has come since: do not ask the kernel again. OpenSSL may still hold something.
    if (readable_now_ || (ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1)) {
      // A peer that always has data must not keep the thread from the others.
      if (++eager_reads_ > kEagerReadsMax) {
        eager_reads_ = 0;
        co_await next_turn();
      }
      const ReadResult result = try_read(room);
      if (result.state != ReadState::kWouldBlock) co_return result;
      eager_reads_ = 0;
    }
    const bool write_first = std::exchange(tls_wants_write_, false);
    const bool ready = write_first ? co_await wait_writable() : co_await wait_readable();
    if (!ready) co_return ReadResult{ReadState::kFailed};
  }
}

Task<bool> Connection::write_plain(std::span<const std::string_view> pieces) {
  std::array<iovec, kGatherMax> vectors{};
  std::size_t offset = 0;  // of the first piece: what was sent of it
  while (!pieces.empty()) {
    std::size_t count = 0;
    for (const std::string_view piece : pieces.first(std::min(pieces.size(), kGatherMax))) {
      vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    vectors[0].iov_base = static_cast<char*>(vectors[0].iov_base) + offset;
    vectors[0].iov_len -= offset;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (!would_block(errno)) {
        fail_with(Failure::kPeerGone);
        co_return false;
      }
      if (!co_await wait_writable()) co_return false;
      continue;
    }
    note_progress();
    written_ += static_cast<std::uint64_t>(sent);
    offset += static_cast<std::size_t>(sent);
    while (!pieces.empty() && offset >= pieces.front().size()) {
      offset -= pieces.front().size();
      pieces = pieces.subspan(1);
    }
  }
  co_return true;
}

Task<bool> Connection::write_tls(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
    if (result == 1) {
      note_progress();
      bytes.remove_prefix(written);
      continue;
    }
    // Part of a record may be on its way all the same.
    wrote_ = true;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_WRITE) {
      if (!co_await wait_writable()) co_return false;
    } else if (error == SSL_ERROR_WANT_READ) {
      if (!co_await wait_readable()) co_return false;
    } else {
      tls_detail_ = ssl_error_text();
      fail_with(Failure::kPeerGone);
      co_return false;
    }
  }
  co_return true;
}

// Small pieces share a record; a large one is not copied.
Task<bool> Connection::write_tls_pieces(std::span<const std::string_view> pieces) {
  std::string joined;
  for (const std::string_view piece : pieces) {
    if (joined.size() + piece.size() <= kTlsJoinMax) {
      joined.append(piece);
      continue;
    }
    if (!co_await write_tls(joined)) co_return false;
    joined.clear();
    if (!co_await write_tls(piece)) co_return false;
  }
  co_return co_await write_tls(joined);
}

Task<bool> Connection::write_all(std::span<const std::string_view> pieces) {
  if (failure_ != Failure::kNone) co_return false;
  if (ssl_ == nullptr) co_return co_await write_plain(pieces);
  co_return co_await write_tls_pieces(pieces);
}

Task<bool> Connection::write_all(std::string_view bytes) {
  if (failure_ != Failure::kNone) co_return false;
  if (ssl_ != nullptr) co_return co_await write_tls(bytes);
  co_return co_await write_plain({&bytes, 1});
}

bool Connection::quiet() {
  if (failure_ != Failure::kNone) return false;
  char byte = 0;
  if (ssl_ != nullptr) {
    // SSL_peek also takes in what is no application data, such as session tickets.
    ERR_clear_error();
    const int result = SSL_peek(ssl_.get(), &byte, 1);
    const bool quiet = result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
    if (quiet) readable_now_ = false;
    return quiet;
  }
  const ssize_t bytes = ::recv(socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool quiet = bytes < 0 && would_block(errno);
  if (quiet) readable_now_ = false;
  return quiet;
}

void Connection::on_readable(std::function<void()> notify) {
  notify_readable_ = std::move(notify);
  if (!notify_readable_) return;
  if (!watch_.started()) {
    watch();
  } else if (readable_now_) {
    watch_.look_again(socket());
  }
}

void Connection::reset_on_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Connection::shutdown_write() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(socket(), SHUT_WR);
}

}  // namespace tollgate::net
