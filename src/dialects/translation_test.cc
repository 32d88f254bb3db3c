// What the golden files of golden_test.cc do not show: bounds, the sandbox behind a translation,
// and what comes of a translation of a translation.
#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "dialects/anthropic_answer.h"
#include "dialects/chat_from_messages.h"
#include "dialects/chat_request.h"
#include "dialects/chunks_from_messages.h"
#include "dialects/completion_from_message.h"
#include "dialects/message_from_completion.h"
#include "dialects/messages_from_chat.h"
#include "dialects/messages_from_chunks.h"
#include "dialects/messages_request.h"
#include "dialects/openai_answer.h"
#include "dialects/sandbox.h"
#include "dialects/splice.h"

namespace tollgate {
namespace {

// --- the sandbox, which speaks OpenAI's dialect, behind /v1/messages ---

constexpr std::string_view kRequest =
    R"({"model":"sandbox/echo","max_tokens":64,"stream":false,"system":"Be brief.","messages":[)"
    R"({"role":"user","content":[{"type":"text","text":"one two three"}]}]})";

// What the sandbox sends for a request of Anthropic's dialect, body or stream.
std::string sandbox_sends(const std::string& body) {
  const auto request = read_messages_request(body);
  EXPECT_TRUE(request.has_value()) << request.error().message;
  const auto chat = chat_from_messages(*request, body, {.upstream_model = "sandbox/echo"});
  EXPECT_TRUE(chat.has_value()) << chat.error().message;
  const auto translated = read_chat_request(*chat);
  EXPECT_TRUE(translated.has_value()) << translated.error().message;
  EXPECT_EQ(upstream_body(*translated, *chat, "sandbox/echo").text(), *chat);
  const SandboxScript script = make_sandbox_script(*translated, *chat,
                                                   {.behaviour = SandboxBehaviour::kEcho,
                                                    .model = "sandbox/echo",
                                                    .id = "chatcmpl-1",
                                                    .created = 1});
  std::string sent;
  for (const SandboxStep& step : script.steps) sent += step.bytes;
  return sent;
}

TEST(Translation, TheSandboxAnswersMessages) {
  const std::string body = sandbox_sends(std::string(kRequest));
  const auto answer = read_openai_answer(body);
  ASSERT_TRUE(answer.has_value()) << body;
  const auto message = message_from_completion(
      body, {.public_model = "sandbox/echo", .tokens = answer->usage.tokens});
  ASSERT_TRUE(message.has_value()) << message.error().detail;
  const json::value read = json::parse(*message);
  EXPECT_EQ(read.at("content").at(0).at("text").as_string(), "one two three");
  EXPECT_EQ(read.at("stop_reason").as_string(), "end_turn");
  EXPECT_EQ(read.at("model").as_string(), "sandbox/echo");
  EXPECT_GT(read.at("usage").at("input_tokens").as_int64(), 0);
}

TEST(Translation, TheSandboxStreamsMessages) {
  std::string request(kRequest);
  request.replace(request.find("false"), 5, "true");
  const std::string sent = sandbox_sends(request);
  MessagesFromChunks stream("sandbox/echo");
  std::string out;
  ReportedUsage usage;
  bool done = false;
  for (std::size_t at = 0; at < sent.size();) {
    const std::size_t end = sent.find("\n\n", at);
    ASSERT_NE(end, std::string::npos);
    const std::string payload = sent.substr(at + 6, end - at - 6);
    at = end + 2;
    const auto facts = stream.read(payload);
    ASSERT_TRUE(facts.has_value()) << payload;
    if (facts->usage.state == UsageState::kReported) usage = facts->usage;
    done |= facts->done;
    stream.append(out);
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(usage.state, UsageState::kReported);
  stream.append_ending(out, {.tokens = usage.tokens, .cost = "0"});
  EXPECT_TRUE(out.starts_with("event: message_start\n")) << out;
  EXPECT_TRUE(out.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")) << out;
  EXPECT_NE(out.find(R"("text":" two")"), std::string::npos) << out;
}

// --- bounds ---

TEST(Translation, ABodyOfTooManyValuesIsRefused) {
  std::string values = "[0";
  for (std::size_t i = 0; i < kJsonTreeValuesMax; ++i) values += ",0";
  values += "]";
  const std::string chat =
      R"({"model":"m","x":)" + values + R"(,"messages":[{"role":"user","content":"hi"}]})";
  const auto chat_request = read_chat_request(chat);
  ASSERT_TRUE(chat_request.has_value());
  const auto messages = messages_from_chat(*chat_request, chat, {.upstream_model = "up"});
  ASSERT_FALSE(messages.has_value());
  EXPECT_EQ(messages.error().code, ErrorCode::kInvalidRequest);
}

TEST(Translation, WhatIsKeptOfThinkingIsBounded) {
  ChunksFromMessages stream({.public_model = "a/b", .created = 1});
  std::string out;
  const auto feed = [&](const std::string& payload) {
    const auto facts = stream.read(payload);
    ASSERT_TRUE(facts.has_value()) << facts.error().detail;
    stream.append(out);
  };
  feed(R"({"type":"message_start","message":{"id":"m"}})");
  const auto thinks = [&](int index, std::size_t bytes) {
    const std::string block = R"("index":)" + std::to_string(index);
    feed(R"({"type":"content_block_start",)" + block + R"(,"content_block":{"type":"thinking"}})");
    feed(R"({"type":"content_block_delta",)" + block + R"(,"delta":{"thinking":")" +
         std::string(bytes, 'x') + R"("}})");
    feed(R"({"type":"content_block_delta",)" + block + R"(,"delta":{"signature":"c2ln"}})");
    out.clear();
    feed(R"({"type":"content_block_stop",)" + block + "}");
  };
  thinks(0, kKeptBytesMax - 4);
  EXPECT_NE(out.find("thinking_blocks"), std::string::npos);
  thinks(1, 1);
  EXPECT_EQ(out, "");
}

// What is made of a request is a request: a schema stands one level deeper there.
TEST(Translation, WhatIsNestedTooDeepToBeSaidIsRefused) {
  const auto nested = [](int levels) {
    std::string schema;
    for (int i = 0; i < levels; ++i) schema += R"({"a":)";
    schema += "1";
    return schema + std::string(static_cast<std::size_t>(levels), '}');
  };
  const auto said = [&](int levels) -> std::string {
    const std::string body =
        R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],)"
        R"("tools":[{"name":"f","input_schema":)" +
        nested(levels) + "}]}";
    const auto request = read_messages_request(body);
    EXPECT_TRUE(request.has_value()) << levels;
    const auto chat = chat_from_messages(*request, body, {.upstream_model = "up"});
    if (!chat) return std::string(error_code_name(chat.error().code));
    return read_chat_request(*chat) ? "said" : "broken";
  };
  EXPECT_EQ(said(kTranslationDepthMax - 3), "said");
  EXPECT_EQ(said(kTranslationDepthMax - 2), "invalid_request");
  EXPECT_EQ(said(kRequestDepthMax - 3), "invalid_request");

  const auto argued = [&](int levels) -> std::string {
    const std::string body =
        R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{)"
        R"("name":"f","arguments":)" +
        json_string(nested(levels)) + "}}]}]}";
    const auto request = read_chat_request(body);
    EXPECT_TRUE(request.has_value()) << levels;
    const auto messages = messages_from_chat(*request, body, {.upstream_model = "up"});
    if (!messages) return std::string(error_code_name(messages.error().code));
    return read_messages_request(*messages) ? "said" : "broken";
  };
  EXPECT_EQ(argued(kTranslationDepthMax), "said");
  EXPECT_EQ(argued(kTranslationDepthMax + 1), "invalid_message_format");
}

