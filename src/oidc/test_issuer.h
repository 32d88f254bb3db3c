// For tests: an OpenID provider on a loopback port, served by a thread of its own, that says what
// the test has it say, true or not. What a real one does the end-to-end tests show.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "oidc/test_signer.h"
#include "runtime/task.h"

namespace tollgate::oidc {

class TestIssuer {
 public:
  struct Said {
    int status = 200;
    std::string body = {};
  };

  TestIssuer() : acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {
    origin_ = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    answers_["/.well-known/openid-configuration"] = [this](const std::string&) -> Said {
      return {.body = json::serialize(document_)};
    };
    document_ = {{"issuer", origin_},
                 {"authorization_endpoint", origin_ + "/auth"},
                 {"token_endpoint", origin_ + "/token"},
                 {"userinfo_endpoint", origin_ + "/me"},
                 {"jwks_uri", origin_ + "/jwks"}};
    publish({&signer_});
    thread_ = std::thread([this] { serve(); });
  }
  TestIssuer(const TestIssuer&) = delete;
  TestIssuer& operator=(const TestIssuer&) = delete;
  ~TestIssuer() {
    ending_ = true;
    asio::io_context context;
    asio::ip::tcp::socket last(context);  // wakes accept()
    last.connect(acceptor_.local_endpoint());
    thread_.join();
  }

  const std::string& origin() const { return origin_; }
  const TestSigner& signer() const { return signer_; }

  void publish(std::initializer_list<const TestSigner*> signers) {
    says("/jwks", {.body = key_document(signers)});
  }
  // From now on, whatever is asked of the path.
  void says(const std::string& path, Said said) {
    const std::scoped_lock lock(mutex_);
    answers_[path] = [said = std::move(said)](const std::string&) { return said; };
  }
  // What the token endpoint gives.
  void issues(const std::string& id_token) {
    says("/token", {.body = json::serialize(json::object{{"access_token", "opaque-access-token"},
                                                         {"token_type", "Bearer"},
                                                         {"id_token", id_token}})});
  }
  void describes(std::string_view member, json::value value) {
    const std::scoped_lock lock(mutex_);
    document_[member] = std::move(value);
  }
  // How often the path was asked, and the last request there, head and body.
  int asked(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    return asked_[path];
  }
  std::string last(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    return last_[path];
  }

 private:
  using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

  void serve() {
    namespace http = boost::beast::http;
    while (!ending_) {
      asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket);
      if (ending_) return;
      boost::beast::flat_buffer buffer;
      HttpRequest request;
      boost::system::error_code error;
      http::read(socket, buffer, request, error);
      if (error) continue;
      const Said said = answer(request);
      http::response<http::string_body> response(static_cast<http::status>(said.status), 11);
      response.set(http::field::content_type, "application/json");
      response.set(http::field::connection, "close");
      response.body() = said.body;
      response.prepare_payload();
      http::write(socket, response, error);
    }
  }

  Said answer(const HttpRequest& request) {
    const std::string target(request.target());
    const std::string path = target.substr(0, target.find('?'));
    std::string text = std::string(request.method_string()) + " " + target + "\n";
    for (const auto& field : request) {
      text += std::string(field.name_string()) + ": " + std::string(field.value()) + "\n";
    }
    const std::scoped_lock lock(mutex_);
    ++asked_[path];
    last_[path] = text + "\n" + request.body();
    const auto found = answers_.find(path);
    if (found == answers_.end()) return {.status = 404, .body = "{}"};
    return found->second(request.body());
  }

  TestSigner signer_ = TestSigner::rsa("first");
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::string origin_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  json::object document_;
  std::map<std::string, std::function<Said(const std::string&)>> answers_;
  std::map<std::string, int> asked_;
  std::map<std::string, std::string> last_;
  std::thread thread_;
};

}  // namespace tollgate::oidc
