#include "dialects/openai_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

// As OpenAI answers a chat completion, shortened.
constexpr std::string_view kChat = R"({
  "id": "chatcmpl-B9MBs8Cj",
  "object": "chat.completion",
  "created": 1741569952,
  "model": "gpt-4.1-2025-04-14",
  "choices": [
    {
      "index": 0,
      "message": {"role": "assistant", "content": "Hi \u00e9!", "refusal": null, "annotations": []},
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 7, "audio_tokens": 3},
    "completion_tokens_details": {
      "reasoning_tokens": 4, "audio_tokens": 2, "accepted_prediction_tokens": 0
    }
  },
  "service_tier": "default"
})";

std::string with_usage(const std::string& usage) {
  return R"({"choices":[{"message":{"content":"hello"}}],"usage":)" + usage + "}";
}

ReportedUsage usage_of(const std::string& usage) {
  const auto answer = read_openai_answer(with_usage(usage));
  EXPECT_TRUE(answer.has_value()) << usage;
  return answer ? answer->usage : ReportedUsage{};
}

std::int64_t text_bytes(const std::string& choices) {
  const auto answer = read_openai_answer(R"({"choices":)" + choices + "}");
  EXPECT_TRUE(answer.has_value()) << choices;
  return answer ? answer->content.text_bytes : -1;
}

TEST(OpenAiAnswer, ReadsAWholeChatCompletion) {
  const auto answer = read_openai_answer(kChat);
  ASSERT_TRUE(answer.has_value()) << answer.error().detail;
  EXPECT_EQ(answer->id, "chatcmpl-B9MBs8Cj");
  EXPECT_EQ(answer->model_value->in(kChat), R"("gpt-4.1-2025-04-14")");
  EXPECT_EQ(answer->content.text_bytes, 6);
  EXPECT_EQ(answer->content.deltas, 1);
  ASSERT_EQ(answer->usage.state, UsageState::kReported);
  TokenUsage tokens;
  tokens.input = 19;
  tokens.cached_input = 7;
  tokens.audio_input = 3;
  tokens.output = 10;
  tokens.reasoning_output = 4;
  tokens.audio_output = 2;
  EXPECT_EQ(answer->usage.tokens, tokens);
  EXPECT_EQ(believable_usage(answer->usage, answer->content), tokens);
}

TEST(OpenAiAnswer, TheClientSeesThePublicModelAndEveryOtherByte) {
  const auto answer = read_openai_answer(kChat);
  ASSERT_TRUE(answer.has_value());
  std::string expected(kChat);
  const std::string theirs = "gpt-4.1-2025-04-14";
  expected.replace(expected.find(theirs), theirs.size(), "acme/large");
  EXPECT_EQ(client_answer(kChat, *answer, "acme/large"), expected);
}

TEST(OpenAiAnswer, AnAnswerWithoutModelGetsOne) {
  const std::string body = R"( {"choices":[]})";
  const auto answer = read_openai_answer(body);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(client_answer(body, *answer, "a/b"), R"( {"model":"a/b","choices":[]})");
}

TEST(OpenAiAnswer, CountsTextOfEveryKindOverAllChoices) {
  EXPECT_EQ(text_bytes(R"([{"message":{"content":"abc"}},{"message":{"content":"de"}}])"), 5);
  EXPECT_EQ(text_bytes(R"([{"message":{"content":null,"refusal":"no"}}])"), 2);
  EXPECT_EQ(text_bytes(R"([{"message":{"content":[{"type":"text","text":"abcd"},{"type":"x"}]}}])"),
            4);
  EXPECT_EQ(text_bytes(R"([{"message":{"reasoning_content":"abc","content":"d"}}])"), 4);
  EXPECT_EQ(text_bytes(R"([{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}},)"
                       R"({"function":{"arguments":"{\"a\":1}"}}]}}])"),
            9);
  EXPECT_EQ(text_bytes(R"([{"message":{"function_call":{"name":"f","arguments":"xyz"}}}])"), 3);
  EXPECT_EQ(text_bytes(R"([{"text":"plain"}])"), 5);
}

TEST(OpenAiAnswer, TheSameThoughtsUnderTwoNamesCountOnce) {
  EXPECT_EQ(text_bytes(R"([{"message":{"reasoning":"abcde","reasoning_content":"abcde"}}])"), 5);
}

