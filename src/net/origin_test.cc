#include "net/origin.h"

#include <gtest/gtest.h>

#include <tuple>

namespace tollgate::net {
namespace {

std::string read(std::string_view url) {
  const auto parts = parse_url(url);
  if (!parts) {
    EXPECT_EQ(parts.error().code, ErrorCode::kInvalidRequest);
    return "refused";
  }
  return (parts->https ? "https " : "http ") + parts->host + " " + std::to_string(parts->port) +
         " " + parts->path + (parts->userinfo.empty() ? "" : " as " + parts->userinfo);
}

Origin origin(std::string_view url, std::shared_ptr<const Proxy> proxy = nullptr) {
  return make_origin(parse_url(url).value(), TlsClientContext::load({}).value(), std::move(proxy));
}

TEST(ParseUrl, ReadsEveryPart) {
  EXPECT_EQ(read("https://api.example.com/v1"), "https api.example.com 443 /v1");
  EXPECT_EQ(read("http://api.example.com"), "http api.example.com 80 ");
  EXPECT_EQ(read("http://localhost:8000/a/b//"), "http localhost 8000 /a/b");
  EXPECT_EQ(read("https://[::1]:8443/v1"), "https ::1 8443 /v1");
  EXPECT_EQ(read("https://[::1]"), "https ::1 443 ");
  EXPECT_EQ(read("http://user:pass@proxy:3128"), "http proxy 3128  as user:pass");
  EXPECT_EQ(read("http://a@b@proxy:3128"), "http proxy 3128  as a@b");
}

TEST(ParseUrl, TakesPortsFrom1To65535) {
  EXPECT_EQ(read("http://h:1"), "http h 1 ");
  EXPECT_EQ(read("http://h:65535"), "http h 65535 ");
  for (const std::string_view url : {"http://h:0", "http://h:65536", "http://h:", "http://h:80a",
                                     "http://h:-1", "http://h:99999999999", "http://h: 80"}) {
    EXPECT_EQ(read(url), "refused") << url;
  }
}

TEST(ParseUrl, RefusesWhatIsNoBaseUrl) {
  for (const std::string_view url :
       {"", "api.example.com", "ftp://h", "HTTPS://h", "https://", "https:///v1", "https://:80",
        "https://h/v1?key=1", "https://h/v1#top", "https://h/a b", "https://h o/", "https://[::1",
        "https://[::1]80", "https://h/\x7f", "https://h\r\nX: y/"}) {
    EXPECT_EQ(read(url), "refused") << url;
  }
}

TEST(MakeOrigin, NamesThePortInHostOnlyWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(origin("https://h").host_header, "h");
  EXPECT_EQ(origin("https://h:443").host_header, "h");
  EXPECT_EQ(origin("https://h:80").host_header, "h:80");
  EXPECT_EQ(origin("http://h:80").host_header, "h");
  EXPECT_EQ(origin("https://[::1]:8443").host_header, "[::1]:8443");
  EXPECT_EQ(origin("https://[::1]").host_header, "[::1]");
}

TEST(MakeOrigin, PlainHttpHasNeitherTlsNorProxy) {
  const auto proxy = std::make_shared<Proxy>(Proxy{.host = "p", .port = 3128, .authorization = {}});
  EXPECT_EQ(origin("http://h", proxy).tls, nullptr);
  EXPECT_EQ(origin("http://h", proxy).proxy, nullptr);
  EXPECT_NE(origin("https://h", proxy).tls, nullptr);
  EXPECT_EQ(origin("https://h", proxy).proxy, proxy);
}

TEST(MakeOrigin, ConnectionsAreSharedOnlyOnTheSameWayToTheSamePlace) {
  const auto proxy = std::make_shared<Proxy>(Proxy{.host = "p", .port = 3128, .authorization = {}});
  EXPECT_EQ(origin("https://h/a").pool_key, origin("https://h:443/b").pool_key);
  EXPECT_NE(origin("https://h").pool_key, origin("http://h").pool_key);
  EXPECT_NE(origin("https://h").pool_key, origin("https://h:8443").pool_key);
  EXPECT_NE(origin("https://h").pool_key, origin("https://h", proxy).pool_key);
}

// RFC 4648 §10's vectors.
TEST(BasicAuthorization, IsBase64) {
  EXPECT_EQ(basic_authorization(""), "Basic ");
  EXPECT_EQ(basic_authorization("f"), "Basic Zg==");
  EXPECT_EQ(basic_authorization("fo"), "Basic Zm8=");
  EXPECT_EQ(basic_authorization("foo"), "Basic Zm9v");
  EXPECT_EQ(basic_authorization("foobar"), "Basic Zm9vYmFy");
}

}  // namespace
}  // namespace tollgate::net
