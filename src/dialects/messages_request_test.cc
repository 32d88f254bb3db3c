#include "dialects/messages_request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "dialects/splice.h"

namespace tollgate {
namespace {

std::string request(const std::string& members) {
  return std::string(
             R"({"model":"claude","max_tokens":64,"messages":[{"role":"user","content":"hi"}])") +
         (members.empty() ? "" : ",") + members + "}";
}

std::string saying(const std::string& content) {
  return R"({"model":"claude","max_tokens":64,"messages":[{"role":"user","content":)" + content +
         "}]}";
}

ChatRequest read(const std::string& body) {
  const auto read = read_messages_request(body);
  EXPECT_TRUE(read.has_value()) << body << ": " << read.error().message;
  return read.value_or(ChatRequest{});
}

// What is asked for beside text.
std::string asked(const std::string& body) {
  const RequestNeeds needs = read(body).needs;
  std::string text;
  if (needs.images > 0) text += fmt::format("images={} ", needs.images);
  if (needs.whole_window) text += "window ";
  if (needs.hosted_fees) text += "fees ";
  if (needs.tools) text += "tools ";
  if (needs.json_schema) text += "schema ";
  if (needs.file_input) text += "file ";
  if (!text.empty()) text.pop_back();
  return text;
}

void expect_refused(const std::string& body, ErrorCode code, std::string_view param) {
  const auto read = read_messages_request(body);
  ASSERT_FALSE(read.has_value()) << body;
  EXPECT_EQ(read.error().code, code) << body;
  EXPECT_EQ(read.error().param.value_or(""), param) << body;
}

TEST(MessagesRequest, ReadsWhatPolicyNeeds) {
  const std::string body =
      R"({"model":"creator\/claude","max_tokens":128,"stream":true,"system":"be brief",)"
      R"("route":{"region":"eu"},"messages":[{"role":"user","content":"hi"}]})";
  const ChatRequest request = read(body);
  EXPECT_EQ(request.kind, CompletionKind::kMessages);
  EXPECT_EQ(request.model, "creator/claude");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.output_tokens_max(), 128);
  EXPECT_EQ(request.needs.max_tokens, 128);
  EXPECT_EQ(request.needs.choices, 1);
  EXPECT_EQ(request.answers(), 1);
  EXPECT_EQ(request.route.region, "eu");
  EXPECT_EQ(request.needs.text_bytes, static_cast<std::int64_t>(body.size()));
  EXPECT_EQ(request.model_value.in(body), R"("creator\/claude")");
  EXPECT_EQ(request.max_tokens_value->in(body), "128");
}

TEST(MessagesRequest, GoesUpstreamAsItsOwnBytesButForModelAndRoute) {
  const std::string body =
      R"( {"route":{"region":"eu"}, "model":"a/b","stream":true,"x":[1.50,null],"max_tokens":5,)"
      R"("messages":[{"role":"user","content":"hi"}]})";
  const ChatRequest request = read(body);
  EXPECT_EQ(upstream_body(request, body, "claude-up").text(),
            R"( { "model":"claude-up","stream":true,"x":[1.50,null],"max_tokens":5,)"
            R"("messages":[{"role":"user","content":"hi"}]})");
}

TEST(MessagesRequest, ALimitOfTheClientIsNeverReplaced) {
  const std::string body = request("");
  const OutputLimit limit{.field = "max_tokens", .tokens = 7};
  EXPECT_EQ(upstream_body(read(body), body, "claude", limit).text(), body);
}

TEST(MessagesRequest, MaxTokensIsRequired) {
  const std::string rest = R"("model":"m","messages":[{"role":"user","content":"hi"}]})";
  expect_refused("{" + rest, ErrorCode::kInvalidRequest, "max_tokens");
  expect_refused(R"({"max_tokens":null,)" + rest, ErrorCode::kInvalidRequest, "max_tokens");
  for (const char* value : {"-1", "1.5", "\"9\"", "1e3", "true", "99999999999999999999"}) {
    expect_refused(R"({"max_tokens":)" + std::string(value) + "," + rest,
                   ErrorCode::kInvalidRequest, "max_tokens");
  }
  EXPECT_EQ(read(R"({"max_tokens":0,)" + rest).max_tokens, 0);
}

TEST(MessagesRequest, CountTokensAsksForNoLimit) {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
  const auto counted = read_count_tokens_request(body);
  ASSERT_TRUE(counted.has_value());
  EXPECT_EQ(counted->kind, CompletionKind::kCountTokens);
  EXPECT_EQ(counted->max_tokens, std::nullopt);
  EXPECT_FALSE(read_count_tokens_request(R"({"model":"m"})").has_value());
  EXPECT_EQ(upstream_body(*counted, body, "up").text(),
            R"({"model":"up","messages":[{"role":"user","content":"hi"}]})");
}

TEST(MessagesRequest, SaysWhichMessageIsMalformed) {
  struct Case {
    const char* messages;
    const char* param;
  };
  for (const Case& one : {
           Case{"null", "messages"},
           Case{"[]", "messages"},
           Case{"{}", "messages"},
           Case{R"(["hi"])", "messages[0]"},
           Case{R"([{"role":"user","content":"a"},{"content":"b"}])", "messages[1].role"},
           Case{R"([{"role":7,"content":"b"}])", "messages[0].role"},
           Case{R"([{"role":"user"}])", "messages[0].content"},
           Case{R"([{"role":"user","content":null}])", "messages[0].content"},
           Case{R"([{"role":"user","content":["text"]}])", "messages[0].content[0]"},
           Case{R"([{"role":"user","content":[{"type":"tool_result","content":[5]}]}])",
                "messages[0].content[0].content[0]"},
       }) {
    expect_refused(fmt::format(R"({{"model":"m","max_tokens":1,"messages":{}}})", one.messages),
                   ErrorCode::kInvalidMessageFormat, one.param);
  }
  expect_refused(R"({"model":"m","max_tokens":1})", ErrorCode::kInvalidMessageFormat, "messages");
  expect_refused(request(R"("system":{})"), ErrorCode::kInvalidMessageFormat, "system");
  expect_refused(request(R"("system":[null])"), ErrorCode::kInvalidMessageFormat, "system[0]");
}

TEST(MessagesRequest, ThatItIsNoJsonGoesFirst) {
  const auto read = read_messages_request(R"({"max_tokens":"x","model":})");
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("not valid JSON"), std::string::npos);
  expect_refused("[]", ErrorCode::kInvalidRequest, "");
  expect_refused("", ErrorCode::kInvalidRequest, "");
  expect_refused(request("") + "x", ErrorCode::kInvalidRequest, "");
}