// --- there and back ---

TEST(Translation, ToolCallsAndSignaturesSurviveTheWayThereAndBack) {
  const std::string answer =
      R"({"id":"msg_1","type":"message","content":[)"
      R"({"type":"thinking","thinking":"Hm \"so\"","signature":"c2ln"},)"
      R"({"type":"text","text":"I look."},)"
      R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"a":"x\n\"y\"","n":1.50}}],)"
      R"("stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}})";
  const auto completion = completion_from_message(answer, {.public_model = "a/b"});
  ASSERT_TRUE(completion.has_value());
  JsonTree tree;
  ASSERT_TRUE(tree.parse(*completion));
  const JsonNode message = (*tree.root()["choices"].begin())["message"];
  const std::string chat = R"({"model":"a/b","max_tokens":9,"messages":[)"
                           R"({"role":"user","content":"?"},)" +
                           std::string(message.raw()) + "]}";
  const auto request = read_chat_request(chat);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  const auto sent = messages_from_chat(*request, chat, {.upstream_model = "up"});
  ASSERT_TRUE(sent.has_value()) << sent.error().message;
  const json::value turns = json::parse(*sent).at("messages");
  EXPECT_EQ(turns.at(1).at("content"), json::parse(answer).at("content"));
}

TEST(Translation, ToolIdsAreTheSameForCallAndAnswer) {
  const std::string chat =
      R"({"model":"m","messages":[{"role":"user","content":"?"},{"role":"assistant",)"
      R"("tool_calls":[{"id":"a.b:c/d é","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"a.b:c\/d \u00e9","content":"1"}]})";
  const auto request = read_chat_request(chat);
  ASSERT_TRUE(request.has_value());
  const auto sent = messages_from_chat(*request, chat, {.upstream_model = "up"});
  ASSERT_TRUE(sent.has_value()) << sent.error().message;
  const json::value turns = json::parse(*sent).at("messages");
  EXPECT_EQ(turns.at(1).at("content").at(0).at("id").as_string(), "a_b_c_d___");
  EXPECT_EQ(turns.at(2).at("content").at(0).at("tool_use_id").as_string(), "a_b_c_d___");
}

TEST(Translation, ThinkingIsAdaptiveFromTheVersionOnThatKnowsIt) {
  const std::string chat = R"({"model":"m","max_tokens":9000,"reasoning_effort":"low",)"
                           R"("messages":[{"role":"user","content":"?"}]})";
  const auto request = read_chat_request(chat);
  ASSERT_TRUE(request.has_value());
  const auto thinking = [&](std::string_view model) {
    const auto sent = messages_from_chat(*request, chat, {.upstream_model = model});
    EXPECT_TRUE(sent.has_value()) << model;
    return std::string(json::parse(sent.value_or("{}")).at("thinking").at("type").as_string());
  };
  for (const char* model :
       {"claude-opus-4-6", "claude-sonnet-4.6", "claude-sonnet-5", "claude-haiku-5-5",
        "us.anthropic.claude-opus-4-7-v1:0", "claude-opus-10-1"}) {
    EXPECT_EQ(thinking(model), "adaptive") << model;
  }
  for (const char* model : {"claude-opus-4-5-20251101", "claude-sonnet-4-20250514",
                            "claude-sonnet-4", "claude-opus-4-1", "claude-3-7-sonnet-20250219",
                            "claude-3-haiku", "claude-latest", "deepseek-v9", "kimi-5"}) {
    EXPECT_EQ(thinking(model), "enabled") << model;
  }
}

}  // namespace
}  // namespace tollgate
