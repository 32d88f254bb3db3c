#include "dialects/anthropic_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

constexpr std::string_view kAnswer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-up","content":[)"
    R"({"type":"thinking","thinking":"hm","signature":"c2lnbmF0dXJl"},)"
    R"({"type":"text","text":"h\u00e9"},)"
    R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}},)"
    R"({"type":"tool_use","id":"toolu_2","name":"g","input":{ }}],)"
    R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":7,)"
    R"("cache_creation_input_tokens":50,"cache_read_input_tokens":100,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30},)"
    R"("output_tokens":40,"output_tokens_details":{"thinking_tokens":11},)"
    R"("service_tier":"standard"}})";

AnthropicAnswer read(std::string_view body) {
  const auto answer = read_anthropic_answer(body);
  EXPECT_TRUE(answer.has_value()) << body << ": " << answer.error().detail;
  return answer.value_or(AnthropicAnswer{});
}

ReportedUsage usage_of(const std::string& usage) {
  return read(R"({"content":[],"usage":)" + usage + "}").usage;
}

TEST(AnthropicAnswer, ReadsAMessage) {
  const AnthropicAnswer answer = read(kAnswer);
  EXPECT_EQ(answer.id, "msg_1");
  EXPECT_EQ(answer.model_value->in(kAnswer), R"("claude-up")");
  EXPECT_EQ(answer.content.deltas, 1);
  EXPECT_EQ(answer.content.text_bytes, 2 + 3 + 7);
}

TEST(AnthropicAnswer, WhatTheCacheHadPartInIsPartOfTheInput) {
  const ReportedUsage usage = read(kAnswer).usage;
  EXPECT_EQ(usage.state, UsageState::kReported);
  EXPECT_EQ(usage.tokens, (TokenUsage{.input = 157,
                                      .cached_input = 100,
                                      .cache_write = 20,
                                      .cache_write_1h = 30,
                                      .output = 40,
                                      .reasoning_output = 11}));
}

TEST(AnthropicAnswer, CacheWritesWithoutTheirKindsAreOfFiveMinutes) {
  const ReportedUsage usage = usage_of(
      R"({"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":9,"cache_creation":null})");
  EXPECT_EQ(usage.tokens, (TokenUsage{.input = 10, .cache_write = 9, .output = 2}));
}

TEST(AnthropicAnswer, AnHourThatIsMoreThanTheSumIsCountedAllTheSame) {
  const ReportedUsage usage =
      usage_of(R"({"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":5,)"
               R"("cache_creation":{"ephemeral_1h_input_tokens":9}})");
  EXPECT_EQ(usage.tokens, (TokenUsage{.input = 10, .cache_write_1h = 9, .output = 2}));
}

TEST(AnthropicAnswer, ABrokenUsageIsInvalidAndNoError) {
  EXPECT_EQ(usage_of("null").state, UsageState::kAbsent);
  EXPECT_EQ(read(R"({"content":[]})").usage.state, UsageState::kAbsent);
  for (const char* usage :
       {"5", "[]", "{}", R"({"input_tokens":1})", R"({"output_tokens":1})",
        R"({"input_tokens":-1,"output_tokens":1})", R"({"input_tokens":1.5,"output_tokens":1})",
        R"({"input_tokens":"1","output_tokens":1})", R"({"input_tokens":null,"output_tokens":1})",
        R"({"input_tokens":1,"output_tokens":1,"cache_read_input_tokens":-5})",
        R"({"input_tokens":1,"output_tokens":1,"cache_creation":[]})",
        R"({"input_tokens":1,"output_tokens":1000000000001})"}) {
    EXPECT_EQ(usage_of(usage).state, UsageState::kInvalid) << usage;
  }
}

TEST(AnthropicAnswer, ShowsThePublicModel) {
  const std::string shown = client_answer(kAnswer, read(kAnswer), "a/\"b");
  std::string expected(kAnswer);
  expected.replace(expected.find(R"("claude-up")"), 11, R"("a/\"b")");
  EXPECT_EQ(shown, expected);
  EXPECT_EQ(client_answer(R"({"content":[]})", read(R"({"content":[]})"), "a/b"),
            R"({"model":"a/b","content":[]})");
}

TEST(AnthropicAnswer, WhatIsNoMessageIsAProviderError) {
  for (const char* body :
       {"", "[]", "{}", R"({"content":null})", R"({"content":"hi"})", R"({"content":["hi"]})",
        R"({"content":[]}x)", R"({"content":[)", R"({"content":[],"content":[]})",
        R"({"content":[],"usage":{},"usage":{}})", R"({"content":[],"model":"a","mod\u0065l":"b"})",
        R"({"type":"error","error":{"type":"overloaded_error","message":"busy"},"content":[]})"}) {
    const auto answer = read_anthropic_answer(body);
    ASSERT_FALSE(answer.has_value()) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::kProviderError) << body;
  }
}

TEST(AnthropicAnswer, ReadsATokenCount) {
  EXPECT_EQ(read_token_count(R"({"input_tokens":2095,"context_management":{}})"), 2095);
  for (const char* body : {"", "{}", "5", R"({"input_tokens":-1})", R"({"input_tokens":"5"})",
                           R"({"input_tokens":5}x)"}) {
    const auto count = read_token_count(body);
    ASSERT_FALSE(count.has_value()) << body;
    EXPECT_EQ(count.error().code, ErrorCode::kProviderError) << body;
  }
  EXPECT_EQ(read_token_count(token_count_answer(17)), 17);
}

}  // namespace
}  // namespace tollgate
