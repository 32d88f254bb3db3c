#include "domain/ip.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
Cidr cidr(std::string_view text) { return Cidr::parse(text).value(); }

TEST(IpAddress, WritesTheCanonicalText) {
  EXPECT_EQ(ip("203.0.113.7").text(), "203.0.113.7");
  EXPECT_EQ(ip("2001:DB8:0:0:0:0:0:1").text(), "2001:db8::1");
  EXPECT_EQ(ip("::").text(), "::");
  EXPECT_EQ(IpAddress().text(), "::");
}

TEST(IpAddress, BothSpellingsOfAnIpv4AddressAreEqual) {
  EXPECT_EQ(ip("::ffff:203.0.113.7"), ip("203.0.113.7"));
  EXPECT_EQ(ip("::ffff:cb00:7107"), ip("203.0.113.7"));
  EXPECT_EQ(ip("::ffff:203.0.113.7").text(), "203.0.113.7");
  EXPECT_TRUE(ip("::ffff:203.0.113.7").is_v4());
  EXPECT_FALSE(ip("2001:db8::1").is_v4());
}

TEST(IpAddress, RefusesLooseSpellings) {
  for (const std::string_view text :
       {"", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
        "1.2.3.4:80", "[::1]", "::1%lo", "fe80::1%1", "1::2::3", "12345::", ":::", "localhost",
        "1.2.3.-4", "::ffff:1.2.3.04"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::parse(std::string(500, '1')));
}

TEST(IpAddress, KnowsLoopback) {
  EXPECT_TRUE(ip("127.0.0.1").is_loopback());
  EXPECT_TRUE(ip("127.255.255.254").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_TRUE(ip("::ffff:127.0.0.1").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback());
  EXPECT_FALSE(ip("::").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
  EXPECT_FALSE(ip("1::1").is_loopback());
  EXPECT_FALSE(ip("::127.0.0.1").is_loopback());
}

TEST(Cidr, HoldsItsNetworkToTheBit) {
  EXPECT_TRUE(cidr("10.0.0.0/8").contains(ip("10.255.255.255")));
  EXPECT_FALSE(cidr("10.0.0.0/8").contains(ip("11.0.0.0")));
  EXPECT_TRUE(cidr("10.0.0.128/25").contains(ip("10.0.0.255")));
  EXPECT_FALSE(cidr("10.0.0.128/25").contains(ip("10.0.0.127")));
  EXPECT_TRUE(cidr("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(cidr("2001:db8::/33").contains(ip("2001:db8:8000::1")));
}

TEST(Cidr, ASingleAddressHoldsItselfAlone) {
  EXPECT_TRUE(cidr("10.1.2.3").contains(ip("10.1.2.3")));
  EXPECT_TRUE(cidr("10.1.2.3").contains(ip("::ffff:10.1.2.3")));
  EXPECT_FALSE(cidr("10.1.2.3").contains(ip("10.1.2.4")));
  EXPECT_FALSE(cidr("2001:db8::1").contains(ip("2001:db8::2")));
}

TEST(Cidr, TheFamiliesStayApart) {
  EXPECT_TRUE(cidr("0.0.0.0/0").contains(ip("8.8.8.8")));
  EXPECT_FALSE(cidr("0.0.0.0/0").contains(ip("2001:db8::1")));
  EXPECT_TRUE(cidr("::/0").contains(ip("2001:db8::1")));
  EXPECT_FALSE(cidr("::/0").contains(ip("8.8.8.8")));
  EXPECT_TRUE(cidr("::ffff:10.0.0.0/104").contains(ip("10.9.9.9")));
}

TEST(Cidr, WritesTheCanonicalText) {
  EXPECT_EQ(cidr("10.0.0.0/8").text(), "10.0.0.0/8");
  EXPECT_EQ(cidr("10.1.2.3").text(), "10.1.2.3/32");
  EXPECT_EQ(cidr("2001:DB8::/32").text(), "2001:db8::/32");
  EXPECT_EQ(cidr("::1").text(), "::1/128");
  EXPECT_EQ(cidr("::ffff:10.0.0.0/104").text(), "10.0.0.0/8");
  for (const char* text : {"0.0.0.0/0", "::/0", "10.1.2.3/32", "2001:db8::/32"}) {
    EXPECT_EQ(cidr(cidr(text).text()).text(), text);
  }
}

TEST(Cidr, RefusesHostBitsAndSaysTheNetwork) {
  const auto refused = Cidr::parse("10.1.2.3/8");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("10.0.0.0/8"), std::string::npos);
  EXPECT_FALSE(Cidr::parse("2001:db8::1/64"));
}

TEST(Cidr, RefusesWhatIsNoNetwork) {
  for (const char* text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0.0/ 8", "::/129", "::/1000", "10.0.0.0/8 ", "ten/8"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tollgate
