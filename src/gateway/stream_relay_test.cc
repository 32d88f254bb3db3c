#include "gateway/stream_relay.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

constexpr std::string_view kStream =
    R"(data: {"id":"c1","created":7,"model":"up","choices":[{"index":0,"delta":{"content":"Hel"}}],"usage":null})"
    "\n\n"
    ": a comment\n\n"
    R"(data: {"id":"c1","created":7,"model":"up","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],"usage":null})"
    "\r\n\r\n"
    R"(data: {"id":"c1","created":7,"model":"up","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}})"
    "\n\n"
    "data: [DONE]\n\n";

constexpr std::string_view kHidden =
    R"(data: {"id":"c1","created":7,"model":"a/b","choices":[{"index":0,"delta":{"content":"Hel"}}]})"
    "\n\n"
    R"(data: {"id":"c1","created":7,"model":"a/b","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]})"
    "\n\n";

constexpr std::string_view kAsked =
    R"(data: {"id":"c1","created":7,"model":"a/b","choices":[{"index":0,"delta":{"content":"Hel"}}],"usage":null})"
    "\n\n"
    R"(data: {"id":"c1","created":7,"model":"a/b","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}],"usage":null})"
    "\n\n";

constexpr std::string_view kDone = "data: [DONE]\n\n";

std::string event(std::string_view payload) { return "data: " + std::string(payload) + "\n\n"; }

StreamRelay chat(UsageWish wish) { return {CompletionKind::kChat, "a/b", wish}; }

TEST(StreamRelay, GivesTheSameHoweverTheBytesAreCut) {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    StreamRelay relay = chat(UsageWish::kHidden);
    ASSERT_TRUE(relay.take(kStream.substr(0, cut)));
    ASSERT_TRUE(relay.take(kStream.substr(cut)));
    ASSERT_EQ(relay.out(), kHidden) << cut;
    ASSERT_TRUE(relay.done());
    ASSERT_EQ(relay.content().deltas, 2);
    ASSERT_EQ(relay.content().text_bytes, 5);
    ASSERT_EQ(relay.usage().tokens.output, 4);
  }
}

TEST(StreamRelay, GivesTheSameByteForByte) {
  StreamRelay relay = chat(UsageWish::kAsked);
  std::string seen;
  for (const char byte : kStream) {
    ASSERT_TRUE(relay.take({&byte, 1}));
    seen += relay.out();
    relay.out().clear();
  }
  EXPECT_EQ(seen, kAsked);
}

TEST(StreamRelay, HidesUsageFromAClientWhoDidNotAsk) {
  StreamRelay relay = chat(UsageWish::kHidden);
  ASSERT_TRUE(relay.take(kStream));
  EXPECT_EQ(relay.out().find("usage"), std::string::npos);
  EXPECT_EQ(relay.ending({.input = 9, .output = 4}, "0.5"), kDone);
  EXPECT_EQ(relay.usage().state, UsageState::kReported);
}

TEST(StreamRelay, HoldsTheUsageChunkBackUntilTheEndAndAddsTheCost) {
  StreamRelay relay = chat(UsageWish::kAsked);
  ASSERT_TRUE(relay.take(kStream));
  EXPECT_EQ(relay.out(), kAsked);
  EXPECT_EQ(
      relay.ending({.input = 9, .output = 4}, "0.5"),
      event(
          R"({"id":"c1","created":7,"model":"a/b","choices":[],"usage":{"cost":"0.5","prompt_tokens":9,"completion_tokens":4,"total_tokens":13}})") +
          std::string(kDone));
}

TEST(StreamRelay, MakesAUsageChunkWhereTheProviderSentNoneOrABrokenOne) {
  for (const std::string_view sent :
       {"", R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":4}})"}) {
    StreamRelay relay = chat(UsageWish::kAsked);
    ASSERT_TRUE(relay.take(
        event(R"({"id":"c1","created":7,"model":"up","choices":[{"delta":{"content":"x"}}]})")));
    relay.out().clear();
    if (!sent.empty()) {
      ASSERT_TRUE(relay.take(event(sent)));
    }
    EXPECT_EQ(relay.out(), "");
    const std::string end = relay.ending({.input = 3, .output = 2}, "0.5");
    EXPECT_TRUE(end.starts_with(
        R"(data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"a/b","choices":[],"usage":{"cost":"0.5","prompt_tokens":3,"completion_tokens":2,"total_tokens":5,)"))
        << end;
    EXPECT_TRUE(end.ends_with("}}\n\n" + std::string(kDone))) << end;
  }
}

