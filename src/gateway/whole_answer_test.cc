#include "gateway/whole_answer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr std::string_view kUsage =
    R"("usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}})";

// As a large answer is relayed: pieces come, all but the last `keep` bytes go.
std::string relayed(WholeAnswer& answer, std::string_view bytes, std::size_t piece,
                    std::size_t keep) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    answer.append(bytes.substr(at, piece));
    out += answer.take_all_but(keep);
  }
  return out + std::string(answer.view());
}

TEST(WholeAnswer, HoldsWhatItWasGiven) {
  WholeAnswer answer;
  answer.append("abc");
  answer.append("def");
  EXPECT_EQ(answer.view(), "abcdef");
  EXPECT_EQ(answer.size(), 6U);
}

TEST(WholeAnswer, KeepsTheLastBytesBackAndLosesNone) {
  WholeAnswer answer;
  answer.append("abcdef");
  EXPECT_EQ(answer.take_all_but(6), "");
  EXPECT_EQ(answer.take_all_but(10), "");
  EXPECT_EQ(answer.take_all_but(2), "abcd");
  EXPECT_EQ(answer.view(), "ef");
  EXPECT_EQ(answer.take_all_but(0), "ef");
}

TEST(WholeAnswer, FindsTheUsageAtTheEndHoweverTheBytesWereCut) {
  const std::string body =
      R"({"choices":[{"text":")" + std::string(20'000, 'x') + "\"}]," + std::string(kUsage) + "}";
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{1'000}, body.size()}) {
    for (const std::size_t keep : {std::size_t{1}, std::size_t{50}, std::size_t{5'000}}) {
      WholeAnswer answer;
      ASSERT_EQ(relayed(answer, body, piece, keep), body);
      const ReportedUsage usage = answer.usage_at_end(AnswerDialect::kOpenAi);
      ASSERT_EQ(usage.state, UsageState::kReported) << piece << " " << keep;
      EXPECT_EQ(usage.tokens.input, 9);
      EXPECT_EQ(usage.tokens.cached_input, 2);
      EXPECT_EQ(usage.tokens.output, 4);
    }
  }
}

TEST(WholeAnswer, ReadsTheUsageThatOtherMembersFollow) {
  WholeAnswer answer;
  answer.append("{" + std::string(kUsage) + R"(,"system_fingerprint":{"a":"}"}})");
  EXPECT_EQ(answer.usage_at_end(AnswerDialect::kOpenAi).tokens.output, 4);
}

TEST(WholeAnswer, FindsTheUsageOfAnAnthropicAnswer) {
  WholeAnswer answer;
  const std::string body =
      R"({"content":[{"type":"text","text":")" + std::string(20'000, 'x') +
      R"("}],"usage":{"input_tokens":9,"cache_read_input_tokens":2,"cache_creation":)"
      R"({"ephemeral_5m_input_tokens":0},"output_tokens":4},"stop_sequence":null})";
  relayed(answer, body, 1'000, 64);
  const ReportedUsage usage = answer.usage_at_end(AnswerDialect::kAnthropic);
  ASSERT_EQ(usage.state, UsageState::kReported);
  EXPECT_EQ(usage.tokens.input, 11);
  EXPECT_EQ(usage.tokens.cached_input, 2);
  EXPECT_EQ(usage.tokens.output, 4);
}

TEST(WholeAnswer, HasNoUsageWhereNoneStandsAtTheEnd) {
  for (const std::string& body :
       {std::string(), std::string(R"({"choices":[]})"), std::string(R"({"usage":{"prompt_tok)"),
        "{" + std::string(kUsage) + R"(,"text":")" + std::string(100'000, 'x') + "\"}"}) {
    WholeAnswer answer;
    relayed(answer, body, 1'000, 100);
    EXPECT_NE(answer.usage_at_end(AnswerDialect::kOpenAi).state, UsageState::kReported);
  }
}

TEST(WholeAnswer, WhatAClientSentIsNotItsUsage) {
  constexpr std::string_view kOwn = R"("usage":{"input_tokens":9,"output_tokens":4})";
  for (const std::string_view sent :
       {R"("metadata":{"usage":"x"})",
        R"("metadata":{"usage":{"input_tokens":1,"output_tokens":1}})",
        R"("tools":[{"parameters":{"usage":{"input_tokens":1,"output_tokens":1}}}])",
        R"("text":"a \"usage\":{\"input_tokens\":1,\"output_tokens\":1}}")", R"("text":"usage")"}) {
    for (const std::string& body : {fmt::format(R"({{"output":[],{},{}}})", kOwn, sent),
                                    fmt::format("{{\"output\":[],{},{}}}\n", sent, kOwn)}) {
      const ReportedUsage usage = usage_at_end(AnswerDialect::kResponses, body);
      EXPECT_EQ(usage.state, UsageState::kReported) << body;
      EXPECT_EQ(usage.tokens.input, 9) << body;
      EXPECT_EQ(usage_of_refusal(AnswerDialect::kResponses, body).tokens.input, 9) << body;
    }
    // Nor where the provider says none.
    const std::string none = fmt::format("{{{}}}", sent);
    EXPECT_NE(usage_at_end(AnswerDialect::kResponses, none).state, UsageState::kReported) << none;
    EXPECT_NE(usage_of_refusal(AnswerDialect::kResponses, none).state, UsageState::kReported);
  }
}

TEST(WholeAnswer, AnEndThatIsCutOffSaysNoUsage) {
  for (const std::string_view end : {R"("usage":{"prompt_tokens":9,"completion_tokens":4})",
                                     R"("usage":{"prompt_tokens":9,"completion_tokens":4},"a":"b)",
                                     R"("usage":{"prompt_tokens":9,"completion_tokens":4}}})",
                                     R"("usage")", R"("usage":)", R"("usage":7})"}) {
    EXPECT_EQ(usage_at_end(AnswerDialect::kOpenAi, end).state, UsageState::kAbsent) << end;
  }
}

// A schema of a tool that the answer says again, many objects long: read in one go, however many.
TEST(WholeAnswer, ManyObjectsBehindTheNameAreReadOnce) {
  std::string schema = R"({"usage":{"output":1)";
  for (int i = 0; i < 200'000; ++i) schema += fmt::format(R"(,"a{}":{{}})", i);
  schema += "}";
  const std::string body =
      R"({"output":[],"usage":{"input_tokens":9,"output_tokens":4},"tools":[)" + schema + "}]}";
  EXPECT_EQ(usage_at_end(AnswerDialect::kResponses, body).tokens.output, 4);
  EXPECT_EQ(usage_of_refusal(AnswerDialect::kResponses, body).tokens.output, 4);
}

TEST(WholeAnswer, ARefusalSaysItsUsageBesideItsError) {
  const std::string body = R"({"error":{"message":"filtered"},)" + std::string(kUsage) + "}";
  EXPECT_EQ(usage_of_refusal(AnswerDialect::kOpenAi, body).tokens.output, 4);
  for (const std::string_view none : {"", "busy", "[]", R"({"error":{}})", R"({"usage":null})"}) {
    EXPECT_NE(usage_of_refusal(AnswerDialect::kOpenAi, none).state, UsageState::kReported) << none;
  }
}

TEST(WholeAnswer, EstimatesItsContentByAllItsBytes) {
  WholeAnswer answer;
  relayed(answer, std::string(10'000, 'x'), 1'000, 100);
  EXPECT_EQ(answer.content_estimate().text_bytes, 10'000);
}

}  // namespace
}  // namespace tollgate
