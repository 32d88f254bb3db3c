#include "admin/router.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "admin/openapi_document.h"
#include "admin/routes.h"

namespace tollgate {
namespace {

constexpr std::array kTable = {
    RoutePattern{"GET", "/admin/v1/keys", Role::kViewer},
    RoutePattern{"POST", "/admin/v1/keys", Role::kMember},
    RoutePattern{"GET", "/admin/v1/keys/{id}", Role::kViewer},
    RoutePattern{"POST", "/admin/v1/keys/{id}/rotate", Role::kMember},
    RoutePattern{"POST", "/admin/v1/keys/import", Role::kMember},
};

TEST(RouterTest, FindsTheRouteOfMethodAndPath) {
  EXPECT_EQ(match_route(kTable, "GET", "/admin/v1/keys").index, 0u);
  EXPECT_EQ(match_route(kTable, "POST", "/admin/v1/keys").index, 1u);
  const RouteMatch one = match_route(kTable, "GET", "/admin/v1/keys/key_1");
  EXPECT_EQ(one.outcome, RouteMatch::Outcome::kFound);
  EXPECT_EQ(one.index, 2u);
  EXPECT_EQ(one.id, "key_1");
  EXPECT_EQ(match_route(kTable, "POST", "/admin/v1/keys/key_1/rotate").index, 3u);
}

TEST(RouterTest, DecodesTheIdAfterSplittingThePath) {
  EXPECT_EQ(match_route(kTable, "GET", "/admin/v1/keys/a%2Fb").id, "a/b");
}

TEST(RouterTest, OtherMethodIsToldWhichOnesThePathTakes) {
  const RouteMatch match = match_route(kTable, "PUT", "/admin/v1/keys");
  EXPECT_EQ(match.outcome, RouteMatch::Outcome::kUnknownMethod);
  EXPECT_EQ(match.allow, "GET, POST");
}

TEST(RouterTest, WordOfAPathIsNoId) {
  EXPECT_EQ(match_route(kTable, "POST", "/admin/v1/keys/import").index, 4u);
  const RouteMatch match = match_route(kTable, "GET", "/admin/v1/keys/import");
  EXPECT_EQ(match.outcome, RouteMatch::Outcome::kUnknownMethod);
  EXPECT_EQ(match.allow, "POST");
}

TEST(RouterTest, MethodsAreComparedWithCase) {
  EXPECT_EQ(match_route(kTable, "get", "/admin/v1/keys").outcome,
            RouteMatch::Outcome::kUnknownMethod);
}

TEST(RouterTest, NearMissesAreUnknownPaths) {
  for (const auto* path :
       {"/admin/v1/keys/", "/admin/v1/keys//rotate", "/admin/v1/key", "/admin/v1/keys/a/b",
        "/admin/v1/keys/%zz", "/admin/v1", "/admin/v1/keys/a/rotate/", "", "admin/v1/keys",
        "/admin/v1/keys/a/rotate/x", "//admin/v1/keys"}) {
    EXPECT_EQ(match_route(kTable, "GET", path).outcome, RouteMatch::Outcome::kUnknownPath) << path;
  }
}

TEST(RouterTest, EveryRouteHasAHandler) {
  for (std::size_t i = 0; i < admin_routes().size(); ++i) EXPECT_NE(admin_handler(i), nullptr);
}

// What stands at `  /path:` in the document, up to the next path.
std::string described_at(std::string_view path) {
  const std::string_view document = openapi_document();
  const auto start = document.find("\n  " + std::string(path) + ":\n");
  if (start == std::string_view::npos) return {};
  const auto end = document.find("\n  /", start + 1);
  return std::string(document.substr(start, end - start));
}

TEST(RouterTest, EveryRouteIsDescribedInTheOpenApiDocument) {
  for (const auto& route : admin_routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    EXPECT_NE(described_at(route.pattern).find("\n    " + method + ":\n"), std::string::npos)
        << route.method << ' ' << route.pattern;
  }
}

TEST(RouterTest, EveryDescribedAdminPathIsRouted) {
  std::set<std::string> routed;
  for (const auto& route : admin_routes()) routed.emplace(route.pattern);
  const std::string_view document = openapi_document();
  std::size_t described = 0;
  for (auto at = document.find("\n  /admin/"); at != std::string_view::npos;
       at = document.find("\n  /admin/", at + 1)) {
    const auto end = document.find(":\n", at);
    EXPECT_TRUE(routed.contains(std::string(document.substr(at + 3, end - at - 3))));
    ++described;
  }
  EXPECT_EQ(described, routed.size());
}

TEST(OpenApiDocumentTest, IsTheWholeFile) {
  EXPECT_TRUE(openapi_document().starts_with("openapi: 3.1.0\n"));
  EXPECT_TRUE(openapi_document().ends_with("\n"));
}

}  // namespace
}  // namespace tollgate
