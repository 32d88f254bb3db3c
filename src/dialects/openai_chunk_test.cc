#include "dialects/openai_chunk.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"

namespace tollgate {
namespace {

constexpr std::string_view kDelta =
    R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1741569952,"model":"up",)"
    R"("choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}],)"
    R"("usage":null})";
constexpr std::string_view kUsage =
    R"({"id":"chatcmpl-1","created":1,"model":"up","choices":[],)"
    R"("usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}})";

OpenAiChunk read(std::string_view payload) {
  const auto chunk = read_openai_chunk(payload);
  EXPECT_TRUE(chunk.has_value()) << payload;
  return chunk ? *chunk : OpenAiChunk{};
}

std::string for_client(std::string_view payload, UsageWish wish, std::string_view extra = {}) {
  std::string out = "data: ";
  append_client_chunk(out, payload, read(payload),
                      {.model_json = R"("a/b")", .usage = wish, .usage_extra = extra});
  return out.substr(6);
}

TEST(OpenAiChunk, ReadsADelta) {
  const OpenAiChunk chunk = read(kDelta);
  EXPECT_FALSE(chunk.done);
  EXPECT_FALSE(chunk.error);
  EXPECT_FALSE(chunk.choices_empty);
  EXPECT_FALSE(chunk.finish_reason);
  EXPECT_FALSE(chunk.usage_only());
  EXPECT_EQ(chunk.content.deltas, 1);
  EXPECT_EQ(chunk.content.text_bytes, 6);
  EXPECT_EQ(chunk.usage.state, UsageState::kAbsent);
  EXPECT_EQ(chunk.id_json, R"("chatcmpl-1")");
  EXPECT_EQ(chunk.created, 1'741'569'952);
  EXPECT_EQ(chunk.model_value->in(kDelta), R"("up")");
  EXPECT_EQ(chunk.usage_value->in(kDelta), "null");
}

TEST(OpenAiChunk, ReadsTheUsageChunk) {
  const OpenAiChunk chunk = read(kUsage);
  EXPECT_TRUE(chunk.usage_only());
  EXPECT_EQ(chunk.usage.state, UsageState::kReported);
  EXPECT_EQ(chunk.usage.tokens.input, 9);
  EXPECT_EQ(chunk.usage.tokens.output, 4);
  EXPECT_EQ(chunk.content.deltas, 0);
}

TEST(OpenAiChunk, KnowsTheEnd) {
  EXPECT_TRUE(read("[DONE]").done);
  EXPECT_TRUE(read(" [DONE] ").done);
}

TEST(OpenAiChunk, CountsOneDeltaPerChoiceWithText) {
  const OpenAiChunk chunk = read(
      R"({"choices":[{"delta":{"content":"ab"}},{"delta":{"content":""}},)"
      R"({"delta":{"reasoning_content":"c"},"finish_reason":"stop"},)"
      R"({"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\""}}]}},{"text":"xyz"}]})");
  EXPECT_EQ(chunk.content.deltas, 4);
  EXPECT_EQ(chunk.content.text_bytes, 2 + 1 + 2 + 3);
  EXPECT_TRUE(chunk.finish_reason);
}

TEST(OpenAiChunk, ARoleAloneIsNoContent) {
  EXPECT_EQ(read(R"({"choices":[{"delta":{"role":"assistant","content":""}}]})").content.deltas, 0);
}

TEST(OpenAiChunk, SeesAnErrorInTheStream) {
  EXPECT_TRUE(read(R"({"error":{"message":"overloaded","code":529}})").error);
  EXPECT_FALSE(read(R"({"error":null,"choices":[]})").error);
}

TEST(OpenAiChunk, RefusesWhatIsNoChunk) {
  for (const char* payload :
       {"", "[]", "DONE", "{", R"({"choices":5})", R"({"choices":[1]})", R"({"choices":[]}})",
        R"({"choices":[{"delta":{"content":"\x"}}]})", R"({"model":"a","model":"b"})",
        R"({"usage":null,"usage":null})", "\xff"}) {
    const auto chunk = read_openai_chunk(payload);
    ASSERT_FALSE(chunk.has_value()) << payload;
    EXPECT_EQ(chunk.error().code, ErrorCode::kProviderError);
  }
}

TEST(OpenAiChunk, HidesUsageFromAClientWhoDidNotAsk) {
  EXPECT_EQ(
      for_client(kDelta, UsageWish::kHidden),
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1741569952,"model":"a/b",)"
      R"("choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}]})");
}

TEST(OpenAiChunk, HidesUsageMergedIntoTheLastContentChunk) {
  EXPECT_EQ(for_client(R"({"usage":{"prompt_tokens":1,"completion_tokens":2},"model":"up",)"
                       R"("choices":[{"delta":{},"finish_reason":"stop"}]})",
                       UsageWish::kHidden),
            R"({"model":"a/b","choices":[{"delta":{},"finish_reason":"stop"}]})");
}

