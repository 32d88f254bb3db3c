// HttpSession's reading of request bodies.
#include <algorithm>

#include "net/http_session.h"

namespace tollgate::net {

namespace {

// A declared length is believed only as far as bytes arrive: memory grows with them.
constexpr std::size_t kBodyReserveMax = 1024 * 1024;

}  // namespace

Error HttpSession::read_error() const {
  if (connection_.failure() == Failure::kTimeout) {
    return {.code = ErrorCode::kRequestTimeout,
            .message = "The request body did not arrive in time. Send it again."};
  }
  return {.code = ErrorCode::kClientGone, .message = "The client went away."};
}

Task<Status> HttpSession::send_continue() {
  if (!head_.expect_continue || continue_sent_) co_return Status{};
  continue_sent_ = true;
  if (input_.size() > consumed_) co_return Status{};  // it did not wait for us
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  co_return co_await write_out();
}

Task<Result<std::string_view>> HttpSession::read_body(std::size_t bytes_max) {
  if (head_.framing == Framing::kNone) co_return std::string_view();
  if (head_.framing == Framing::kLength && head_.content_length > bytes_max) {
    co_return fail(ErrorCode::kPayloadTooLarge,
                   "The request body is larger than this gateway takes. Send a smaller one.");
  }
  if (auto sent = co_await send_continue(); !sent) co_return std::unexpected(sent.error());
  connection_.expire_after(options_.body_timeout);
  auto body = head_.framing == Framing::kLength ? co_await read_sized_body()
                                                : co_await read_chunked_body(bytes_max);
  connection_.never_expire();
  if (body) {
    body_state_ = BodyState::kRead;
  } else if (body.error().code == ErrorCode::kClientGone) {
    client_gone_ = true;
  } else if (body.error().code == ErrorCode::kRequestTimeout) {
    connection_.forgive(Failure::kTimeout);
  }
  co_return body;
}

Task<Result<std::string_view>> HttpSession::read_sized_body() {
  const std::size_t length = head_.content_length;
  const std::string_view here = input_.view().substr(consumed_);
  if (here.size() >= length) {
    consumed_ += length;
    co_return here.substr(0, length);
  }
  body_state_ = BodyState::kPartial;
  body_.reserve(std::min(length, std::max(here.size(), kBodyReserveMax)));
  body_.append(here);
  consumed_ += here.size();
  while (body_.size() < length) {
    if (body_.room().empty()) body_.reserve(std::min(length, body_.capacity() * 2));
    const std::span<char> room =
        body_.room().first(std::min(body_.room().size(), length - body_.size()));
    const Connection::ReadResult read = co_await connection_.read_some(room);
    if (read.state != Connection::ReadState::kData) co_return std::unexpected(read_error());
    body_.commit(read.bytes);
    connection_.expire_after(options_.body_timeout);
  }
  co_return body_.view();
}

Task<Result<std::string_view>> HttpSession::read_chunked_body(std::size_t bytes_max) {
  body_state_ = BodyState::kPartial;
  BodyDecoder decoder(head_);
  std::string pending(input_.view().substr(consumed_));
  consumed_ = input_.size();
  for (;;) {
    std::string_view rest = pending;
    while (!decoder.done()) {
      const Result<BodyDecoder::Piece> piece = decoder.next(rest);
      if (!piece) co_return std::unexpected(piece.error());
      if (piece->consumed == 0) break;
      if (body_.size() + piece->data.size() > bytes_max) {
        co_return fail(ErrorCode::kPayloadTooLarge,
                       "The request body is larger than this gateway takes. Send a smaller one.");
      }
      body_.append(piece->data);
      rest.remove_prefix(piece->consumed);
    }
    if (decoder.done()) {
      leftover_.insert(0, rest);
      if (body_.capacity() == 0) body_.reserve(1);
      co_return body_.view();
    }
    std::string kept(rest);
    const Connection::ReadResult read = co_await connection_.read_some(thread_.read_buffer());
    if (read.state != Connection::ReadState::kData) co_return std::unexpected(read_error());
    connection_.expire_after(options_.body_timeout);
    kept.append(thread_.read_buffer().data(), read.bytes);
    pending = std::move(kept);
  }
}

// What an early answer left unread. A chunked body that proves longer than kDrainBytesMax ends the
// connection as a long sized one does, only without having said so.
Task<bool> HttpSession::drain_body() {
  BodyDecoder decoder(head_);
  std::string pending(input_.view().substr(consumed_));
  consumed_ = input_.size();
  std::size_t drained = 0;
  connection_.expire_after(options_.body_timeout);
  for (;;) {
    std::string_view rest = pending;
    while (!decoder.done()) {
      const Result<BodyDecoder::Piece> piece = decoder.next(rest);
      if (!piece) co_return false;
      if (piece->consumed == 0) break;
      rest.remove_prefix(piece->consumed);
    }
    if (decoder.done()) {
      leftover_.insert(0, rest);
      body_state_ = BodyState::kRead;
      co_return true;
    }
    if (drained > kDrainBytesMax) {
      co_await linger();
      co_return false;
    }
    const Connection::ReadResult read = co_await connection_.read_some(thread_.read_buffer());
    if (read.state != Connection::ReadState::kData) co_return false;
    drained += read.bytes;
    pending.assign(thread_.read_buffer().data(), read.bytes);
  }
}

}  // namespace tollgate::net
