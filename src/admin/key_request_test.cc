#include "admin/key_request.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/credits.h"

namespace tollgate {
namespace {

using Names = std::set<std::string>;

const WallTime kNow = parse_time("2026-11-21T10:00:00Z").value();

Names problems_of(const Error& error) {
  Names names;
  const auto details = parse_json(error.details_json);
  for (const auto& problem : details->at("problems").as_array()) {
    names.emplace(problem.at("param").as_string().c_str());
  }
  return names;
}

Result<KeyPolicy> created(std::string_view body) {
  return parse_key_create(body, kNow, kCreditValueDefault);
}

Result<KeyPatch> patched(std::string_view body, const KeyPolicy& current) {
  return parse_key_patch(body, current, kNow, kCreditValueDefault);
}

Limit monthly_cost(std::int64_t dollars) {
  return {.metric = Metric::kCost,
          .window = {.kind = WindowKind::kMonth},
          .amount = dollars * 1'000'000'000};
}

Names create_problems(std::string_view body) {
  const auto policy = created(body);
  if (policy) return {};
  EXPECT_EQ(policy.error().code, ErrorCode::kUnprocessable) << body;
  return problems_of(policy.error());
}

KeyPolicy named_policy() {
  KeyPolicy policy;
  policy.name = "checkout";
  return policy;
}

Names patch_problems(std::string_view body, const KeyPolicy& current = named_policy()) {
  const auto patch = patched(body, current);
  if (patch) return {};
  EXPECT_EQ(patch.error().code, ErrorCode::kUnprocessable) << body;
  return problems_of(patch.error());
}

TEST(KeyCreateTest, NameAloneGivesTheDefaults) {
  const auto policy = created(R"({"name":"checkout"})");
  ASSERT_TRUE(policy);
  EXPECT_EQ(*policy, named_policy());
  EXPECT_EQ(policy->environment, Environment::kProduction);
  EXPECT_EQ(policy->type, KeyType::kStandard);
  EXPECT_EQ(policy->enforcement, Enforcement::kHard);
  EXPECT_TRUE(policy->enabled);
}

TEST(KeyCreateTest, ReadsEveryMember) {
  const auto policy = created(
      R"({"name":"n","description":"d","icon":"i","environment":"sandbox","type":"standard",
          "models":["openai/*"],"region":"eu-west","limits":[],"enforcement":"soft",
          "allowed_ips":["10.0.0.0/8"],"expires_at":"2026-12-01T00:00:00+01:00","enabled":false,
          "prefer_low_carbon":true,"tags":["shop"]})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->description, "d");
  EXPECT_EQ(policy->icon, "i");
  EXPECT_EQ(policy->environment, Environment::kSandbox);
  EXPECT_EQ(policy->models, std::vector<std::string>{"openai/*"});
  EXPECT_EQ(policy->region, "eu-west");
  EXPECT_EQ(policy->enforcement, Enforcement::kSoft);
  EXPECT_EQ(policy->allowed_ips, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(policy->expires_at, parse_time("2026-11-30T23:00:00Z").value());
  EXPECT_FALSE(policy->enabled);
  EXPECT_TRUE(policy->prefer_low_carbon);
  EXPECT_EQ(policy->tags, std::vector<std::string>{"shop"});
}

TEST(KeyCreateTest, ReadsAManagementKeysRole) {
  const auto policy = created(R"({"name":"n","type":"management","role":"admin"})");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->role, Role::kAdmin);
  EXPECT_EQ(created(R"({"name":"n","type":"management"})")->role, Role::kViewer);
}

TEST(KeyCreateTest, BodyThatIsNoJsonIsABadRequest) {
  for (const auto* body : {"", "{", "nonsense", R"({"name":"a","name":"b"})"}) {
    const auto policy = created(body);
    ASSERT_FALSE(policy) << body;
    EXPECT_EQ(policy.error().code, ErrorCode::kInvalidRequest) << body;
  }
}

TEST(KeyCreateTest, ReportsEveryProblemAtOnceAndEachOnce) {
  EXPECT_EQ(
      create_problems(R"({"name":7,"environment":"staging","models":"openai/*",
                                "expires_at":"yesterday","allowed_ips":["10.0.0.1/8"],
                                "colour":"red","limits":{}})"),
      (Names{"name", "environment", "models", "expires_at", "allowed_ips[0]", "colour", "limits"}));
  EXPECT_EQ(create_problems("{}"), Names{"name"});
}

TEST(KeyCreateTest, ReadsLimitsCreditsAtTheirValue) {
  constexpr std::string_view kBody =
      R"({"limits":[{"metric":"cost","window":"month","amount":"2500","unit":"credits"}],"name":"n"})";
  const auto policy = created(kBody);
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->limits, std::vector{monthly_cost(25)});
  const auto patch = patched(kBody, named_policy());
  ASSERT_TRUE(patch) << patch.error().message;
  EXPECT_EQ(patch->limits, std::vector{monthly_cost(25)});
}

TEST(KeyCreateTest, AManagementKeyHasNoLimits) {
  EXPECT_EQ(create_problems(R"({"name":"n","type":"management",
                                "limits":[{"metric":"concurrency","amount":4}]})"),
            Names{"limits"});
}

TEST(KeyCreateTest, SaysWhatIsWrongWithEachLimit) {
  constexpr std::string_view kBody =
      R"({"name":"n","limits":[{"metric":"requests","window":"fortnight","amount":-1},
                               {"metric":"cost","window":"day","amount":"1","unit":"eur"}]})";
  const Names wrong{"limits[0].window", "limits[0].amount", "limits[1].unit"};
  EXPECT_EQ(create_problems(kBody), wrong);
  EXPECT_EQ(patch_problems(kBody), wrong);
  for (const auto* limits : {"{}", "7", "\"cost:25/month\""}) {
    EXPECT_EQ(create_problems(std::string(R"({"name":"n","limits":)") + limits + "}"),
              Names{"limits"})
        << limits;
  }
}

TEST(KeyCreateTest, RefusesAnExpiryThatHasPassed) {
  EXPECT_EQ(create_problems(R"({"name":"n","expires_at":"2026-11-21T09:59:59Z"})"),
            Names{"expires_at"});
}

TEST(KeyCreateTest, RefusesProfileKeysAndOperatorsAndStrayRoles) {
  EXPECT_EQ(create_problems(R"({"name":"n","type":"profile"})"), Names{"type"});
  EXPECT_EQ(create_problems(R"({"name":"n","type":"management","role":"operator"})"),
            Names{"role"});
  EXPECT_EQ(create_problems(R"({"name":"n","role":"viewer"})"), Names{"role"});
  EXPECT_EQ(create_problems(R"({"name":"n","role":"admin"})"), Names{"role"});
  EXPECT_EQ(create_problems(R"({"name":"n","type":"managment","role":"admin"})"), Names{"type"});
}

TEST(KeyCreateTest, ReadOnlyMembersAreUnknown) {
  EXPECT_EQ(create_problems(R"({"name":"n","id":"key_1","secret":"x"})"), (Names{"id", "secret"}));
}

TEST(KeyCreateTest, NullIsAnUnsetMemberWhereOneCanBeUnset) {
  const auto policy = created(
      R"({"name":"n","description":null,"icon":null,"region":null,"models":null,
          "allowed_ips":null,"tags":null,"limits":null,"expires_at":null})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(policy->expires_at);
  EXPECT_EQ(create_problems(R"({"name":null,"enabled":null})"), (Names{"name", "enabled"}));
}

TEST(KeyCreateTest, BodyThatIsNoObjectHasOneProblem) {
  EXPECT_EQ(create_problems("[]").size(), 1u);
}

TEST(KeyPatchTest, SetsOnlyWhatItNames) {
  KeyPolicy policy = named_policy();
  policy.description = "old";
  const auto patch = patched(R"({"enabled":false})", policy);
  ASSERT_TRUE(patch);
  ASSERT_TRUE(apply_key_patch(*patch, policy, kNow));
  EXPECT_FALSE(policy.enabled);
  EXPECT_EQ(policy.description, "old");
  EXPECT_EQ(policy.name, "checkout");
}

TEST(KeyPatchTest, NullClears) {
  KeyPolicy policy = named_policy();
  policy.description = "d";
  policy.icon = "i";
  policy.region = "eu";
  policy.models = {"openai/*"};
  policy.allowed_ips = {"10.0.0.0/8"};
  policy.tags = {"shop"};
  policy.limits = {monthly_cost(25)};
  policy.expires_at = kNow + std::chrono::days(1);
  const auto patch = patched(
      R"({"description":null,"icon":null,"region":null,"models":null,"allowed_ips":null,
          "tags":null,"limits":null,"expires_at":null})",
      policy);
  ASSERT_TRUE(patch) << patch.error().message;
  ASSERT_TRUE(apply_key_patch(*patch, policy, kNow));
  EXPECT_EQ(policy, named_policy());
}

TEST(KeyPatchTest, ReplacesTheWholeListOfLimits) {
  KeyPolicy policy = named_policy();
  policy.limits = {monthly_cost(25),
                   {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}}};
  KeyPatch patch;
  patch.limits = std::vector{monthly_cost(50)};
  ASSERT_TRUE(apply_key_patch(patch, policy, kNow));
  EXPECT_EQ(policy.limits, std::vector{monthly_cost(50)});
  ASSERT_TRUE(apply_key_patch(KeyPatch(), policy, kNow));
  EXPECT_EQ(policy.limits, std::vector{monthly_cost(50)});

  patch.limits = std::vector{monthly_cost(50), monthly_cost(60)};
  const auto refused = apply_key_patch(patch, policy, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "limits[1]");
}

TEST(KeyPatchTest, EnvironmentAndTypeNeverChange) {
  EXPECT_EQ(patch_problems(R"({"environment":"production","type":"standard"})"),
            (Names{"environment", "type"}));
}

TEST(KeyPatchTest, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(patch_problems(R"({"name":"","enabled":"no","tags":[1],"limits":7,"x":1})"),
            (Names{"name", "enabled", "tags", "limits", "x"}));
}

TEST(KeyPatchTest, ExpiredKeyCanStillBeRenamedAndSwitchedOff) {
  KeyPolicy policy = named_policy();
  policy.expires_at = kNow - std::chrono::days(1);
  const auto patch = patched(R"({"name":"old checkout","enabled":false})", policy);
  ASSERT_TRUE(patch) << patch.error().message;
  ASSERT_TRUE(apply_key_patch(*patch, policy, kNow));
  EXPECT_EQ(policy.name, "old checkout");
}

TEST(KeyPatchTest, EditJudgesThePolicyAsItStandsWhenItRuns) {
  const auto patch = patched(R"({"expires_at":"2026-11-22"})", named_policy());
  ASSERT_TRUE(patch);
  KeyPolicy policy = named_policy();
  const auto status = apply_key_patch(*patch, policy, kNow + std::chrono::days(2));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnprocessable);
  EXPECT_EQ(status.error().param, "expires_at");
}

TEST(KeyPatchTest, RoleIsForManagementKeys) {
  KeyPolicy management = named_policy();
  management.type = KeyType::kManagement;
  EXPECT_EQ(patch_problems(R"({"role":"member"})", management), Names{});
  EXPECT_EQ(patch_problems(R"({"role":"operator"})", management), Names{"role"});
  EXPECT_EQ(patch_problems(R"({"role":"member"})"), Names{"role"});
}

TEST(KeySecretTest, IsForThePlaygroundAndNothingElse) {
  EXPECT_TRUE(parse_key_secret(R"({"purpose":"playground"})"));
  for (const auto* body : {"{}", R"({"purpose":"client"})", R"({"purpose":null})",
                           R"({"purpose":7})", R"({"purpose":"playground","life":1})", "[]"}) {
    const Status refused = parse_key_secret(body);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable) << body;
  }
  EXPECT_EQ(parse_key_secret("").error().code, ErrorCode::kInvalidRequest);
}

TEST(KeyRotateTest, GraceIsFrom0To30Days) {
  EXPECT_EQ(parse_key_rotate("").value(), std::chrono::seconds(0));
  EXPECT_EQ(parse_key_rotate("{}").value(), std::chrono::seconds(0));
  EXPECT_EQ(parse_key_rotate(R"({"grace_seconds":2592000})").value(), std::chrono::days(30));
  for (const auto* body :
       {R"({"grace_seconds":2592001})", R"({"grace_seconds":-1})", R"({"grace_seconds":1.5})",
        R"({"grace_seconds":"1h"})", R"({"grace_seconds":null})", R"({"grace":1})"}) {
    const auto grace = parse_key_rotate(body);
    ASSERT_FALSE(grace) << body;
    EXPECT_EQ(grace.error().code, ErrorCode::kUnprocessable) << body;
  }
}

}  // namespace
}  // namespace tollgate
