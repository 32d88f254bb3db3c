// ClientCall's way to a new connection: names, proxies and TLS, against our own TLS listener.
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include "net/http_client.h"
#include "net/listener.h"
#include "net/test_authority.h"
#include "net/test_peer.h"

namespace tollgate::net {
namespace {

using std::chrono::milliseconds;

Task<> answer_with_host(Exchange& exchange) {
  Response response{.fields = {}, .body = std::string(exchange.head().find("Host"))};
  if (exchange.peer().tls) response.body += " over TLS";
  (void)co_await exchange.respond(std::move(response));
}

struct Answer {
  std::string text;
  std::string detail;
  bool sent = false;
  bool operator==(const std::string& other) const { return text == other; }
};

Task<Answer> get(HttpClient& client, const Origin& origin, milliseconds connect) {
  ClientCall call(client, origin,
                  {.connect = connect,
                   .head = milliseconds(10'000),
                   .silence = milliseconds(10'000),
                   .total = milliseconds(10'000)});
  const std::string head = "GET /a HTTP/1.1\r\nHost: " + origin.host_header + "\r\n\r\n";
  const Status sent = co_await call.send(head, {});
  if (!sent) {
    co_return Answer{std::string(error_code_name(sent.error().code)), sent.error().detail,
                     call.sent()};
  }
  std::string body;
  for (;;) {
    const auto piece = co_await call.read();
    if (!piece || piece->empty()) break;
    body += *piece;
  }
  call.finish();
  co_return Answer{body, "", call.sent()};
}

// A TLS upstream: our own listener with a certificate of the test's authority.
class DialTest : public testing::Test {
 protected:
  DialTest() {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does
    options_.render_error = [](const Error&) {
      return Response{.status = 400, .fields = {}, .body = {}};
    };
  }
  ~DialTest() override {
    client_.close_idle();
    listener_->drain();
    loop_.settle();
  }
  Origin origin(const std::string& host, std::shared_ptr<const Proxy> proxy = nullptr) {
    return make_origin(
        {.https = true, .host = host, .port = bound_.port, .path = {}, .userinfo = {}},
        authority_.client(), std::move(proxy));
  }
  Answer ask(const Origin& origin, milliseconds connect = milliseconds(10'000)) {
    return loop_.run(get(client_, origin, connect));
  }
  std::string port() const { return std::to_string(bound_.port); }
  void serve(std::shared_ptr<const TlsServerContext> context) {
    listener_->use_tls(std::move(context));
    listener_->start();
  }

  TestAuthority authority_;
  SessionOptions options_;
  Handler handler_ = [](Exchange& exchange) { return answer_with_host(exchange); };
  TestLoop loop_;
  BoundSocket bound_ = listen_tcp("127.0.0.1", 0, PortUse::kFirst).value();
  std::unique_ptr<Listener> listener_ =
      std::make_unique<Listener>(loop_.thread(), bound_.socket, options_, handler_, 100);
  BlockingPool pool_{1};
  Resolver resolver_{pool_};
  HttpClient client_{loop_.thread(), resolver_};
};

TEST_F(DialTest, ReachesAHostByNameAndByAddressThatTheCertificateIsFor) {
  serve(authority_.server("DNS:localhost,IP:127.0.0.1"));
  EXPECT_EQ(ask(origin("localhost")).text, "localhost:" + port() + " over TLS");
  EXPECT_EQ(ask(origin("127.0.0.1")).text, "127.0.0.1:" + port() + " over TLS");
  EXPECT_EQ(ask(origin("localhost")).text, "localhost:" + port() + " over TLS");
}

TEST_F(DialTest, SendsNothingToAnotherHostsCertificate) {
  serve(authority_.server("DNS:other.test,IP:127.0.0.2"));
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const Answer answer = ask(origin(host));
    EXPECT_EQ(answer.text, "provider_error");
    EXPECT_FALSE(answer.sent);
    EXPECT_NE(answer.detail.find("mismatch"), std::string::npos) << answer.detail;
  }
}

TEST_F(DialTest, SendsNothingToAnExpiredCertificate) {
  serve(authority_.server("DNS:localhost", -60));
  const Answer answer = ask(origin("localhost"));
  EXPECT_FALSE(answer.sent);
  EXPECT_NE(answer.detail.find("expired"), std::string::npos) << answer.detail;
}

TEST_F(DialTest, SendsNothingToACertificateOfAnUnknownAuthority) {
  TestAuthority stranger;
  serve(stranger.server("DNS:localhost"));
  const Answer answer = ask(origin("localhost"));
  EXPECT_EQ(answer.text, "provider_error");
  EXPECT_FALSE(answer.sent);
  EXPECT_NE(answer.detail.find("issuer"), std::string::npos) << answer.detail;
}

TEST_F(DialTest, AServerThatNeverShakesHandsIsATimeout) {
  TestUpstream silent(loop_);
  Origin mute = origin("127.0.0.1");
  mute.port = silent.port();
  const Answer answer = ask(mute, milliseconds(1));
  EXPECT_EQ(answer.text, "provider_timeout");
  EXPECT_FALSE(answer.sent);
  serve(authority_.server("DNS:localhost"));
}

TEST_F(DialTest, AnUnknownNameIsAProviderError) {
  serve(authority_.server("DNS:localhost"));
  const Answer answer = ask(origin("nobody.invalid"));
  EXPECT_TRUE(answer == "provider_error" || answer == "provider_timeout") << answer.text;
  EXPECT_FALSE(answer.sent);
}

// Through a proxy, by hand, to the TLS listener.
class ProxyTest : public DialTest {
 protected:
  std::shared_ptr<const Proxy> proxy(std::string authorization = {}) {
    return std::make_shared<Proxy>(
        Proxy{.host = "127.0.0.1", .port = proxy_.port(), .authorization = authorization});
  }
  // Carries bytes both ways between the proxy's two connections while `done` is not.
  bool carry(TestPeer& from, TestPeer& to, const std::function<bool()>& done) {
    return loop_.run_until([&] {
      to.send(from.take_present());
      from.send(to.take_present());
      return done();
    });
  }
  TestUpstream proxy_{loop_};
};

TEST_F(ProxyTest, TunnelsThroughAProxyAndVerifiesTheHostBehindIt) {
  serve(authority_.server("DNS:upstream.test"));
  const Origin through = origin("upstream.test", proxy("Basic " + std::string("c2VjcmV0")));
  const auto answer = loop_.start(get(client_, through, milliseconds(10'000)));
  TestPeer inside = proxy_.accept();
  EXPECT_EQ(inside.take_until("\r\n\r\n"), "CONNECT upstream.test:" + port() +
                                               " HTTP/1.1\r\nHost: upstream.test:" + port() +
                                               "\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n");
  TestPeer outside = TestPeer::connect(loop_, bound_.port);
  inside.send("HTTP/1.1 200 Connection established\r\n\r\n");
  ASSERT_TRUE(carry(inside, outside, [&] { return answer->has_value(); }));
  EXPECT_EQ((*answer)->text, "upstream.test:" + port() + " over TLS");
}

TEST_F(ProxyTest, SendsNothingWhereTheProxyRefusesOrTalksOutOfTurn) {
  serve(authority_.server("DNS:upstream.test"));
  for (const std::string_view said :
       {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nsurprise", "nonsense\r\n\r\n"}) {
    const Origin through = origin("upstream.test", proxy());
    const auto answer = loop_.start(get(client_, through, milliseconds(10'000)));
    TestPeer inside = proxy_.accept();
    EXPECT_EQ(inside.take_until("\r\n\r\n").find("Authorization"), std::string::npos);
    inside.send(said);
    ASSERT_TRUE(loop_.run_until([&] { return answer->has_value(); }));
    EXPECT_EQ((*answer)->text, "provider_error") << said;
    EXPECT_FALSE((*answer)->sent);
    EXPECT_EQ(inside.take_rest(), "");
  }
}

TEST_F(ProxyTest, AProxyThatDoesNotAnswerIsATimeout) {
  serve(authority_.server("DNS:upstream.test"));
  EXPECT_EQ(ask(origin("upstream.test", proxy()), milliseconds(1)).text, "provider_timeout");
}

}  // namespace
}  // namespace tollgate::net
