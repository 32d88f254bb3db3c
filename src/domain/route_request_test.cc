#include "domain/route_request.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tollgate {
namespace {

TEST(RouteRequest, AnEmptyOneAsksNothing) { EXPECT_EQ(*read_route_request("{}"), RouteRequest()); }

TEST(RouteRequest, ReadsEveryMember) {
  const auto route = read_route_request(
      R"({"region":"eu","models":["acme/*"],"tier_floor":"light","tier_ceiling":"STANDARD",)"
      R"("max_cost":"0.05","strategy":"cheapest"})");
  ASSERT_TRUE(route.has_value()) << route.error().message;
  EXPECT_EQ(*route, (RouteRequest{.region = "eu",
                                  .models = {"acme/*"},
                                  .tier_floor = Tier::kLight,
                                  .tier_ceiling = Tier::kStandard,
                                  .max_cost = Money::from_nanos(50'000'000),
                                  .strategy = Strategy::kCheapest}));
}

TEST(RouteRequest, RefusesWhatItCannotReadNamingTheMember) {
  for (const auto& [text, param] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "route"},
           {R"({"region":1})", "route.region"},
           {R"({"region":null})", "route.region"},
           {R"({"region":""})", "route.region"},
           {R"({"region":"eu\nwest"})", "route.region"},
           {R"({"models":[]})", "route.models"},
           {R"({"models":["a b"]})", "route.models[0]"},
           {R"({"tier_floor":"HUGE"})", "route.tier_floor"},
           {R"({"max_cost":0.05})", "route.max_cost"},
           {R"({"max_cost":"-1"})", "route.max_cost"},
           {R"({"strategy":"ordered"})", "route.strategy"},
           {R"({"tier_flor":"NANO"})", "route.tier_flor"}}) {
    const auto route = read_route_request(text);
    ASSERT_FALSE(route.has_value()) << text;
    EXPECT_EQ(route.error().code, ErrorCode::kInvalidRequest) << text;
    EXPECT_EQ(route.error().param, param) << text;
  }
}

TEST(RouteRequest, NamesAllThatIsWrongAtOnce) {
  const auto route = read_route_request(R"({"tier_floor":"A","max_cost":"B","x":1})");
  ASSERT_FALSE(route.has_value());
  for (const char* name : {"`tier_floor`", "`max_cost`", "`x`", "the request's `route`"}) {
    EXPECT_NE(route.error().message.find(name), std::string::npos) << name;
  }
}

TEST(RouteRequest, HoldsItsModelsToTheirBound) {
  const auto listing = [](std::size_t count) {
    std::string text = R"({"models":[)";
    for (std::size_t i = 0; i < count; ++i) text += i == 0 ? R"("a/b")" : R"(,"a/b")";
    return read_route_request(text + "]}");
  };
  EXPECT_TRUE(listing(kRouteModelsMax).has_value());
  EXPECT_FALSE(listing(kRouteModelsMax + 1).has_value());
}

}  // namespace
}  // namespace tollgate
