#include "net/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

#include "net/test_peer.h"
#include "net/test_session.h"

namespace tollgate::net {
namespace {

Task<> hold(Exchange& exchange, WaitSlot& slot) {
  co_await slot.wait();
  co_await echo(exchange, 0);
}
Task<> tell_peer(Exchange& exchange) {
  const Peer& peer = exchange.peer();
  Response response{.fields = {}, .body = peer.address};
  response.body += peer.unix_socket ? " unix" : " tcp";
  response.body += peer.tls ? " tls" : " plain";
  (void)co_await exchange.respond(std::move(response));
}

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

std::string code_of(const Result<BoundSocket>& bound) {
  return bound ? "bound" : std::string(error_code_name(bound.error().code));
}

// Sockets.

class ListenTcp : public testing::Test {
 protected:
  ~ListenTcp() override {
    for (const int socket : sockets_) ::close(socket);
  }
  Result<BoundSocket> listen(std::uint16_t port, PortUse use) {
    auto bound = listen_tcp("127.0.0.1", port, use);
    if (bound) sockets_.push_back(bound->socket);
    return bound;
  }
  std::vector<int> sockets_;
};

TEST_F(ListenTcp, PicksAFreePortForZero) {
  const auto first = listen(0, PortUse::kFirst);
  const auto second = listen(0, PortUse::kFirst);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->port, 0);
  EXPECT_NE(first->port, second->port);
}

TEST_F(ListenTcp, RefusesAPortThatAnotherProgramSharesAndNamesIt) {
  const auto taken = listen(0, PortUse::kFirst);  // itself with SO_REUSEPORT
  const auto refused = listen(taken->port, PortUse::kFirst);
  ASSERT_EQ(code_of(refused), "conflict");
  EXPECT_NE(refused.error().message.find("127.0.0.1:" + std::to_string(taken->port)),
            std::string::npos);
}

TEST_F(ListenTcp, RefusesAPortThatAnotherProgramHasForItself) {
  TestLoop loop;
  const TestUpstream other(loop);
  EXPECT_EQ(code_of(listen(other.port(), PortUse::kFirst)), "conflict");
  EXPECT_EQ(code_of(listen(other.port(), PortUse::kShared)), "conflict");
}

TEST_F(ListenTcp, SharesItsPortWithItsOtherThreads) {
  const auto first = listen(0, PortUse::kFirst);
  EXPECT_EQ(code_of(listen(first->port, PortUse::kShared)), "bound");
}

TEST_F(ListenTcp, TakesAPortAgainRightAfterItsConnectionsEnded) {
  TestLoop loop;
  const auto bound = listen(0, PortUse::kFirst);
  {
    TestPeer client = TestPeer::connect(loop, bound->port);
    ::close(::accept(bound->socket, nullptr, nullptr));  // ours closes first: TIME_WAIT
    EXPECT_EQ(client.take_rest(), "");
  }
  ::close(sockets_.back());
  sockets_.clear();
  EXPECT_EQ(code_of(listen(bound->port, PortUse::kFirst)), "bound");
}

TEST_F(ListenTcp, RefusesAnAddressThatIsNoneOfThisComputer) {
  EXPECT_EQ(code_of(listen_tcp("nobody.invalid", 0, PortUse::kFirst)), "invalid_request");
  EXPECT_EQ(code_of(listen_tcp("192.0.2.1", 0, PortUse::kFirst)), "invalid_request");
}

class ListenUnix : public testing::Test {
 protected:
  ListenUnix() {
    std::string pattern = testing::TempDir() + "listen_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ListenUnix() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(ListenUnix, IsForItsOwnerAloneAndReplacesAStaleFile) {
  const std::string path = folder_ + "/socket";
  ::close(listen_unix(path).value());
  struct stat before{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  const int socket = listen_unix(path).value();
  struct stat after{};
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(after.st_mode & 0777U, 0600U);
  ::close(socket);
}

TEST_F(ListenUnix, RefusesAPathTooLongOrAbsent) {
  EXPECT_FALSE(listen_unix(folder_ + "/" + std::string(200, 'x')));
  EXPECT_FALSE(listen_unix(folder_ + "/absent/socket"));
}

// Listeners.

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    options_.render_error = [](const Error&) {
      return Response{.status = 400, .fields = {}, .body = {}};
    };
  }
  ~ListenerTest() override {
    listener_->drain();
    listener_->abort_sessions();
    loop_.settle();
  }
  void start(std::size_t connections_max = 100) {
    listener_ = std::make_unique<Listener>(loop_.thread(), bound_.socket, options_, handler_,
                                           connections_max);
    listener_->start();
  }
  TestPeer connect() { return TestPeer::connect(loop_, bound_.port); }
  bool sessions(std::size_t count) {
    return loop_.run_until([&] { return listener_->session_count() == count; });
  }
  void hold_requests() {
    handler_ = [this](Exchange& exchange) { return hold(exchange, slot_); };
  }

