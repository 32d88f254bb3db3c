#include "dialects/request_parts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "dialects/chat_request.h"

namespace tollgate {
namespace {

std::string chat(const std::string& content, const std::string& members = "") {
  return R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]" +
         (members.empty() ? "" : ",") + members + "}";
}

// What is asked for beside text: "images=1 window audio image fees".
std::string asked(const std::string& body) {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  if (!request) return "refused";
  const RequestNeeds& needs = request->needs;
  std::string text;
  if (needs.images > 0) text += fmt::format("images={} ", needs.images);
  if (needs.whole_window) text += "window ";
  if (needs.audio_output) text += "audio ";
  if (needs.image_output) text += "image ";
  if (needs.hosted_fees) text += "fees ";
  if (!text.empty()) text.pop_back();
  return text;
}

std::int64_t text_bytes(const std::string& body) {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << request.error().message;
  return request ? request->needs.text_bytes : -1;
}

void expect_refused(const std::string& body, std::string_view param) {
  const auto request = read_chat_request(body);
  ASSERT_FALSE(request.has_value()) << body;
  EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(request.error().param.value_or(""), param);
}

// What the model has to be capable of, beside images.
std::string capabilities(const std::string& body) {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  if (!request) return "refused";
  const RequestNeeds& needs = request->needs;
  std::string text;
  if (needs.tools) text += "tools ";
  if (needs.json_schema) text += "schema ";
  if (needs.audio_input) text += "audio ";
  if (needs.file_input) text += "file ";
  if (needs.video_input) text += "video ";
  if (!text.empty()) text.pop_back();
  return text;
}

// --- capabilities ---

TEST(RequestParts, SaysWhatTheModelHasToBeCapableOf) {
  EXPECT_EQ(capabilities(chat("\"hi\"")), "");
  EXPECT_EQ(capabilities(chat(R"([{"type":"input_audio","input_audio":{"data":"A"}}])")), "audio");
  EXPECT_EQ(capabilities(chat(R"([{"type":"audio_url","audio_url":{"url":"https://a"}}])")),
            "audio");
  EXPECT_EQ(capabilities(chat(R"([{"type":"file","file":{"file_id":"f"}}])")), "file");
  EXPECT_EQ(capabilities(chat(R"([{"type":"input_file","file_id":"f"}])")), "file");
  EXPECT_EQ(capabilities(chat(R"([{"type":"video_url","video_url":{}}])")), "video");
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("tools":[{"type":"function"}])")), "tools");
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("tools":[{"type":"web_search"}])")), "tools");
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("tools":[5])")), "tools");
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("functions":[{"name":"f"}])")), "tools");
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("tools":[],"functions":[])")), "");
}

TEST(RequestParts, AJsonSchemaIsAskedForByTheFormatsType) {
  EXPECT_EQ(capabilities(chat("\"hi\"", R"("response_format":{"json_schema":{"type":"x"},)"
                                        R"("type":"json_schema"})")),
            "schema");
  for (const char* format :
       {R"({"type":"json_object"})", R"({"type":"text"})", "null", R"({"type":7})", "[]"}) {
    EXPECT_EQ(capabilities(chat("\"hi\"", fmt::format(R"("response_format":{})", format))), "")
        << format;
  }
  expect_refused(chat("\"hi\"", R"("response_format":{"type":"text","type":"json_schema"})"),
                 "response_format.type");
  expect_refused(chat("\"hi\"", R"("response_format":null,"response_format":null)"),
                 "response_format");
}

// --- message parts ---

TEST(RequestParts, TextAsksForNothingBeside) {
  for (const char* content :
       {R"("hi")", "null", "[]", R"(["hi"])", R"([{"type":"text","text":"hi"}])",
        R"([{"text":"hi","type":"t\u0065xt"},{"type":"refusal","refusal":"no"}])"}) {
    const std::string body = chat(content);
    EXPECT_EQ(asked(body), "") << content;
    EXPECT_EQ(text_bytes(body), static_cast<std::int64_t>(body.size())) << content;
  }
}

TEST(RequestParts, ImagesAreCountedAndTheirUrlsAreNoText) {
  struct Case {
    const char* part;
    std::int64_t url_bytes;
  };
  for (const Case& one : {
           Case{R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}})", 26},
           Case{R"({"image_url":{"detail":"high","url":"DATA:image/png,A"},"type":"image_url"})",
                16},
           Case{R"({"type":"image_url","image_url":{"url":"data:image\/png;base64,\/\/8"}})", 28},
           Case{R"({"type":"image_url","image_url":{"url":"d\u0061ta:image/png;base64,AA"}})", 29},
           Case{R"({"type":"image_url","image_url":"https://a/b.png"})", 15},
           Case{R"({"type":"image_url","image_url":{"url":"http://a/b"}})", 10},
           Case{R"({"type":"input_image","image_url":"data:image/gif,B"})", 16},
           Case{R"({"type":"input_image","image_url":"data:image/gif,B","file_id":null})", 16},
       }) {
    const std::string body = chat(std::string("[") + one.part + "]");
    EXPECT_EQ(asked(body), "images=1") << one.part;
    EXPECT_EQ(text_bytes(body), static_cast<std::int64_t>(body.size()) - one.url_bytes) << one.part;
  }
}

TEST(RequestParts, EveryImageOfEveryMessageCounts) {
  const std::string image = R"({"type":"image_url","image_url":{"url":"https://a/b.png"}})";
  const std::string message = R"({"role":"user","content":[)" + image + "," + image + "]}";
  EXPECT_EQ(asked(R"({"model":"m","messages":[)" + message + "," + message + "]}"), "images=4");
}

TEST(RequestParts, AnImageUrlThatHoldsSomethingElseIsTheWholeWindow) {
  for (const char* url : {"data:application/pdf;base64,AAAA", "data:audio/wav;base64,AAAA",
                          "gs://bucket/film.mp4", "file-123", " data:text/plain,x", "", "data:"}) {
    EXPECT_EQ(
        asked(chat(fmt::format(R"([{{"type":"image_url","image_url":{{"url":"{}"}}}}])", url))),
        "images=1 window")
        << url;
  }
  for (const char* value : {"5", "[]", R"({"url":7})"}) {
    EXPECT_EQ(asked(chat(fmt::format(R"([{{"type":"image_url","image_url":{}}}])", value))),
              "images=1 window")
        << value;
  }
}

TEST(RequestParts, AnImageThatStandsAtTheProviderIsTheWholeWindow) {
  for (const char* part : {R"({"type":"input_image","file_id":"file-1"})",
                           R"({"type":"input_image","image_url":"https://a/b","file_id":"file-1"})",
                           R"({"type":"image_url","image_url":{"file_id":"file-1"}})"}) {
    EXPECT_EQ(asked(chat(std::string("[") + part + "]")), "images=1 window") << part;
  }
}

TEST(RequestParts, AToolOfTheProviderChoosesNoModel) {
  const auto refused = [](const std::string& tool, std::string_view param) {
    expect_refused(chat(R"("hi")", R"("tools":[{"type":"web_search"},)" + tool + "]"), param);
  };
  refused(R"({"type":"image_generation","model":"gpt-image-1"})", "tools[1].model");
  refused(R"({"mod\u0065l":"gpt-image-1","type":"image_generation"})", "tools[1].model");
  refused(R"({"models":["a/b"]})", "tools[1].models");
  refused(R"({"type":"a:image","parameters":{"model":"a/b"}})", "tools[1].parameters.model");
  for (const char* tool :
       {R"({"type":"image_generation","model":null})",
        R"({"type":"function","function":{"name":"f","parameters":{"model":{"type":"string"}}}})",
        R"({"type":"custom","name":"f","model":"mine"})",
        R"({"type":"space","tools":[{"type":"function","parameters":{"model":{}}}]})"}) {
    EXPECT_TRUE(read_chat_request(chat(R"("hi")", fmt::format(R"("tools":[{}])", tool)))) << tool;
  }
}

TEST(RequestParts, OtherMediaAndUnknownPartsAreTheWholeWindow) {
  for (const char* part :
       {R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}})",
        R"({"type":"file","file":{"file_id":"file-1"}})", R"({"type":"video_url","video_url":{}})",
        R"({"type":"input_file","file_id":"file-1"})", R"({"type":"hologram","text":"hi"})",
        R"({"text":"no type"})", R"({"type":7,"text":"hi"})", "5", "[]", "null",
        // A reader that goes by the member would take more than text here.
        R"({"type":"text","text":"hi","image_url":"https://a/b.png"})",
        R"({"type":"text","text":"hi","file":{"file_id":"f"}})"}) {
    EXPECT_EQ(asked(chat(std::string("[") + part + "]")), "window") << part;
  }
  EXPECT_EQ(asked(chat(R"({"type":"text"})")), "window");
  EXPECT_EQ(asked(chat("5")), "window");
}

