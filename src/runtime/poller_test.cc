#include "runtime/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

namespace tollgate {
namespace {

// Two ends of a connection.
struct Pair {
  std::array<int, 2> ends{};
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0); }
  ~Pair() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  int ours() const { return ends[0]; }
  void peer_writes() { EXPECT_EQ(::send(ends[1], "x", 1, 0), 1); }
  void peer_closes() {
    ::close(ends[1]);
    ends[1] = -1;
  }
};

class PollerTest : public testing::Test {
 protected:
  // Everything that is ready now.
  void turn() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }
  std::unique_ptr<Poller::Watch> watch(std::vector<Readiness>& told) {
    return std::make_unique<Poller::Watch>(poller_,
                                           [&told](Readiness now) { told.push_back(now); });
  }

  IoContext context_{1};
  Poller poller_{context_};
  Pair pair_;
};

TEST_F(PollerTest, TellsEachChangeOnce) {
  std::vector<Readiness> told;
  const auto watched = watch(told);
  ASSERT_TRUE(watched->start(pair_.ours()));
  turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].writable);
  EXPECT_FALSE(told[0].readable);
  turn();
  EXPECT_EQ(told.size(), 1U);
  pair_.peer_writes();
  turn();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[1].readable);
  EXPECT_FALSE(told[1].ended);
  turn();
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(PollerTest, TellsWhatASocketIsAlreadyWhenItStarts) {
  pair_.peer_writes();
  std::vector<Readiness> told;
  const auto watched = watch(told);
  ASSERT_TRUE(watched->start(pair_.ours()));
  turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].readable);
}

TEST_F(PollerTest, TellsTheEndOfThePeerBesideItsLastBytes) {
  std::vector<Readiness> told;
  const auto watched = watch(told);
  ASSERT_TRUE(watched->start(pair_.ours()));
  turn();
  pair_.peer_writes();
  pair_.peer_closes();
  turn();
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(told.back().readable);
  EXPECT_TRUE(told.back().ended);
}

TEST_F(PollerTest, LooksAgainWhenAsked) {
  std::vector<Readiness> told;
  const auto watched = watch(told);
  pair_.peer_writes();
  ASSERT_TRUE(watched->start(pair_.ours()));
  turn();
  watched->look_again(pair_.ours());
  turn();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[1].readable);
}

TEST_F(PollerTest, TellsNothingToAWatchThatAnotherDestroyed) {
  Pair other;
  std::vector<Readiness> told;
  std::vector<std::unique_ptr<Poller::Watch>> watches;
  for (int i = 0; i < 2; ++i) {
    watches.push_back(std::make_unique<Poller::Watch>(poller_, [&](Readiness now) {
      told.push_back(now);
      watches.clear();
    }));
  }
  ASSERT_TRUE(watches[0]->start(pair_.ours()));
  ASSERT_TRUE(watches[1]->start(other.ours()));
  turn();
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(PollerTest, ABugInOneOwnerCostsTheOthersNothing) {
  Pair other;
  std::vector<Readiness> told;
  int thrown = 0;
  const auto throws = [&](Readiness /*now*/) {
    ++thrown;
    throw std::runtime_error("a bug");
  };
  Poller::Watch first(poller_, throws);
  const auto second = watch(told);
  ASSERT_TRUE(first.start(pair_.ours()));
  ASSERT_TRUE(second->start(other.ours()));
  EXPECT_THROW(turn(), std::runtime_error);
  turn();
  EXPECT_EQ(thrown, 1);
  EXPECT_EQ(told.size(), 1U);
  other.peer_writes();
  turn();
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(PollerTest, TheEventLoopEndsWhenNothingIsWatched) {
  std::vector<Readiness> told;
  auto watched = watch(told);
  ASSERT_TRUE(watched->start(pair_.ours()));
  turn();
  EXPECT_FALSE(context_.stopped());
  watched.reset();
  turn();
  EXPECT_TRUE(context_.stopped());
}

}  // namespace
}  // namespace tollgate
