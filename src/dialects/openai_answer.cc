#include "dialects/openai_answer.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "dialects/json_cursor.h"
#include "dialects/openai_parts.h"
#include "dialects/splice.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

constexpr std::size_t kErrorMessageMax = 512;

std::string cut_at_character(std::string text, std::size_t length_max) {
  if (text.size() <= length_max) return text;
  const auto continues = [&](std::size_t at) { return (text[at] & 0xC0) == 0x80; };
  while (length_max > 0 && continues(length_max)) --length_max;
  text.resize(length_max);
  return text;
}

// `error` is an object with a message, or the message itself.
std::string read_error(JsonCursor& cursor) {
  if (cursor.kind() == JsonKind::kString) return cursor.string().decoded();
  std::string message;
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return message;
  }
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("message") && cursor.kind() == JsonKind::kString) {
      message = cursor.string().decoded();
    } else {
      cursor.skip();
    }
  }
  return message;
}

}  // namespace

Result<OpenAiAnswer> read_openai_answer(std::string_view body) {
  OpenAiAnswer answer;
  bool has_choices = false;
  bool has_usage = false;
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_answer("not a JSON object: " + cursor.problem());
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("choices")) {
      const Choices choices = read_openai_choices(cursor);
      if (!choices.well_formed) return unreadable_answer("choices is not an array of objects");
      answer.content = choices.content;
      has_choices = true;
    } else if (member.name.is("usage")) {
      if (std::exchange(has_usage, true)) return unreadable_answer("usage stands twice");
      answer.usage = read_openai_usage(cursor);
    } else if (member.name.is("model")) {
      if (answer.model_value) return unreadable_answer("model stands twice");
      answer.model_value = cursor.skip();
    } else if (member.name.is("id") && cursor.kind() == JsonKind::kString) {
      answer.id = cursor.string().decoded();
    } else if (member.name.is("error") && cursor.kind() != JsonKind::kNull) {
      return unreadable_answer("it is an error: " +
                               cut_at_character(read_error(cursor), kErrorMessageMax));
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_answer(cursor.problem());
  if (!has_choices) return unreadable_answer("it has no choices");
  return answer;
}

std::string openai_error_message(std::string_view body) {
  std::string message;
  JsonCursor cursor(body, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject) return message;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    const bool plain = member.name.is("message") && cursor.kind() == JsonKind::kString;
    if (plain && message.empty()) {
      message = cursor.string().decoded();
    } else if (member.name.is("error")) {
      if (std::string inner = read_error(cursor); !inner.empty()) message = std::move(inner);
    } else {
      cursor.skip();
    }
  }
  return cut_at_character(std::move(message), kErrorMessageMax);
}

std::string client_answer(std::string_view body, const OpenAiAnswer& answer,
                          std::string_view public_model) {
  return with_model(body, answer.model_value, public_model);
}

}  // namespace tollgate
