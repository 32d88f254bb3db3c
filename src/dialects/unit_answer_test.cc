#include "dialects/unit_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

ChatRequest of(CompletionKind kind) {
  ChatRequest request;
  request.kind = kind;
  return request;
}

UnitUsage usage_of(std::string_view usage) {
  const auto answer = read_unit_answer(of(CompletionKind::kEmbeddings),
                                       R"({"data":[],"usage":)" + std::string(usage) + "}");
  EXPECT_TRUE(answer.has_value()) << usage;
  return answer ? answer->usage : UnitUsage{};
}

TokenUsage reported(std::string_view usage) {
  const UnitUsage read = usage_of(usage);
  EXPECT_EQ(read.tokens.state, UsageState::kReported) << usage;
  return read.tokens.tokens;
}

TEST(UnitAnswer, UsageIsReadUnderEveryProvidersNames) {
  EXPECT_EQ(reported(R"({"prompt_tokens":7,"total_tokens":7})"), (TokenUsage{.input = 7}));
  EXPECT_EQ(reported(R"({"total_tokens":7})"), (TokenUsage{.input = 7}));
  EXPECT_EQ(reported(R"({"input_tokens":7,"output_tokens":9,"total_tokens":16,)"
                     R"("input_tokens_details":{"text_tokens":4,"image_tokens":3}})"),
            (TokenUsage{.input = 7, .image_input = 3, .output = 9}));
  EXPECT_EQ(reported(R"({"type":"tokens","input_tokens":7,"output_tokens":9,)"
                     R"("input_token_details":{"audio_tokens":6}})"),
            (TokenUsage{.input = 7, .audio_input = 6, .output = 9}));
}

TEST(UnitAnswer, UsageThatCannotBeTrueIsInvalid) {
  for (const char* usage :
       {"7", "[]", "{}", R"({"prompt_tokens":0,"total_tokens":0})", R"({"prompt_tokens":-1})",
        R"({"prompt_tokens":1.5})", R"({"prompt_tokens":"7"})",
        R"({"total_tokens":99999999999999})", R"({"prompt_tokens":7,"completion_tokens":{}})",
        R"({"input_tokens":2,"input_tokens_details":{"image_tokens":3}})"}) {
    EXPECT_EQ(usage_of(usage).tokens.state, UsageState::kInvalid) << usage;
  }
  EXPECT_EQ(usage_of("null").tokens.state, UsageState::kAbsent);
}