  SessionOptions options_;
  Handler handler_ = [](Exchange& exchange) { return echo(exchange, 0); };
  TestLoop loop_;
  BoundSocket bound_ = listen_tcp("127.0.0.1", 0, PortUse::kFirst).value();
  std::unique_ptr<Listener> listener_;
  WaitSlot slot_;
};

TEST_F(ListenerTest, ServesManyConnectionsAndForgetsThoseThatEnd) {
  start();
  std::vector<TestPeer> peers;
  for (int i = 0; i < 80; ++i) peers.push_back(connect());
  for (TestPeer& peer : peers) {
    peer.send(kGet);
    EXPECT_NE(peer.take_until("GET /a "), "");
  }
  EXPECT_EQ(listener_->session_count(), 80U);
  peers.clear();
  EXPECT_TRUE(sessions(0));
}

TEST_F(ListenerTest, TellsWhoThePeerIs) {
  handler_ = [](Exchange& exchange) { return tell_peer(exchange); };
  start();
  TestPeer peer = connect();
  peer.send(kGet);
  EXPECT_NE(peer.take_until("127.0.0.1 tcp plain"), "");
}

TEST_F(ListenerTest, HoldsConnectionsBeyondItsLimitUntilOneEnds) {
  start(2);
  TestPeer first = connect();
  TestPeer second = connect();
  TestPeer third = connect();
  ASSERT_TRUE(sessions(2));
  third.send(kGet);
  EXPECT_EQ(third.take_present(), "");
  EXPECT_EQ(listener_->session_count(), 2U);
  first.close();
  EXPECT_NE(third.take_until("GET /a "), "");
  EXPECT_EQ(listener_->session_count(), 2U);
}

TEST_F(ListenerTest, DrainTakesNoneAnyMoreAndLetsRunningRequestsEnd) {
  hold_requests();
  start();
  TestPeer idle = connect();
  TestPeer busy = connect();
  busy.send(kGet);
  ASSERT_TRUE(loop_.run_until([this] { return slot_.waiting(); }));
  ASSERT_TRUE(sessions(2));
  listener_->drain();
  EXPECT_EQ(idle.take_rest(), "");
  EXPECT_THROW(connect(), std::runtime_error);
  EXPECT_EQ(busy.take_present(), "");
  slot_.resume_later(Wake::kReady);
  const std::string answer = busy.take_rest();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("GET /a ")) << answer;
  EXPECT_TRUE(sessions(0));
}

TEST_F(ListenerTest, AbortEndsEverySessionThatWaitsForItsClient) {
  start();
  TestPeer quiet = connect();
  TestPeer half = connect();
  half.send("GET /a HT");
  ASSERT_TRUE(sessions(2));
  loop_.settle();
  listener_->abort_sessions();
  EXPECT_EQ(quiet.take_rest(), "");
  half.take_rest();
  EXPECT_TRUE(sessions(0));
}

}  // namespace
}  // namespace tollgate::net
