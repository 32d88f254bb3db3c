#include "dialects/anthropic_usage.h"

#include <algorithm>

namespace tollgate {

void AnthropicUsage::read_figure(JsonCursor& cursor, std::optional<std::int64_t>& out) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kNumber) {
    cursor.skip();
    sound_ &= kind == JsonKind::kNull;
    return;
  }
  const std::optional<std::int64_t> value = cursor.integer();
  if (value && *value >= 0 && *value <= kReportedTokensMax) {
    out = value;
  } else {
    sound_ = false;
  }
}

// `cache_creation` or `output_tokens_details`: their figures have names of their own.
void AnthropicUsage::read_parts(JsonCursor& cursor) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kObject) {
    cursor.skip();
    sound_ &= kind == JsonKind::kNull;
    return;
  }
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("ephemeral_5m_input_tokens")) {
      read_figure(cursor, cache_write_5m_);
    } else if (member.name.is("ephemeral_1h_input_tokens")) {
      read_figure(cursor, cache_write_1h_);
    } else if (member.name.is("thinking_tokens")) {
      read_figure(cursor, thinking_);
    } else {
      cursor.skip();
    }
  }
}

void AnthropicUsage::read(JsonCursor& cursor) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kObject) {
    cursor.skip();
    if (kind == JsonKind::kNull) return;
    any_ = true;
    sound_ = false;
    return;
  }
  any_ = true;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("input_tokens")) {
      read_figure(cursor, input_);
    } else if (member.name.is("output_tokens")) {
      read_figure(cursor, output_);
    } else if (member.name.is("cache_read_input_tokens")) {
      read_figure(cursor, cache_read_);
    } else if (member.name.is("cache_creation_input_tokens")) {
      read_figure(cursor, cache_write_);
    } else if (member.name.is("cache_creation") || member.name.is("output_tokens_details")) {
      read_parts(cursor);
    } else {
      cursor.skip();
    }
  }
}

ReportedUsage AnthropicUsage::reported() const {
  if (!any_) return {};
  if (!sound_ || !input_ || !output_) return {.state = UsageState::kInvalid, .tokens = {}};
  // What is written for an hour is dearer: it is never taken for what is written for five minutes.
  const std::int64_t hour = cache_write_1h_.value_or(0);
  const std::int64_t written =
      std::max(cache_write_.value_or(0), cache_write_5m_.value_or(0) + hour);
  TokenUsage tokens;
  tokens.cached_input = cache_read_.value_or(0);
  tokens.cache_write = written - hour;
  tokens.cache_write_1h = hour;
  tokens.input = *input_ + tokens.cached_input + written;
  tokens.output = *output_;
  tokens.reasoning_output = std::min(thinking_.value_or(0), tokens.output);
  return {.state = UsageState::kReported, .tokens = tokens};
}

}  // namespace tollgate
