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

StreamRelay chat(UsageWish wish) { return StreamRelay({.public_model = "a/b", .usage = wish}); }

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

// SPEC §4: on streams the cost stands in the usage chunk.
TEST(StreamRelay, SaysTheCostInAChunkOfItsOwnThoughAChunkWithTextCarriedTheUsage) {
  StreamRelay relay = chat(UsageWish::kAsked);
  ASSERT_TRUE(relay.take(event(
      R"({"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})")));
  EXPECT_NE(relay.out().find("prompt_tokens"), std::string::npos);
  const std::string end = relay.ending({.input = 1, .output = 1}, "0.5");
  EXPECT_NE(end.find(R"("choices":[],"usage":{"cost":"0.5","prompt_tokens":1,)"), std::string::npos)
      << end;
  EXPECT_TRUE(end.ends_with("\n\n" + std::string(kDone)));
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
  StreamRelay relay({.kind = CompletionKind::kText, .public_model = "a/\"b"});
  ASSERT_TRUE(relay.take(event(R"({"model":"up","choices":[{"text":"x"}]})")));
  EXPECT_EQ(relay.out(), event(R"({"model":"a/\"b","choices":[{"text":"x"}]})"));
}

// --- the bound on the output (SPEC §5, rule 4) ---

StreamRelay bounded(std::int64_t output_max, std::int64_t answers = 1,
                    UsageWish wish = UsageWish::kHidden) {
  return StreamRelay(
      {.public_model = "a/b", .usage = wish, .output_max = output_max, .answers = answers});
}

// An event with one choice's text.
std::string text_event(std::string_view text, int index = 0) {
  return event(R"({"id":"c1","created":7,"model":"up","choices":[{"index":)" +
               std::to_string(index) + R"(,"delta":{"content":")" + std::string(text) + R"("}}]})");
}
std::string length_event(int index) {
  return event(
      R"({"id":"c1","object":"chat.completion.chunk","created":7,"model":"a/b","choices":[{"index":)" +
      std::to_string(index) + R"(,"delta":{},"logprobs":null,"finish_reason":"length"}]})");
}
std::string running_event(std::string_view text, int output) {
  return event(R"({"id":"c1","created":7,"model":"up","choices":[{"index":0,"delta":{"content":")" +
               std::string(text) + R"("}}],"usage":{"prompt_tokens":9,"completion_tokens":)" +
               std::to_string(output) + "}}");
}