TEST(MessagesRequest, NothingThatIsReadStandsTwiceInAnySpelling) {
  for (const char* member : {R"("mod\u0065l":"b")", R"("max_tokens":1)", R"("messages":[])"}) {
    const auto read = read_messages_request(request(member));
    ASSERT_FALSE(read.has_value()) << member;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidRequest) << member;
  }
  for (const std::string name : {"system", "tools", "stream", "tool_choice", "thinking", "metadata",
                                 "stop_sequences", "temperature", "route", "mcp_servers"}) {
    expect_refused(request(fmt::format(R"("{0}":null,"{0}":null)", name)),
                   ErrorCode::kInvalidRequest, name);
  }
  expect_refused(saying(R"([{"type":"text","text":"a","ty\u0070e":"image"}])"),
                 ErrorCode::kInvalidRequest, "messages[0].content[0].type");
  expect_refused(saying(R"([{"type":"image","source":{},"source":{}}])"),
                 ErrorCode::kInvalidRequest, "messages[0].content[0].source");
  expect_refused(saying(R"([{"type":"image","source":{"url":"a","url":"b"}}])"),
                 ErrorCode::kInvalidRequest, "messages[0].content[0].source.url");
  expect_refused(saying(R"([{"type":"tool_result","content":"a","content":[]}])"),
                 ErrorCode::kInvalidRequest, "messages[0].content[0].content");
  expect_refused(request(R"("tools":[{"type":"custom","type":"web_search_20250305"}])"),
                 ErrorCode::kInvalidRequest, "tools[0].type");
  expect_refused(
      R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a","role":"user"}]})",
      ErrorCode::kInvalidRequest, "messages[0].role");
}

