// Writes the events of a streamed message of our own
// (platform.claude.com/docs/en/build-with-claude/streaming), each whole: its `event:` line, its
// `data:` line and the blank one. Where a parameter is called json, it is a JSON value; a raw one
// is what stands between a JSON string's quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/byte_range.h"
#include "domain/usage.h"

namespace tollgate {

// The usage object of Anthropic's API; `cost` in USD, left out where it is empty.
void append_anthropic_usage(std::string& out, const TokenUsage& tokens, std::string_view cost = {});

// An event whose data is `payload`, with `put` in the place of `cut`. Line breaks between its
// tokens become spaces.
void append_relayed_event(std::string& out, std::string_view name, std::string_view payload,
                          ByteRange cut = {}, std::string_view put = {});

// The usage is not known yet: it says nothing was used.
void append_message_start(std::string& out, std::string_view id_json, std::string_view model_json);
void append_text_start(std::string& out, std::int64_t index);
void append_thinking_start(std::string& out, std::int64_t index);
void append_tool_use_start(std::string& out, std::int64_t index, std::string_view id_json,
                           std::string_view name_json);
void append_text_delta(std::string& out, std::int64_t index, std::string_view raw_text);
void append_thinking_delta(std::string& out, std::int64_t index, std::string_view raw_text);
void append_input_delta(std::string& out, std::int64_t index, std::string_view raw_json);
void append_block_stop(std::string& out, std::int64_t index);
void append_message_delta(std::string& out, std::string_view stop_reason, const TokenUsage& tokens,
                          std::string_view cost);
void append_message_stop(std::string& out);

}  // namespace tollgate
