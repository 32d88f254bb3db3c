#include "domain/http_url.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
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

// Resolvers take them for addresses: an operator may mean them, a request must not.
TEST(BaseUrl, RefusesNumbersThatResolversReadAsAddresses) {
  for (const std::string host :
       {"2130706433", "0x7f000001", "0X7F000001", "017700000001", "0177.0.0.1", "0x7f.1", "127.1",
        "127.0.1", "127.0.0.1.", "0x7f.0x0.0x0.0x1", "00127.0.0.1", "1.2.3.0x4", "a.0x7f000001",
        "127.0.0.256", "0x", "0", "999999999999"}) {
    EXPECT_FALSE(parse_base_url("http://" + host + "/v1")) << host;
  }
  EXPECT_TRUE(parse_base_url("http://0x7f.example/v1"));
  EXPECT_TRUE(parse_base_url("http://10.example.com/v1"));
}

}  // namespace
}  // namespace tollgate
