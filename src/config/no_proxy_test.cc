#include "config/no_proxy.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(BypassesProxy, CoversANameAndItsSubdomains) {
  for (const std::string entry : {"example.com", ".example.com"}) {
    EXPECT_TRUE(bypasses_proxy({entry}, "example.com", 443)) << entry;
    EXPECT_TRUE(bypasses_proxy({entry}, "API.Example.com", 443)) << entry;
    EXPECT_FALSE(bypasses_proxy({entry}, "notexample.com", 443)) << entry;
    EXPECT_FALSE(bypasses_proxy({entry}, "example.com.evil", 443)) << entry;
    EXPECT_FALSE(bypasses_proxy({entry}, "com", 443)) << entry;
  }
}

TEST(BypassesProxy, CoversAddressesAndNetworks) {
  EXPECT_TRUE(bypasses_proxy({"10.0.0.0/8"}, "10.1.2.3", 443));
  EXPECT_FALSE(bypasses_proxy({"10.0.0.0/8"}, "11.1.2.3", 443));
  EXPECT_TRUE(bypasses_proxy({"127.0.0.1"}, "127.0.0.1", 443));
  EXPECT_TRUE(bypasses_proxy({"::1"}, "::1", 443));
  EXPECT_TRUE(bypasses_proxy({"[::1]"}, "::1", 443));
  EXPECT_FALSE(bypasses_proxy({"10.0.0.0/8"}, "ten.example", 443));
  EXPECT_FALSE(bypasses_proxy({"0.0.1"}, "127.0.0.1", 443));  // a suffix is no network
}

TEST(BypassesProxy, CoversOnlyTheNamedPort) {
  EXPECT_TRUE(bypasses_proxy({"a.lan:8443"}, "a.lan", 8'443));
  EXPECT_FALSE(bypasses_proxy({"a.lan:8443"}, "a.lan", 443));
  EXPECT_FALSE(bypasses_proxy({"a.lan:many"}, "a.lan", 443));
  EXPECT_TRUE(bypasses_proxy({"[::1]:8443"}, "::1", 8'443));
  EXPECT_FALSE(bypasses_proxy({"[::1]:8443"}, "::1", 443));
}

TEST(BypassesProxy, CoversAllWithAStarAndNothingWithoutEntries) {
  EXPECT_TRUE(bypasses_proxy({"x", "*"}, "anything", 1));
  EXPECT_FALSE(bypasses_proxy({}, "anything", 1));
  EXPECT_FALSE(bypasses_proxy({"", "."}, "anything", 1));
}

}  // namespace
}  // namespace tollgate