TEST(StreamBound, AnEventThatGoesPastItIsNotRelayedAndTheChoiceEndsForItsLength) {
  StreamRelay relay = bounded(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(relay.take(text_event("four")));
  EXPECT_FALSE(relay.bounded());
  const std::string relayed = relay.out();
  ASSERT_TRUE(relay.take(text_event("more") + text_event("and more") + event("no JSON at all")));
  EXPECT_TRUE(relay.bounded());
  EXPECT_EQ(relay.out(), relayed);
  EXPECT_EQ(relay.content().deltas, 4);
  EXPECT_EQ(relay.ending({.input = 9, .output = 3}, "0.5"), length_event(0) + std::string(kDone));
}

TEST(StreamBound, CountsOneLargeDeltaByItsBytes) {
  StreamRelay fits = bounded(3);
  ASSERT_TRUE(fits.take(text_event(std::string(63, 'x'))));
  EXPECT_FALSE(fits.bounded());
  StreamRelay past = bounded(3);
  ASSERT_TRUE(past.take(text_event(std::string(64, 'x'))));
  EXPECT_TRUE(past.bounded());
  EXPECT_EQ(past.out(), "");
  EXPECT_NE(past.ending({}, "0").find(R"("delta":{"role":"assistant","content":""})"),
            std::string::npos);
}

TEST(StreamBound, BytesAreNotTakenForTokens) {
  StreamRelay relay = bounded(100);
  // A token a delta, of up to 15 bytes each, and many that carry a byte or none.
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(relay.take(text_event(std::string(15, 'x'))));
  EXPECT_FALSE(relay.bounded());
  StreamRelay small = bounded(100);
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(small.take(text_event("x") + text_event("")));
  EXPECT_FALSE(small.bounded());
}

TEST(StreamBound, EveryOpenChoiceIsEndedOnceAndThoseThatHadEndedAreNot) {
  StreamRelay relay = bounded(3, 3);
  ASSERT_TRUE(relay.take(text_event("four", 0) + text_event("four", 1) + text_event("four", 2)));
  ASSERT_TRUE(relay.take(
      event(R"({"id":"c1","choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})")));
  ASSERT_TRUE(relay.take(text_event("more", 2)));
  ASSERT_TRUE(relay.bounded());
  EXPECT_EQ(relay.ending({}, "0"), length_event(0) + length_event(2) + std::string(kDone));
}

TEST(StreamBound, AChoiceWhoseLastEventWasNotRelayedIsOpen) {
  StreamRelay relay = bounded(1, 2);
  ASSERT_TRUE(relay.take(text_event("four", 0)));
  ASSERT_TRUE(relay.take(event(
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":"four"},"finish_reason":"stop"}]})")));
  ASSERT_TRUE(relay.bounded());
  EXPECT_EQ(relay.ending({}, "0"), length_event(0) + length_event(1) + std::string(kDone));
}

TEST(StreamBound, ATextCompletionEndsInItsOwnShape) {
  StreamRelay relay(
      {.kind = CompletionKind::kText, .public_model = "a/b", .usage = {}, .output_max = 1});
  ASSERT_TRUE(
      relay.take(event(R"({"id":"t1","created":7,"choices":[{"index":0,"text":"four"}]})")));
  ASSERT_TRUE(
      relay.take(event(R"({"id":"t1","created":7,"choices":[{"index":0,"text":"more"}]})")));
  ASSERT_TRUE(relay.bounded());
  EXPECT_EQ(
      relay.ending({}, "0"),
      event(
          R"({"id":"t1","object":"text_completion","created":7,"model":"a/b","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"length"}]})") +
          std::string(kDone));
}

TEST(StreamBound, TheUsageChunkThatWasAskedForSaysWhatIsCharged) {
  StreamRelay relay = bounded(1, 1, UsageWish::kAsked);
  ASSERT_TRUE(relay.take(text_event("four") + text_event("more")));
  const std::string end = relay.ending({.input = 9, .output = 1}, "0.5");
  EXPECT_TRUE(end.starts_with(length_event(0) + "data: ")) << end;
  EXPECT_NE(end.find(R"("usage":{"cost":"0.5","prompt_tokens":9,"completion_tokens":1,)"),
            std::string::npos)
      << end;
  EXPECT_TRUE(end.ends_with("}}\n\n" + std::string(kDone))) << end;
}

TEST(StreamBound, GoesByTheRunningUsageWhereOneIsSent) {
  StreamRelay honest = bounded(2);
  // Eight bytes a token, each in a delta of its own: the count of the content would say four.
  for (int i = 1; i <= 2; ++i) {
    ASSERT_TRUE(honest.take(running_event("four", i) + running_event("four", i)));
  }
  EXPECT_FALSE(honest.bounded());
  StreamRelay silent = bounded(2);  // it reasons where nobody sees it
  ASSERT_TRUE(silent.take(running_event("a", 2)));
  EXPECT_FALSE(silent.bounded());
  ASSERT_TRUE(silent.take(running_event("b", 3)));
  EXPECT_TRUE(silent.bounded());
  EXPECT_EQ(silent.usage().tokens.output, 3);
}