TEST(RequestParts, MediaAreTakenOffTheTextOnlyWhereTheTypeSaysSo) {
  const std::string audio = R"({"data":"AAAA","format":"wav"})";
  const std::string sent = chat(R"([{"type":"input_audio","input_audio":)" + audio + "}]");
  EXPECT_EQ(text_bytes(sent), static_cast<std::int64_t>(sent.size() - audio.size()));
  const std::string hidden = chat(R"([{"type":"text","text":"","file":"much text"}])");
  EXPECT_EQ(text_bytes(hidden), static_cast<std::int64_t>(hidden.size()));
}

TEST(RequestParts, WhatStandsAtTheProviderIsTheWholeWindow) {
  const std::string hi = R"("hi")";
  EXPECT_EQ(asked(R"({"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}}]})"),
            "window");
  EXPECT_EQ(asked(R"({"model":"m","messages":[{"role":"assistant","audio":null}]})"), "");
  for (const char* member : {R"("previous_response_id":"resp_1")", R"("conversation":{"id":"c"})",
                             R"("cached_content":"cachedContents/1")",
                             R"("extra_body":{"google":{}})", R"("prompt":{"id":"pmpt_1"})"}) {
    EXPECT_EQ(asked(chat(hi, member)), "window") << member;
  }
  EXPECT_EQ(asked(chat(hi, R"("previous_response_id":null)")), "");
}

