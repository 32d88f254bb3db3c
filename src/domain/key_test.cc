#include "domain/key.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace tollgate {
namespace {

WallTime at(int seconds) { return WallTime(std::chrono::seconds(seconds)); }

Key live_key() {
  Key key;
  key.secrets.resize(1);
  return key;
}

TEST(KeyNames, EveryNameComesBack) {
  for (const auto value : {Environment::kProduction, Environment::kSandbox}) {
    EXPECT_EQ(environment_from_name(environment_name(value)), value);
  }
  for (const auto value : {KeyType::kStandard, KeyType::kProfile, KeyType::kManagement}) {
    EXPECT_EQ(key_type_from_name(key_type_name(value)), value);
  }
  for (const auto value : {Role::kViewer, Role::kMember, Role::kAdmin, Role::kOperator}) {
    EXPECT_EQ(role_from_name(role_name(value)), value);
  }
  for (const auto value : {Enforcement::kHard, Enforcement::kSoft}) {
    EXPECT_EQ(enforcement_from_name(enforcement_name(value)), value);
  }
  for (const auto value : {KeyStatus::kRevoked, KeyStatus::kExpired, KeyStatus::kDisabled,
                           KeyStatus::kLimited, KeyStatus::kActive}) {
    EXPECT_EQ(key_status_from_name(key_status_name(value)), value);
  }
}

TEST(KeyNames, AreTheWordsOfTheContract) {
  EXPECT_EQ(environment_name(Environment::kSandbox), "sandbox");
  EXPECT_EQ(key_type_name(KeyType::kManagement), "management");
  EXPECT_EQ(role_name(Role::kMember), "member");
  EXPECT_EQ(enforcement_name(Enforcement::kSoft), "soft");
  EXPECT_EQ(key_status_name(KeyStatus::kLimited), "limited");
}

TEST(KeyNames, OtherWordsAreNone) {
  EXPECT_FALSE(environment_from_name("Production"));
  EXPECT_FALSE(key_type_from_name(""));
  EXPECT_FALSE(role_from_name("root"));
  EXPECT_FALSE(enforcement_from_name("medium"));
  EXPECT_FALSE(key_status_from_name("live"));
}

TEST(KeyStatus, FollowsItsPrecedence) {
  Key key = live_key();
  EXPECT_EQ(key_status(key, at(10)), KeyStatus::kActive);
  key.policy.enabled = false;
  EXPECT_EQ(key_status(key, at(10)), KeyStatus::kDisabled);
  key.policy.expires_at = at(5);
  EXPECT_EQ(key_status(key, at(10)), KeyStatus::kExpired);
  key.revoked_at = at(9);
  EXPECT_EQ(key_status(key, at(10)), KeyStatus::kRevoked);
}

TEST(KeyStatus, ExpiresAtTheVeryInstant) {
  Key key = live_key();
  key.policy.expires_at = at(10);
  EXPECT_EQ(key_status(key, at(10) - std::chrono::microseconds(1)), KeyStatus::kActive);
  EXPECT_EQ(key_status(key, at(10)), KeyStatus::kExpired);
}

TEST(CurrentSecret, IsTheNewest) {
  Key key = live_key();
  key.secrets.resize(2);
  key.secrets[0].number = 9;
  key.secrets[1].number = 4;
  EXPECT_EQ(current_secret(key).number, 9);
}

TEST(CurrentSecret, IsNeverAPlaygroundsHoweverNew) {
  Key key = live_key();
  key.secrets.resize(3);
  key.secrets[0].purpose = SecretPurpose::kPlayground;
  key.secrets[1].number = 9;
  key.secrets[2].number = 4;
  EXPECT_EQ(current_secret(key).number, 9);
  EXPECT_EQ(current_secret_index(key), 1U);
}

TEST(CurrentSecret, OfAKeyWithoutSecretsIsABug) { EXPECT_THROW(current_secret(Key()), Bug); }

}  // namespace
}  // namespace tollgate