TEST(StreamBound, CountsOnWhereARunningUsageStops) {
  StreamRelay relay = bounded(4);
  ASSERT_TRUE(relay.take(running_event("four", 3) + text_event("four")));
  EXPECT_FALSE(relay.bounded());
  EXPECT_EQ(relay.unreported().deltas, 1);
  ASSERT_TRUE(relay.take(text_event("four")));
  EXPECT_TRUE(relay.bounded());
}

TEST(StreamBound, ARunningUsageOfNothingIsNone) {
  StreamRelay relay = bounded(2);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(relay.take(running_event("four", 0)));
  EXPECT_TRUE(relay.bounded());
}

TEST(StreamBound, TheEndOfAnAnswerIsRelayedWhateverItReports) {
  StreamRelay relay = bounded(2);
  ASSERT_TRUE(relay.take(text_event("four")));
  ASSERT_TRUE(relay.take(event(
      R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":50}})")));
  ASSERT_TRUE(
      relay.take(event(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":60}})") +
                 std::string(kDone)));
  EXPECT_FALSE(relay.bounded());
  EXPECT_TRUE(relay.done());
  EXPECT_EQ(relay.usage().tokens.output, 60);
}

TEST(StreamBound, EndsAtTheSameEventHoweverTheBytesAreCut) {
  const std::string stream = text_event("four") + text_event("four") + text_event("more");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    StreamRelay relay = bounded(2);
    ASSERT_TRUE(relay.take(std::string_view(stream).substr(0, cut)));
    ASSERT_TRUE(relay.take(std::string_view(stream).substr(cut)));
    ASSERT_TRUE(relay.bounded());
    ASSERT_EQ(relay.out().find("more"), std::string::npos);
    ASSERT_NE(relay.out().find("four"), std::string::npos);
  }
}

TEST(StreamBound, NoMoreChoicesAreEndedThanItsConstantSays) {
  StreamRelay relay = bounded(0, 1'000'000'000);
  ASSERT_TRUE(relay.take(text_event("four")));
  const std::string end = relay.ending({}, "0");
  std::int64_t ended = 0;
  for (std::size_t at = 0; (at = end.find("\"length\"", at)) != std::string::npos; ++at) ++ended;
  EXPECT_EQ(ended, kEndedChoicesMax);
}

// --- responses of a provider that makes them ---

std::string response_event(int number, std::string_view type, std::string_view more) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) +
         "\",\"sequence_number\":" + std::to_string(number) + "," + std::string(more) + "}\n\n";
}

const std::string kCreatedResponse = response_event(
    0, "response.created", R"("response":{"id":"r","model":"up","output":[],"usage":null})");
const std::string kResponseDelta =
    response_event(1, "response.output_text.delta", R"("output_index":0,"delta":"four")");
const std::string kCompletedResponse = response_event(
    2, "response.completed",
    R"("response":{"id":"r","model":"up","output":[],"usage":{"input_tokens":9,"output_tokens":4}})");

StreamTerms response_terms(std::optional<std::int64_t> output_max = {}) {
  return {.kind = CompletionKind::kResponses,
          .provider = AnswerDialect::kResponses,
          .public_model = "a/b",
          .usage = UsageWish::kAsked,
          .output_max = output_max};
}

TEST(StreamRelay, TheEndOfAResponseIsHeldUntilTheCommitAndSaysItsCost) {
  StreamRelay relay(response_terms());
  ASSERT_TRUE(relay.take(kCreatedResponse + kResponseDelta + kCompletedResponse));
  EXPECT_TRUE(relay.done());
  EXPECT_EQ(relay.out().find("response.completed"), std::string::npos);
  EXPECT_NE(relay.out().find(R"("model":"a/b")"), std::string::npos);
  EXPECT_EQ(relay.usage().tokens.output, 4);
  EXPECT_EQ(relay.content().text_bytes, 4);
  EXPECT_EQ(
      relay.ending({}, "0.5"),
      response_event(2, "response.completed",
                     R"("response":{"id":"r","model":"a/b","output":[],"usage":{"cost":"0.5",)"
                     R"("input_tokens":9,"output_tokens":4}})"));
}

