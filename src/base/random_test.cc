#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace tollgate {
namespace {

// Gives the bytes it was made with, in order.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = bytes_.at(at_++);
  }
  std::size_t used() const { return at_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

TEST(Random, BelowNeverReachesItsBound) {
  SeededRandom random(1);
  for (const std::uint32_t bound : {1u, 2u, 3u, 62u, 0x80000001u, 0xFFFFFFFFu}) {
    for (int i = 0; i < 1'000; ++i) EXPECT_LT(random.below(bound), bound);
  }
}

// 2^32 mod 3 = 1: exactly one draw, 0, would make 0 likelier than 1 and 2.
TEST(Random, BelowDrawsAgainWhereTheRemainderWouldBeUnfair) {
  ScriptedRandom random({0, 0, 0, 0, 5, 0, 0, 0});
  EXPECT_EQ(random.below(3), 2u);
  EXPECT_EQ(random.used(), 8u);
}

TEST(Random, BelowTouchesEveryValueAboutEquallyOften) {
  SeededRandom random(2);
  std::array<int, 62> seen{};
  for (int i = 0; i < 62'000; ++i) ++seen[random.below(62)];
  EXPECT_GT(*std::ranges::min_element(seen), 800);
  EXPECT_LT(*std::ranges::max_element(seen), 1'200);
}

TEST(Random, SeededReplaysAndDiffersBySeed) {
  SeededRandom first(7), again(7), other(8);
  const std::string id = random_id(first, "key_");
  EXPECT_EQ(random_id(again, "key_"), id);
  EXPECT_NE(random_id(other, "key_"), id);
}

TEST(Random, SystemNeverRepeatsAnId) {
  SystemRandom random;
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) ids.insert(random_id(random, "sec_"));
  EXPECT_EQ(ids.size(), 1'000u);
}

TEST(Random, AnIdIsItsPrefixAndTwentySmallLettersOrDigits) {
  SystemRandom random;
  const std::string id = random_id(random, "key_");
  ASSERT_EQ(id.size(), 24u);
  EXPECT_TRUE(id.starts_with("key_"));
  EXPECT_EQ(id.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz", 4), std::string::npos);
}

}  // namespace
}  // namespace tollgate