// --- tools, fees, kinds of output ---

TEST(RequestParts, ToolsThatRunAtTheClientCostNothingBeside) {
  for (const char* tools :
       {"null", "[]", R"([{"type":"function","function":{"name":"f","parameters":{"type":"x"}}}])",
        R"([{"type":"c\u0075stom","custom":{}},{"function":{},"type":"function"}])"}) {
    EXPECT_EQ(asked(chat(R"("hi")", std::string("\"tools\":") + tools)), "") << tools;
  }
}

TEST(RequestParts, ToolsOfAnyOtherTypeAreTheProvidersOwn) {
  for (const char* tools :
       {R"([{"type":"web_search"}])", R"([{"type":"code_interpreter","container":{}}])",
        R"([{"type":"function"},{"type":"mcp"}])", R"([{"function":{"name":"f"}}])",
        R"([{"type":null}])", R"(["web_search"])", R"({"type":"function"})"}) {
    EXPECT_EQ(asked(chat(R"("hi")", std::string("\"tools\":") + tools)), "window fees") << tools;
  }
}

TEST(RequestParts, ASearchThatTheProviderRunsHasAFee) {
  for (const char* member : {R"("web_search_options":{})", R"("search_parameters":{"mode":"on"})",
                             R"("plugins":[{"id":"web"}])"}) {
    EXPECT_EQ(asked(chat(R"("hi")", member)), "window fees") << member;
  }
  for (const char* member :
       {R"("web_search_options":null)", R"("plugins":[])", R"("search_parameters":false)"}) {
    EXPECT_EQ(asked(chat(R"("hi")", member)), "") << member;
  }
}

