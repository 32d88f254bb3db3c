#include "admin/person_cookie.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

net::FieldList fields(std::vector<net::Field> list) {
  net::FieldList head;
  head.fields = std::move(list);
  return head;
}

TEST(PersonCookieTest, TokenIsFoundAmongOtherCookies) {
  const auto head = fields({{"Cookie", "a=b; tollgate_session=abc ; c=d"}});
  EXPECT_EQ(session_token(head, Scheme::kHttp), "abc");
  EXPECT_EQ(session_token(fields({}), Scheme::kHttp), "");
  EXPECT_EQ(session_token(fields({{"cookie", "tollgate_session"}}), Scheme::kHttp), "");
  EXPECT_EQ(session_token(fields({{"cookie", "xtollgate_session=a;;= ;"}}), Scheme::kHttp), "");
}

TEST(PersonCookieTest, CookieOfPlainHttpIsNoneOverHttps) {
  EXPECT_EQ(session_token(fields({{"cookie", "tollgate_session=abc"}}), Scheme::kHttps), "");
  EXPECT_EQ(session_token(fields({{"cookie", "__Host-tollgate_session=abc"}}), Scheme::kHttp), "");
  EXPECT_EQ(session_token(fields({{"cookie", "__Host-tollgate_session=abc"}}), Scheme::kHttps),
            "abc");
}

TEST(PersonCookieTest, CookieIsOutOfReachOfScriptsAndOtherSites) {
  const std::string secure = session_cookie("abc", Scheme::kHttps);
  EXPECT_EQ(secure,
            "__Host-tollgate_session=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; "
            "Secure");
  EXPECT_EQ(session_cookie("abc", Scheme::kHttp),
            "tollgate_session=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
  EXPECT_NE(no_session_cookie(Scheme::kHttp).find("Max-Age=0;"), std::string::npos);
}

TEST(PersonCookieTest, OtherOriginsAreRefused) {
  const auto asked_by = [](std::string_view origin) {
    return check_origin(fields({{"Host", "gate.example:8080"}, {"Origin", origin}})).has_value();
  };
  EXPECT_TRUE(asked_by("http://gate.example:8080"));
  EXPECT_TRUE(asked_by("https://GATE.example:8080"));
  for (const char* origin : {"null", "", "http://evil.example", "http://gate.example",
                             "http://gate.example:80801", "http://evil.example/gate.example:8080",
                             "gate.example:8080", "http://user@gate.example:8080"}) {
    EXPECT_FALSE(asked_by(origin)) << origin;
  }
  EXPECT_FALSE(check_origin(fields({{"Host", "gate.example"},
                                    {"Origin", "http://gate.example"},
                                    {"Origin", "http://evil.example"}})));
  EXPECT_TRUE(check_origin(fields({{"Host", "gate.example"}})));
  EXPECT_FALSE(check_origin(fields({{"Host", "gate.example"}, {"Sec-Fetch-Site", "cross-site"}})));
  EXPECT_FALSE(check_origin(fields({{"Host", "gate.example"}, {"Sec-Fetch-Site", "same-site"}})));
  EXPECT_TRUE(check_origin(fields({{"Host", "gate.example"}, {"Sec-Fetch-Site", "same-origin"}})));
  EXPECT_FALSE(check_origin(fields({{"Host", "gate.example"},
                                    {"Sec-Fetch-Site", "cross-site"},
                                    {"Sec-Fetch-Site", "same-origin"}})));
}

TEST(PersonCookieTest, ProxyThatRewritesHostDoesNotMakeItsPagesForeign) {
  EXPECT_TRUE(check_origin(fields({{"Host", "127.0.0.1:8080"},
                                   {"Origin", "https://gate.example"},
                                   {"Sec-Fetch-Site", "same-origin"}})));
}

TEST(PersonCookieTest, TokenOfThePageIsTheSessionsOwn) {
  const std::string right = csrf_token_of("abc");
  EXPECT_TRUE(check_csrf(fields({{"Host", "a"}, {"X-CSRF-Token", right}}), "abc"));
  EXPECT_FALSE(check_csrf(fields({{"Host", "a"}}), "abc"));
  EXPECT_FALSE(check_csrf(fields({{"Host", "a"}, {"X-CSRF-Token", right}}), "abd"));
  EXPECT_FALSE(
      check_csrf(fields({{"Host", "a"}, {"X-CSRF-Token", right}, {"Origin", "http://b"}}), "abc"));
}

}  // namespace
}  // namespace tollgate
