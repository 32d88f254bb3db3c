#include "domain/key_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const WallTime kNow = WallTime(std::chrono::days(20'000));

KeyPolicy named(std::string name) {
  KeyPolicy policy;
  policy.name = std::move(name);
  return policy;
}

std::vector<std::string> faults(KeyPolicy policy) {
  std::vector<std::string> params;
  for (const auto& problem : validate_key_policy(policy, kNow)) params.push_back(problem.param);
  return params;
}

TEST(KeyPolicy, ANameAloneIsEnough) { EXPECT_THAT(faults(named("billing bot")), IsEmpty()); }

TEST(KeyPolicy, ANameIs1To128CharactersNotBytes) {
  std::string euros;
  for (int i = 0; i < 128; ++i) euros += "€";
  EXPECT_THAT(faults(named(euros)), IsEmpty());
  EXPECT_THAT(faults(named(euros + "x")), ElementsAre("name"));
  EXPECT_THAT(faults(named("")), ElementsAre("name"));
}

TEST(KeyPolicy, ANameIsVisibleUtf8WithoutControlCharacters) {
  for (const char* name : {"   ", "\u00a0\u3000", "a\nb", "a\tb", "a\x7f", "a\u0085", "a\u2028",
                           "a\xff", "\xc0\x80", "a\x1b[31m"}) {
    EXPECT_THAT(faults(named(name)), ElementsAre("name")) << name;
  }
  EXPECT_THAT(faults(named(std::string("a\0b", 3))), ElementsAre("name"));
  EXPECT_THAT(faults(named(" é🔑 ")), IsEmpty());
}

TEST(KeyPolicy, ListsEveryProblemAtOnce) {
  KeyPolicy policy = named("");
  policy.description = std::string(kKeyDescriptionLengthMax + 1, 'x');
  policy.icon = std::string(kKeyIconLengthMax + 1, 'x');
  policy.models = {"good/*", "not good"};
  policy.region = "EU";
  policy.limits = {{.amount = 1}, {.amount = -1}};
  policy.allowed_ips = {"10.0.0.0/8", "10.0.0.1/8"};
  policy.expires_at = kNow;
  policy.tags = {"a", "", "a"};
  policy.role = Role::kAdmin;
  EXPECT_THAT(faults(policy), ElementsAre("name", "description", "icon", "role", "models[1]",
                                          "region", "limits[1].amount", "limits[1]",
                                          "allowed_ips[1]", "expires_at", "tags[1]", "tags[2]"));
}

TEST(KeyPolicy, EveryProblemSaysWhatIsWrong) {
  KeyPolicy policy = named("");
  policy.tags = {"a", "a"};
  for (const auto& problem : validate_key_policy(policy, kNow)) {
    EXPECT_FALSE(problem.message.empty()) << problem.param;
  }
}

TEST(KeyPolicy, TextsAndListsMayReachTheirBoundsAndNoFurther) {
  KeyPolicy policy = named("full");
  policy.description = std::string(kKeyDescriptionLengthMax, 'x');
  policy.icon = std::string(kKeyIconLengthMax, 'x');
  policy.models.assign(kKeyModelsMax, "openai/*");
  for (std::size_t i = 0; i < kKeyAllowedIpsMax; ++i) {
    policy.allowed_ips.push_back("10.0.0." + std::to_string(i));
  }
  for (std::size_t i = 0; i < kKeyTagsMax; ++i) {
    std::string tag = std::to_string(i);
    tag.resize(kKeyTagLengthMax, 't');
    policy.tags.push_back(tag);
  }
  policy.region = std::string(64, 'r');
  policy.expires_at = kNow + std::chrono::microseconds(1);
  EXPECT_THAT(faults(policy), IsEmpty());

  policy.models.push_back("a");
  policy.allowed_ips.push_back("10.0.1.0");
  policy.tags.push_back("one too many");
  policy.region += "r";
  EXPECT_THAT(faults(policy), ElementsAre("models", "region", "allowed_ips", "tags"));
}

TEST(KeyPolicy, ADescriptionMayHaveLinesAnIconMayNot) {
  KeyPolicy policy = named("n");
  policy.description = "one\n\ttwo";
  EXPECT_THAT(faults(policy), IsEmpty());
  policy.icon = "one\ntwo";
  EXPECT_THAT(faults(policy), ElementsAre("icon"));
}

TEST(KeyPolicy, CanonicalisesAllowedIpsEachOnce) {
  KeyPolicy policy = named("n");
  policy.allowed_ips = {"10.1.2.3", "2001:DB8::/32", "::ffff:10.1.2.3", "10.1.2.3/32"};
  EXPECT_THAT(validate_key_policy(policy, kNow), IsEmpty());
  EXPECT_THAT(policy.allowed_ips, ElementsAre("10.1.2.3/32", "2001:db8::/32"));
}

TEST(KeyPolicy, LeavesAllowedIpsAsTheyStoodWhenOneIsWrong) {
  KeyPolicy policy = named("n");
  policy.allowed_ips = {"10.1.2.3", "here"};
  EXPECT_FALSE(validate_key_policy(policy, kNow).empty());
  EXPECT_THAT(policy.allowed_ips, ElementsAre("10.1.2.3", "here"));
}

TEST(KeyPolicy, AProfileKeyIsMadeOnlyWithItsProfile) {
  KeyPolicy policy = named("n");
  policy.type = KeyType::kProfile;
  EXPECT_THAT(faults(policy), ElementsAre("type"));
}

TEST(KeyPolicy, AManagementKeyHasARoleBelowOperatorAndCallsNoModel) {
  KeyPolicy policy = named("n");
  policy.type = KeyType::kManagement;
  for (const Role role : {Role::kViewer, Role::kMember, Role::kAdmin}) {
    policy.role = role;
    EXPECT_THAT(faults(policy), IsEmpty());
  }
  policy.role = Role::kOperator;
  policy.models = {"openai/*"};
  policy.region = "eu-west";
  policy.limits = {{.amount = 1}};
  EXPECT_THAT(faults(policy), ElementsAre("role", "models", "region", "limits"));
}

TEST(KeyPolicy, OnlyAManagementKeyHasARole) {
  KeyPolicy policy = named("n");
  policy.role = Role::kMember;
  EXPECT_THAT(faults(policy), ElementsAre("role"));
}

}  // namespace
}  // namespace tollgate