TEST(StreamRelay, AResponseIsEndedAtItsBound) {
  StreamRelay relay(response_terms(2));
  ASSERT_TRUE(relay.take(kCreatedResponse + kResponseDelta + kResponseDelta + kResponseDelta +
                         kCompletedResponse));
  EXPECT_TRUE(relay.bounded());
  EXPECT_EQ(relay.content().deltas, 3);
  EXPECT_NE(relay.ending({.output = 2}, "0.5").find(R"("reason":"max_output_tokens")"),
            std::string::npos);
}

TEST(StreamRelay, AResponseThatFailsIsAnErrorWhoseUsageIsKnown) {
  StreamRelay relay(response_terms());
  ASSERT_TRUE(relay.take(kCreatedResponse + kResponseDelta));
  EXPECT_FALSE(relay.take(response_event(
      2, "response.failed",
      R"("response":{"id":"r","error":{"message":"x"},"usage":{"input_tokens":9,"output_tokens":4}})")));
  EXPECT_EQ(relay.usage().tokens.output, 4);
  EXPECT_EQ(relay.next_number(), 2);
  EXPECT_FALSE(relay.finished());
}

// 20,000 bytes of text that no delta said, in an item and at the end.
std::string item_at_once() {
  return response_event(1, "response.output_item.done",
                        R"("output_index":0,"item":{"type":"message","content":[{"text":")" +
                            std::string(20'000, 'x') + "\"}]}");
}
std::string end_at_once(std::string_view usage) {
  return response_event(2, "response.completed",
                        R"("response":{"output":[{"type":"message","content":[{"text":")" +
                            std::string(20'000, 'x') + R"("}]}],"usage":)" + std::string(usage) +
                            "}");
}

TEST(StreamRelay, AResponseThatIsSaidAtOnceIsCounted) {
  for (const std::string& stream : {item_at_once() + end_at_once("null"),
                                    end_at_once(R"({"input_tokens":0,"output_tokens":0})"),
                                    item_at_once() + kCompletedResponse}) {
    StreamRelay relay(response_terms());
    ASSERT_TRUE(relay.take(stream));
    EXPECT_EQ(relay.content().deltas, 1);
    EXPECT_EQ(relay.content().text_bytes, 20'000);
    EXPECT_TRUE(relay.done());
  }
  // Nothing is what no provider of so much text has used.
  StreamRelay relay(response_terms());
  ASSERT_TRUE(relay.take(end_at_once(R"({"input_tokens":9,"output_tokens":0})")));
  EXPECT_FALSE(believable_usage(relay.usage(), relay.content()).has_value());
}

TEST(StreamRelay, AResponseThatIsSaidAtOnceIsEndedAtItsBound) {
  for (const std::string& stream : {item_at_once(), end_at_once("null"),
                                    end_at_once(R"({"input_tokens":9,"output_tokens":0})")}) {
    StreamRelay relay(response_terms(100));
    ASSERT_TRUE(relay.take(kCreatedResponse + stream));
    EXPECT_TRUE(relay.bounded());
    const std::string seen = relay.out() + relay.ending({.output = 100}, "0.5");
    EXPECT_FALSE(seen.contains("xxxx"));
    EXPECT_TRUE(seen.contains(R"("reason":"max_output_tokens")"));
  }
}

TEST(StreamRelay, AResponseMayBeLongerThanAChunk) {
  StreamRelay relay(response_terms());
  const std::string text(2 * 1024 * 1024, 'x');
  ASSERT_TRUE(relay.take(response_event(
      0, "response.completed",
      R"("response":{"output":[{"type":"message","content":[{"type":"output_text","text":")" +
          text + R"("}]}],"usage":{"input_tokens":9,"output_tokens":4}})")));
  EXPECT_TRUE(relay.done());
}

}  // namespace
}  // namespace tollgate
