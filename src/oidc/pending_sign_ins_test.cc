#include "oidc/pending_sign_ins.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate::oidc {
namespace {

class PendingSignInsTest : public ::testing::Test {
 protected:
  PendingSignIns::Tokens open(const std::string& return_to, const std::string& address = "here",
                              const std::string& network = "around") {
    PendingSignIn begun{.issuer = "i",
                        .verifier = Secret("v"),
                        .nonce = "n",
                        .redirect_uri = "r",
                        .return_to = return_to};
    return pending_.open(std::move(begun), {.address = address, .network = network}, random_);
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

TEST_F(PendingSignInsTest, WhoFillsItPushesOutTheirOwnOldestAndKeepsNobodyOut) {
  const auto elsewhere = open("/", "elsewhere", "afar");
  std::vector<PendingSignIns::Tokens> many;
  for (std::size_t i = 1; i < kPendingMax; ++i) {
    many.push_back(open("/", std::to_string(i), "around"));
  }
  const auto late = open("/", "late", "farther");
  EXPECT_FALSE(pending_.take(many[0].state, many[0].browser));
  const auto one_more = open("/", "one more", "around");
  EXPECT_FALSE(pending_.take(many[1].state, many[1].browser));
  EXPECT_TRUE(pending_.take(many[2].state, many[2].browser));
  EXPECT_TRUE(pending_.take(many.back().state, many.back().browser));
  EXPECT_TRUE(pending_.take(one_more.state, one_more.browser));
  EXPECT_TRUE(pending_.take(elsewhere.state, elsewhere.browser));
  EXPECT_TRUE(pending_.take(late.state, late.browser));
}

TEST_F(PendingSignInsTest, ThereAreNeverMoreThanTheBound) {
  std::vector<PendingSignIns::Tokens> all;
  for (std::size_t i = 0; i < 2 * kPendingMax; ++i) {
    const std::string place = std::to_string(i);
    all.push_back(open("/", place, place));
  }
  std::size_t open_still = 0;
  for (const auto& one : all) open_still += pending_.take(one.state, one.browser) ? 1 : 0;
  EXPECT_EQ(open_still, kPendingMax);
}

}  // namespace
}  // namespace tollgate::oidc
