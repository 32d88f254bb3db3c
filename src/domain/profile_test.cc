#include "domain/profile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/profile_json.h"

namespace tollgate {
namespace {

std::vector<std::string> faults(const ProfileRules& rules) {
  std::vector<std::string> out;
  for (const PolicyProblem& problem : validate_profile(rules)) out.push_back(problem.param);
  return out;
}

ProfileRules named(const std::string& name = "support") {
  ProfileRules rules;
  rules.name = name;
  return rules;
}

ProfileRules full() {
  ProfileRules rules = named();
  rules.description = "for the help desk";
  rules.strategy = Strategy::kOrdered;
  rules.order = {"acme/large", "acme/*"};
  rules.tier_floor = Tier::kSimple;
  rules.tier_ceiling = Tier::kStandard;
  rules.capabilities = {
      .vision = false, .file = true, .tools = false, .audio = true, .video = false};
  rules.cost_cap = Money::from_nanos(50'000'000);
  rules.min_tool_calling = 60;
  rules.region = "eu-west";
  rules.models = {"acme/*"};
  rules.honor_model = true;
  return rules;
}

Status read(ProfileRules& rules, std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  ObjectReader reader(*value);
  read_profile_rules(reader, rules);
  return reader.finish();
}

TEST(ValidateProfile, ANameAloneIsEnough) { EXPECT_TRUE(faults(named()).empty()); }

TEST(ValidateProfile, ASoundProfileHasNoProblem) { EXPECT_TRUE(faults(full()).empty()); }

TEST(ValidateProfile, ListsEveryProblemAtOnce) {
  ProfileRules rules = named("");
  rules.description = std::string(1'025, 'x');
  rules.strategy = Strategy::kOrdered;
  rules.tier_floor = Tier::kComplex;
  rules.tier_ceiling = Tier::kNano;
  rules.min_tool_calling = 101;
  rules.cost_cap = Money::from_nanos(-1);
  rules.region = "EU";
  rules.models = {"acme/*", "a b"};
  EXPECT_EQ(faults(rules),
            (std::vector<std::string>{"name", "description", "strategy", "tier_floor",
                                      "min_tool_calling", "cost_cap", "region", "models[1]"}));
}

TEST(ValidateProfile, OnlyAnOrderedStrategyHasAList) {
  ProfileRules rules = named();
  rules.order = {"acme/large"};
  EXPECT_EQ(faults(rules), std::vector<std::string>{"strategy"});
  rules.strategy = Strategy::kOrdered;
  EXPECT_TRUE(faults(rules).empty());
  rules.order = {"acme/large", ""};
  EXPECT_EQ(faults(rules), std::vector<std::string>{"strategy[1]"});
}

TEST(ValidateProfile, HoldsItsListsToTheirBound) {
  ProfileRules rules = named();
  rules.models.assign(kProfileModelsMax, "a/b");
  EXPECT_TRUE(faults(rules).empty());
  rules.models.emplace_back("a/b");
  EXPECT_EQ(faults(rules), std::vector<std::string>{"models"});
}

TEST(ValidateProfile, AFloorMayEqualItsCeiling) {
  ProfileRules rules = named();
  rules.tier_floor = rules.tier_ceiling = Tier::kLight;
  EXPECT_TRUE(faults(rules).empty());
}

TEST(ValidateProfile, ACapOfNothingLeavesWhatIsFree) {
  ProfileRules rules = named();
  rules.cost_cap = Money();
  EXPECT_TRUE(faults(rules).empty());
}

TEST(ProfileJson, ShowsEveryMember) {
  EXPECT_EQ(
      json::serialize(profile_rules_json(full())),
      R"({"name":"support","description":"for the help desk","strategy":["acme/large","acme/*"],)"
      R"("tier_floor":"SIMPLE","tier_ceiling":"STANDARD","capabilities":{"vision":false,"file":true,)"
      R"("tools":false,"audio":true,"video":false},"cost_cap":"0.05","min_tool_calling":60,)"
      R"("region":"eu-west","models":["acme/*"],"honor_model":true})");
  EXPECT_EQ(
      json::serialize(profile_rules_json(named())),
      R"({"name":"support","description":"","strategy":"balanced","tier_floor":"NANO",)"
      R"("tier_ceiling":"COMPLEX","capabilities":{"vision":true,"file":true,"tools":true,)"
      R"("audio":true,"video":true},"cost_cap":null,"min_tool_calling":0,"region":"","models":[],)"
      R"("honor_model":false})");
}

TEST(ProfileJson, IsReadBackAsItWas) {
  for (const ProfileRules& rules : {full(), named()}) {
    ProfileRules back;
    ASSERT_TRUE(read(back, json::serialize(profile_rules_json(rules))));
    EXPECT_EQ(back, rules);
  }
}

TEST(ProfileJson, AChangeLeavesAloneWhatItDoesNotName) {
  ProfileRules rules = full();
  ASSERT_TRUE(read(rules, R"({"tier_ceiling":"complex","capabilities":{"vision":true}})"));
  ProfileRules expected = full();
  expected.tier_ceiling = Tier::kComplex;
  expected.capabilities.vision = true;
  EXPECT_EQ(rules, expected);
}

TEST(ProfileJson, NullTakesTheCapAway) {
  ProfileRules rules = full();
  ASSERT_TRUE(read(rules, R"({"cost_cap":null})"));
  EXPECT_EQ(rules.cost_cap, std::nullopt);
}

TEST(ProfileJson, ANamedStrategyTakesTheListAway) {
  ProfileRules rules = full();
  ASSERT_TRUE(read(rules, R"({"strategy":"fastest"})"));
  EXPECT_EQ(rules.strategy, Strategy::kFastest);
  EXPECT_TRUE(rules.order.empty());
}

TEST(ProfileJson, RefusesWhatIsNoValueNamingTheMember) {
  for (const auto& [text, param] : std::vector<std::pair<std::string, std::string>>{
           {R"({"strategy":"ordered"})", "strategy"},
           {R"({"strategy":"best"})", "strategy"},
           {R"({"strategy":1})", "strategy"},
           {R"({"strategy":[1]})", "strategy"},
           {R"({"tier_floor":"HUGE"})", "tier_floor"},
           {R"({"tier_ceiling":null})", "tier_ceiling"},
           {R"({"capabilities":[]})", "capabilities"},
           {R"({"capabilities":{"smell":true}})", "capabilities"},
           {R"({"capabilities":{"tools":"yes"}})", "capabilities.tools"},
           {R"({"cost_cap":"cheap"})", "cost_cap"},
           {R"({"cost_cap":0.05})", "cost_cap"},
           {R"({"min_tool_calling":"60"})", "min_tool_calling"},
           {R"({"honor_model":"yes"})", "honor_model"},
           {R"({"models":"acme/*"})", "models"},
           {R"({"modles":[]})", "modles"}}) {
    ProfileRules rules = named();
    const Status status = read(rules, text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().param, param) << text;
  }
}

TEST(ProfileJson, AScoreBeyondAnyIntegerIsStillOutOfBounds) {
  ProfileRules rules = named();
  ASSERT_TRUE(read(rules, R"({"min_tool_calling":4294967346})"));
  EXPECT_EQ(faults(rules), std::vector<std::string>{"min_tool_calling"});
}

}  // namespace
}  // namespace tollgate
