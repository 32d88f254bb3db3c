#include "dialects/response_count.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

// What each of these events adds, in bytes.
std::vector<std::int64_t> added(const std::vector<std::string>& payloads) {
  ResponseCount count;
  std::vector<std::int64_t> bytes;
  for (const std::string& payload : payloads) {
    JsonTree tree;
    const auto event = read_response_event(payload, tree);
    EXPECT_TRUE(event.has_value()) << payload;
    if (!event) continue;
    const ContentCount more = count.add(*event);
    EXPECT_EQ(more.deltas, more.text_bytes > 0 ? 1 : 0) << payload;
    bytes.push_back(more.text_bytes);
  }
  return bytes;
}
using Bytes = std::vector<std::int64_t>;

std::string event(std::string_view type, std::string_view members) {
  return fmt::format(R"({{"type":"response.{}",{}}})", type, members);
}
std::string item(std::string_view type, int index, std::string_view json) {
  return event(type, fmt::format(R"("output_index":{},"item":{})", index, json));
}
std::string message(std::string_view text) {
  return fmt::format(R"({{"type":"message","content":[{{"type":"output_text","text":"{}"}}]}})",
                     text);
}
std::string ending(std::string_view type, std::string_view output) {
  return event(type, fmt::format(R"("response":{{"output":[{}]}})", output));
}

constexpr std::string_view kFirst = R"("output_index":0,"content_index":0)";
constexpr std::string_view kSecond = R"("output_index":0,"content_index":1)";
std::string said(std::string_view type, std::string_view where, std::string_view member,
                 std::string_view text) {
  return event(type, fmt::format(R"({},"{}":"{}")", where, member, text));
}

TEST(ResponseCount, WhatIsSaidAgainCountsOnce) {
  EXPECT_EQ(added({item("output_item.added", 0, message("")),
                   said("output_text.delta", kFirst, "delta", "one "),
                   said("output_text.delta", kFirst, "delta", "two"),
                   said("output_text.done", kFirst, "text", "one two"),
                   event("content_part.done", R"("output_index":0,"content_index":0,)"
                                              R"("part":{"type":"output_text","text":"one two"})"),
                   item("output_item.done", 0, message("one two")),
                   ending("completed", message("one two"))}),
            (Bytes{0, 4, 3, 0, 0, 0, 0}));
}

TEST(ResponseCount, WhatIsSaidAtOnceCountsWhereItIsSaidFirst) {
  EXPECT_EQ(added({said("output_text.done", kFirst, "text", "seven b"),
                   said("refusal.done", kSecond, "refusal", "four"),
                   item("output_item.done", 0, message("seven bytes")),
                   item("output_item.done", 1, R"({"type":"function_call","arguments":"{}"})"),
                   ending("completed", message("seven bytes and more"))}),
            (Bytes{7, 4, 0, 2, 7}));
  EXPECT_EQ(added({said("function_call_arguments.done", R"("output_index":3)", "arguments", "{}"),
                   said("custom_tool_call_input.done", R"("output_index":4)", "input", "abc"),
                   said("code_interpreter_call_code.done", R"("output_index":5)", "code", "x=1"),
                   item("output_item.added", 6, message("early"))}),
            (Bytes{2, 3, 3, 5}));
}

TEST(ResponseCount, OnlyTheEndMaySayIt) {
  for (const std::string_view type : {"completed", "incomplete", "failed"}) {
    EXPECT_EQ(added({ending("created", ""), ending(type, message("four"))}), (Bytes{0, 4})) << type;
  }
}

TEST(ResponseCount, ALongerTextAddsWhatIsLonger) {
  EXPECT_EQ(added({said("output_text.delta", kFirst, "delta", "one"),
                   said("output_text.done", kFirst, "text", "one two"),
                   item("output_item.done", 0, message("one two three")),
                   ending("completed", message("one two three four"))}),
            (Bytes{3, 4, 6, 5}));
}

TEST(ResponseCount, PartsAndSummariesAreCountedApart) {
  EXPECT_EQ(added({said("output_text.delta", kFirst, "delta", "abcd"),
                   said("output_text.done", kSecond, "text", "efgh"),
                   said("reasoning_summary_text.done", R"("output_index":0,"summary_index":0)",
                        "text", "ijkl"),
                   said("output_text.done", R"("output_index":1,"content_index":0)", "text", "m")}),
            (Bytes{4, 4, 4, 1}));
}

TEST(ResponseCount, TheBytesOfSpeechAreNoText) {
  EXPECT_EQ(added({said("audio.delta", R"("output_index":0)", "delta", "AAAA"),
                   said("audio.transcript.delta", R"("output_index":0)", "delta", "four")}),
            (Bytes{0, 4}));
}

TEST(ResponseCount, NoNumberOfPartsEscapesIt) {
  std::vector<std::string> payloads;
  for (std::size_t i = 0; i < kCountedPartsMax + 100; ++i) {
    payloads.push_back(
        said("output_text.done", fmt::format(R"("output_index":{})", i), "text", "four"));
  }
  EXPECT_EQ(added(payloads), Bytes(payloads.size(), 4));
}

}  // namespace
}  // namespace tollgate
