#include "upstream/sandbox_player.h"

#include <gtest/gtest.h>

#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using Bytes = Result<std::string_view>;

constexpr net::CallDeadlines kPatient{.connect = std::chrono::hours(1),
                                      .head = std::chrono::hours(1),
                                      .silence = std::chrono::hours(1),
                                      .total = std::chrono::hours(1)};

Task<std::string> open(SandboxPlayer& player) {
  const Status opened = co_await player.open();
  co_return opened ? "ok" : std::string(error_code_name(opened.error().code));
}

// All pieces, each behind a '|', and the error behind a '!'.
Task<std::string> read_all(SandboxPlayer& player) {
  std::string seen;
  for (;;) {
    const Bytes bytes = co_await player.read();
    if (!bytes) co_return seen + "!" + std::string(error_code_name(bytes.error().code));
    if (bytes->empty()) co_return seen;
    seen += "|" + std::string(*bytes);
  }
}

SandboxScript script(std::vector<SandboxStep> steps,
                     SandboxEnding ending = SandboxEnding::kComplete) {
  SandboxScript out;
  out.steps = std::move(steps);
  out.ending = ending;
  return out;
}

class SandboxPlayerTest : public testing::Test {
 protected:
  SandboxPlayer& play(SandboxScript script, const net::CallDeadlines& deadlines = kPatient) {
    return player_.emplace(loop_.thread(), std::move(script), deadlines);
  }
  TestLoop loop_;
  std::optional<SandboxPlayer> player_;
};

TEST_F(SandboxPlayerTest, PlaysEachStepInOrder) {
  SandboxPlayer& player = play(script({{.bytes = "one"}, {.bytes = "two"}, {.bytes = "three"}}));
  EXPECT_EQ(loop_.run(open(player)), "ok");
  EXPECT_EQ(loop_.run(read_all(player)), "|one|two|three");
}

TEST_F(SandboxPlayerTest, AnEmptyScriptIsAnEmptyAnswer) {
  SandboxPlayer& player = play(script({}));
  EXPECT_EQ(loop_.run(open(player)), "ok");
  EXPECT_EQ(loop_.run(read_all(player)), "");
}

TEST_F(SandboxPlayerTest, TheHeadComesWithTheFirstStepAndTheOthersAfterTheirDelays) {
  SandboxPlayer& player = play(script(
      {{.delay = milliseconds(40), .bytes = "one"}, {.delay = milliseconds(60), .bytes = "two"}}));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(loop_.run(open(player)), "ok");
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(40));
  EXPECT_EQ(loop_.run(read_all(player)), "|one|two");
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(100));
}

TEST_F(SandboxPlayerTest, ACutScriptBreaksOffBehindItsLastStep) {
  SandboxPlayer& player = play(script({{.bytes = "one"}}, SandboxEnding::kCut));
  EXPECT_EQ(loop_.run(open(player)), "ok");
  EXPECT_EQ(loop_.run(read_all(player)), "|one!provider_error");
}

TEST_F(SandboxPlayerTest, AHangingOneIsATimeoutAtTheHeadDeadlineOrTheTotal) {
  net::CallDeadlines deadlines = kPatient;
  deadlines.head = milliseconds(10);
  EXPECT_EQ(loop_.run(open(play(script({}, SandboxEnding::kHang), deadlines))), "provider_timeout");
  deadlines = kPatient;
  deadlines.total = milliseconds(10);
  EXPECT_EQ(loop_.run(open(play(script({}, SandboxEnding::kHang), deadlines))), "provider_timeout");
}

TEST_F(SandboxPlayerTest, AbortEndsAWaitWithItsFirstReason) {
  SandboxPlayer& player = play(script({{.delay = std::chrono::hours(1), .bytes = "one"}}));
  const auto opening = loop_.start(open(player));
  loop_.settle();
  player.abort(ErrorCode::kClientGone);
  player.abort(ErrorCode::kAborted);
  ASSERT_TRUE(loop_.run_until([&] { return opening->has_value(); }));
  EXPECT_EQ(**opening, "client_gone");
}

TEST_F(SandboxPlayerTest, AbortEndsAReadAndAHang) {
  SandboxPlayer& player =
      play(script({{.bytes = "one"}, {.delay = std::chrono::hours(1), .bytes = "two"}}));
  EXPECT_EQ(loop_.run(open(player)), "ok");
  const auto reading = loop_.start(read_all(player));
  loop_.settle();
  player.abort(ErrorCode::kAborted);
  ASSERT_TRUE(loop_.run_until([&] { return reading->has_value(); }));
  EXPECT_EQ(**reading, "|one!aborted");
  SandboxPlayer& hanging = play(script({}, SandboxEnding::kHang));
  const auto opening = loop_.start(open(hanging));
  loop_.settle();
  hanging.abort(ErrorCode::kAborted);
  ASSERT_TRUE(loop_.run_until([&] { return opening->has_value(); }));
  EXPECT_EQ(**opening, "aborted");
}

TEST_F(SandboxPlayerTest, NothingIsPlayedAfterAnAbort) {
  SandboxPlayer& player = play(script({{.bytes = "one"}}));
  player.abort(ErrorCode::kClientGone);
  EXPECT_EQ(loop_.run(open(player)), "client_gone");
  EXPECT_EQ(loop_.run(read_all(player)), "!client_gone");
}

}  // namespace
}  // namespace tollgate
