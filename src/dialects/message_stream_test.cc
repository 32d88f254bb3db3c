#include "dialects/message_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

constexpr std::string_view kStart =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
    R"("model":"claude-up","content":[],"stop_reason":null,"usage":{"input_tokens":25,)"
    R"("cache_read_input_tokens":10,"output_tokens":1}}})";
constexpr std::string_view kTextStart =
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
constexpr std::string_view kTextDelta =
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\u00e9llo"}})";
constexpr std::string_view kTextStop = R"({"type":"content_block_stop","index":0})";
constexpr std::string_view kEnd =
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
    R"("usage":{"output_tokens":15}})";
constexpr std::string_view kStop = R"({"type":"message_stop"})";

StreamFacts read(ClientStream& stream, std::string_view payload) {
  const auto facts = stream.read(payload);
  EXPECT_TRUE(facts.has_value()) << payload << ": " << facts.error().detail;
  return facts.value_or(StreamFacts{});
}

// What the client sees of the events, the ending not included.
std::string relay(ClientStream& stream, const std::vector<std::string_view>& payloads) {
  std::string out;
  for (const std::string_view payload : payloads) {
    read(stream, payload);
    stream.append(out);
  }
  return out;
}

std::string ending(ClientStream& stream, StreamEnd end = StreamEnd::kWhole) {
  std::string out;
  stream.append_ending(
      out,
      {.end = end, .tokens = {.input = 35, .cached_input = 10, .output = 4}, .cost = "0.0012"});
  return out;
}

std::string event(std::string_view name, std::string_view payload) {
  return "event: " + std::string(name) + "\ndata: " + std::string(payload) + "\n\n";
}

constexpr std::string_view kOwnUsage =
    R"("usage":{"cost":"0.0012","input_tokens":25,"cache_creation_input_tokens":0,)"
    R"("cache_read_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":0,)"
    R"("ephemeral_1h_input_tokens":0},"output_tokens":4,)"
    R"("output_tokens_details":{"thinking_tokens":0}})";

std::string own_delta(std::string_view stop_reason) {
  return event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":")" +
                                    std::string(stop_reason) + R"(","stop_sequence":null},)" +
                                    std::string(kOwnUsage) + "}");
}

TEST(MessageStream, RelaysTheEventsWithThePublicModelAndHoldsTheEnd) {
  MessageStream stream("a/b");
  std::string start(kStart);
  start.replace(start.find(R"("claude-up")"), 11, R"("a/b")");
  EXPECT_EQ(relay(stream,
                  {kStart, R"({"type": "ping"})", kTextStart, kTextDelta, kTextStop, kEnd, kStop}),
            event("message_start", start) + event("ping", R"({"type": "ping"})") +
                event("content_block_start", kTextStart) +
                event("content_block_delta", kTextDelta) + event("content_block_stop", kTextStop));
  EXPECT_EQ(ending(stream),
            event("message_delta",
                  R"({"type":"message_delta","delta":{"stop_reason":"end_turn",)"
                  R"("stop_sequence":null},"usage":{"cost":"0.0012","output_tokens":15}})") +
                event("message_stop", kStop));
}

TEST(MessageStream, SaysWhatAnEventHolds) {
  MessageStream stream("a/b");
  StreamFacts facts = read(stream, kStart);
  EXPECT_TRUE(facts.opening_usage);
  EXPECT_EQ(facts.usage.state, UsageState::kReported);
  EXPECT_EQ(facts.usage.tokens, (TokenUsage{.input = 35, .cached_input = 10, .output = 1}));
  EXPECT_EQ(facts.content.deltas, 0);
  EXPECT_EQ(read(stream, kTextStart).content.deltas, 0);
  facts = read(stream, kTextDelta);
  EXPECT_EQ(facts.content.deltas, 1);
  EXPECT_EQ(facts.content.text_bytes, 6);
  EXPECT_EQ(facts.usage.state, UsageState::kAbsent);
  read(stream, kTextStop);
  facts = read(stream, kEnd);
  EXPECT_TRUE(facts.finish_reason);
  EXPECT_FALSE(facts.done);
  EXPECT_FALSE(facts.opening_usage);
  EXPECT_EQ(facts.usage.tokens, (TokenUsage{.input = 35, .cached_input = 10, .output = 15}));
  EXPECT_TRUE(read(stream, kStop).done);
}

TEST(MessageStream, CountsThinkingAndToolArguments) {
  MessageStream stream("a/b");
  read(stream, kStart);
  read(stream, R"({"type":"content_block_start","index":0,)"
               R"("content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})");
  const auto bytes = [&stream](const std::string& delta) {
    return read(stream, R"({"type":"content_block_delta","index":0,"delta":)" + delta + "}")
        .content.text_bytes;
  };
  EXPECT_EQ(bytes(R"({"type":"input_json_delta","partial_json":"{\"a\":"})"), 5);
  EXPECT_EQ(bytes(R"({"type":"thinking_delta","thinking":"hmm"})"), 3);
  EXPECT_EQ(bytes(R"({"type":"signature_delta","signature":"c2lnbmF0dXJl"})"), 0);
  EXPECT_EQ(bytes(R"({"type":"citations_delta","citation":{"cited_text":"x"}})"), 0);
  EXPECT_EQ(bytes(R"({"type":"input_json_delta","partial_json":""})"), 0);
}

TEST(MessageStream, AUsageThatOnlyTheStartSaidIsNoneOfTheWhole) {
  MessageStream stream("a/b");
  relay(stream, {kStart, kTextStart, kTextDelta, kTextStop});
  read(stream, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})");
  EXPECT_EQ(read(stream, kStop).usage.state, UsageState::kInvalid);
}

