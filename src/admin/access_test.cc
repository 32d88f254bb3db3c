#include "admin/access.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

Principal caller(Role role) {
  return {.actor = "key_caller", .role = role, .workspace = WorkspaceId("ws_a"), .from = "::1"};
}

Key key_made_by(std::string creator, KeyType type, Role role) {
  Key key;
  key.created_by = std::move(creator);
  key.policy.type = type;
  key.policy.role = role;
  return key;
}

TEST(AccessTest, RoleBelowTheMinimumIsRefused) {
  EXPECT_TRUE(require_role(caller(Role::kMember), Role::kMember));
  EXPECT_TRUE(require_role(caller(Role::kOperator), Role::kAdmin));
  const auto refused = require_role(caller(Role::kViewer), Role::kMember);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInsufficientScope);
}

TEST(AccessTest, MemberManagesOnlyTheKeysItMade) {
  const Principal member = caller(Role::kMember);
  EXPECT_TRUE(may_manage(member, key_made_by("key_caller", KeyType::kStandard, Role::kViewer)));
  EXPECT_FALSE(may_manage(member, key_made_by("key_other", KeyType::kStandard, Role::kViewer)));
  EXPECT_FALSE(may_manage(member, key_made_by("cli", KeyType::kStandard, Role::kViewer)));
}

TEST(AccessTest, MemberNeverManagesAManagementKeyNotEvenItsOwn) {
  const Key key = key_made_by("key_caller", KeyType::kManagement, Role::kViewer);
  EXPECT_FALSE(may_manage(caller(Role::kMember), key));
}

TEST(AccessTest, ViewerManagesNothing) {
  const Key key = key_made_by("key_caller", KeyType::kStandard, Role::kViewer);
  EXPECT_FALSE(may_manage(caller(Role::kViewer), key));
}

TEST(AccessTest, AdminManagesEveryKeyOfItsWorkspace) {
  const Principal admin = caller(Role::kAdmin);
  EXPECT_TRUE(may_manage(admin, key_made_by("cli", KeyType::kStandard, Role::kViewer)));
  EXPECT_TRUE(may_manage(admin, key_made_by("cli", KeyType::kManagement, Role::kAdmin)));
}

TEST(AccessTest, ManagementKeyTakesAnAdmin) {
  KeyPolicy policy;
  policy.type = KeyType::kManagement;
  policy.role = Role::kViewer;
  EXPECT_FALSE(may_grant(caller(Role::kMember), policy));
  EXPECT_TRUE(may_grant(caller(Role::kAdmin), policy));
}

TEST(AccessTest, NobodyGrantsARoleAboveTheirOwn) {
  KeyPolicy policy;
  policy.type = KeyType::kManagement;
  policy.role = Role::kAdmin;
  EXPECT_TRUE(may_grant(caller(Role::kAdmin), policy));
  policy.role = Role::kOperator;
  EXPECT_FALSE(may_grant(caller(Role::kAdmin), policy));
}

TEST(AccessTest, MemberMayMakeStandardKeys) {
  EXPECT_TRUE(may_grant(caller(Role::kMember), KeyPolicy()));
}

}  // namespace
}  // namespace tollgate
