#include "base/password.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tollgate {
namespace {

TEST(PasswordTest, HashIsOfItsPasswordAlone) {
  const auto hash = hash_password(Secret("a long enough password"));
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_TRUE(is_password_of(*hash, Secret("a long enough password")));
  EXPECT_FALSE(is_password_of(*hash, Secret("a long enough passworD")));
  EXPECT_FALSE(is_password_of(*hash, Secret("")));
}

TEST(PasswordTest, SamePasswordTwiceHasTwoHashes) {
  EXPECT_NE(hash_password(Secret("a long enough password")).value_or("a"),
            hash_password(Secret("a long enough password")).value_or("b"));
}

TEST(PasswordTest, TextThatIsNoHashIsNobodysPassword) {
  for (const char* text : {"", "a long enough password", "$argon2id$", "$argon2id$v=19$m=65536"}) {
    EXPECT_FALSE(is_password_of(text, Secret(text))) << text;
  }
}

// Its cost must be a real hash's: one that is not even computed would tell accounts apart.
TEST(PasswordTest, NobodysHashIsComputedAsAnyOther) {
  const std::string nobodys(nobodys_password_hash());
  const auto real = hash_password(Secret("a long enough password"));
  ASSERT_TRUE(real);
  EXPECT_EQ(nobodys.size(), real->size());
  const auto cost_of = [](const std::string& hash) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(is_password_of(hash, Secret("a guess")));
    return std::chrono::steady_clock::now() - begun;
  };
  cost_of(*real);
  EXPECT_GT(cost_of(nobodys) * 5, cost_of(*real));
}

}  // namespace
}  // namespace tollgate
