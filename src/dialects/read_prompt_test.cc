#include "dialects/read_prompt.h"

#include <gtest/gtest.h>

#include <string>

#include "dialects/messages_request.h"

namespace tollgate {
namespace {

PromptText of_chat(const std::string& body) {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << body;
  return request ? prompt_text(*request, body) : PromptText{};
}

PromptText of_messages(const std::string& body) {
  const auto request = read_messages_request(body);
  EXPECT_TRUE(request.has_value()) << body;
  return request ? prompt_text(*request, body) : PromptText{};
}

TEST(ReadPrompt, ReadsSystemAndTheLastTurnOfAChat) {
  const PromptText prompt =
      of_chat(R"({"model":"m","messages":[{"role":"system","content":"be\nbrief"},)"
              R"({"content":"first","role":"user"},{"role":"assistant","content":"yes"},)"
              R"({"role":"developer","content":[{"type":"text","text":"and kind"}]},)"
              R"({"role":"user","content":["second ",{"type":"text","text":"\u00e9"},)"
              R"({"type":"image_url","image_url":{"url":"https://a/b"}}]},)"
              R"({"role":"tool","content":"42","tool_call_id":"c"}]})");
  EXPECT_EQ(prompt.system, "be\nbrief\nand kind");
  EXPECT_EQ(prompt.last_user, "second \n\u00e9");
  EXPECT_EQ(prompt.messages, 6);
  EXPECT_EQ(prompt.user_turns, 2);
  EXPECT_EQ(prompt.text_bytes, 9 + 5 + 3 + 8 + 7 + 6 + 2);
}

TEST(ReadPrompt, ToolResultsAreNobodysTurn) {
  const PromptText prompt = of_messages(
      R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"weather?"},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},)"
      R"({"role":"user","content":[{"content":[{"type":"text","text":"21"}],)"
      R"("type":"tool_result","tool_use_id":"t"}]}],)"
      R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})");
  EXPECT_EQ(prompt.system, "a\nb");
  EXPECT_EQ(prompt.last_user, "weather?");
  EXPECT_EQ(prompt.messages, 3);
  EXPECT_EQ(prompt.user_turns, 1);
  EXPECT_EQ(prompt.text_bytes, 8 + 2 + 2);
}

TEST(ReadPrompt, WordsBesideAToolResultAreATurnWithoutIt) {
  const PromptText prompt =
      of_messages(R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[)"
                  R"({"type":"tool_result","tool_use_id":"t","content":"21"},)"
                  R"({"type":"text","text":"and tomorrow?"}]}]})");
  EXPECT_EQ(prompt.last_user, "and tomorrow?");
  EXPECT_EQ(prompt.user_turns, 1);
}

TEST(ReadPrompt, ATurnWithoutWordsIsStillTheLast) {
  const PromptText prompt = of_chat(
      R"({"model":"m","messages":[{"role":"user","content":"first"},)"
      R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a"}}]}]})");
  EXPECT_EQ(prompt.last_user, "");
  EXPECT_EQ(prompt.user_turns, 2);
}

TEST(ReadPrompt, OfACompletionEveryPromptIsATurn) {
  const auto of_completion = [](const std::string& prompt) {
    const std::string body = R"({"model":"m","prompt":)" + prompt + "}";
    const auto request = read_completion_request(body);
    EXPECT_TRUE(request.has_value()) << body;
    return request ? prompt_text(*request, body) : PromptText{};
  };
  EXPECT_EQ(of_completion(R"("once")").last_user, "once");
  EXPECT_EQ(of_completion(R"(["once","twice"])").last_user, "twice");
  EXPECT_EQ(of_completion(R"(["once","twice"])").user_turns, 2);
  EXPECT_EQ(of_completion("[1,2,3]").user_turns, 1);
  EXPECT_EQ(of_completion("[[1],[2]]").user_turns, 2);
  EXPECT_EQ(of_completion("[1,2,3]").last_user, "");
  EXPECT_EQ(of_completion(R"("once")").messages, 0);
}

TEST(ReadPrompt, CutsEachTextAtItsBoundWithoutSplittingACharacter) {
  const auto last_user = [](const std::string& text) {
    return of_chat(R"({"model":"m","messages":[{"role":"user","content":")" + text + "\"}]}")
        .last_user;
  };
  EXPECT_EQ(last_user(std::string(kPromptTextBytesMax, 'x')).size(), kPromptTextBytesMax);
  EXPECT_EQ(last_user(std::string(kPromptTextBytesMax + 1, 'x')).size(), kPromptTextBytesMax);
  std::string wide = "x";
  std::string escaped = "x";
  std::string pairs = "x";
  while (wide.size() <= 2 * kPromptTextBytesMax) {
    wide += "\u00e9";
    escaped += "\\u00e9";
    pairs += "\\ud83d\\ude00";
  }
  EXPECT_EQ(last_user(wide).size(), kPromptTextBytesMax - 1);
  EXPECT_EQ(last_user(escaped), last_user(wide));
  EXPECT_EQ(last_user(pairs).size(), kPromptTextBytesMax - 3);
  EXPECT_EQ(last_user(pairs).substr(1, 4), "\U0001F600");
  EXPECT_EQ(last_user("\\n" + std::string(kPromptTextBytesMax, 'y')).size(), kPromptTextBytesMax);
}

}  // namespace
}  // namespace tollgate