TEST(MessageStream, EndsAtTheBoundClosingWhatIsOpen) {
  MessageStream stream("a/b");
  relay(stream, {kStart, kTextStart});
  read(stream, kTextDelta);  // goes past the bound: not relayed
  EXPECT_EQ(ending(stream, StreamEnd::kBounded),
            event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
                own_delta("max_tokens") + event("message_stop", kStop));
}

TEST(MessageStream, EndsAtTheBoundBeforeAnythingWasRelayed) {
  MessageStream stream("a/b");
  read(stream, kStart);
  EXPECT_EQ(ending(stream, StreamEnd::kBounded),
            event("message_start",
                  R"({"type":"message_start","message":{"id":"","type":"message",)"
                  R"("role":"assistant","model":"a/b","content":[],"stop_reason":null,)"
                  R"("stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}})") +
                own_delta("max_tokens") + event("message_stop", kStop));
}

TEST(MessageStream, SaysTheUsageWhereTheProviderDoesNot) {
  struct Case {
    const char* held;
    const char* around[2];
  };
  for (const Case& one :
       {Case{R"({"type":"message_delta","delta":{"stop_reason":"refusal"}})",
             {"{", R"(,"type":"message_delta","delta":{"stop_reason":"refusal"}})"}},
        Case{R"({"type":"message_delta","usage":null,"delta":{}})",
             {R"({"type":"message_delta",)", R"(,"delta":{}})"}}}) {
    MessageStream stream("a/b");
    relay(stream, {kStart, one.held, kStop});
    EXPECT_EQ(ending(stream),
              event("message_delta", one.around[0] + std::string(kOwnUsage) + one.around[1]) +
                  event("message_stop", kStop));
  }
  MessageStream stream("a/b");
  relay(stream, {kStart, R"({"type":"message_delta","usage":{ },"delta":{}})", kStop});
  EXPECT_EQ(
      ending(stream),
      event("message_delta", R"({"type":"message_delta","usage":{"cost":"0.0012" },"delta":{}})") +
          event("message_stop", kStop));
}

TEST(MessageStream, OfSeveralMessageDeltasOnlyTheLastIsHeld) {
  MessageStream stream("a/b");
  const std::string_view first =
      R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":9}})";
  std::string out;
  read(stream, kStart);
  EXPECT_FALSE(read(stream, first).finish_reason);
  stream.append(out);
  EXPECT_EQ(out, "");
  read(stream, kEnd);
  stream.append(out);
  EXPECT_EQ(out, event("message_delta", first));
}

TEST(MessageStream, RelaysKindsOfEventsThatAreNewOnOneLine) {
  MessageStream stream("a/b");
  relay(stream, {kStart});
  EXPECT_EQ(relay(stream, {"{\"type\":\"message_mood\",\n \"mood\":1}"}),
            event("message_mood", R"({"type":"message_mood",  "mood":1})"));
}

TEST(MessageStream, AnErrorEventIsTold) {
  MessageStream stream("a/b");
  const StreamFacts facts =
      read(stream, R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})");
  EXPECT_TRUE(facts.error);
}

TEST(MessageStream, WhatIsNoEventIsAProviderError) {
  for (const char* payload :
       {"", "[DONE]", "[]", "{}", R"({"type":5})", R"({"type":""})", R"({"type":"a\nb"})",
        R"({"type":"a b"})", R"({"type":"ping"}{)", R"({"type":"ping","type":"error"})",
        R"({"type":"message_start"})", R"({"type":"message_start","message":[]})",
        R"({"type":"message_start","message":{"model":"a","model":"b"}})",
        R"({"type":"message_start","message":{},"message":{}})",
        R"({"type":"content_block_start","content_block":{}})",
        R"({"type":"content_block_start","index":-1})",
        R"({"type":"content_block_start","index":1000001})",
        R"({"type":"message_delta","usage":{},"usage":{}})"}) {
    MessageStream stream("a/b");
    const auto facts = stream.read(payload);
    ASSERT_FALSE(facts.has_value()) << payload;
    EXPECT_EQ(facts.error().code, ErrorCode::kProviderError) << payload;
  }
}

TEST(MessageStream, EventsOutOfOrderAreAProviderError) {
  const std::vector<std::vector<std::string_view>> streams = {
      {kTextStart},
      {kEnd},
      {kStop},
      {kStart, kStart},
      {kStart, kTextDelta},
      {kStart, kTextStop},
      {kStart, kTextStart, kTextStart},
      {kStart, kTextStart, kTextStop, kTextDelta},
      {kStart, kStop, kTextStart},
      {kStart, kStop, kStop},
  };
  for (const auto& payloads : streams) {
    MessageStream stream("a/b");
    for (std::size_t i = 0; i + 1 < payloads.size(); ++i) read(stream, payloads[i]);
    const auto facts = stream.read(payloads.back());
    ASSERT_FALSE(facts.has_value()) << payloads.back();
    EXPECT_EQ(facts.error().code, ErrorCode::kProviderError);
  }
}

TEST(MessageStream, HoldsNoMoreOpenBlocksThanItsBound) {
  MessageStream stream("a/b");
  read(stream, kStart);
  const auto open = [&stream](std::size_t index) {
    return stream.read(R"({"type":"content_block_start","index":)" + std::to_string(index) + "}")
        .has_value();
  };
  for (std::size_t i = 0; i < kOpenBlocksMax; ++i) ASSERT_TRUE(open(i)) << i;
  EXPECT_FALSE(open(kOpenBlocksMax));
}

}  // namespace
}  // namespace tollgate
