#include "dialects/anthropic_event.h"

#include <algorithm>
#include <array>
#include <string>

#include "dialects/anthropic_answer.h"
#include "dialects/chat_request.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

struct NamedType {
  std::string_view name;
  AnthropicEventType type;
};
constexpr std::array kTypes = {
    NamedType{"content_block_delta", AnthropicEventType::kBlockDelta},
    NamedType{"content_block_start", AnthropicEventType::kBlockStart},
    NamedType{"content_block_stop", AnthropicEventType::kBlockStop},
    NamedType{"message_start", AnthropicEventType::kMessageStart},
    NamedType{"message_delta", AnthropicEventType::kMessageDelta},
    NamedType{"message_stop", AnthropicEventType::kMessageStop},
    NamedType{"ping", AnthropicEventType::kPing},
    NamedType{"error", AnthropicEventType::kError},
};

AnthropicEventType type_named(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &NamedType::name);
  return found == kTypes.end() ? AnthropicEventType::kOther : found->type;
}

bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kEventNameLengthMax && std::ranges::all_of(text, plain);
}

bool is_of_block(AnthropicEventType type) {
  return type == AnthropicEventType::kBlockStart || type == AnthropicEventType::kBlockDelta ||
         type == AnthropicEventType::kBlockStop;
}

// Reads the members as they come: what they mean is known once `type` is.
class EventReader {
 public:
  EventReader(std::string_view payload, AnthropicUsage& usage)
      : payload_(payload), cursor_(payload, kRequestDepthMax), usage_(usage) {}

  Result<AnthropicEvent> read();

 private:
  bool read_type();
  bool read_message();
  void read_delta();
  void add_text(std::int64_t bytes);

  std::string_view payload_;
  JsonCursor cursor_;
  AnthropicUsage& usage_;
  AnthropicEvent event_;
  std::string_view fault_;
  bool has_message_ = false;
  std::int64_t text_bytes_ = 0;
};

Result<AnthropicEvent> EventReader::read() {
  if (cursor_.kind() != JsonKind::kObject) {
    return unreadable_stream("not a JSON object: " + cursor_.problem());
  }
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member) && fault_.empty();) {
    if (member.name.is("type")) {
      if (!read_type()) fault_ = "an event whose type is none, or said twice";
    } else if (member.name.is("index") && cursor_.kind() == JsonKind::kNumber) {
      event_.index = cursor_.integer().value_or(-1);
    } else if (member.name.is("message")) {
      if (!read_message()) fault_ = "a message that is none, or with two models or usages";
    } else if (member.name.is("delta")) {
      read_delta();
    } else if (member.name.is("content_block")) {
      text_bytes_ += anthropic_text_bytes(cursor_);
    } else if (member.name.is("usage")) {
      if (event_.has_usage) fault_ = "usage stands twice";
      const std::size_t begin = cursor_.offset();
      event_.has_usage = true;
      usage_.read(cursor_);
      event_.usage_value = ByteRange{begin, cursor_.value_end() - begin};
    } else {
      cursor_.skip();
    }
  }
  if (fault_.empty() && !cursor_.finish()) return unreadable_stream(cursor_.problem());
  if (!fault_.empty()) return unreadable_stream(std::string(fault_));
  if (event_.name.empty()) return unreadable_stream("an event without a type");
  if (event_.type == AnthropicEventType::kMessageStart && !has_message_) {
    return unreadable_stream("a message_start without a message");
  }
  if (is_of_block(event_.type) && (event_.index < 0 || event_.index > kBlockIndexMax)) {
    return unreadable_stream("a block without an index");
  }
  if (text_bytes_ > 0) event_.content = {.deltas = 1, .text_bytes = text_bytes_};
  return event_;
}

bool EventReader::read_type() {
  if (cursor_.kind() != JsonKind::kString || !event_.name.empty()) return false;
  const RawString type = cursor_.string();
  if (type.escaped || !is_name(type.text)) return false;
  event_.name = type.text;
  event_.type = type_named(type.text);
  return true;
}

bool EventReader::read_message() {
  if (cursor_.kind() != JsonKind::kObject || has_message_) return false;
  has_message_ = true;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("model")) {
      if (event_.model_value) return false;
      event_.model_value = cursor_.skip();
    } else if (member.name.is("usage")) {
      if (event_.has_usage) return false;
      event_.has_usage = true;
      usage_.read(cursor_);
    } else if (member.name.is("content") && cursor_.kind() == JsonKind::kArray) {
      for (cursor_.open_array(); cursor_.next_element();) {
        text_bytes_ += anthropic_text_bytes(cursor_);
      }
    } else {
      cursor_.skip();
    }
  }
  return true;
}

// Of a block: text. Of the message: why it stopped.
void EventReader::read_delta() {
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return;
  }
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    const bool text =
        member.name.is("text") || member.name.is("thinking") || member.name.is("partial_json");
    if (text && cursor_.kind() == JsonKind::kString) {
      text_bytes_ += static_cast<std::int64_t>(cursor_.string().decoded_length());
    } else {
      event_.stop_reason |= member.name.is("stop_reason") && cursor_.kind() == JsonKind::kString;
      cursor_.skip();
    }
  }
}

}  // namespace

Result<AnthropicEvent> read_anthropic_event(std::string_view payload, AnthropicUsage& usage) {
  return EventReader(payload, usage).read();
}

}  // namespace tollgate