TEST(StreamRelay, SaysUsageOnceWhereAChunkWithTextCarriesIt) {
  StreamRelay relay = chat(UsageWish::kAsked);
  ASSERT_TRUE(relay.take(event(
      R"({"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})")));
  EXPECT_NE(relay.out().find("prompt_tokens"), std::string::npos);
  EXPECT_EQ(relay.ending({.input = 1, .output = 1}, "0.5"), kDone);
}

TEST(StreamRelay, KeepsTheLastUsageThatWasReported) {
  StreamRelay relay = chat(UsageWish::kHidden);
  for (const std::string_view tokens : {"1", "2", "3"}) {
    ASSERT_TRUE(relay.take(event(
        R"({"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":)" +
        std::string(tokens) + "}}")));
  }
  ASSERT_TRUE(relay.take(event(R"({"choices":[{"delta":{"content":"x"}}],"usage":null})")));
  EXPECT_EQ(relay.usage().tokens.output, 3);
}

TEST(StreamRelay, IsFinishedByAFinishReasonOrByDone) {
  StreamRelay relay = chat(UsageWish::kHidden);
  EXPECT_FALSE(relay.finished());
  ASSERT_TRUE(relay.take(event(R"({"choices":[{"delta":{"content":"x"}}]})")));
  EXPECT_FALSE(relay.finished());
  ASSERT_TRUE(relay.take(event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})")));
  EXPECT_TRUE(relay.finished());
  EXPECT_FALSE(relay.done());
  StreamRelay other = chat(UsageWish::kHidden);
  ASSERT_TRUE(other.take(kDone));
  EXPECT_TRUE(other.finished() && other.done());
}

TEST(StreamRelay, NothingCountsBehindTheEnd) {
  StreamRelay relay = chat(UsageWish::kHidden);
  ASSERT_TRUE(relay.take(std::string(kDone) +
                         event(R"({"choices":[{"delta":{"content":"more"}}]})") +
                         event("no JSON at all")));
  EXPECT_EQ(relay.out(), "");
  EXPECT_EQ(relay.content().deltas, 0);
}

TEST(StreamRelay, AnErrorEventEndsItAndIsNotPassedOn) {
  for (const std::string_view payload :
       {R"({"error":{"message":"the prompt was: x","code":500}})", R"({"error":"overloaded"})"}) {
    StreamRelay relay = chat(UsageWish::kHidden);
    ASSERT_TRUE(relay.take(event(R"({"choices":[{"delta":{"content":"x"}}]})")));
    const std::string before = relay.out();
    const Status taken = relay.take(event(payload));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::kProviderError);
    EXPECT_EQ(taken.error().message.find("prompt"), std::string::npos);
    EXPECT_EQ(taken.error().detail.find("prompt"), std::string::npos);
    EXPECT_EQ(relay.out(), before);
    EXPECT_EQ(relay.content().deltas, 1);  // what came before is still charged
  }
}

TEST(StreamRelay, WhatIsNoStreamOfChunksIsAProviderError) {
  for (const std::string_view payload :
       {"nonsense", "[]", R"({"choices":7})", R"({"model":"a","model":"b","choices":[]})"}) {
    StreamRelay relay = chat(UsageWish::kHidden);
    const Status taken = relay.take(event(payload));
    ASSERT_FALSE(taken) << payload;
    EXPECT_EQ(taken.error().code, ErrorCode::kProviderError);
    EXPECT_EQ(relay.out(), "");
  }
}

TEST(StreamRelay, AnEventWithoutAnEndIsBounded) {
  StreamRelay relay = chat(UsageWish::kHidden);
  const std::string piece(1'000'000, 'x');
  Status taken = relay.take("data: ");
  std::size_t sent = 0;
  while (taken && sent < 4 * net::kSseEventBytesMax) {
    taken = relay.take(piece);
    sent += piece.size();
  }
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kProviderError);
}

TEST(StreamRelay, AModelNameIsWrittenAsJson) {
  StreamRelay relay(CompletionKind::kText, "a/\"b", UsageWish::kHidden);
  ASSERT_TRUE(relay.take(event(R"({"model":"up","choices":[{"text":"x"}]})")));
  EXPECT_EQ(relay.out(), event(R"({"model":"a/\"b","choices":[{"text":"x"}]})"));
}

}  // namespace
}  // namespace tollgate
