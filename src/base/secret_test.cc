#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <type_traits>

namespace tollgate {
namespace {

template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };
static_assert(!Comparable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, ExposesWhatItWasMadeOf) {
  const Secret secret(std::string("open sesame"));
  EXPECT_EQ(secret.expose(), "open sesame");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, MovingLeavesNothingBehind) {
  for (const std::size_t length : {5u, 48u}) {
    Secret from(std::string(length, 's'));
    const Secret to(std::move(from));
    EXPECT_EQ(to.expose().size(), length);
    EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that is the guarantee
  }
}

TEST(Secret, AssignmentReplacesAndSurvivesItself) {
  Secret secret(std::string("first"));
  const Secret other(std::string("second, and long enough to live on the heap"));
  secret = other;
  EXPECT_EQ(secret.expose(), other.expose());
  const Secret& itself = secret;
  secret = itself;
  EXPECT_EQ(secret.expose(), other.expose());
  secret = Secret(std::string("third"));
  EXPECT_EQ(secret.expose(), "third");
}

// A short text lives inside the object, where it can be looked for afterwards.
TEST(Secret, ASmallTextIsGoneFromMemoryAfterDestruction) {
  alignas(Secret) std::array<unsigned char, sizeof(Secret)> place{};
  auto* secret = std::construct_at(reinterpret_cast<Secret*>(place.data()), std::string("hunter2"));
  const std::string_view needle = "hunter2";
  ASSERT_NE(std::ranges::search(place, needle).begin(), place.end());
  std::destroy_at(secret);
  EXPECT_EQ(std::ranges::search(place, needle).begin(), place.end());
}

TEST(Secret, ASmallTextIsGoneFromMemoryAfterAMove) {
  alignas(Secret) std::array<unsigned char, sizeof(Secret)> place{};
  auto* secret = std::construct_at(reinterpret_cast<Secret*>(place.data()), std::string("hunter2"));
  const Secret moved(std::move(*secret));
  EXPECT_EQ(std::ranges::search(place, std::string_view("hunter2")).begin(), place.end());
  std::destroy_at(secret);
}

}  // namespace
}  // namespace tollgate
