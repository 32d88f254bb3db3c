#include "dialects/responses_request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dialects/read_prompt.h"
#include "dialects/splice.h"

namespace tollgate {
namespace {

using testing::HasSubstr;

// A request for model m with these further members.
std::string with(std::string_view members) { return fmt::format(R"({{"model":"m",{}}})", members); }

ChatRequest read(const std::string& body) {
  auto request = read_responses_request(body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  return request.value_or(ChatRequest{});
}

RequestNeeds needs(std::string_view members) { return read(with(members)).needs; }
RequestNeeds needs_of_item(std::string_view item) {
  return needs(fmt::format(R"("input":[{}])", item));
}

void expect_refused(const std::string& body, ErrorCode code, std::string_view param) {
  const auto request = read_responses_request(body);
  ASSERT_FALSE(request.has_value()) << body;
  EXPECT_EQ(request.error().code, code) << body;
  EXPECT_EQ(request.error().param.value_or(""), param) << body;
}

TEST(ResponsesRequest, ReadsWhatPolicyNeeds) {
  const ChatRequest request =
      read(with(R"("input":"hi","max_output_tokens":50,"stream":true,"route":{"region":"eu"})"));
  EXPECT_EQ(request.kind, CompletionKind::kResponses);
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.max_tokens, 50);
  EXPECT_EQ(request.needs.max_tokens, 50);
  EXPECT_EQ(request.needs.choices, 1);
  EXPECT_EQ(request.route.region, "eu");
  EXPECT_FALSE(request.needs.whole_window);
}

TEST(ResponsesRequest, SendsTheClientsBytesWithItsMembersSpliced) {
  const std::string body = with(R"("input":"hi", "route":{"region":"eu"},"stream":true,"x":1e2)");
  EXPECT_EQ(
      upstream_body(read(body), body, "up", OutputLimit{.field = "max_tokens", .tokens = 9}).text(),
      R"({"max_output_tokens":9,"model":"up","input":"hi", "stream":true,"x":1e2})");
  const std::string null = with(R"("input":"hi","max_output_tokens":null)");
  EXPECT_EQ(
      upstream_body(read(null), null, "m", OutputLimit{.field = "max_tokens", .tokens = 9}).text(),
      with(R"("input":"hi","max_output_tokens":9)"));
  const std::string given = with(R"("input":"hi","max_output_tokens":7)");
  EXPECT_EQ(upstream_body(read(given), given, "m", OutputLimit{.field = "max_tokens", .tokens = 9})
                .text(),
            given);
}

TEST(ResponsesRequest, RefusesAMemberThatPolicyReadsTwice) {
  for (const std::string_view name :
       {"input", "max_output_tokens", "stream", "tools", "text", "previous_response_id",
        "conversation", "prompt", "instructions", "tool_choice", "service_tier", "background"}) {
    expect_refused(with(fmt::format(R"("input":"x","{}":null,"{}":null)", name, name)),
                   ErrorCode::kInvalidRequest, name);
  }
  expect_refused(R"({"model":"m","mod\u0065l":"n","input":"x"})", ErrorCode::kInvalidRequest,
                 "model");
  expect_refused(with(R"("input":[{"type":"message","typ\u0065":"x","role":"user"}])"),
                 ErrorCode::kInvalidRequest, "input[0].type");
  expect_refused(with(R"("input":[{"role":"user","content":"a","content":"b"}])"),
                 ErrorCode::kInvalidRequest, "input[0].content");
  expect_refused(
      with(R"("input":[{"role":"user","content":[{"type":"input_text","type":"input_image"}]}])"),
      ErrorCode::kInvalidRequest, "input[0].content[0].type");
  expect_refused(with(R"("input":"x","text":{"format":{},"format":{}})"),
                 ErrorCode::kInvalidRequest, "text.format");
}

TEST(ResponsesRequest, RefusesWhatIsNoInput) {
  expect_refused(with(R"("stream":false)"), ErrorCode::kInvalidMessageFormat, "input");
  expect_refused(with(R"("input":null)"), ErrorCode::kInvalidMessageFormat, "input");
  expect_refused(with(R"("input":[])"), ErrorCode::kInvalidMessageFormat, "input");
  expect_refused(with(R"("input":7)"), ErrorCode::kInvalidMessageFormat, "input");
  expect_refused(with(R"("input":["x"])"), ErrorCode::kInvalidMessageFormat, "input[0]");
  expect_refused(with(R"("input":[{"type":"message","content":"x"}])"),
                 ErrorCode::kInvalidMessageFormat, "input[0].role");
  expect_refused(R"({"input":"x"})", ErrorCode::kInvalidRequest, "model");
  expect_refused(with(R"("input":"x","max_output_tokens":0)"), ErrorCode::kInvalidRequest,
                 "max_output_tokens");
  expect_refused(R"({"model":"m","input":"x")", ErrorCode::kInvalidRequest, "");
}

TEST(ResponsesRequest, AnAnswerThatNobodyWaitsForIsRefused) {
  expect_refused(with(R"("input":"x","background":true)"), ErrorCode::kInvalidRequest,
                 "background");
  expect_refused(with(R"("input":"x","background":"yes")"), ErrorCode::kInvalidRequest,
                 "background");
  EXPECT_EQ(read(with(R"("input":"x","background":false)")).model, "m");
}

TEST(ResponsesRequest, TheProviderChoosesNoOtherModel) {
  expect_refused(with(R"("input":"x","models":["a/b"])"), ErrorCode::kInvalidRequest, "models");
  expect_refused(with(R"("input":"x","fallbacks":["a/b"])"), ErrorCode::kInvalidRequest,
                 "fallbacks");
  expect_refused(with(R"("input":"x","tools":[{"type":"image_generation","model":"dear"}])"),
                 ErrorCode::kInvalidRequest, "tools[0].model");
}

TEST(ResponsesRequest, ModelMayBeLeftOutWhereAProfileIgnoresIt) {
  const std::string body = R"({"input":"x"})";
  const auto request = read_responses_request(body, ModelMember::kOptional);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(upstream_body(*request, body, "up").text(), R"({"model":"up","input":"x"})");
}

TEST(ResponsesRequest, WhatStandsAtTheProviderIsTheWholeWindow) {
  EXPECT_TRUE(needs(R"("input":"x","previous_response_id":"resp_1")").whole_window);
  EXPECT_TRUE(needs(R"("previous_response_id":"resp_1")").whole_window);
  EXPECT_TRUE(needs(R"("input":"x","conversation":"conv_1")").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"type":"item_reference","id":"msg_1"})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"id":"msg_1"})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"type":"reasoning","id":"rs_1","summary":[]})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"type":"reasoning","encrypted_content":""})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"type":"reasoning","encrypted_content":null})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"type":"compaction","encrypted_content":"AA"})").whole_window);
  EXPECT_TRUE(needs_of_item(R"({"role":"user","content":[{"type":"input_image","file_id":"f"}]})")
                  .whole_window);
  EXPECT_TRUE(needs_of_item(R"({"role":"user","content":"x","attachments":[{"file_id":"f"}]})")
                  .whole_window);
  EXPECT_TRUE(needs_of_item(R"({"role":"user","content":"x","file_ids":["f"]})").whole_window);
  EXPECT_FALSE(needs_of_item(R"({"role":"user","content":"x","file_ids":[]})").whole_window);
  EXPECT_FALSE(needs_of_item(R"({"encrypted_content":"AA","type":"reasoning"})").whole_window);
  EXPECT_FALSE(
      needs_of_item(R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"})")
          .whole_window);
  EXPECT_FALSE(
      needs_of_item(R"({"type":"function_call_output","call_id":"c","output":"1"})").whole_window);
  EXPECT_TRUE(
      needs_of_item(R"({"type":"function_call_output","output":{"type":"x"}})").whole_window);
}