TEST(MessagesRequest, TextAsksForNothingBeside) {
  for (
      const char* content :
      {R"("hi")", "[]", R"([{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}])",
       R"([{"type":"thinking","thinking":"hm","signature":"c2ln"}])",
       R"([{"type":"redacted_thinking","data":"c2ln"}])",
       R"([{"type":"tool_use","id":"toolu_1","name":"f","input":{"source":{"data":"x"}}}])",
       R"([{"type":"tool_result","tool_use_id":"toolu_1","content":"21 degrees"}])",
       R"([{"content":[{"type":"text","text":"21"}],"type":"tool_result","is_error":true}])",
       R"([{"type":"search_result","content":[{"type":"text","text":"x"}],"source":"https://a"}])"}) {
    const std::string body = saying(content);
    EXPECT_EQ(asked(body), "") << content;
    EXPECT_EQ(read(body).needs.text_bytes, static_cast<std::int64_t>(body.size())) << content;
  }
}

TEST(MessagesRequest, ImagesAreCountedWhereverTheyStandAndTheirBytesAreNoText) {
  struct Case {
    const char* block;
    std::int64_t media_bytes;
  };
  for (const Case& one : {
           Case{R"({"type":"image","source":{"type":"base64","media_type":"image/png",)"
                R"("data":"AAAA"}})",
                4},
           Case{R"({"source":{"data":"AA\/A","media_type":"im\u0061ge\/png","type":"base64"},)"
                R"("type":"image"})",
                5},
           Case{R"({"type":"image","source":{"type":"url","url":"https://a/b.png"}})", 15},
           Case{R"({"type":"image","source":{"type":"file","file_id":"file_1"}})", 0},
           Case{R"({"type":"tool_result","content":[{"type":"image","source":{"type":"base64",)"
                R"("media_type":"image/png","data":"AAAAAAAA"}}]})",
                8},
       }) {
    const std::string body = saying(std::string("[") + one.block + "]");
    EXPECT_EQ(asked(body), "images=1") << one.block;
    EXPECT_EQ(read(body).needs.text_bytes, static_cast<std::int64_t>(body.size()) - one.media_bytes)
        << one.block;
  }
}

TEST(MessagesRequest, WhatNoFigureBoundsIsTheWholeWindow) {
  for (const char* block :
       {R"({"type":"image","source":{"type":"base64","media_type":"application/pdf","data":"A"}})",
        R"({"type":"image","source":{"type":"url","url":"gs://bucket/film"}})",
        R"({"type":"image","source":{"type":"thread"}})", R"({"type":"image"})",
        R"({"type":"image","source":"x"})"}) {
    EXPECT_EQ(asked(saying(std::string("[") + block + "]")), "images=1 window") << block;
  }
  for (const char* block :
       {R"({"type":"hologram"})", R"({"text":"no type"})", R"({"type":7})",
        R"({"type":"text","text":"a","source":{"type":"url","url":"https://a/b"}})",
        R"({"type":"text","text":"a","content":[{"type":"text","text":"a"}]})",
        R"({"type":"web_fetch_tool_result","content":{"type":"document"}})",
        R"({"type":"tool_result","content":{"type":"image"}})",
        R"({"type":"tool_result","content":[{"type":"hologram"}]})"}) {
    EXPECT_EQ(asked(saying(std::string("[") + block + "]")), "window") << block;
  }
  for (const char* block :
       {R"({"type":"document","source":{"type":"base64","media_type":"application/pdf"}})",
        R"({"type":"document","source":{"type":"url","url":"https://a/b.pdf"}})",
        R"({"type":"container_upload","file_id":"file_1"})",
        R"({"type":"tool_result","content":[{"type":"document","source":{}}]})"}) {
    EXPECT_EQ(asked(saying(std::string("[") + block + "]")), "window file") << block;
  }
  EXPECT_EQ(asked(request(R"("thread":{"type":"continue","previous_message_id":"msg_1"})")),
            "window");
}

TEST(MessagesRequest, ToolsOfTheClientAreTextAndHostedOnesBringFees) {
  for (const char* tools : {R"([{"name":"f","input_schema":{"type":"object"}}])",
                            R"([{"type":"custom","name":"f","input_schema":{"type":"object"}}])",
                            R"([{"type":null,"name":"f","input_schema":{"type":"object"}}])"}) {
    EXPECT_EQ(asked(request(fmt::format(R"("tools":{})", tools))), "tools") << tools;
  }
  for (const char* type : {"bash_20250124", "text_editor_20250728", "computer_20250124",
                           "memory_20250818", "b\\u0061sh_20250124"}) {
    EXPECT_EQ(asked(request(fmt::format(R"("tools":[{{"type":"{}"}}])", type))), "window tools")
        << type;
  }
  for (const char* tools :
       {R"([{"type":"web_search_20250305","name":"web_search","max_uses":5}])",
        R"([{"type":"web_fetch_20250910"}])", R"([{"type":"code_execution_20250825"}])",
        R"([{"type":"tool_search_tool_bm25_20251119"}])", R"([{"type":"advisor_20270101"}])",
        R"([{"type":7}])", R"(["web_search"])", R"({"type":"custom"})", R"("all")"}) {
    EXPECT_EQ(asked(request(fmt::format(R"("tools":{})", tools))), "window fees tools") << tools;
  }
  EXPECT_EQ(asked(request(R"("tools":[])")), "");
  EXPECT_EQ(asked(request(R"("tools":null)")), "");
}

TEST(MessagesRequest, WhatIsServedAtAnotherPriceBringsFees) {
  for (const char* member :
       {R"("speed":"fast")", R"("speed":7)",
        R"("context_management":{"edits":[{"type":"compact_1"}]})",
        R"("context_management":{"edits":[{}]})", R"("context_management":{"edits":[5]})",
        R"("context_management":"x")", R"("context_management":{"other":1})"}) {
    EXPECT_EQ(asked(request(member)), "fees") << member;
  }
  for (const char* member : {R"("mcp_servers":[{"url":"https://a"}])", R"("container":"c_1")",
                             R"("compaction":{"type":"summarize"})"}) {
    EXPECT_EQ(asked(request(member)), "window fees") << member;
  }
  for (const char* member :
       {R"("speed":"standard")", R"("speed":null)", R"("mcp_servers":[])", R"("container":null)",
        R"("context_management":{"edits":[{"type":"clear_tool_uses_20250919","keep":{}}]})",
        R"("context_management":null)", R"("cache_control":{"type":"ephemeral","ttl":"1h"})",
        R"("service_tier":"auto","thinking":{"type":"enabled","budget_tokens":1024})"}) {
    EXPECT_EQ(asked(request(member)), "") << member;
  }
}

TEST(MessagesRequest, TheProviderChoosesNeitherModelNorPlace) {
  expect_refused(request(R"("fallbacks":[{"model":"claude-other"}])"), ErrorCode::kInvalidRequest,
                 "fallbacks");
  expect_refused(request(R"("fallbacks":"default")"), ErrorCode::kInvalidRequest, "fallbacks");
  expect_refused(request(R"("inference_geo":"us")"), ErrorCode::kInvalidRequest, "inference_geo");
  expect_refused(request(R"("models":["dear/model"])"), ErrorCode::kInvalidRequest, "models");
  EXPECT_EQ(asked(request(R"("fallbacks":[],"models":null,"inference_geo":null)")), "");
  EXPECT_NE(asked(request(R"("service_tier":"priority")")).find("fees"), std::string::npos);
  EXPECT_EQ(asked(request(R"("service_tier":"standard_only")")), "");
}

TEST(MessagesRequest, KnowsWhenAJsonSchemaIsAskedFor) {
  EXPECT_EQ(asked(request(R"("output_config":{"effort":"low","format":{"type":"json_schema",)"
                          R"("schema":{"type":"object"}}})")),
            "schema");
  EXPECT_EQ(asked(request(R"("output_format":{"schema":{},"type":"json_schema"})")), "schema");
  EXPECT_EQ(asked(request(R"("output_config":{"effort":"low","format":null})")), "");
  expect_refused(request(R"("output_config":{"format":{},"format":{}})"),
                 ErrorCode::kInvalidRequest, "output_config.format");
}

TEST(MessagesRequest, DeepContentIsRefusedNotFollowed) {
  std::string content;
  for (int i = 0; i < 200; ++i) content += R"([{"type":"tool_result","content":)";
  content += "\"x\"";
  for (int i = 0; i < 200; ++i) content += "}]";
  const auto read = read_messages_request(saying(content));
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("nested deeper"), std::string::npos) << read.error().message;
}

TEST(MessagesRequest, AToolOfTheProviderChoosesNoModel) {
  expect_refused(request(R"("tools":[{"type":"advisor_20260301","model":"dear"}])"),
                 ErrorCode::kInvalidRequest, "tools[0].model");
}

}  // namespace
}  // namespace tollgate