TEST(RequestParts, KindsOfOutputAreToldApart) {
  const auto with = [](const std::string& member) { return asked(chat(R"("hi")", member)); };
  EXPECT_EQ(with(R"("modalities":["text"])"), "");
  EXPECT_EQ(with(R"("modalities":null)"), "");
  EXPECT_EQ(with(R"("modalities":["text","audio"])"), "audio");
  EXPECT_EQ(with(R"("modalities":["im\u0061ge","text"])"), "image");
  EXPECT_EQ(with(R"("modalities":["smell"])"), "fees");
  EXPECT_EQ(with(R"("modalities":"audio")"), "fees");
  EXPECT_EQ(with(R"("modalities":[5])"), "fees");
  EXPECT_EQ(with(R"("audio":{"voice":"alloy","format":"wav"})"), "audio");
  EXPECT_EQ(with(R"("audio":null)"), "");
}

// --- a second member could be the one that the provider reads ---

TEST(RequestParts, RefusesDuplicatesOfWhatBoundsRead) {
  for (const char* name :
       {"tools", "modalities", "audio", "web_search_options", "search_parameters", "plugins",
        "previous_response_id", "conversation", "cached_content", "extra_body"}) {
    const std::string plain = name;
    const std::string spelled =
        fmt::format(R"(\u{:04x})", static_cast<unsigned>(plain.front())) + plain.substr(1);
    for (const std::string& second : {plain, spelled}) {
      expect_refused(chat(R"("hi")", fmt::format(R"("{}":null,"{}":null)", plain, second)), name);
    }
  }
  expect_refused(chat(R"("hi","content":"ho")"), "messages[0].content");
  expect_refused(chat(R"([{"type":"text","type":"file"}])"), "messages[0].content[0].type");
  expect_refused(chat(R"(["a",{"image_url":"a","imag\u0065_url":"b"}])"),
                 "messages[0].content[1].image_url");
  expect_refused(chat(R"([{"image_url":{"url":"a","url":"b"}}])"),
                 "messages[0].content[0].image_url.url");
  expect_refused(chat(R"("hi")", R"("tools":[{"type":"function"},{"type":"x","type":"function"}])"),
                 "tools[1].type");
}

// --- figures ---

TEST(RequestParts, TheLargerOutputLimitWhicheverTheProviderHonoursAndTheLargerChoiceCount) {
  const auto request = read_chat_request(
      chat(R"("hi")", R"("max_tokens":9,"max_completion_tokens":7,"n":2,"best_of":3)"));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->needs.max_tokens, 9);
  EXPECT_EQ(read_chat_request(chat(R"("hi")", R"("max_tokens":7,"max_completion_tokens":9)"))
                ->needs.max_tokens,
            9);
  EXPECT_EQ(request->needs.choices, 3);
  EXPECT_EQ(read_chat_request(chat(R"("hi")"))->needs.max_tokens, std::nullopt);
}

TEST(RequestParts, EveryPromptOfACompletionHasItsChoices) {
  const auto choices = [](const std::string& prompt) {
    return read_completion_request(R"({"model":"m","n":2,"prompt":)" + prompt + "}")->needs.choices;
  };
  EXPECT_EQ(choices(R"("a")"), 2);
  EXPECT_EQ(choices(R"(["a","b","c"])"), 6);
  EXPECT_EQ(choices("[1,2,3]"), 2);
  EXPECT_EQ(choices("[[1,2],[3]]"), 4);
}

TEST(RequestParts, TheClientGetsNAnswersForEveryPromptHoweverManyAreTried) {
  const auto answers = [](const std::string& members) {
    return read_completion_request(R"({"model":"m",)" + members + "}")->answers();
  };
  EXPECT_EQ(answers(R"("prompt":"a")"), 1);
  EXPECT_EQ(answers(R"("prompt":"a","n":2,"best_of":5)"), 2);
  EXPECT_EQ(answers(R"("prompt":["a","b","c"],"n":2,"best_of":5)"), 6);
}

TEST(RequestParts, ACompletionMayEchoItsPromptAndAChatCannot) {
  const auto echoes = [](const std::string& echo) {
    return read_completion_request(R"({"model":"m","prompt":"a","echo":)" + echo + "}")->echo;
  };
  EXPECT_TRUE(echoes("true"));
  EXPECT_FALSE(echoes("false"));
  EXPECT_FALSE(echoes("null"));
  EXPECT_FALSE(read_chat_request(chat(R"("hi")", R"("echo":true)"))->echo);
}

}  // namespace
}  // namespace tollgate