TEST(OpenAiAnswer, UsageThatIsNoneIsAbsent) {
  EXPECT_EQ(usage_of("null").state, UsageState::kAbsent);
  EXPECT_EQ(read_openai_answer(R"({"choices":[]})")->usage.state, UsageState::kAbsent);
}

TEST(OpenAiAnswer, GarbageUsageIsInvalidAndNoError) {
  for (const char* usage :
       {"{}", "5", "[]", R"("many")", R"({"prompt_tokens":5})", R"({"completion_tokens":5})",
        R"({"prompt_tokens":-1,"completion_tokens":5})",
        R"({"prompt_tokens":1,"completion_tokens":-5})",
        R"({"prompt_tokens":"1","completion_tokens":5})",
        R"({"prompt_tokens":1.5,"completion_tokens":5})",
        R"({"prompt_tokens":1,"completion_tokens":99999999999999999999})",
        R"({"prompt_tokens":1,"completion_tokens":1000000000001})",
        R"({"prompt_tokens":null,"completion_tokens":5})",
        R"({"prompt_tokens":1,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":-1}})",
        R"({"prompt_tokens":1,"completion_tokens":5,"completion_tokens_details":7})"}) {
    const ReportedUsage read = usage_of(usage);
    EXPECT_EQ(read.state, UsageState::kInvalid) << usage;
    EXPECT_EQ(believable_usage(read, {.deltas = 1, .text_bytes = 5}), std::nullopt);
  }
}

TEST(OpenAiAnswer, DetailsMayBeNull) {
  const ReportedUsage read =
      usage_of(R"({"prompt_tokens":1,"completion_tokens":5,"prompt_tokens_details":null,)"
               R"("completion_tokens_details":{"reasoning_tokens":null}})");
  EXPECT_EQ(read.state, UsageState::kReported);
  EXPECT_EQ(read.tokens.output, 5);
}

TEST(OpenAiAnswer, ZeroUsageIsBelievedOnlyWithoutContent) {
  const ReportedUsage zero = usage_of(R"({"prompt_tokens":0,"completion_tokens":0})");
  ASSERT_EQ(zero.state, UsageState::kReported);
  EXPECT_EQ(believable_usage(zero, {.deltas = 1, .text_bytes = 5}), std::nullopt);
  EXPECT_EQ(believable_usage(zero, {}), TokenUsage{});
  const ReportedUsage half = usage_of(R"({"prompt_tokens":3,"completion_tokens":0})");
  EXPECT_EQ(believable_usage(half, {.deltas = 1, .text_bytes = 5}), std::nullopt);
  EXPECT_TRUE(believable_usage(half, {}).has_value());
}

TEST(OpenAiAnswer, RefusesWhatIsNoAnswer) {
  for (const char* body :
       {"", "[]", "null", "{}", R"({"choices":5})", R"({"choices":[5]})", R"({"choices":[]}x)",
        R"({"choices":[],"x":tru})", R"({"choices":[],"model":"a","model":"b"})",
        R"({"choices":[],"usage":null,"usage":{}})", "<html>502</html>",
        R"({"choices":[],"error":{"message":"down"}})"}) {
    const auto answer = read_openai_answer(body);
    ASSERT_FALSE(answer.has_value()) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::kProviderError) << body;
  }
  EXPECT_TRUE(read_openai_answer(R"({"choices":[],"error":null})"));
}

TEST(OpenAiAnswer, FindsTheMessageOfAnError) {
  EXPECT_EQ(openai_error_message(R"({"error":{"message":"too \"hot\"","code":5}})"), "too \"hot\"");
  EXPECT_EQ(openai_error_message(R"({"error":"flat"})"), "flat");
  EXPECT_EQ(openai_error_message(R"({"message":"top","code":1})"), "top");
  EXPECT_EQ(openai_error_message(R"({"error":{"code":1}})"), "");
  EXPECT_EQ(openai_error_message("<html>"), "");
  EXPECT_EQ(openai_error_message(R"({"type":"error","error":{"type":"overloaded_error",)"
                                 R"("message":"Overloaded"},"request_id":"req_1"})"),
            "Overloaded");
}

TEST(OpenAiAnswer, CutsALongErrorMessageBetweenCharacters) {
  std::string text = "x";
  for (int i = 0; i < 600; ++i) text += "é";
  const std::string message = openai_error_message(R"({"error":")" + text + "\"}");
  EXPECT_EQ(message.size(), 511U);
  EXPECT_EQ(message, text.substr(0, 511));
}

}  // namespace
}  // namespace tollgate
