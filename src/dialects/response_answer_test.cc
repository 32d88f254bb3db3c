#include "dialects/response_answer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(ResponseAnswer, OneThatFailedSaysWhatItUsed) {
  for (const std::string_view how :
       {R"("status":"failed","output":[])", R"("status":"cancelled","output":[])",
        R"("error":{"message":"x"},"output":[])", R"("object":"response")"}) {
    // Whatever a client sent, and got back behind the usage.
    const auto answer = read_response_answer(
        fmt::format(R"({{{},"usage":{{"input_tokens":9,"output_tokens":4}},)"
                    R"("metadata":{{"usage":"x"}},"tools":[{{"usage":{{}}}}]}})",
                    how));
    ASSERT_TRUE(answer.has_value()) << how;
    ASSERT_TRUE(answer->failure.has_value()) << how;
    EXPECT_EQ(answer->failure->code, ErrorCode::kProviderError);
    EXPECT_EQ(answer->usage.state, UsageState::kReported) << how;
    EXPECT_EQ(answer->usage.tokens.output, 4);
  }
}

TEST(ResponseAnswer, OneThatFailedSaysWhatCame) {
  const auto answer = read_response_answer(
      R"({"status":"failed","output":[{"type":"message","content":[{"text":"four"}]}]})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->failure.has_value());
  EXPECT_EQ(answer->content.text_bytes, 4);
}

TEST(ResponseAnswer, OneThatIsWholeHasNoFailure) {
  const auto answer = read_response_answer(R"({"status":"incomplete","error":null,"output":[]})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->failure.has_value());
}

TEST(ResponseAnswer, OnlyANumberThatEveryClientCanReadNumbersAnEvent) {
  JsonTree tree;
  const auto number = [&tree](std::string_view json) {
    const std::string payload = fmt::format(R"({{"type":"x","sequence_number":{}}})", json);
    return read_response_event(payload, tree).value().number;
  };
  EXPECT_EQ(number("0"), 0);
  EXPECT_EQ(number("9007199254740991"), 9'007'199'254'740'991);
  for (const std::string_view no :
       {"-1", "9007199254740992", "999999999999999999", "9223372036854775807", "1.5", "\"1\""}) {
    EXPECT_EQ(number(no), std::nullopt) << no;
  }
}

}  // namespace
}  // namespace tollgate
