// The upstream of `script/bench proxy`: an OpenAI-shaped server that costs little and says the same
// thing every time.
//
//   bench_mock_upstream --certificate PEM --private-key PEM [--plain-port P] [--tls-port P]
//                       [--events N] [--pace-ms M]
//
// Prints `plain PORT tls PORT` when it listens. One thread, epoll, keep-alive. A request whose body
// holds "stream":true is answered by N events, one every M milliseconds, then the end; any other by
// one JSON document. Runs until it is killed.

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "proxy/wire.h"

namespace tollgate::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// One connection of a client. `serial` tells a reused descriptor from the connection that had it.
struct Peer {
  int fd = -1;
  std::uint64_t serial = 0;
  std::unique_ptr<SSL, SslFree> tls;
  std::string in;
  std::string out;
  std::int64_t events_left = 0;
};

std::string chunk(std::string_view payload) {
  return fmt::format("{:x}\r\n{}\r\n", payload.size(), payload);
}

std::string event(std::string_view choices, std::string_view usage) {
  return fmt::format(
      "data: "
      "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
      "\"model\":\"large\",\"choices\":[{}],\"usage\":{}}}\n\n",
      choices, usage);
}

constexpr std::string_view kUsage =
    R"({"prompt_tokens":80,"completion_tokens":40,"total_tokens":120})";

std::string completion() {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "word ";
  const std::string body = fmt::format(
      "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"
      "\"model\":\"large\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\","
      "\"content\":\"{}\"}},\"finish_reason\":\"stop\"}}],\"usage\":{}}}",
      text, kUsage);
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

class Upstream {
 public:
  explicit Upstream(const Options& options);
  [[noreturn]] void run();

 private:
  void accept_all(int listener);
  void on_ready(int fd);
  void answer_all(Peer& peer);
  void begin_answer(Peer& peer, std::string_view body);
  void send_due_events();
  int wait_ms() const;
  void flush(Peer& peer);
  long read_some(Peer& peer);
  long write_some(Peer& peer);
  void close_peer(int fd);

  struct Due {
    std::int64_t at_ns;
    int fd;
    std::uint64_t serial;
  };

  const std::string json_ = completion();
  const std::string event_ = chunk(
      event(R"({"index":0,"delta":{"content":"another word "},"finish_reason":null})", "null"));
  const std::string end_ = chunk(event(R"({"index":0,"delta":{},"finish_reason":"stop"})", "null") +
                                 event("", kUsage) + "data: [DONE]\n\n") +
                           "0\r\n\r\n";
  std::int64_t events_;
  std::int64_t pace_ns_;
  int epoll_;
  int plain_;
  int tls_;
  SSL_CTX* context_;
  std::unordered_map<int, Peer> peers_;
  std::deque<Due> due_;  // in order of time: the pace is the same for all
  std::uint64_t serial_ = 0;
  std::array<char, kReadBytes> buffer_;
};

void watch(int epoll, int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

Upstream::Upstream(const Options& options)
    : events_(options.number("events", 20)),
      pace_ns_(options.number("pace-ms", 100) * 1'000'000),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      plain_(listen_on(static_cast<int>(options.number("plain-port", 0)))),
      tls_(listen_on(static_cast<int>(options.number("tls-port", 0)))),
      context_(SSL_CTX_new(TLS_server_method())) {
  const std::string certificate = options.text("certificate");
  const std::string private_key = options.text("private-key");
  if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    die("cannot use the certificate");
  }
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  watch(epoll_, plain_, EPOLLIN);
  watch(epoll_, tls_, EPOLLIN);
  const std::string ready = fmt::format("plain {} tls {}\n", port_of(plain_), port_of(tls_));
  (void)std::fwrite(ready.data(), 1, ready.size(), stdout);
  (void)std::fflush(stdout);
}

void Upstream::run() {
  std::array<epoll_event, 256> ready{};
  for (;;) {
    const int count = epoll_wait(epoll_, ready.data(), ready.size(), wait_ms());
    for (int i = 0; i < count; ++i) {
      const int fd = ready.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == plain_ || fd == tls_) {
        accept_all(fd);
      } else {
        on_ready(fd);
      }
    }
    send_due_events();
  }
}

