// A fixture for tests of what a client sees of HttpSession and Exchange: a real session on one end
// of a socket pair, raw bytes on the other.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "net/http_session.h"
#include "net/test_peer.h"

namespace tollgate::net {

// "METHOD target body", or the error.
inline Task<> echo(Exchange& exchange, std::size_t body_bytes_max) {
  const Result<std::string_view> body = co_await exchange.read_body(body_bytes_max);
  Response response{.content_type = "text/plain", .fields = {}, .body = {}};
  if (body) {
    response.body = std::string(exchange.head().method) + " " +
                    std::string(exchange.head().target) + " " + std::string(*body);
  } else {
    response.status = error_status(body.error().code);
    response.body = error_code_name(body.error().code);
  }
  (void)co_await exchange.respond(std::move(response));
}

class SessionTest : public testing::Test {
 protected:
  static constexpr std::size_t kBodyBytesMax = 1'000'000;

  SessionTest() {
    options_.render_error = [](const Error& error) {
      return Response{.status = error_status(error.code),
                      .content_type = "text/plain",
                      .fields = {},
                      .body = std::string(error_code_name(error.code))};
    };
    handler_ = [](Exchange& exchange) { return echo(exchange, kBodyBytesMax); };
  }

  // Begins a session with options_ and handler_.
  TestPeer& open() {
    const SocketPair pair = socket_pair();
    client_.emplace(loop_, pair.theirs);
    loop_.tasks().spawn(serve(*this, pair.ours));
    loop_.settle();
    return *client_;
  }
  TestPeer& client() { return client_ ? *client_ : open(); }

  // What one answer says: "STATUS body", with "!" where it announces the connection's end.
  std::string take_answer() {
    const std::string head = client().take_until("\r\n\r\n");
    const std::size_t length = head.find("Content-Length: ");
    const std::size_t size = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
    const bool closes = head.find("Connection: close\r\n") != std::string::npos;
    return head.substr(9, 3) + (closes ? "! " : " ") + client().take_bytes(size);
  }
  bool session_ended() {
    return loop_.run_until([this] { return session_ == nullptr; });
  }

  SessionOptions options_;
  Handler handler_;
  HttpSession* session_ = nullptr;  // while it runs
  TestLoop loop_;
  std::optional<TestPeer> client_;

 private:
  static Task<> serve(SessionTest& test, int socket) {
    HttpSession session(test.loop_.thread(), socket, nullptr, Peer{.address = "127.0.0.1"},
                        test.options_, test.handler_);
    test.session_ = &session;
    co_await session.run();
    test.session_ = nullptr;
  }
};

}  // namespace tollgate::net
