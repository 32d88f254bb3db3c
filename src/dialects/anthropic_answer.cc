#include "dialects/anthropic_answer.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "dialects/anthropic_usage.h"
#include "dialects/chat_request.h"
#include "dialects/openai_answer.h"
#include "dialects/splice.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

// nullopt where it is no array of objects.
std::optional<ContentCount> read_content(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return std::nullopt;
  }
  std::int64_t bytes = 0;
  bool sound = true;
  for (cursor.open_array(); cursor.next_element();) {
    sound &= cursor.kind() == JsonKind::kObject;
    bytes += anthropic_text_bytes(cursor);
  }
  if (!sound) return std::nullopt;
  return ContentCount{.deltas = bytes > 0 ? 1 : 0, .text_bytes = bytes};
}

}  // namespace

std::int64_t anthropic_text_bytes(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return 0;
  }
  std::int64_t bytes = 0;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    // An empty object is what a tool's arguments begin as in a stream: no text.
    const bool text =
        member.name.is("text") || member.name.is("thinking") || member.name.is("partial_json");
    if (text && cursor.kind() == JsonKind::kString) {
      bytes += static_cast<std::int64_t>(cursor.string().decoded_length());
    } else if (member.name.is("input") && cursor.kind() == JsonKind::kObject) {
      const std::size_t begin = cursor.offset();
      bool any = false;
      JsonCursor::Member argument;
      for (cursor.open_object(); cursor.next_member(argument); any = true) cursor.skip();
      if (any) bytes += static_cast<std::int64_t>(cursor.value_end() - begin);
    } else {
      cursor.skip();
    }
  }
  return bytes;
}

Result<AnthropicAnswer> read_anthropic_answer(std::string_view body) {
  AnthropicAnswer answer;
  AnthropicUsage usage;
  bool has_content = false;
  bool has_usage = false;
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_answer("not a JSON object: " + cursor.problem());
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("content")) {
      if (std::exchange(has_content, true)) return unreadable_answer("content stands twice");
      const std::optional<ContentCount> content = read_content(cursor);
      if (!content) return unreadable_answer("content is not an array of objects");
      answer.content = *content;
    } else if (member.name.is("usage")) {
      if (std::exchange(has_usage, true)) return unreadable_answer("usage stands twice");
      usage.read(cursor);
    } else if (member.name.is("model")) {
      if (answer.model_value) return unreadable_answer("model stands twice");
      answer.model_value = cursor.skip();
    } else if (member.name.is("id") && cursor.kind() == JsonKind::kString) {
      answer.id = cursor.string().decoded();
    } else if (member.name.is("type") && cursor.kind() == JsonKind::kString) {
      if (cursor.string().is("error"))
        return unreadable_answer("it is an error: " + openai_error_message(body));
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_answer(cursor.problem());
  if (!has_content) return unreadable_answer("it has no content");
  answer.usage = usage.reported();
  return answer;
}

std::string client_answer(std::string_view body, const AnthropicAnswer& answer,
                          std::string_view public_model) {
  return with_model(body, answer.model_value, public_model);
}

Result<std::int64_t> read_token_count(std::string_view body) {
  std::optional<std::int64_t> count;
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_answer("not a JSON object: " + cursor.problem());
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("input_tokens") && cursor.kind() == JsonKind::kNumber) {
      count = cursor.integer();
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_answer(cursor.problem());
  if (!count || *count < 0 || *count > kReportedTokensMax)
    return unreadable_answer("it counts no tokens");
  return *count;
}

std::string token_count_answer(std::int64_t input_tokens) {
  return fmt::format(R"({{"input_tokens":{}}})", input_tokens);
}

}  // namespace tollgate
