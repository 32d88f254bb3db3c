// For tests: the admin API over the real ledger, served by the real listeners, on a loopback port
// and on a Unix socket.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/admin.h"
#include "base/json.h"
#include "domain/whole_catalogue.h"
#include "ledger/ledger_fixture.h"
#include "net/listener.h"
#include "net/problem.h"
#include "runtime/io_threads.h"

namespace tollgate {

struct AdminAnswer {
  int status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;

  json::value document() const {
    auto value = parse_json(body);
    EXPECT_TRUE(value) << body;
    return value.value_or(json::value());
  }
  std::string code() const {
    return std::string(std::string_view(document().at("error").at("code").as_string()));
  }
};

struct AdminQuestion {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::map<std::string, std::string> fields = {};
};

class AdminServerTest : public LedgerTest {
 protected:
  AdminServerTest() {
    Provider provider;
    provider.id = ProviderId("acme");
    provider.base_url = "https://upstream.example/v1";
    Offer offer;
    offer.model = ModelId("acme/large");
    offer.provider = provider.id;
    file_ = {.providers = {provider}, .offers = {offer}};
    expect_in_force({});
    session_options_.render_error = [](const Error& error) {
      return net::problem_response(error, "req_unread");
    };
    handler_ = [this](net::Exchange& exchange) {
      return handle_admin(context_, client_, exchange);
    };
    listen();
  }

  ~AdminServerTest() override {
    std::promise<void> done;
    asio::post(threads_[0].context(), [this, &done] {
      for (auto& listener : listeners_) {
        listener->drain();
        listener->abort_sessions();
      }
      done.set_value();
    });
    done.get_future().wait();
    threads_.join();
    listeners_.clear();
  }

  // Over the local socket: the operator.
  AdminAnswer ask(const AdminQuestion& question) {
    asio::io_context context;
    asio::local::stream_protocol::socket socket(context);
    socket.connect(asio::local::stream_protocol::endpoint(socket_path()));
    return exchange(socket, question);
  }
  // Over TCP, with the credential.
  AdminAnswer ask_with(const KeyWithSecret& made, AdminQuestion question) {
    question.fields["x-api-key"] = std::string(made.secret->expose());
    return ask_stranger(question);
  }
  AdminAnswer ask_stranger(const AdminQuestion& question) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), port_});
    return exchange(socket, question);
  }
  AdminAnswer create_over_api(std::string body) {
    return ask({.method = "POST", .target = "/admin/v1/keys", .body = std::move(body)});
  }

  KeyWithSecret make_management(Role role) {
    KeyPolicy policy = named(std::string(role_name(role)) + " console");
    policy.type = KeyType::kManagement;
    policy.role = role;
    return make(std::move(policy));
  }

  std::uint16_t port() const { return port_; }

 private:
  std::string socket_path() const { return dir_.path() + "/admin.sock"; }

  void listen() {
    auto tcp = net::listen_tcp("127.0.0.1", 0, net::PortUse::kFirst);
    ASSERT_TRUE(tcp);
    port_ = tcp->port;
    auto local = net::listen_unix(socket_path());
    ASSERT_TRUE(local);
    constexpr std::size_t kConnectionsMax = 100;
    for (const int socket : {tcp->socket, *local}) {
      listeners_.push_back(std::make_unique<net::Listener>(threads_[0], socket, session_options_,
                                                           handler_, kConnectionsMax));
    }
    threads_.start();
    asio::post(threads_[0].context(), [this] {
      for (auto& listener : listeners_) listener->start();
    });
  }

  template <class Socket>
  static AdminAnswer exchange(Socket& socket, const AdminQuestion& question) {
    namespace http = boost::beast::http;
    http::request<http::string_body> request(http::string_to_verb(question.method), question.target,
                                             11);
    request.set(http::field::host, "localhost");
    for (const auto& [name, value] : question.fields) request.set(name, value);
    const bool typed = question.fields.contains("content-type");
    if (!question.body.empty() && !typed)
      request.set(http::field::content_type, "application/json");
    request.body() = question.body;
    request.prepare_payload();
    http::write(socket, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(socket, buffer, response);
    AdminAnswer answer{
        .status = static_cast<int>(response.result_int()), .fields = {}, .body = response.body()};
    for (const auto& field : response) {
      std::string name(field.name_string());
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      answer.fields[name] = std::string(field.value());
    }
    return answer;
  }

 protected:
  // Of the file and what is stored, as server/ makes it.
  Result<std::shared_ptr<const Snapshot>> whole(const Catalogue& stored) {
    WholeCatalogue whole = whole_catalogue(file_, stored, built_in_catalogue(), clock_.wall());
    return build_snapshot(std::move(whole.catalogue), &health_);
  }
  void expect_in_force(const Catalogue& stored) {
    auto built = whole(stored);
    ASSERT_TRUE(built) << built.error().message;
    auto targets = Targets::make(*built, {});
    ASSERT_TRUE(targets) << targets.error().message;
    snapshot_ = *built;
    targets_ = *targets;
  }
  CatalogueHooks hooks() {
    return {.master_key = &master_key_,
            .file = [this] { return std::make_shared<const Catalogue>(file_); },
            .check = [this](const store::SealedCatalogue& stored) -> Status {
              auto built = whole(stored.catalogue);
              if (built) return {};
              Error error = built.error();
              error.code = ErrorCode::kUnprocessable;
              return std::unexpected(std::move(error));
            },
            .use =
                [this](store::SealedCatalogue stored, CatalogueInForce in_force) {
                  auto opened = store::open_catalogue(std::move(stored), master_key_);
                  if (!opened) return in_force(std::unexpected(opened.error()));
                  expect_in_force(*opened);
                  in_force({});
                }};
  }

  Catalogue file_;
  Health health_;
  MasterKey master_key_ = MasterKey::make(random_);
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Targets> targets_;
  std::shared_ptr<const AdminOptions> admin_options_ = std::make_shared<const AdminOptions>();
  People people_{clock_};
  AdminContext context_{.ledger = *ledger_,
                        .clock = clock_,
                        .random = random_,
                        .people = people_,
                        .snapshot = [this] { return snapshot_; },
                        .options = [this] { return admin_options_; },
                        .catalogue = hooks(),
                        .targets = [this] { return targets_; }};

 private:
  net::SessionOptions session_options_;
  net::Handler handler_;
  std::uint16_t port_ = 0;
  IoThreads threads_{1};
  BlockingPool pool_{1};
  net::Resolver resolver_{pool_};
  net::HttpClient client_{threads_[0], resolver_};
  std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace tollgate
