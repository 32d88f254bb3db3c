#include "dialects/openai_parts.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tollgate {
namespace {

struct Figure {
  std::string_view name;
  std::int64_t TokenUsage::* field;
};

constexpr std::array kInputParts = {
    Figure{"cached_tokens", &TokenUsage::cached_input},
    Figure{"cache_write_tokens", &TokenUsage::cache_write},
    Figure{"audio_tokens", &TokenUsage::audio_input},
    Figure{"image_tokens", &TokenUsage::image_input},
    Figure{"video_tokens", &TokenUsage::video_input},
};
constexpr std::array kOutputParts = {
    Figure{"reasoning_tokens", &TokenUsage::reasoning_output},
    Figure{"audio_tokens", &TokenUsage::audio_output},
};

// A count of tokens; false if it is none.
bool read_count(JsonCursor& cursor, std::int64_t& out) {
  if (cursor.kind() != JsonKind::kNumber) {
    cursor.skip();
    return false;
  }
  const std::optional<std::int64_t> value = cursor.integer();
  if (!value || *value < 0 || *value > kReportedTokensMax) return false;
  out = *value;
  return true;
}

template <std::size_t kCount>
bool read_details(JsonCursor& cursor, const std::array<Figure, kCount>& figures, TokenUsage& out) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kObject) {
    cursor.skip();
    return kind == JsonKind::kNull;
  }
  bool sound = true;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    const auto figure =
        std::ranges::find_if(figures, [&](const Figure& one) { return member.name.is(one.name); });
    if (figure == figures.end() || cursor.kind() == JsonKind::kNull) {
      cursor.skip();
    } else if (!read_count(cursor, out.*(figure->field))) {
      sound = false;
    }
  }
  return sound;
}

// The text of a value that is a string, or an array of parts that have a `text`.
std::int64_t text_length(JsonCursor& cursor) {
  if (cursor.kind() == JsonKind::kString) {
    return static_cast<std::int64_t>(cursor.string().decoded_length());
  }
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return 0;
  }
  std::int64_t length = 0;
  for (cursor.open_array(); cursor.next_element();) {
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      continue;
    }
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      if (member.name.is("text") && cursor.kind() == JsonKind::kString) {
        length += static_cast<std::int64_t>(cursor.string().decoded_length());
      } else {
        cursor.skip();
      }
    }
  }
  return length;
}

// `arguments` of a function object.
std::int64_t arguments_length(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return 0;
  }
  std::int64_t length = 0;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("arguments")) {
      length += text_length(cursor);
    } else {
      cursor.skip();
    }
  }
  return length;
}

std::int64_t tool_calls_length(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return 0;
  }
  std::int64_t length = 0;
  for (cursor.open_array(); cursor.next_element();) {
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      continue;
    }
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      if (member.name.is("function")) {
        length += arguments_length(cursor);
      } else {
        cursor.skip();
      }
    }
  }
  return length;
}

// `message` or `delta`.
std::int64_t message_length(JsonCursor& cursor) {
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return 0;
  }
  std::int64_t length = 0;
  // Some providers send the same thoughts under both names.
  std::int64_t reasoning = 0;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("content") || member.name.is("refusal")) {
      length += text_length(cursor);
    } else if (member.name.is("reasoning_content") || member.name.is("reasoning")) {
      reasoning = std::max(reasoning, text_length(cursor));
    } else if (member.name.is("tool_calls")) {
      length += tool_calls_length(cursor);
    } else if (member.name.is("function_call")) {
      length += arguments_length(cursor);
    } else {
      cursor.skip();
    }
  }
  return length + reasoning;
}

void read_choice(JsonCursor& cursor, Choices& out) {
  std::int64_t length = 0;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("delta") || member.name.is("message")) {
      length += message_length(cursor);
    } else if (member.name.is("text")) {
      length += text_length(cursor);
    } else if (member.name.is("finish_reason")) {
      out.finish_reason |= cursor.kind() == JsonKind::kString;
      cursor.skip();
    } else {
      cursor.skip();
    }
  }
  if (length > 0) out.content.add({.deltas = 1, .text_bytes = length});
}

struct UsageNames {
  std::string_view input;
  std::string_view output;
  std::string_view input_details;
  std::string_view output_details;
};

ReportedUsage read_usage(JsonCursor& cursor, const UsageNames& names) {
  if (cursor.kind() != JsonKind::kObject) {
    const bool null = cursor.kind() == JsonKind::kNull;
    cursor.skip();
    return {.state = null ? UsageState::kAbsent : UsageState::kInvalid, .tokens = {}};
  }
  TokenUsage tokens;
  bool sound = true;
  bool has_input = false;
  bool has_output = false;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is(names.input)) {
      has_input = true;
      sound &= read_count(cursor, tokens.input);
    } else if (member.name.is(names.output)) {
      has_output = true;
      sound &= read_count(cursor, tokens.output);
    } else if (member.name.is(names.input_details)) {
      sound &= read_details(cursor, kInputParts, tokens);
    } else if (member.name.is(names.output_details)) {
      sound &= read_details(cursor, kOutputParts, tokens);
    } else {
      cursor.skip();
    }
  }
  if (!sound || !has_input || !has_output) return {.state = UsageState::kInvalid, .tokens = {}};
  return {.state = UsageState::kReported, .tokens = tokens};
}

}  // namespace

ReportedUsage read_openai_usage(JsonCursor& cursor) {
  return read_usage(cursor, {.input = "prompt_tokens",
                             .output = "completion_tokens",
                             .input_details = "prompt_tokens_details",
                             .output_details = "completion_tokens_details"});
}

ReportedUsage read_response_usage(JsonCursor& cursor) {
  return read_usage(cursor, {.input = "input_tokens",
                             .output = "output_tokens",
                             .input_details = "input_tokens_details",
                             .output_details = "output_tokens_details"});
}

Choices read_openai_choices(JsonCursor& cursor) {
  Choices out;
  if (cursor.kind() != JsonKind::kArray) {
    out.well_formed = false;
    cursor.skip();
    return out;
  }
  for (cursor.open_array(); cursor.next_element(); ++out.count) {
    if (cursor.kind() == JsonKind::kObject) {
      read_choice(cursor, out);
    } else {
      out.well_formed = false;
      cursor.skip();
    }
  }
  return out;
}

void read_ended_choices(JsonCursor& cursor, std::vector<std::int64_t>& ended) {
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return;
  }
  for (cursor.open_array(); cursor.next_element();) {
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      continue;
    }
    std::int64_t index = 0;
    bool ends = false;
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      if (member.name.is("index") && cursor.kind() == JsonKind::kNumber) {
        index = cursor.integer().value_or(0);
      } else {
        ends |= member.name.is("finish_reason") && cursor.kind() == JsonKind::kString;
        cursor.skip();
      }
    }
    if (ends) ended.push_back(index);
  }
}

std::string raw_text_of(JsonNode content) {
  if (content.is_string()) return std::string(content.string().text);
  std::string raw;
  for (const JsonNode part : content) raw += part["text"].string().text;
  return raw;
}

}  // namespace tollgate
