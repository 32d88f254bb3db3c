// Where a call may go: the addresses a host resolves to are looked at when they are connected to,
// whatever stands in the name, and whatever it meant before.
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <vector>

#include "net/http_client.h"
#include "net/test_peer.h"

namespace tollgate::net {
namespace {

using std::chrono::milliseconds;

struct Outcome {
  Status status;
  bool sent = false;
  CallStage stage = CallStage::kExchange;
};

Task<Outcome> get(HttpClient& client, const Origin& origin) {
  ClientCall call(client, origin,
                  {.connect = milliseconds(2'000),
                   .head = milliseconds(50),
                   .silence = milliseconds(50),
                   .total = milliseconds(2'000)});
  Status sent = co_await call.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n", {});
  co_return Outcome{.status = std::move(sent), .sent = call.sent(), .stage = call.stage()};
}

// Names that mean what the test says, a look-up at a time; the last answer stays.
class Names {
 public:
  void means(const std::string& name, std::vector<std::vector<std::string>> answers) {
    answers_[name] = std::move(answers);
  }
  Result<Addresses> operator()(const std::string& host, int flags) {
    if ((flags & AI_NUMERICHOST) != 0) return system_look_up(host, flags);
    auto& answers = answers_[host];
    if (answers.empty()) return system_look_up(host, flags);
    Addresses all;
    for (const std::string& literal : answers.front()) {
      const auto one = system_look_up(literal, AI_NUMERICHOST);
      EXPECT_TRUE(one) << literal;
      all.insert(all.end(), one->begin(), one->end());
    }
    if (answers.size() > 1) answers.erase(answers.begin());
    return all;
  }

 private:
  std::map<std::string, std::vector<std::vector<std::string>>> answers_;
};

// A listener on every loopback address that nothing may ever reach.
class Sinkhole {
 public:
  Sinkhole() {
    socket_ = ::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int off = 0;
    ::setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_any;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 64), 0);
    socklen_t length = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin6_port);
  }
  ~Sinkhole() { ::close(socket_); }
  Sinkhole(const Sinkhole&) = delete;
  Sinkhole& operator=(const Sinkhole&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() {
    int count = 0;
    for (;;) {
      const int taken = ::accept(socket_, nullptr, nullptr);
      if (taken < 0) return count;
      ::close(taken);
      ++count;
    }
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

class ReachTest : public testing::Test {
 protected:
  ReachTest() { ::signal(SIGPIPE, SIG_IGN); }

  Outcome ask(const std::string& host, AddressScope scope) {
    Origin origin = make_origin(
        {.https = false, .host = host, .port = sinkhole_.port(), .path = {}, .userinfo = {}},
        nullptr, nullptr);
    origin.scope = scope;
    // Nothing is remembered of the last time.
    Resolver resolver(pool_,
                      [this](const std::string& name, int flags) { return names_(name, flags); });
    HttpClient client(loop_.thread(), resolver);
    return loop_.run(get(client, origin));
  }
  void expect_refused(const std::string& host, AddressScope scope) {
    const Outcome outcome = ask(host, scope);
    EXPECT_FALSE(outcome.status) << host;
    EXPECT_FALSE(outcome.sent) << host;
    EXPECT_EQ(outcome.stage, CallStage::kReach) << host;
    if (!outcome.status) EXPECT_EQ(outcome.status.error().code, ErrorCode::kProviderError) << host;
    EXPECT_EQ(sinkhole_.connections(), 0) << host;
  }

  TestLoop loop_;
  BlockingPool pool_{1};
  Names names_;
  Sinkhole sinkhole_;
};

TEST_F(ReachTest, NothingPrivateIsConnectedToThatMayBePublicOnly) {
  const std::vector<std::string> inside = {"127.0.0.1",        "127.1.2.3",       "::1",
                                           "::ffff:127.0.0.1", "::127.0.0.1",     "10.0.0.1",
                                           "172.16.0.1",       "192.168.1.1",     "100.64.0.1",
                                           "fd00::1",          "64:ff9b::7f00:1", "2002:7f00:1::"};
  for (const std::string& address : inside) {
    expect_refused(address, AddressScope::kPublicOnly);
    names_.means("provider.example", {{address}});
    expect_refused("provider.example", AddressScope::kPublicOnly);
  }
  names_.means("several.example", {inside});
  expect_refused("several.example", AddressScope::kPublicOnly);
}

TEST_F(ReachTest, NumbersThatResolversReadAsAddressesLeadNowhere) {
  for (const auto* host : {"2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "127.1",
                           "0x7f.0.0.1", "127.0.1", "0"}) {
    expect_refused(host, AddressScope::kPublicOnly);
  }
}

TEST_F(ReachTest, LinkLocalAndMetadataAddressesAreNeverConnectedTo) {
  for (const auto* address : {"169.254.169.254", "169.254.0.1", "0.0.0.0", "::", "fe80::1",
                              "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
                              "224.0.0.1", "255.255.255.255", "100.100.100.200"}) {
    for (const AddressScope scope : {AddressScope::kPublicOnly, AddressScope::kPrivateToo}) {
      expect_refused(address, scope);
      names_.means("metadata.example", {{address}});
      expect_refused("metadata.example", scope);
    }
  }
}

TEST_F(ReachTest, NameThatChangesItsMeaningIsJudgedByWhatItMeansNow) {
  names_.means("rebinds.example", {{"1.2.3.4"}, {"127.0.0.1"}});
  // What somebody who checks beforehand would see.
  EXPECT_TRUE(names_("rebinds.example", 0));
  expect_refused("rebinds.example", AddressScope::kPublicOnly);
}

TEST_F(ReachTest, OfSeveralAddressesThoseOutOfReachAreLeftOut) {
  names_.means("mixed.example", {{"169.254.169.254", "127.0.0.1"}});
  const Outcome outcome = ask("mixed.example", AddressScope::kPrivateToo);
  EXPECT_EQ(outcome.stage, CallStage::kExchange);
  EXPECT_EQ(sinkhole_.connections(), 1);
}

TEST_F(ReachTest, APrivateAddressIsReachedWhereItMayBe) {
  for (const auto* host : {"127.0.0.1", "::1", "localhost"}) {
    EXPECT_EQ(ask(host, AddressScope::kPrivateToo).stage, CallStage::kExchange) << host;
  }
  EXPECT_EQ(sinkhole_.connections(), 3);
}

TEST_F(ReachTest, ALiteralAddressIsJudgedBehindAProxyToo) {
  for (const auto* address : {"169.254.169.254", "10.0.0.1", "127.0.0.1", "fd00::1"}) {
    Origin origin =
        make_origin({.https = true, .host = address, .port = 443, .path = {}, .userinfo = {}},
                    TlsClientContext::load({}).value(),
                    std::make_shared<Proxy>(
                        Proxy{.host = "127.0.0.1", .port = sinkhole_.port(), .authorization = {}}));
    origin.scope = AddressScope::kPublicOnly;
    Resolver resolver(pool_);
    HttpClient client(loop_.thread(), resolver);
    EXPECT_EQ(loop_.run(get(client, origin)).stage, CallStage::kReach) << address;
  }
  EXPECT_EQ(sinkhole_.connections(), 0);
}

}  // namespace
}  // namespace tollgate::net
