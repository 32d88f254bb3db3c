#include "net/http_session.h"

#include <exception>

#include "base/log.h"

namespace tollgate::net {

namespace {

// The first read of a request: a head and a usual prompt in one system call, little to copy.
constexpr std::size_t kFirstReadBytes = 16 * 1024;
// Kept between requests of one connection; more is given back.
constexpr std::size_t kIdleBufferMax = 4 * 1024;
// What a pipelining client may send ahead while its answer is pending.
constexpr std::size_t kPipelinedBytesMax = 256 * 1024;

// What is sound HTTP, but not done here.
Status check_head(const RequestHead& head) {
  if (head.framing == Framing::kCoded) {
    return fail(ErrorCode::kNotImplemented,
                "Bodies are taken plain or chunked. Send this one without another coding.");
  }
  if (!head.expect_continue && !head.find("Expect").empty()) {
    return fail(ErrorCode::kExpectationFailed, "The only expectation met here is 100-continue.");
  }
  return {};
}

}  // namespace

HttpSession::HttpSession(IoThread& thread, int socket, SslPtr ssl, Peer peer,
                         const SessionOptions& options, const Handler& handler)
    : thread_(thread),
      connection_(thread, socket, std::move(ssl)),
      peer_(std::move(peer)),
      options_(options),
      handler_(handler) {}

Task<> HttpSession::run() {
  connection_.expire_after(options_.head_timeout);
  if (connection_.ssl() != nullptr && co_await connection_.handshake() != Failure::kNone) co_return;
  while (co_await serve_one()) {
  }
}

void HttpSession::close_when_idle() {
  closing_ = true;
  if (!serving_ && input_.empty()) return abort();
  if (auto notify = std::exchange(notify_closing_, nullptr)) notify();
}

Task<bool> HttpSession::serve_one() {
  if (!co_await read_head()) co_return false;
  connection_.never_expire();
  serving_ = true;
  co_await run_handler();
  const bool keep = co_await finish_request();
  serving_ = false;
  co_return keep;
}

// The head deadline runs from the request's first byte; before it, the idle deadline.
Task<bool> HttpSession::read_head() {
  bool started = false;
  for (;;) {
    if (!input_.empty()) {
      const Result<std::size_t> parsed = parse_request_head(input_.view(), options_.head, head_);
      if (!parsed) {
        co_await refuse_head(parsed.error());
        co_return false;
      }
      if (*parsed > 0) {
        if (auto served = check_head(head_); !served) {
          co_await refuse_head(served.error());
          co_return false;
        }
        begin_request(*parsed);
        co_return true;
      }
      if (!started) {
        started = true;
        connection_.expire_after(options_.head_timeout);
      }
    }
    if (closing_ && input_.empty()) co_return false;
    const std::span<char> room = thread_.read_buffer().first(kFirstReadBytes);
    const Connection::ReadResult read = co_await connection_.read_some(room);
    if (read.state != Connection::ReadState::kData) {
      if (connection_.failure() == Failure::kTimeout && !input_.empty()) {
        co_await refuse_head(
            {.code = ErrorCode::kRequestTimeout,
             .message = "The request head did not arrive in time. Send it again."});
      }
      co_return false;
    }
    input_.append({thread_.read_buffer().data(), read.bytes});
  }
}

void HttpSession::begin_request(std::size_t head_size) {
  consumed_ = head_size;
  body_state_ = head_.framing == Framing::kNone ? BodyState::kRead : BodyState::kUnread;
  answer_ = AnswerState::kNone;
  after_ = AfterAnswer::kKeep;
  chunked_answer_ = false;
  continue_sent_ = false;
}

Task<> HttpSession::run_handler() {
  Exchange exchange(*this);
  bool failed = false;
  try {
    co_await handler_(exchange);
  } catch (const std::exception& exception) {
    log(LogLevel::kError, "a request handler ended with a bug: {}", exception.what());
    failed = true;
  }
  notify_gone_ = nullptr;
  notify_closing_ = nullptr;
  connection_.on_readable(nullptr);
  if (answer_ == AnswerState::kStreaming) answer_ = AnswerState::kAborted;
  if (answer_ == AnswerState::kNone && !client_gone_) {
    if (!failed) log(LogLevel::kError, "a request handler gave no answer");
    const Error error{.code = ErrorCode::kInternal,
                      .message = "Something went wrong on our side. Try again later."};
    closing_ = true;
    Response answer = options_.render_error(error);
    (void)co_await exchange.respond(std::move(answer));
  }
}

// True when the connection is ready for the next request.
Task<bool> HttpSession::finish_request() {
  if (answer_ != AnswerState::kDone || client_gone_ || connection_.failure() != Failure::kNone) {
    co_return false;
  }
  if (after_ == AfterAnswer::kLinger) {
    co_await linger();
    co_return false;
  }
  if (after_ == AfterAnswer::kClose) {
    // Bytes left unread would turn the close into a reset, and the answer might be lost by it.
    if (!connection_.quiet()) co_await linger();
    co_return false;
  }
  if (body_state_ != BodyState::kRead && !co_await drain_body()) co_return false;
  input_.drop_front(consumed_);
  input_.append(leftover_);
  leftover_.clear();
  body_.release();
  if (input_.empty() && input_.capacity() > kIdleBufferMax) input_.release();
  // Assigned an empty one, it would keep its room.
  if (out_.capacity() > kIdleBufferMax) std::string().swap(out_);
  connection_.expire_after(options_.idle_timeout);
  co_return !closing_ || !input_.empty();
}

Task<> HttpSession::refuse_head(const Error& error) {
  closing_ = true;
  head_ = RequestHead{};
  body_state_ = BodyState::kPartial;
  connection_.forgive(Failure::kTimeout);
  if (connection_.failure() != Failure::kNone) co_return;
  Exchange exchange(*this);
  answer_ = AnswerState::kNone;
  Response answer = options_.render_error(error);
  (void)co_await exchange.respond(std::move(answer));
  co_await linger();
}

Task<> HttpSession::linger() {
  connection_.shutdown_write();
  connection_.expire_after(kLingerTime);
  for (;;) {
    const Connection::ReadResult read = co_await connection_.read_some(thread_.read_buffer());
    if (read.state != Connection::ReadState::kData) co_return;
  }
}

HttpSession::AfterAnswer HttpSession::after_answer() const {
  if (body_state_ != BodyState::kRead) {
    const std::size_t here = input_.size() - std::min(consumed_, input_.size());
    const bool short_enough =
        head_.framing == Framing::kChunked || head_.content_length <= here + kDrainBytesMax;
    const bool drainable = body_state_ == BodyState::kUnread && short_enough &&
                           (!head_.expect_continue || continue_sent_);
    if (!drainable) return AfterAnswer::kLinger;
  }
  return head_.keep_alive && !closing_ ? AfterAnswer::kKeep : AfterAnswer::kClose;
}

void HttpSession::watch_client() {
  if (!notify_gone_ || client_gone_) return;
  connection_.on_readable([this] { client_readable(); });
}

// Readable while an answer is pending: the next request of a pipelining client, which is kept for
// its turn, or the end.
void HttpSession::client_readable() {
  for (;;) {
    const Connection::ReadResult read = connection_.try_read(thread_.read_buffer());
    if (read.state == Connection::ReadState::kWouldBlock) return watch_client();
    if (read.state != Connection::ReadState::kData) break;
    leftover_.append(thread_.read_buffer().data(), read.bytes);
    if (leftover_.size() > kPipelinedBytesMax) return;  // back-pressure; writing tells of its end
  }
  client_gone_ = true;
  if (auto notify = std::exchange(notify_gone_, nullptr)) notify();
  connection_.abort_blocked_write(Failure::kPeerGone);
}

}  // namespace tollgate::net
