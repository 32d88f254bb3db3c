#include "server/dashboard.h"

#include <gmock/gmock.h>

#include <string>

namespace tollgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPack =
    "/assets/main-3f9a.js\ttext/javascript; charset=utf-8\taaaa\t6\t4\t2\n"
    "/assets/inter.woff2\tfont/woff2\tcccc\t4\t0\t0\n"
    "/index.html\ttext/html; charset=utf-8\tbbbb\t4\t3\t2\n\n"
    "SCRIPTGZIPBRFONTPAGEGZPBP";

struct Asked {
  net::RequestHead head;
  Asked(std::string_view method, std::string_view target,
        std::vector<net::Field> fields = {{.name = "Accept", .value = "text/html,*/*;q=0.8"}}) {
    head.method = method;
    head.target = target;
    head.fields = std::move(fields);
  }
};

Dashboard packed(std::string_view pack = kPack) {
  auto dashboard = Dashboard::from_pack(pack);
  EXPECT_TRUE(dashboard);
  return *std::move(dashboard);
}

std::string field(const net::Response& answer, std::string_view name) {
  for (const auto& [key, value] : answer.fields) {
    if (key == name) return value;
  }
  return "";
}

TEST(Dashboard, AnswersEveryPageOfItWithTheSameDocument) {
  const Dashboard dashboard = packed();
  for (const auto* target : {"/", "/index.html", "/keys", "/keys/key_8f2k?range=7d", "/sign-in"}) {
    const Asked asked("GET", target);
    ASSERT_TRUE(dashboard.serves(asked.head)) << target;
    const net::Response answer = dashboard.answer(asked.head);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "PAGE") << target;
    EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(field(answer, "Cache-Control"), "no-cache");
  }
  EXPECT_TRUE(dashboard.serves(Asked("HEAD", "/keys").head));
}

TEST(Dashboard, LeavesEveryPathOfAnApiAndEveryOtherMethodAlone) {
  const Dashboard dashboard = packed();
  for (const auto* target :
       {"/v1", "/v1/chat/completions", "/v2/router/x", "/v3/x", "/api/v1/models", "/admin/v1/keys",
        "/admin", "/livez/x", "/metrics/x"}) {
    EXPECT_FALSE(dashboard.serves(Asked("GET", target).head)) << target;
  }
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_FALSE(dashboard.serves(Asked(method, "/keys").head)) << method;
  }
}

TEST(Dashboard, LeavesAClientThatTakesNoHtmlToTheApisOwn404) {
  const Dashboard dashboard = packed();
  EXPECT_FALSE(dashboard.serves(Asked("GET", "/chat/completions", {}).head));
  EXPECT_FALSE(
      dashboard.serves(Asked("GET", "/models", {{.name = "Accept", .value = "*/*"}}).head));
  EXPECT_FALSE(dashboard.serves(
      Asked("GET", "/models", {{.name = "Accept", .value = "text/html;q=0"}}).head));
  EXPECT_FALSE(dashboard.serves(Asked("GET", "/favicon.ico").head));
  EXPECT_FALSE(dashboard.serves(Asked("GET", "/assets/gone-1234.js").head));
}

TEST(Dashboard, LetsBrowsersKeepForEverOnlyWhatHasItsHashInItsName) {
  const Dashboard dashboard = packed();
  const Asked asked("GET", "/assets/main-3f9a.js", {});
  ASSERT_TRUE(dashboard.serves(asked.head));
  EXPECT_EQ(field(dashboard.answer(asked.head), "Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST(Dashboard, SendsTheSmallestCodingThatTheBrowserTakes) {
  const Dashboard dashboard = packed();
  struct Case {
    std::string_view accepted, coding, body;
  };
  for (const Case& one : {Case{"gzip, deflate, br", "br", "BR"}, Case{"gzip", "gzip", "GZIP"},
                          Case{"br;q=0, gzip;q=0.5", "gzip", "GZIP"}, Case{"", "", "SCRIPT"},
                          Case{"GZIP;q=0", "", "SCRIPT"}, Case{"brotli", "", "SCRIPT"}}) {
    const Asked asked("GET", "/assets/main-3f9a.js",
                      {{.name = "accept-encoding", .value = one.accepted}});
    const net::Response answer = dashboard.answer(asked.head);
    EXPECT_EQ(field(answer, "Content-Encoding"), one.coding) << one.accepted;
    EXPECT_EQ(answer.body, one.body) << one.accepted;
    EXPECT_EQ(field(answer, "Vary"), "Accept-Encoding");
  }
  const Asked font("GET", "/assets/inter.woff2", {{.name = "Accept-Encoding", .value = "br"}});
  EXPECT_EQ(dashboard.answer(font.head).body, "FONT");
  EXPECT_EQ(field(dashboard.answer(font.head), "Content-Encoding"), "");
}

TEST(Dashboard, SendsNothingAgainThatTheBrowserHas) {
  const Dashboard dashboard = packed();
  const std::string tag = field(dashboard.answer(Asked("GET", "/").head), "ETag");
  EXPECT_EQ(tag, "\"bbbb\"");
  for (const std::string& sent :
       {tag, "W/" + tag, "\"x\", " + tag, std::string("*"), std::string("\"bbbb-br\"")}) {
    const Asked again("GET", "/", {{.name = "If-None-Match", .value = sent}});
    EXPECT_EQ(dashboard.answer(again.head).status, 304) << sent;
  }
  const Asked other("GET", "/", {{.name = "If-None-Match", .value = "\"cccc\""}});
  EXPECT_EQ(dashboard.answer(other.head).status, 200);
}

TEST(Dashboard, AllowsNothingInlineNothingFromElsewhereAndNoFrame) {
  for (const Dashboard& dashboard : {packed(), packed("")}) {
    const net::Response answer = dashboard.answer(Asked("GET", "/").head);
    const std::string policy = field(answer, "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(policy, Not(HasSubstr("http")));
    EXPECT_EQ(field(answer, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field(answer, "Referrer-Policy"), "no-referrer");
  }
}

TEST(Dashboard, SaysHowItIsBuiltWhereItWasNot) {
  const Dashboard dashboard = packed("");
  const Asked asked("GET", "/");
  ASSERT_TRUE(dashboard.serves(asked.head));
  const net::Response answer = dashboard.answer(asked.head);
  EXPECT_THAT(answer.body, HasSubstr("script/build"));
  EXPECT_EQ(field(answer, "Cache-Control"), "no-store");
  EXPECT_FALSE(dashboard.serves(Asked("GET", "/chat/completions", {}).head));
}

TEST(Dashboard, RefusesAPackWhoseIndexDoesNotFitItsBytes) {
  for (const std::string& pack : {kPack.substr(0, kPack.size() - 1), kPack + "x",
                                  std::string("/index.html\ttext/html\tb\t1x\t0\t0\n\nP"),
                                  std::string("/index.html\ttext/html\tb\n\n"), std::string("x"),
                                  std::string("/a.js\ttext/javascript\ta\t1\t0\t0\n\nA")}) {
    EXPECT_FALSE(Dashboard::from_pack(pack)) << pack;
  }
}

TEST(Dashboard, ThatIsBuiltIntoThisBinaryCanBeRead) {
  EXPECT_TRUE(Dashboard::from_pack(embedded_dashboard()));
}

}  // namespace
}  // namespace tollgate