void Upstream::accept_all(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    no_delay(fd);
    Peer& peer = peers_[fd];
    peer.fd = fd;
    peer.serial = ++serial_;
    if (listener == tls_) {
      peer.tls.reset(SSL_new(context_));
      SSL_set_fd(peer.tls.get(), fd);
      SSL_set_accept_state(peer.tls.get());
    }
    watch(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLET);
  }
}

// Bytes, 0 at the end of the connection, or -1 when there are none now.
long Upstream::read_some(Peer& peer) {
  if (!peer.tls) {
    const long got = recv(peer.fd, buffer_.data(), buffer_.size(), 0);
    return got < 0 && errno != EAGAIN ? 0 : got;
  }
  ERR_clear_error();
  const int got = SSL_read(peer.tls.get(), buffer_.data(), static_cast<int>(buffer_.size()));
  if (got > 0) return got;
  const int error = SSL_get_error(peer.tls.get(), got);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

long Upstream::write_some(Peer& peer) {
  if (!peer.tls) return send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
  ERR_clear_error();
  return SSL_write(peer.tls.get(), peer.out.data(), static_cast<int>(peer.out.size()));
}

void Upstream::on_ready(int fd) {
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  for (;;) {
    const long got = read_some(peer);
    if (got == 0) return close_peer(fd);
    if (got < 0) break;
    peer.in.append(buffer_.data(), static_cast<std::size_t>(got));
  }
  answer_all(peer);
  flush(peer);
}

void Upstream::answer_all(Peer& peer) {
  while (peer.events_left == 0) {
    const std::size_t end = peer.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view length = field({peer.in.data(), end + 2}, "content-length");
    std::size_t body = 0;
    if (std::from_chars(length.data(), length.data() + length.size(), body).ec != std::errc()) {
      peer.out += "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n";
      peer.in.clear();
      return;
    }
    const std::size_t whole = end + 4 + body;
    if (peer.in.size() < whole) return;
    begin_answer(peer, std::string_view(peer.in).substr(end + 4, body));
    peer.in.erase(0, whole);
  }
}

void Upstream::begin_answer(Peer& peer, std::string_view body) {
  if (body.find(R"("stream":true)") == std::string_view::npos) {
    peer.out += json_;
    return;
  }
  peer.out +=
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  peer.out += event_;
  peer.events_left = events_ - 1;
  if (peer.events_left == 0) peer.out += end_;
  if (peer.events_left > 0) due_.push_back({now_ns() + pace_ns_, peer.fd, peer.serial});
}

void Upstream::send_due_events() {
  for (const std::int64_t now = now_ns(); !due_.empty() && due_.front().at_ns <= now;) {
    const Due due = due_.front();
    due_.pop_front();
    const auto found = peers_.find(due.fd);
    if (found == peers_.end() || found->second.serial != due.serial) continue;
    Peer& peer = found->second;
    peer.out += event_;
    if (--peer.events_left > 0) {
      due_.push_back({due.at_ns + pace_ns_, due.fd, due.serial});
    } else {
      peer.out += end_;
    }
    flush(peer);
  }
}

int Upstream::wait_ms() const {
  if (due_.empty()) return -1;
  const std::int64_t left = due_.front().at_ns - now_ns();
  return static_cast<int>(std::max<std::int64_t>(0, (left + 999'999) / 1'000'000));
}

// Writes what the socket takes; the rest goes when epoll says that it is writable again.
void Upstream::flush(Peer& peer) {
  while (!peer.out.empty()) {
    const long sent = write_some(peer);
    if (sent <= 0) return;
    peer.out.erase(0, static_cast<std::size_t>(sent));
  }
}

void Upstream::close_peer(int fd) {
  peers_.erase(fd);
  close(fd);
}

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  using tollgate::bench::Options;
  using tollgate::bench::Upstream;
  (void)std::signal(SIGPIPE, SIG_IGN);
  const auto upstream = std::make_unique<Upstream>(Options(argc, argv));
  upstream->run();
}
