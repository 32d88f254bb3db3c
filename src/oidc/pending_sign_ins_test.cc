#include "oidc/pending_sign_ins.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate::oidc {
namespace {

class PendingSignInsTest : public ::testing::Test {
 protected:
  PendingSignIns::Tokens open(const std::string& return_to, const std::string& place = "here") {
    PendingSignIn begun{.issuer = "i",
                        .verifier = Secret("v"),
                        .nonce = "n",
                        .redirect_uri = "r",
                        .return_to = return_to,
                        .to = std::nullopt};
    return pending_.open(std::move(begun), place, random_).value();
  }

  ManualClock clock_{WallTime(std::chrono::seconds(1'800'000'000))};
  SeededRandom random_{7};
  PendingSignIns pending_{clock_};
};

TEST_F(PendingSignInsTest, StateIsGoodOnce) {
  const auto tokens = open("/keys");
  const auto taken = pending_.take(tokens.state, tokens.browser);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->return_to, "/keys");
  EXPECT_FALSE(pending_.take(tokens.state, tokens.browser));
}

TEST_F(PendingSignInsTest, StateOfAnotherBrowserOpensNothingAndStaysForItsOwn) {
  const auto ours = open("/ours");
  const auto theirs = open("/theirs");
  EXPECT_FALSE(pending_.take(theirs.state, ours.browser));
  EXPECT_FALSE(pending_.take(theirs.state, ""));
  EXPECT_FALSE(pending_.take("", ours.browser));
  EXPECT_FALSE(pending_.take(ours.browser, ours.state));
  EXPECT_TRUE(pending_.take(theirs.state, theirs.browser));
}

TEST_F(PendingSignInsTest, StateIsGoodForTenMinutes) {
  const auto first = open("/");
  clock_.advance(kSignInTime - std::chrono::seconds(1));
  const auto second = open("/");
  EXPECT_TRUE(pending_.take(first.state, first.browser));
  clock_.advance(kSignInTime);
  EXPECT_FALSE(pending_.take(second.state, second.browser));
}

TEST_F(PendingSignInsTest, OnePlacePushesOutItsOwnOldestAlone) {
  const auto elsewhere = open("/", "elsewhere");
  std::vector<PendingSignIns::Tokens> here;
  for (std::size_t i = 0; i <= kPendingPerPlaceMax; ++i) here.push_back(open("/"));
  EXPECT_FALSE(pending_.take(here[0].state, here[0].browser));
  EXPECT_TRUE(pending_.take(here[1].state, here[1].browser));
  EXPECT_TRUE(pending_.take(here.back().state, here.back().browser));
  EXPECT_TRUE(pending_.take(elsewhere.state, elsewhere.browser));
}

TEST_F(PendingSignInsTest, MoreThanTheBoundAreRefusedUntilTimeHasPassed) {
  for (std::size_t i = 0; i < kPendingMax; ++i) open("/", std::to_string(i));
  const auto refused = pending_.open({}, "one more", random_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  clock_.advance(kSignInTime);
  EXPECT_TRUE(pending_.open({}, "one more", random_));
}

}  // namespace
}  // namespace tollgate::oidc
