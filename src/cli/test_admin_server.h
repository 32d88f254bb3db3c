// For cli's tests: a real HTTP server on a Unix socket or a loopback port, whose answers the test
// gives. It serves one connection at a time, on its own thread.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace tollgate::cli {

struct Received {
  std::string method, target, body, authorization, accept, content_type, host;
};

struct Reply {
  int status = 200;
  std::string body = {};
  // Sent as they stand instead of a whole answer, and then the connection is closed.
  std::string raw = {};
};

template <class Protocol>
class TestAdminServer {
 public:
  // Answers each request; nullopt leaves the client waiting.
  using Handler = std::function<std::optional<Reply>(const Received&)>;

  TestAdminServer(const typename Protocol::endpoint& endpoint, Handler handler)
      : acceptor_(context_, endpoint), handler_(std::move(handler)) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~TestAdminServer() {
    context_.stop();
    thread_.join();
  }

  typename Protocol::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  std::vector<Received> received() const {
    const Lock lock(mutex_);
    return received_;
  }

 private:
  using Socket = typename Protocol::socket;

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, Socket socket) {
      if (error) return;
      serve(std::move(socket));
      accept();
    });
  }

  void serve(Socket socket) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    boost::system::error_code error;
    http::read(socket, buffer, request, error);
    if (error) return;
    Received received{.method = std::string(request.method_string()),
                      .target = std::string(request.target()),
                      .body = request.body(),
                      .authorization = std::string(request[http::field::authorization]),
                      .accept = std::string(request[http::field::accept]),
                      .content_type = std::string(request[http::field::content_type]),
                      .host = std::string(request[http::field::host])};
    {
      const Lock lock(mutex_);
      received_.push_back(received);
    }
    const auto reply = handler_(received);
    if (!reply) {
      left_waiting_.push_back(std::make_unique<Socket>(std::move(socket)));
      return;
    }
    if (!reply->raw.empty()) {
      boost::asio::write(socket, boost::asio::buffer(reply->raw), error);
      return;
    }
    http::response<http::string_body> response(static_cast<http::status>(reply->status), 11);
    response.set(http::field::content_type, "application/json");
    response.set(http::field::connection, "close");
    response.body() = reply->body;
    response.prepare_payload();
    http::write(socket, response, error);
  }

  boost::asio::io_context context_{1};
  typename Protocol::acceptor acceptor_;
  Handler handler_;
  std::vector<std::unique_ptr<Socket>> left_waiting_;
  mutable Mutex mutex_;
  std::vector<Received> received_ TOLLGATE_GUARDED_BY(mutex_);
  std::thread thread_;
};

using TestSocketServer = TestAdminServer<boost::asio::local::stream_protocol>;
using TestPortServer = TestAdminServer<boost::asio::ip::tcp>;

}  // namespace tollgate::cli
