#include "net/http_client.h"

#include <algorithm>

namespace tollgate::net {

namespace {

constexpr int kInformationalMax = 8;  // 1xx heads before the answer

}  // namespace

HttpClient::ConnectionPtr HttpClient::take_idle(const std::string& pool_key) {
  const auto found = idle_.find(pool_key);
  if (found == idle_.end()) return nullptr;
  std::vector<ConnectionPtr>& kept = found->second;
  while (!kept.empty()) {
    ConnectionPtr connection = std::move(kept.back());
    kept.pop_back();
    connection->on_readable(nullptr);
    if (connection->quiet()) return connection;
  }
  return nullptr;
}

void HttpClient::keep(const std::string& pool_key, ConnectionPtr connection) {
  std::vector<ConnectionPtr>& kept = idle_[pool_key];
  if (kept.size() >= kIdlePerOriginMax) return;
  if (connection->ssl() != nullptr) {
    SslSessionPtr session(SSL_get1_session(connection->ssl()));
    if (session != nullptr && SSL_SESSION_is_resumable(session.get()) == 1) {
      sessions_[pool_key] = std::move(session);
    }
  }
  connection->expire_after(kIdleUpstreamTime);
  kept.push_back(std::move(connection));
  watch_idle(pool_key, *kept.back());
}

// An idle connection that turns readable has ended (or talks out of turn): either way it goes.
// Later, for this is called from within it.
void HttpClient::watch_idle(const std::string& pool_key, Connection& connection) {
  connection.on_readable([this, pool_key, kept = &connection] {
    asio::post(thread_.context(), [this, pool_key, kept] { drop(pool_key, kept); });
  });
}

void HttpClient::drop(const std::string& pool_key, Connection* connection) {
  const auto found = idle_.find(pool_key);
  if (found == idle_.end()) return;
  std::erase_if(found->second, [&](const ConnectionPtr& kept) {
    return kept.get() == connection && !kept->quiet();
  });
  for (const ConnectionPtr& kept : found->second) {
    if (kept.get() == connection) watch_idle(pool_key, *kept);  // a session ticket, say
  }
}

ClientCall::ClientCall(HttpClient& client, const Origin& origin, const CallDeadlines& deadlines)
    : client_(client),
      origin_(origin),
      deadlines_(deadlines),
      began_(client.thread().deadlines().now()) {}

ClientCall::~ClientCall() = default;

std::chrono::milliseconds ClientCall::within_total(std::chrono::milliseconds limit) const {
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
      client_.thread().deadlines().now() - began_);
  return std::clamp(deadlines_.total - spent, std::chrono::milliseconds(0), limit);
}

std::unexpected<Error> ClientCall::failed(std::string_view doing) const {
  if (aborted_) return fail(*aborted_, "The request was cut.");
  const Failure failure = connection_ != nullptr ? connection_->failure() : Failure::kPeerGone;
  if (failure == Failure::kTimeout) {
    return fail(ErrorCode::kProviderTimeout,
                "The provider did not answer in time. Try again later.", std::string(doing));
  }
  if (failure == Failure::kTls) {
    return fail(ErrorCode::kProviderError,
                "The provider's TLS certificate could not be verified, so nothing was sent to it. "
                "Tell the gateway's operator.",
                std::string(doing) + ": " + connection_->tls_detail());
  }
  return fail(ErrorCode::kProviderError, "The connection to the provider failed. Try again later.",
              std::string(doing));
}

Task<Status> ClientCall::send(std::string_view head, std::span<const std::string_view> body) {
  for (;;) {
    if (aborted_) co_return failed("sending the request");
    if (auto obtained = co_await obtain_connection(); !obtained) co_return obtained;
    if (aborted_) co_return failed("sending the request");
    const Status written = co_await write_request(head, body);
    Status answered = written;
    if (written) answered = co_await read_head();
    if (answered) co_return answered;
    // A kept connection that had ended takes nothing: a fresh one may do.
    if (nothing_received()) {
      sent_ = false;
      ended_ = false;
      connection_.reset();
      continue;
    }
    if (written) co_return answered;
    if (aborted_ || connection_->failure() != Failure::kPeerGone || !sent_) co_return written;
    // It closed while we wrote: an answer given early (413, 401) is there to be read.
    connection_->forgive(Failure::kPeerGone);
    surplus_ = true;
    if (auto read = co_await read_head(); read) co_return read;
    co_return written;
  }
}

// Provably, by the other side's TCP: it had closed before a byte of this request came. A FIN
// acknowledges what had arrived by then; a reset does not, and may follow on a request that was
// read.
bool ClientCall::nothing_received() const {
  if (!reused_ || aborted_ || !head_bytes_.empty()) return false;
  if (connection_->failure() == Failure::kTimeout) return false;
  if (!sent_) return true;
  return ended_ && connection_->acknowledged() == acknowledged_before_;
}

Task<Status> ClientCall::obtain_connection() {
  connection_ = client_.take_idle(origin_.pool_key);
  reused_ = connection_ != nullptr;
  if (reused_) {
    acknowledged_before_ = connection_->acknowledged_at_arrival();
    co_return Status{};
  }
  co_return co_await dial();
}

