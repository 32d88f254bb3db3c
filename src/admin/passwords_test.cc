#include "admin/passwords.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/password.h"
#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using Answer = std::shared_ptr<std::optional<Result<bool>>>;

class PasswordsTest : public testing::Test {
 protected:
  // A hash that is checked in milliseconds, and yet not as fast as a Task is started.
  static std::string quick_hash() {
    constexpr std::string_view kCost = "m=65536,t=2";
    std::string hash(nobodys_password_hash());
    const std::size_t at = hash.find(kCost);
    EXPECT_NE(at, std::string::npos);
    return hash.replace(at, kCost.size(), "m=8192,t=1");
  }
  // `count` at once: each is refused, or waits, before this returns.
  void ask(std::size_t count) {
    answers_.clear();
    asio::post(loop_.context(), [this, count] {
      for (std::size_t i = 0; i < count; ++i) {
        answers_.push_back(loop_.start(passwords_.is_of(hash_, Secret("some words"))));
      }
      computed_since_ = passwords_.computed();
    });
    EXPECT_TRUE(loop_.run_until([&] { return !answers_.empty(); }));
  }
  // How many were not refused, when all are answered.
  std::size_t taken() {
    for (const Answer& one : answers_) {
      EXPECT_TRUE(loop_.run_until([&] { return one->has_value(); }));
    }
    return static_cast<std::size_t>(
        std::ranges::count_if(answers_, [](const Answer& one) { return (*one)->has_value(); }));
  }

  const std::string hash_ = quick_hash();
  TestLoop loop_;
  Passwords passwords_{nullptr};
  std::vector<Answer> answers_;
  std::uint64_t computed_since_ = 0;
};

TEST_F(PasswordsTest, AsManyWaitAsTheBoundSaysAndTheOthersAreRefusedAtOnce) {
  ask(200);
  const std::size_t taken_by_then = taken();
  EXPECT_GE(taken_by_then, kPasswordsWaitingMax);
  // Whoever was done while the others asked made room for one of them.
  EXPECT_LE(taken_by_then, kPasswordsWaitingMax + computed_since_);
  EXPECT_EQ(passwords_.computed(), taken_by_then);
  for (const Answer& one : answers_) {
    if (!(*one)->has_value()) EXPECT_EQ((*one)->error().code, ErrorCode::kServiceUnavailable);
  }
}

TEST_F(PasswordsTest, ThoseRefusedAndThoseDoneHoldNoPlaces) {
  ask(200);
  taken();
  ask(kPasswordsWaitingMax);
  EXPECT_EQ(taken(), kPasswordsWaitingMax);
}

TEST_F(PasswordsTest, AHashIsOfItsPasswordAlone) {
  const auto hash = loop_.run(passwords_.hash(Secret("some words")));
  ASSERT_TRUE(hash);
  EXPECT_EQ(loop_.run(passwords_.is_of(*hash, Secret("some words"))), true);
  EXPECT_EQ(loop_.run(passwords_.is_of(*hash, Secret("other words"))), false);
}

}  // namespace
}  // namespace tollgate
