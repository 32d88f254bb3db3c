#include "dialects/response_answer.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "dialects/chat_request.h"
#include "dialects/json_cursor.h"
#include "dialects/openai_answer.h"
#include "dialects/openai_parts.h"
#include "dialects/splice.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

constexpr std::size_t kEventTypeMax = 128;
// The most that a client's parser takes for the number that it is.
constexpr std::int64_t kEventNumberMax = (std::int64_t{1} << 53) - 1;

// nullopt where it is no array of objects.
std::optional<ContentCount> read_output(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return std::nullopt;
  }
  ContentCount content;
  bool sound = true;
  for (cursor.open_array(); cursor.next_element();) {
    sound &= cursor.kind() == JsonKind::kObject;
    const std::int64_t bytes = response_text_bytes(cursor);
    if (bytes > 0) content.add({.deltas = 1, .text_bytes = bytes});
  }
  if (!sound) return std::nullopt;
  return content;
}

ReportedUsage usage_of(JsonNode usage) {
  if (usage.is_null()) return {};
  JsonCursor cursor(usage.raw(), kRequestDepthMax);
  return read_response_usage(cursor);
}

// The bytes of a picture or of speech are no text.
bool carries_text(std::string_view type) {
  return type.ends_with(".delta") && type != "response.audio.delta";
}

std::optional<std::int64_t> event_number(JsonNode value) {
  const std::optional<std::int64_t> number = value.integer();
  return number && *number >= 0 && *number <= kEventNumberMax ? number : std::nullopt;
}

std::int64_t delta_bytes_of(JsonNode delta) {
  if (delta.is_string()) return static_cast<std::int64_t>(delta.string().decoded_length());
  if (!delta.is_object()) return 0;
  JsonCursor cursor(delta.raw(), kRequestDepthMax);
  return response_text_bytes(cursor);
}

}  // namespace

std::int64_t response_text_bytes(JsonCursor& cursor) {
  std::int64_t bytes = 0;
  if (cursor.kind() == JsonKind::kArray) {
    for (cursor.open_array(); cursor.next_element();) bytes += response_text_bytes(cursor);
    return bytes;
  }
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return 0;
  }
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    const bool text = member.name.is("text") || member.name.is("refusal") ||
                      member.name.is("arguments") || member.name.is("input") ||
                      member.name.is("code");
    if (text && cursor.kind() == JsonKind::kString) {
      bytes += static_cast<std::int64_t>(cursor.string().decoded_length());
    } else if (member.name.is("content") || member.name.is("summary")) {
      bytes += response_text_bytes(cursor);
    } else {
      cursor.skip();
    }
  }
  return bytes;
}

Result<ResponseAnswer> read_response_answer(std::string_view body) {
  ResponseAnswer answer;
  bool has_output = false;
  bool has_usage = false;
  bool failed = false;
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_answer("not a JSON object: " + cursor.problem());
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("output")) {
      if (std::exchange(has_output, true)) return unreadable_answer("output stands twice");
      const std::optional<ContentCount> content = read_output(cursor);
      if (!content) return unreadable_answer("output is not an array of objects");
      answer.content = *content;
    } else if (member.name.is("usage")) {
      if (std::exchange(has_usage, true)) return unreadable_answer("usage stands twice");
      answer.usage = read_response_usage(cursor);
    } else if (member.name.is("model")) {
      if (answer.model_value) return unreadable_answer("model stands twice");
      answer.model_value = cursor.skip();
    } else if (member.name.is("id") && cursor.kind() == JsonKind::kString) {
      answer.id = cursor.string().decoded();
    } else if (member.name.is("status") && cursor.kind() == JsonKind::kString) {
      const RawString status = cursor.string();
      failed |= status.is("failed") || status.is("cancelled");
    } else if (member.name.is("error")) {
      failed |= cursor.kind() != JsonKind::kNull;
      cursor.skip();
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_answer(cursor.problem());
  if (failed) {
    answer.failure = unreadable_answer("it is an error: " + openai_error_message(body)).error();
  } else if (!has_output) {
    answer.failure = unreadable_answer("it has no output").error();
  }
  return answer;
}

std::string client_answer(std::string_view body, const ResponseAnswer& answer,
                          std::string_view public_model) {
  return with_model(body, answer.model_value, public_model);
}

Result<ResponseEvent> read_response_event(std::string_view payload, JsonTree& tree) {
  if (!tree.parse(payload)) return unreadable_answer("an event that is no JSON: " + tree.problem());
  ResponseEvent event;
  event.root = tree.root();
  const RawString type = event.root["type"].string();
  const bool plain = !type.text.empty() && !type.escaped && type.text.size() <= kEventTypeMax &&
                     std::ranges::all_of(type.text, [](char c) { return c > ' ' && c < '\x7F'; });
  if (!plain) return unreadable_answer("an event without a type");
  event.type = type.text;
  event.number = event_number(event.root["sequence_number"]);
  event.ends = event.type == "response.completed" || event.type == "response.incomplete";
  event.fails = event.type == "response.failed" || event.type == "error";
  if (event.root["response"].is_object()) {
    event.response = event.root["response"];
    event.usage = usage_of(event.response["usage"]);
  }
  if (carries_text(event.type)) event.delta_bytes = delta_bytes_of(event.root["delta"]);
  return event;
}

}  // namespace tollgate