Task<Status> ClientCall::write_request(std::string_view head,
                                       std::span<const std::string_view> body) {
  connection_->expire_after(within_total(deadlines_.head));
  connection_->forget_writes();
  std::vector<std::string_view> pieces;
  pieces.reserve(body.size() + 1);
  pieces.push_back(head);
  pieces.insert(pieces.end(), body.begin(), body.end());
  const bool written = co_await connection_->write_all(pieces);
  sent_ = connection_->wrote();
  if (!written) co_return failed("sending the request");
  co_return Status{};
}

Task<Status> ClientCall::read_head() {
  int informational = 0;
  head_bytes_.clear();
  for (;;) {
    if (!head_bytes_.empty()) {
      const Result<std::size_t> parsed =
          parse_response_head(head_bytes_.view(), HeadLimits{}, head_);
      if (!parsed) co_return std::unexpected(parsed.error());
      if (*parsed > 0 && head_.status >= 200) {
        connection_->never_expire();
        pending_from_ = *parsed;
        decoder_ = BodyDecoder(head_);
        co_return Status{};
      }
      if (*parsed > 0) {
        if (head_.status == 101) {
          co_return fail(ErrorCode::kProviderError, "The provider's answer was not understood.",
                         "it switched protocols, which nobody asked for");
        }
        if (++informational > kInformationalMax) {
          co_return fail(ErrorCode::kProviderError, "The provider's answer was not understood.",
                         "too many 1xx heads");
        }
        head_bytes_.drop_front(*parsed);
        continue;
      }
    }
    const Connection::ReadResult read =
        co_await connection_->read_some(client_.thread().read_buffer());
    ended_ = read.state == Connection::ReadState::kEnd;
    if (read.state != Connection::ReadState::kData) co_return failed("reading the head");
    head_bytes_.append({client_.thread().read_buffer().data(), read.bytes});
  }
}

// Moves the body's bytes in `bytes` together at its front, without their framing.
std::string_view ClientCall::decode_in_place(std::span<char> bytes, Status& status) {
  std::size_t out = 0;
  std::string_view rest(bytes.data(), bytes.size());
  while (!decoder_.done() && !rest.empty()) {
    const Result<BodyDecoder::Piece> piece = decoder_.next(rest);
    if (!piece) {
      status = std::unexpected(piece.error());
      return {};
    }
    if (piece->consumed == 0) break;
    if (!piece->data.empty() && piece->data.data() != bytes.data() + out) {
      std::memmove(bytes.data() + out, piece->data.data(), piece->data.size());
    }
    out += piece->data.size();
    rest.remove_prefix(piece->consumed);
  }
  if (!rest.empty()) surplus_ = true;
  return {bytes.data(), out};
}

Task<Result<std::string_view>> ClientCall::read() {
  Status status;
  const std::span<char> buffer = client_.thread().read_buffer();
  for (;;) {
    if (pending_from_ < head_bytes_.size()) {
      const std::string_view pending = head_bytes_.view().substr(pending_from_);
      const std::size_t size = std::min(pending.size(), buffer.size());
      std::memcpy(buffer.data(), pending.data(), size);
      pending_from_ += size;
      const std::string_view bytes = decode_in_place(buffer.first(size), status);
      if (!status) co_return std::unexpected(status.error());
      if (!bytes.empty()) co_return bytes;
      continue;
    }
    if (decoder_.done()) co_return std::string_view();
    const auto patience = within_total(deadlines_.silence);
    if (patience == std::chrono::milliseconds(0)) connection_->abort(Failure::kTimeout);
    connection_->expire_after(patience);
    const Connection::ReadResult read = co_await connection_->read_some(buffer);
    if (read.state == Connection::ReadState::kEnd) {
      if (auto ended = decoder_.end_of_input(); !ended) co_return std::unexpected(ended.error());
      surplus_ = true;  // not to be used again
      co_return std::string_view();
    }
    if (read.state != Connection::ReadState::kData) co_return failed("reading the body");
    connection_
        ->never_expire();  // until the next read: the client's slowness is not the provider's
    const std::string_view bytes = decode_in_place(buffer.first(read.bytes), status);
    if (!status) co_return std::unexpected(status.error());
    if (!bytes.empty()) co_return bytes;
  }
}

// A stream's reader stops at its last event; the framing's end often comes just behind it.
void ClientCall::take_late_end() {
  if (decoder_.done() || pending_from_ < head_bytes_.size()) return;
  const std::span<char> buffer = client_.thread().read_buffer();
  const Connection::ReadResult read = connection_->try_read(buffer);
  if (read.state != Connection::ReadState::kData) return;
  Status status;
  if (!decode_in_place(buffer.first(read.bytes), status).empty() || !status) surplus_ = true;
}

void ClientCall::finish() {
  if (connection_ == nullptr) return;
  take_late_end();
  const bool fit = decoder_.done() && head_.keep_alive && !surplus_ && !aborted_ &&
                   pending_from_ == head_bytes_.size() && connection_->failure() == Failure::kNone;
  if (fit) client_.keep(origin_.pool_key, std::move(connection_));
  connection_.reset();
}

void ClientCall::abort(ErrorCode why) {
  if (aborted_) return;
  aborted_ = why;
  if (connection_ != nullptr) connection_->abort(Failure::kAborted);
}

}  // namespace tollgate::net
