#include "intake/key_route.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "dialects/messages_request.h"
#include "routing/test_catalogue.h"

namespace tollgate {
namespace {

constexpr std::string_view kChat =
    R"({"model":"a/small","messages":[{"role":"user","content":"Prove that there is no largest prime."}]})";

class KeyRoute : public ChoiceTest {
 protected:
  KeyRoute() {
    add({.model = "a/small", .price = 1});
    add({.model = "a/large", .price = 9});
    tier("a/small", Tier::kNano);
    tier("a/large", Tier::kComplex);
    key_.workspace = WorkspaceId("ws_1");
    key_.policy.environment = Environment::kProduction;
  }

  // Makes it the key of a profile that is there.
  ProfileRules& profile() {
    key_.policy.type = KeyType::kProfile;
    key_.profile = ProfileId("prof_1");
    catalogue_.profiles.resize(1);
    Profile& made = catalogue_.profiles.front();
    made.id = key_.profile;
    made.workspace = key_.workspace;
    made.rules.name = "support";
    return made.rules;
  }

  Result<Route> route(std::string_view body = kChat, std::string_view region = {}) {
    const auto rules = profile_of(key_, *snapshot());
    if (!rules) return std::unexpected(rules.error());
    const auto request = read_chat_request(body, model_member(*rules));
    if (!request) return std::unexpected(request.error());
    return route_of(snapshot(), {.key = key_,
                                 .profile = *rules,
                                 .request = *request,
                                 .body = body,
                                 .region_header = region,
                                 .now = now_});
  }

  Key key_;
};

TEST_F(KeyRoute, AnOrdinaryKeyGetsTheModelItNames) {
  EXPECT_EQ(route()->model.get(), "a/small");
  EXPECT_EQ(route(R"({"messages":[{"role":"user"}]})").error().code, ErrorCode::kInvalidRequest);
}

TEST_F(KeyRoute, AProfileIgnoresTheModelAndJudgesThePrompt) {
  profile();
  EXPECT_EQ(route()->model.get(), "a/large");
  EXPECT_EQ(parse_json(route()->decision)->at("profile"), "support");
  EXPECT_EQ(route(R"({"messages":[{"role":"user","content":"hi"}]})")->model.get(), "a/small");
}

// count_tokens is free.
TEST_F(KeyRoute, NoCapOnCostRefusesWhatCostsNothing) {
  profile().cost_cap = Money::from_nanos(1);
  EXPECT_EQ(route().error().code, ErrorCode::kLimitExceeded);
  const auto request = read_count_tokens_request(kChat, ModelMember::kOptional);
  ASSERT_TRUE(request);
  const auto counted = route_of(snapshot(), {.key = key_,
                                             .profile = *profile_of(key_, *snapshot()),
                                             .request = *request,
                                             .body = kChat,
                                             .now = now_});
  ASSERT_TRUE(counted) << counted.error().message;
  EXPECT_EQ(counted->model.get(), "a/large");
}

TEST_F(KeyRoute, AProfileThatHonorsTheModelNeedsOne) {
  profile().honor_model = true;
  EXPECT_EQ(route()->model.get(), "a/small");
  EXPECT_EQ(route(R"({"messages":[{"role":"user"}]})").error().code, ErrorCode::kInvalidRequest);
}

TEST_F(KeyRoute, AKeyWhoseProfileIsGoneOrAnotherWorkspacesServesNothing) {
  profile();
  key_.workspace = WorkspaceId("ws_2");
  EXPECT_EQ(route().error().code, ErrorCode::kDisabledApiKey);
  key_.profile = ProfileId("prof_gone");
  EXPECT_EQ(route().error().code, ErrorCode::kDisabledApiKey);
}

TEST_F(KeyRoute, AManagementKeyCallsNoModel) {
  EXPECT_TRUE(may_call_models(key_));
  key_.policy.type = KeyType::kManagement;
  EXPECT_EQ(may_call_models(key_).error().code, ErrorCode::kInsufficientScope);
}

TEST_F(KeyRoute, ARegionThatIsNotTheKeysIsNotAllowed) {
  key_.policy.region = "eu";
  EXPECT_EQ(route(kChat, "us").error().code, ErrorCode::kRegionNotAllowed);
}

TEST_F(KeyRoute, ExplainSeesTheSameRouteAndAllThatWasLookedAt) {
  profile();
  const auto rules = profile_of(key_, *snapshot());
  const auto request = read_chat_request(kChat, model_member(*rules));
  const Explanation explained = explain_route_of(
      snapshot(),
      {.key = key_, .profile = *rules, .request = *request, .body = kChat, .now = now_});
  ASSERT_TRUE(explained.route);
  EXPECT_EQ(explained.route->model, route()->model);
  const auto decision = parse_json(explained.decision).value();
  EXPECT_EQ(decision.at("candidates").at(0).at("model"), "a/large");
  EXPECT_TRUE(decision.at("candidates").at(0).as_object().contains("expected_cost"));
}

}  // namespace
}  // namespace tollgate
