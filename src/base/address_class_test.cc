#include "base/address_class.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

AddressClass kind_of(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (text.find(':') != std::string::npos) {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), bytes.data()), 1) << text;
  } else {
    bytes[10] = bytes[11] = 0xFF;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), bytes.data() + 12), 1) << text;
  }
  return classify_address(bytes);
}

TEST(AddressClassTest, AddressesOfTheInternetArePublic) {
  for (const auto* text :
       {"1.1.1.1", "8.8.8.8", "104.18.7.192", "172.15.255.255", "172.32.0.0", "100.63.255.255",
        "100.128.0.0", "192.167.255.255", "169.253.255.255", "126.255.255.255", "128.0.0.0",
        "223.255.255.255", "2606:4700::6810:7c0", "2001:4860:4860::8888", "2a00:1450:4001::200e"}) {
    EXPECT_EQ(kind_of(text), AddressClass::kPublic) << text;
  }
}

TEST(AddressClassTest, LoopbackAndNetworksOfOnesOwnArePrivate) {
  for (const auto* text :
       {"127.0.0.1",      "127.255.255.254", "10.0.0.0",    "10.255.255.255",  "172.16.0.1",
        "172.31.255.255", "192.168.0.1",     "100.64.0.1",  "100.127.255.255", "198.18.0.1",
        "198.19.255.255", "192.0.2.1",       "203.0.113.7", "192.0.0.8",       "::1",
        "fc00::1",        "fdff:ffff::1",    "fec0::1",     "2001:db8::1",     "100::1",
        "4000::1"}) {
    EXPECT_EQ(kind_of(text), AddressClass::kPrivate) << text;
  }
}

TEST(AddressClassTest, LinkLocalMetadataAndWhatIsNoHostAreForbidden) {
  for (const auto* text :
       {"169.254.0.1", "169.254.169.254", "169.254.170.2", "0.0.0.0", "0.1.2.3", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "::", "fe80::1", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254"}) {
    EXPECT_EQ(kind_of(text), AddressClass::kForbidden) << text;
  }
}

TEST(AddressClassTest, AddressCarriedInsideAnotherCounts) {
  EXPECT_EQ(kind_of("::ffff:127.0.0.1"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("::ffff:169.254.169.254"), AddressClass::kForbidden);
  EXPECT_EQ(kind_of("::ffff:8.8.8.8"), AddressClass::kPublic);
  EXPECT_EQ(kind_of("::127.0.0.1"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("::169.254.169.254"), AddressClass::kForbidden);
  EXPECT_EQ(kind_of("::8.8.8.8"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("64:ff9b::7f00:1"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("64:ff9b::a9fe:a9fe"), AddressClass::kForbidden);
  EXPECT_EQ(kind_of("64:ff9b::808:808"), AddressClass::kPublic);
  EXPECT_EQ(kind_of("64:ff9b:1::a9fe:a9fe"), AddressClass::kForbidden);
  EXPECT_EQ(kind_of("64:ff9b:1::808:808"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("2002:7f00:1::"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("2002:a9fe:a9fe::"), AddressClass::kForbidden);
  EXPECT_EQ(kind_of("2002:808:808::"), AddressClass::kPublic);
  EXPECT_EQ(kind_of("2001:0:5356:5601::5601:5601"), AddressClass::kForbidden);  // ~a9fe:a9fe
  EXPECT_EQ(kind_of("2a00::200:5efe:7f00:1"), AddressClass::kPrivate);
  EXPECT_EQ(kind_of("2a00::5efe:a9fe:a9fe"), AddressClass::kForbidden);
}

TEST(AddressClassTest, PrivateOnesAreReachedOnlyWhereThatIsSaidAndForbiddenOnesNever) {
  EXPECT_TRUE(within_scope(AddressClass::kPublic, AddressScope::kPublicOnly));
  EXPECT_TRUE(within_scope(AddressClass::kPublic, AddressScope::kPrivateToo));
  EXPECT_FALSE(within_scope(AddressClass::kPrivate, AddressScope::kPublicOnly));
  EXPECT_TRUE(within_scope(AddressClass::kPrivate, AddressScope::kPrivateToo));
  EXPECT_FALSE(within_scope(AddressClass::kForbidden, AddressScope::kPublicOnly));
  EXPECT_FALSE(within_scope(AddressClass::kForbidden, AddressScope::kPrivateToo));
}

}  // namespace
}  // namespace tollgate
