#include "config/url.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::config {
namespace {

TEST(ProxyUrl, GivesHostPortAndDecodedCredentials) {
  const auto proxy = parse_proxy_url("http://me:p%40ss@proxy.lan:3128/");
  ASSERT_TRUE(proxy) << proxy.error().message;
  EXPECT_EQ(proxy->host, "proxy.lan");
  EXPECT_EQ(proxy->port, 3128);
  EXPECT_EQ(proxy->credentials.expose(), "me:p@ss");
}

TEST(ProxyUrl, MayLackSchemeAndPort) {
  EXPECT_EQ(parse_proxy_url("proxy:3128").value().port, 3128);
  EXPECT_EQ(parse_proxy_url("http://proxy").value().port, 80);
}

TEST(ProxyUrl, RefusesTlsPathAndControlCharacters) {
  EXPECT_FALSE(parse_proxy_url("https://proxy:3128"));
  EXPECT_FALSE(parse_proxy_url("http://proxy/x"));
  EXPECT_FALSE(parse_proxy_url("http://a:b%0d%0aX@proxy"));
  EXPECT_FALSE(parse_proxy_url("socks5://proxy:1080"));
}

TEST(ListenAddress, IsAnAddressAndAPort) {
  EXPECT_EQ(parse_listen("127.0.0.1:8080").value().host, "127.0.0.1");
  EXPECT_EQ(parse_listen("[::1]:0").value().host, "::1");
  EXPECT_EQ(parse_listen("[::1]:0").value().port, 0);
  EXPECT_EQ(parse_listen("localhost:80").value().host, "127.0.0.1");
  EXPECT_EQ(parse_listen("0.0.0.0:65535").value().port, 65'535);
}

TEST(ListenAddress, RefusesNamesAndMissingParts) {
  for (const std::string text : {"", "127.0.0.1", ":8080", "::1:8080", "example.com:80",
                                 "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8 "}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace tollgate::config