TEST(OpenAiChunk, PassesUsageToAClientWhoAsked) {
  std::string expected(kDelta);
  expected.replace(expected.find(R"("up")"), 4, R"("a/b")");
  EXPECT_EQ(for_client(kDelta, UsageWish::kAsked, R"("cost":"0.1")"), expected);
}

TEST(OpenAiChunk, AddsTheCostToTheUsage) {
  EXPECT_EQ(for_client(kUsage, UsageWish::kAsked, R"("cost":"0.1")"),
            R"({"id":"chatcmpl-1","created":1,"model":"a/b","choices":[],)"
            R"("usage":{"cost":"0.1","prompt_tokens":9,"completion_tokens":4,"total_tokens":13}})");
  EXPECT_EQ(for_client(R"({"usage":{ },"model":"up"})", UsageWish::kAsked, R"("cost":"0.1")"),
            R"({"usage":{"cost":"0.1" },"model":"a/b"})");
}

TEST(OpenAiChunk, KeepsWhatItDoesNotKnow) {
  const std::string payload =
      R"({ "x_groq" : {"model":"inner"} ,"choices":[{"delta":{"new":[1.0]}}] })";
  EXPECT_EQ(for_client(payload, UsageWish::kHidden), payload);
}

TEST(OpenAiChunk, AlwaysFitsOneLine) {
  EXPECT_EQ(
      for_client("{\n\"choices\":\r\n[{\"delta\":{\"content\":\"a\\nb\"}}]}", UsageWish::kHidden),
      R"({ "choices":  [{"delta":{"content":"a\nb"}}]})");
}

TEST(OpenAiChunk, BuildsAUsageChunkThatItsOwnReaderUnderstands) {
  TokenUsage tokens;
  tokens.input = 5;
  tokens.output = 7;
  tokens.cached_input = 2;
  tokens.reasoning_output = 3;
  for (CompletionKind kind : {CompletionKind::kChat, CompletionKind::kText}) {
    std::string payload;
    append_usage_chunk(payload, {.kind = kind,
                                 .id_json = R"("id\n")",
                                 .created = 12,
                                 .model_json = R"("a/b")",
                                 .tokens = tokens,
                                 .usage_extra = R"("cost":"0.1")"});
    const OpenAiChunk chunk = read(payload);
    EXPECT_TRUE(chunk.usage_only());
    EXPECT_EQ(chunk.usage.tokens, tokens);
    EXPECT_EQ(chunk.id_json, R"("id\n")");
    const json::value parsed = json::parse(payload);
    EXPECT_EQ(parsed.at("object").as_string(),
              kind == CompletionKind::kChat ? "chat.completion.chunk" : "text_completion");
    EXPECT_EQ(parsed.at("usage").at("total_tokens").as_int64(), 12);
    EXPECT_EQ(parsed.at("usage").at("cost").as_string(), "0.1");
  }
}

TEST(OpenAiChunk, TellsWhichChoicesItEnds) {
  EXPECT_EQ(ended_choices(kDelta), std::vector<std::int64_t>{});
  EXPECT_EQ(ended_choices(kUsage), std::vector<std::int64_t>{});
  EXPECT_EQ(
      ended_choices(R"({"choices":[{"finish_reason":"stop","index":2,"delta":{}},)"
                    R"({"index":0,"finish_reason":null},{"delta":{},"finish_reason":"length"}]})"),
      (std::vector<std::int64_t>{2, 0}));
}

TEST(OpenAiChunk, AChoiceIsEndedInTheStreamsOwnShape) {
  std::string out;
  append_length_chunk(out,
                      {.id_json = R"("c1")", .created = 7, .model_json = R"("a/b")", .index = 1});
  EXPECT_EQ(out, R"({"id":"c1","object":"chat.completion.chunk","created":7,"model":"a/b",)"
                 R"("choices":[{"index":1,"delta":{},"logprobs":null,"finish_reason":"length"}]})");
  out.clear();
  append_length_chunk(out, {.first = true});
  EXPECT_EQ(out, R"({"id":"","object":"chat.completion.chunk","created":0,"model":"","choices":)"
                 R"([{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,)"
                 R"("finish_reason":"length"}]})");
  out.clear();
  append_length_chunk(out, {.kind = CompletionKind::kText, .id_json = R"("c1")", .first = true});
  EXPECT_EQ(out, R"({"id":"c1","object":"text_completion","created":0,"model":"",)"
                 R"("choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"length"}]})");
}

}  // namespace
}  // namespace tollgate