TEST(UnitAnswer, SecondsAreMillisecondsRoundedUp) {
  const auto ms = [](std::string_view seconds) {
    return usage_of(R"({"type":"duration","seconds":)" + std::string(seconds) + "}").audio_ms;
  };
  EXPECT_EQ(ms("3"), 3'000);
  EXPECT_EQ(ms("3.25"), 3'250);
  EXPECT_EQ(ms("8.470000267028809"), 8'471);
  EXPECT_EQ(ms("0.0000001"), 1);
  EXPECT_EQ(ms("0.1230"), 123);
  EXPECT_EQ(ms(R"("61.5")"), 61'500);
  for (const char* seconds : {"-1", "1e3", "99999999999", "null", "{}", R"("1 s")", R"("")"}) {
    EXPECT_EQ(ms(seconds), std::nullopt) << seconds;
  }
}

TEST(UnitAnswer, ATranscriptsOwnDurationHoldsWhereUsageSaysNone) {
  const ChatRequest request = of(CompletionKind::kTranscription);
  EXPECT_EQ(read_unit_answer(request, R"({"duration":2.5,"text":"a"})")->usage.audio_ms, 2'500);
  EXPECT_EQ(read_unit_answer(request, R"({"duration":"2.5","text":"a"})")->usage.audio_ms, 2'500);
  EXPECT_EQ(read_unit_answer(request,
                             R"({"duration":9,"text":"a","usage":{"type":"duration","seconds":3}})")
                ->usage.audio_ms,
            3'000);
}

TEST(UnitAnswer, ATranscriptIsReadAsWhatItIsWhateverWasAskedFor) {
  ChatRequest request = of(CompletionKind::kTranscription);
  request.form = AnswerForm::kText;
  const auto json =
      read_unit_answer(request, R"( {"text":"abc","usage":{"input_tokens":7,"output_tokens":9}})");
  EXPECT_EQ(json->usage.tokens.tokens, (TokenUsage{.input = 7, .output = 9}));
  EXPECT_EQ(json->content.text_bytes, 3);
  EXPECT_FALSE(read_unit_answer(request, R"({"error":{"message":"m"}})").has_value());
  for (const std::string_view text : {"abc", "{laughs} abc", R"({"text":"abc"} and more)", "[1]"}) {
    const auto read = read_unit_answer(request, text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(read->content.text_bytes, static_cast<std::int64_t>(text.size()));
    EXPECT_EQ(read->usage.tokens.state, UsageState::kAbsent);
  }
}

TEST(UnitAnswer, CoheresTokensStandInItsMeta) {
  const auto answer = read_unit_answer(
      of(CompletionKind::kRerank),
      R"({"results":[],"meta":{"billed_units":{"search_units":1},"tokens":{"input_tokens":5}}})");
  EXPECT_EQ(answer->usage.tokens.tokens.input, 5);
}

TEST(UnitAnswer, SearchesAreReadAsCohereBillsThem) {
  const auto searches = [](std::string_view units) {
    return read_unit_answer(of(CompletionKind::kRerank),
                            R"({"results":[],"meta":{"billed_units":)" + std::string(units) + "}}")
        ->searches;
  };
  EXPECT_EQ(searches(R"({"search_units":10})"), 10);
  EXPECT_EQ(searches(R"({"input_tokens":3,"search_units":2.0})"), 2);
  EXPECT_EQ(searches(R"({"search_units":1.5})"), 2);
  for (const char* units : {"7", "{}", R"({"search_units":0})", R"({"search_units":-1})",
                            R"({"search_units":"2"})", R"({"search_units":99999999999})"}) {
    EXPECT_EQ(searches(units), std::nullopt) << units;
  }
}

TEST(UnitAnswer, ImagesAreCountedAsTheyCame) {
  EXPECT_EQ(
      read_unit_answer(of(CompletionKind::kImages), R"({"data":[{},{"b64_json":"A"}]})")->images,
      2);
}

TEST(UnitAnswer, WhatIsNoAnswerOfItsKindIsTheProvidersError) {
  for (const char* body :
       {"", "[]", "<html>", "{}", R"({"data":{}})", R"({"data":[]} x)",
        R"({"data":[],"error":{"message":"m"}})", R"({"data":[],"usage":{},"usage":{}})"}) {
    const auto answer = read_unit_answer(of(CompletionKind::kEmbeddings), body);
    ASSERT_FALSE(answer.has_value()) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::kProviderError);
  }
  EXPECT_FALSE(read_unit_answer(of(CompletionKind::kModerations), R"({"data":[]})").has_value());
  EXPECT_FALSE(read_unit_answer(of(CompletionKind::kTranscription), R"({"text":7})").has_value());
}

TEST(UnitAnswer, TheClientSeesTheModelThatServedWhereOneIsNamed) {
  const auto said = [](std::string_view body) {
    return client_unit_answer(body, *read_unit_answer(of(CompletionKind::kEmbeddings), body),
                              "a/m");
  };
  EXPECT_EQ(said(R"({"data":[1.50], "model" : "m"})"), R"({"data":[1.50], "model" : "a/m"})");
  EXPECT_EQ(said(R"({"data":[]})"), R"({"data":[]})");
}

TEST(UnitEvent, ReadsWhatAnEventAdds) {
  const auto delta = read_unit_event(R"({"type":"transcript.text.delta","delta":"abcd"})");
  EXPECT_EQ(delta->content.text_bytes, 4);
  EXPECT_FALSE(delta->last);
  const auto audio = read_unit_event(R"({"type":"speech.audio.delta","audio":"abcd"})");
  EXPECT_EQ(audio->content.text_bytes, 0);
  const auto done = read_unit_event(
      R"({"type":"transcript.text.done","text":"a","usage":{"input_tokens":3,"output_tokens":1}})");
  EXPECT_TRUE(done->last);
  EXPECT_EQ(done->usage.tokens.tokens.input, 3);
  EXPECT_TRUE(read_unit_event("[DONE]")->last);
  EXPECT_TRUE(read_unit_event(R"({"error":{"message":"m"}})")->error);
  EXPECT_TRUE(read_unit_event(R"({"type":"error"})")->error);
  EXPECT_FALSE(read_unit_event("x").has_value());
}

TEST(UnitUsageMember, IsReadOnlyWhole) {
  EXPECT_EQ(read_unit_usage_member(R"("usage":{"prompt_tokens":3})")->tokens.input, 3);
  EXPECT_FALSE(read_unit_usage_member(R"("usage":{"prompt_tokens":3)").has_value());
}

}  // namespace
}  // namespace tollgate
