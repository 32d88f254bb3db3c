#include "config/url.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::config {
namespace {

TEST(BaseUrl, IsWrittenCanonically) {
  EXPECT_EQ(parse_base_url("http://127.0.0.1:9000/v1").value(), "http://127.0.0.1:9000/v1");
  EXPECT_EQ(parse_base_url("HTTPS://API.Example.com/v1/").value(), "https://api.example.com/v1");
  EXPECT_EQ(parse_base_url("https://api.example.com:443//").value(), "https://api.example.com");
  EXPECT_EQ(parse_base_url("http://[::1]:8080/a%20b/c").value(), "http://[::1]:8080/a%20b/c");
  EXPECT_EQ(parse_base_url("http://vllm_1:80").value(), "http://vllm_1");
}

TEST(BaseUrl, RefusesWhatIsNotPlainlyHttpHostAndPath) {
  for (const std::string url : {"",
                                "api.example.com/v1",
                                "ftp://host/",
                                "http:/host",
                                "http://",
                                "http:///v1",
                                "http://:80/v1",
                                "http://host:/v1",
                                "http://host:0",
                                "http://host:65536",
                                "http://host:80a",
                                "http://host:-1",
                                "http://a..b/",
                                "http://.a/",
                                "http://1.2.3/",
                                "http://1.2.3.256/",
                                "http://[::1/",
                                "http://[host]/",
                                "http://[::1]x/",
                                "http://ho st/",
                                "http://h/v 1",
                                "http://h/a//b",
                                "http://h/../b",
                                "http://h/./b",
                                "http://h/%zz",
                                "http://h/%4",
                                "http://h/\xc3\xa9",
                                "http://h\n/",
                                "http://h/a\r\nX: y"}) {
    EXPECT_FALSE(parse_base_url(url)) << url;
  }
}

TEST(BaseUrl, RefusesQueryFragmentAndCredential) {
  EXPECT_FALSE(parse_base_url("https://h/v1?api-version=1"));
  EXPECT_FALSE(parse_base_url("https://h/v1#x"));
  EXPECT_FALSE(parse_base_url("https://user:word@h/v1"));
  EXPECT_FALSE(parse_base_url("https://@h/v1"));
  // '@' in a path is an ordinary character (RFC 3986 §3.3).
  EXPECT_EQ(parse_base_url("https://h/a@b").value(), "https://h/a@b");
}

TEST(BaseUrl, RefusesTextLongerThanItsBound) {
  const std::string head = "http://h/";
  EXPECT_TRUE(parse_base_url(head + std::string(2'048 - head.size(), 'a')));
  EXPECT_FALSE(parse_base_url(head + std::string(2'049 - head.size(), 'a')));
}

TEST(BaseUrl, NeverRepeatsTheText) {
  const auto url = parse_base_url("https://someone:hidden-word@host?x");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("hidden-word"), std::string::npos);
}

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
