#include "dialects/response_events.h"

#include <fmt/format.h>

#include <iterator>

namespace tollgate {
namespace {

using Kind = ResponseItem::Kind;

template <class... Args>
void append_format(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

constexpr std::string_view kEventEnd = "}\n\n";

// The events of an item's text: NAME.delta and NAME.done.
std::string_view text_events(Kind kind) {
  switch (kind) {
    case Kind::kRefusal:
      return "refusal";
    case Kind::kReasoning:
      return "reasoning_summary_text";
    case Kind::kCall:
      return "function_call_arguments";
    default:
      return "output_text";
  }
}

// The member that holds the whole of it.
std::string_view text_member(Kind kind) {
  if (kind == Kind::kCall) return "arguments";
  return kind == Kind::kRefusal ? "refusal" : "text";
}

// What the text's events have beside it.
std::string_view text_extras(Kind kind) {
  if (kind == Kind::kCall) return "";
  if (kind == Kind::kReasoning) return R"("summary_index":0,)";
  return kind == Kind::kText ? R"("content_index":0,"logprobs":[],)" : R"("content_index":0,)";
}

// The part's own: NAME.added and NAME.done.
std::string_view part_events(Kind kind) {
  return kind == Kind::kReasoning ? "reasoning_summary_part" : "content_part";
}

std::string_view part_index(Kind kind) {
  return kind == Kind::kReasoning ? R"("summary_index":0,"part":)" : R"("content_index":0,"part":)";
}

}  // namespace

void ResponseEvents::begin(std::string& out, std::string_view name) {
  append_format(out,
                "event: response.{}\n"
                R"(data: {{"type":"response.{}","sequence_number":{},)",
                name, name, next_++);
}

void ResponseEvents::begin_in_item(std::string& out, std::string_view name,
                                   const ResponseItem& item, std::size_t index) {
  begin(out, name);
  append_format(out, R"("item_id":"{}","output_index":{},)", frame_.item_id(item, index), index);
}

void ResponseEvents::append_response(std::string& out, std::string_view name,
                                     const ResponseState& state) {
  begin(out, name);
  out += R"("response":)";
  frame_.append(out, state);
  out += kEventEnd;
}

void ResponseEvents::append_begin(std::string& out, const ResponseItem& item, std::size_t index) {
  begin(out, "output_item.added");
  const std::string id = frame_.item_id(item, index);
  append_format(out, R"("output_index":{},"item":{{"id":"{}",)", index, id);
  if (item.kind == Kind::kCall) {
    append_format(out,
                  R"("type":"function_call","status":"in_progress","arguments":"","call_id":{},)"
                  R"("name":{}}})",
                  item.call_id_json, item.name_json);
    out += kEventEnd;
    return;
  }
  out += item.kind == Kind::kReasoning
             ? R"("type":"reasoning","summary":[],"status":"in_progress"})"
             : R"("type":"message","status":"in_progress","content":[],"role":"assistant"})";
  out += kEventEnd;
  begin_in_item(out, fmt::format("{}.added", part_events(item.kind)), item, index);
  out += part_index(item.kind);
  append_response_part(out, item.kind, "");
  out += kEventEnd;
}

void ResponseEvents::append_delta(std::string& out, const ResponseItem& item, std::size_t index,
                                  std::string_view raw) {
  begin_in_item(out, fmt::format("{}.delta", text_events(item.kind)), item, index);
  append_format(out, R"({}"delta":"{}")", text_extras(item.kind), raw);
  out += kEventEnd;
}

void ResponseEvents::append_end(std::string& out, const ResponseItem& item, std::size_t index,
                                std::string_view status) {
  begin_in_item(out, fmt::format("{}.done", text_events(item.kind)), item, index);
  if (item.kind == Kind::kCall) append_format(out, R"("name":{},)", item.name_json);
  append_format(out, R"({}"{}":"{}")", text_extras(item.kind), text_member(item.kind), item.text);
  out += kEventEnd;
  if (item.kind != Kind::kCall) {
    begin_in_item(out, fmt::format("{}.done", part_events(item.kind)), item, index);
    out += part_index(item.kind);
    append_response_part(out, item.kind, item.text);
    out += kEventEnd;
  }
  begin(out, "output_item.done");
  append_format(out, R"("output_index":{},"item":)", index);
  frame_.append_item(out, item, index, status);
  out += kEventEnd;
}

}  // namespace tollgate
