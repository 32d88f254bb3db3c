#include "base/master_key.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"

namespace tollgate {
namespace {

class MasterKeyTest : public ::testing::Test {
 protected:
  std::string sealed() { return key_.seal("the secret", "provider/acme", random_); }

  SeededRandom random_{7};
  MasterKey key_ = MasterKey::make(random_);
};

TEST_F(MasterKeyTest, WhatItSealsOpensInItsRow) {
  const auto opened = key_.open(sealed(), "provider/acme");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->expose(), "the secret");
  EXPECT_TRUE(key_.open(key_.seal("", "r", random_), "r"));
}

TEST_F(MasterKeyTest, SealedBytesShowNothingAndAreNeverTheSameTwice) {
  const std::string first = sealed();
  EXPECT_EQ(first.find("secret"), std::string::npos);
  EXPECT_NE(first, sealed());
  EXPECT_EQ(first.find(key_.text().expose()), std::string::npos);
}

TEST_F(MasterKeyTest, DoesNotOpenInAnotherRow) {
  const auto opened = key_.open(sealed(), "provider/other");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternal);
}

TEST_F(MasterKeyTest, AnotherKeyIsToldApartFromDamage) {
  const auto other = MasterKey::make(random_).open(sealed(), "provider/acme");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(MasterKeyTest, NoByteCanBeChangedOrLost) {
  const std::string whole = sealed();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key_.open(changed, "provider/acme")) << i;
    EXPECT_FALSE(key_.open(whole.substr(0, i), "provider/acme")) << i;
  }
}

TEST_F(MasterKeyTest, IsReadInHexAndBase64) {
  const std::string bytes(32, '\x5a');
  const std::string hex = to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), 32});
  const std::string sealed_by_hex = MasterKey::parse(hex).value().seal("x", "r", random_);
  for (const std::string& text :
       {std::string("WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="),
        std::string("WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo"), " " + hex + "\n"}) {
    const auto key = MasterKey::parse(text);
    ASSERT_TRUE(key) << text;
    EXPECT_TRUE(key->open(sealed_by_hex, "r")) << text;
  }
  const auto again = MasterKey::parse(key_.text().expose());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->open(sealed(), "provider/acme"));
}

TEST_F(MasterKeyTest, RefusesWhatIsNot32BytesAndNeverRepeatsIt) {
  for (const std::string& text :
       {std::string(), std::string("hunter2"), std::string(63, 'a'), std::string(65, 'a'),
        std::string(42, 'A'), std::string(44, 'A'), std::string(64, 'z')}) {
    const auto key = MasterKey::parse(text);
    ASSERT_FALSE(key) << text;
    if (!text.empty()) EXPECT_EQ(key.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace tollgate
