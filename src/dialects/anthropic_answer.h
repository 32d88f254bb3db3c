// Reads a whole, non-streamed answer of an Anthropic-dialect provider: a message
// (platform.claude.com/docs/en/api/messages, "Response"). Pure; called by gateway/ once per answer,
// on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "dialects/json_cursor.h"
#include "dialects/reported_usage.h"

namespace tollgate {

struct AnthropicAnswer {
  std::string id;                        // unescaped; empty where it has none
  std::optional<ByteRange> model_value;  // top-level, with its quotes
  ReportedUsage usage;
  ContentCount content;  // one delta where there is any text
};

// kProviderError unless the body is one valid JSON object that has `content`, an array of objects,
// and whose `type` is no "error". A broken `usage` is no error: see ReportedUsage. A repeated
// `model`, `content` or `usage` is kProviderError; of other repeated members the last holds.
Result<AnthropicAnswer> read_anthropic_answer(std::string_view body);

// The answer as a client of the same dialect sees it: `model` is the public id of what served.
std::string client_answer(std::string_view body, const AnthropicAnswer& answer,
                          std::string_view public_model);

// An answer of /v1/messages/count_tokens. kProviderError unless it is {"input_tokens": N, …}.
Result<std::int64_t> read_token_count(std::string_view body);
std::string token_count_answer(std::int64_t input_tokens);

// The text of one content block, or of a delta to one: text, thinking, refusal and tool arguments,
// in bytes. Consumes one value; anything but an object has none.
std::int64_t anthropic_text_bytes(JsonCursor& cursor);

}  // namespace tollgate