TEST(ResponsesRequest, FeesThatNothingBoundsAreNoted) {
  EXPECT_TRUE(needs(R"("input":"x","tools":[{"type":"web_search"}])").hosted_fees);
  EXPECT_TRUE(
      needs(R"("input":"x","tools":[{"type":"mcp","server_url":"https://a"}])").hosted_fees);
  EXPECT_TRUE(needs(R"("prompt":{"id":"pmpt_1"})").hosted_fees);
  EXPECT_TRUE(needs(R"("input":"x","context_management":[{"type":"compaction"}])").hosted_fees);
  EXPECT_TRUE(needs(R"("input":"x","service_tier":"priority")").hosted_fees);
  EXPECT_TRUE(needs(R"("input":"x","service_tier":{"a":1})").hosted_fees);
  EXPECT_FALSE(needs(R"("input":"x","service_tier":"flex")").hosted_fees);
  EXPECT_FALSE(needs(R"("input":"x","service_tier":null)").hosted_fees);
  const RequestNeeds tools = needs(R"("input":"x","tools":[{"type":"function","name":"f"}])");
  EXPECT_TRUE(tools.tools);
  EXPECT_FALSE(tools.hosted_fees);
}

TEST(ResponsesRequest, MediaAreCountedAndTakenOffTheText) {
  const std::string data(4000, 'A');
  const RequestNeeds image = needs_of_item(fmt::format(
      R"({{"role":"user","content":[{{"type":"input_image","image_url":"data:image/png;base64,{}"}}]}})",
      data));
  EXPECT_EQ(image.images, 1);
  EXPECT_LT(image.text_bytes, 200);
  EXPECT_FALSE(image.whole_window);
  const RequestNeeds file = needs_of_item(fmt::format(
      R"({{"role":"user","content":[{{"type":"input_file","filename":"a","file_data":"{}"}}]}})",
      data));
  EXPECT_TRUE(file.whole_window);
  EXPECT_TRUE(file.file_input);
  EXPECT_LT(file.text_bytes, 200);
  // A text that carries a file's member does not hide its bytes.
  const RequestNeeds text = needs_of_item(fmt::format(
      R"({{"role":"user","content":[{{"type":"input_text","text":"x","file_data":"{}"}}]}})",
      data));
  EXPECT_GT(text.text_bytes, 4000);
  EXPECT_TRUE(text.whole_window);
  EXPECT_EQ(needs_of_item(R"({"type":"function_call_output","call_id":"c","output":[{"type":)"
                          R"("input_image","image_url":"https://a/b.png"}]})")
                .images,
            1);
}

TEST(ResponsesRequest, ASchemaIsACapability) {
  EXPECT_TRUE(
      needs(R"("input":"x","text":{"format":{"type":"json_schema","schema":{}}})").json_schema);
  EXPECT_FALSE(needs(R"("input":"x","text":{"format":{"type":"text"}})").json_schema);
}

TEST(ResponsesRequest, ItsPromptIsReadForTheChoiceOfAModel) {
  const std::string text = with(R"("input":"hello","instructions":"be brief")");
  const PromptText one = prompt_text(read(text), text);
  EXPECT_EQ(one.system, "be brief");
  EXPECT_EQ(one.last_user, "hello");
  EXPECT_EQ(one.user_turns, 1);
  const std::string items =
      with(R"("input":[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"c",)"
           R"("output":"1"},{"role":"user","content":[{"type":"input_text","text":"b"}]}])");
  const PromptText two = prompt_text(read(items), items);
  EXPECT_EQ(two.last_user, "b");
  EXPECT_EQ(two.user_turns, 2);
  EXPECT_EQ(two.messages, 3);
}

}  // namespace
}  // namespace tollgate
