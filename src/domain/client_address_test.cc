#include "domain/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

struct Case {
  std::string peer;
  std::vector<std::string_view> forwarded_for = {};
  std::string_view forwarded_proto = {};
  std::vector<std::string> trusted = {"10.0.0.0/8", "127.0.0.1", "::1"};
  ListenerKind listener = ListenerKind::kPlain;
};

ClientAddress client_of(const Case& sent) {
  std::vector<Cidr> trusted;
  for (const auto& text : sent.trusted) trusted.push_back(Cidr::parse(text).value());
  return client_address(IpAddress::parse(sent.peer).value(), sent.listener,
                        {sent.forwarded_for, sent.forwarded_proto}, trusted);
}

std::string address_of(const Case& sent) { return client_of(sent).address.text(); }

TEST(ClientAddress, IsThePeerWhenNobodyIsTrusted) {
  const Case sent{.peer = "10.0.0.1",
                  .forwarded_for = {"203.0.113.7"},
                  .forwarded_proto = "https",
                  .trusted = {}};
  EXPECT_EQ(address_of(sent), "10.0.0.1");
  EXPECT_EQ(client_of(sent).scheme, Scheme::kHttp);
}

TEST(ClientAddress, AnUntrustedPeerIsNeverBelieved) {
  const Case sent{
      .peer = "203.0.113.9", .forwarded_for = {"127.0.0.1"}, .forwarded_proto = "https"};
  EXPECT_EQ(address_of(sent), "203.0.113.9");
  EXPECT_EQ(client_of(sent).scheme, Scheme::kHttp);
}

TEST(ClientAddress, IsTheRightmostUntrustedAddress) {
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"203.0.113.7"}}), "203.0.113.7");
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"1.1.1.1, 203.0.113.7, 10.0.0.2"}}),
            "203.0.113.7");
  EXPECT_EQ(address_of({.peer = "127.0.0.1", .forwarded_for = {"127.0.0.1, 203.0.113.7"}}),
            "203.0.113.7");
}

TEST(ClientAddress, SeveralFieldsReadAsOneList) {
  EXPECT_EQ(
      address_of({.peer = "10.0.0.1", .forwarded_for = {"1.1.1.1", "203.0.113.7", "10.0.0.2"}}),
      "203.0.113.7");
  EXPECT_EQ(
      address_of({.peer = "10.0.0.1", .forwarded_for = {"1.1.1.1,203.0.113.7", " 10.0.0.2\t"}}),
      "203.0.113.7");
}

TEST(ClientAddress, IsTheLeftmostWhenAllAreTrustedAndThePeerWhenNoneIsReported) {
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"10.0.0.3, 10.0.0.2"}}), "10.0.0.3");
  EXPECT_EQ(address_of({.peer = "10.0.0.1"}), "10.0.0.1");
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {""}}), "10.0.0.1");
}

TEST(ClientAddress, StopsAtWhatItCannotRead) {
  for (const char* garbage : {"unknown", "203.0.113.7:1234", "[2001:db8::1]", "1.2.3", "_hidden",
                              "a b", "203.0.113.7,", ", ,"}) {
    EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"1.1.1.1", garbage, "10.0.0.2"}}),
              "10.0.0.2")
        << garbage;
  }
}

TEST(ClientAddress, GarbageNeverGivesLoopbackRights) {
  const ClientAddress client = client_of({.peer = "127.0.0.1", .forwarded_for = {"unknown"}});
  EXPECT_FALSE(client.address.is_loopback());
  EXPECT_EQ(client.address.text(), "::");
  EXPECT_FALSE(check_https(client, HttpsRule::kRequired));
}

// Else a client inside a trusted network could name itself 127.0.0.1.
TEST(ClientAddress, LoopbackIsBelievedOnlyFromAHopOnThisHost) {
  EXPECT_EQ(address_of({.peer = "127.0.0.1", .forwarded_for = {"::1"}}), "::1");
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"127.0.0.1"}}), "10.0.0.1");
  EXPECT_EQ(address_of({.peer = "10.0.0.1", .forwarded_for = {"127.0.0.1, 10.0.0.7"}}), "10.0.0.7");
}

TEST(ClientAddress, Ipv6PeersAndMappedAddressesAreTheSameHosts) {
  EXPECT_EQ(address_of({.peer = "::ffff:10.0.0.1", .forwarded_for = {"2001:db8::7"}}),
            "2001:db8::7");
  EXPECT_EQ(address_of({.peer = "::1", .forwarded_for = {"::ffff:203.0.113.7"}}), "203.0.113.7");
}

TEST(ClientAddress, HttpsIsWhatTheRightmostProtoOfATrustedPeerSays) {
  const auto scheme_of = [](std::string_view proto) {
    return client_of({.peer = "10.0.0.1", .forwarded_proto = proto}).scheme;
  };
  EXPECT_EQ(scheme_of("https"), Scheme::kHttps);
  EXPECT_EQ(scheme_of("HTTPS"), Scheme::kHttps);
  EXPECT_EQ(scheme_of("http, https "), Scheme::kHttps);
  EXPECT_EQ(scheme_of("https, http"), Scheme::kHttp);
  EXPECT_EQ(scheme_of("https,"), Scheme::kHttp);
  EXPECT_EQ(scheme_of("httpsx"), Scheme::kHttp);
  EXPECT_EQ(scheme_of(""), Scheme::kHttp);
}

TEST(ClientAddress, OurOwnTlsListenerIsHttpsWhoeverCalls) {
  EXPECT_EQ(client_of({.peer = "203.0.113.9", .listener = ListenerKind::kTls}).scheme,
            Scheme::kHttps);
}

TEST(CheckHttps, LetsInLoopbackHttpsAndAnyoneWhenTheRuleIsOff) {
  EXPECT_TRUE(check_https(client_of({.peer = "127.0.0.1"}), HttpsRule::kRequired));
  EXPECT_TRUE(check_https(client_of({.peer = "203.0.113.9", .listener = ListenerKind::kTls}),
                          HttpsRule::kRequired));
  EXPECT_TRUE(check_https(client_of({.peer = "203.0.113.9"}), HttpsRule::kOff));
}

TEST(CheckHttps, RefusesARemoteClientOnPlainHttp) {
  for (const Case& sent :
       {Case{.peer = "203.0.113.9"}, Case{.peer = "127.0.0.1", .forwarded_for = {"203.0.113.9"}},
        Case{.peer = "203.0.113.9", .forwarded_proto = "https"}}) {
    const Status status = check_https(client_of(sent), HttpsRule::kRequired);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kHttpsRequired);
  }
}

}  // namespace
}  // namespace tollgate
