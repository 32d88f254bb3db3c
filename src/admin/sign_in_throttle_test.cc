#include "admin/sign_in_throttle.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

class SignInThrottleTest : public testing::Test {
 protected:
  static IpAddress at(std::string_view text) { return IpAddress::parse(text).value(); }
  // How many of `count` attempts at once go on.
  int let_through(int count, const std::string& account, std::string_view address) {
    int through = 0;
    for (int i = 0; i < count; ++i) through += !throttle_.begin(account, at(address));
    return through;
  }

  ManualClock clock_{WallTime(std::chrono::hours(1))};
  SignInThrottle throttle_{clock_};
};

TEST(NetworkOf, IsOfIpv6The48AndOfIpv4TheAddress) {
  const auto of = [](std::string_view text) { return network_of(IpAddress::parse(text).value()); };
  EXPECT_EQ(of("2001:db8:1:2::3"), of("2001:db8:1:ffff::9"));
  EXPECT_NE(of("2001:db8:1::1"), of("2001:db8:2::1"));
  EXPECT_NE(of("203.0.113.1"), of("203.0.113.2"));
}

TEST_F(SignInThrottleTest, ThousandGuessesAtOneAccountAreAFewThenOneAMinute) {
  EXPECT_EQ(let_through(1'000, "a@b.example", "203.0.113.1"), SignInThrottle::kPairBurst);
  clock_.advance(SignInThrottle::kPairInterval);
  EXPECT_EQ(let_through(1'000, "a@b.example", "203.0.113.1"), 1);
}

TEST_F(SignInThrottleTest, ManyAddressesTogetherAreSlowedDownToo) {
  int through = 0;
  for (int i = 0; i < 200; ++i) {
    through += let_through(1, "a@b.example", "203.0.113." + std::to_string(i));
  }
  EXPECT_EQ(through, SignInThrottle::kAccountBurst);
}

TEST_F(SignInThrottleTest, StrangerDoesNotKeepTheOwnerOut) {
  for (int minute = 0; minute < 60; ++minute) {
    let_through(100, "a@b.example", "203.0.113.1");
    EXPECT_EQ(let_through(1, "a@b.example", "198.51.100.7"), 1) << minute;
    throttle_.succeeded("a@b.example", at("198.51.100.7"));
    clock_.advance(std::chrono::minutes(1));
  }
}

TEST_F(SignInThrottleTest, ManyAccountsDoNotGetOneAddressMoreGuesses) {
  int through = 0;
  for (int i = 0; i < 200; ++i) {
    through += let_through(1, std::to_string(i) + "@b.example", "203.0.113.1");
  }
  EXPECT_EQ(through, SignInThrottle::kAddressBurst);
  EXPECT_EQ(let_through(1, "other@b.example", "203.0.113.2"), 1);
}

TEST_F(SignInThrottleTest, OneNetworkOfIpv6IsOneAddress) {
  int through = 0;
  for (int i = 1; i < 100; ++i) {
    through += let_through(1, std::to_string(i) + "@b.example", "2001:db8::" + std::to_string(i));
  }
  EXPECT_EQ(through, SignInThrottle::kAddressBurst);
}

TEST_F(SignInThrottleTest, RightPasswordsAreNeverSlowedDown) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(throttle_.begin("a@b.example", at("203.0.113.1"))) << i;
    throttle_.succeeded("a@b.example", at("203.0.113.1"));
  }
}

TEST_F(SignInThrottleTest, WaitIsTrue) {
  let_through(SignInThrottle::kPairBurst, "a@b.example", "203.0.113.1");
  const auto wait = throttle_.begin("a@b.example", at("203.0.113.1"));
  ASSERT_TRUE(wait);
  clock_.advance(*wait);
  EXPECT_FALSE(throttle_.begin("a@b.example", at("203.0.113.1")));
}

TEST_F(SignInThrottleTest, TracksABoundedNumberAndKeepsWhoGuesses) {
  for (int i = 0; i < SignInThrottle::kAccountBurst; ++i) {
    let_through(1, "victim@b.example", "203.0.113." + std::to_string(i));
  }
  for (std::size_t i = 0; i < SignInThrottle::kTracked + 100; ++i) {
    (void)throttle_.begin(std::to_string(i) + "@b.example",
                          at("10." + std::to_string(i / 65'536) + "." +
                             std::to_string(i / 256 % 256) + "." + std::to_string(i % 256)));
  }
  EXPECT_TRUE(throttle_.begin("victim@b.example", at("203.0.113.200")));
}

}  // namespace
}  // namespace tollgate
