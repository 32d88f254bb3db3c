// Reads a whole, non-streamed answer of an OpenAI-compatible provider: chat.completion or
// text_completion. Pure; called by gateway/ once per answer, on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "dialects/reported_usage.h"

namespace tollgate {

struct OpenAiAnswer {
  std::string id;                        // unescaped; empty where it has none
  std::optional<ByteRange> model_value;  // top-level, with its quotes
  ReportedUsage usage;
  ContentCount content;  // deltas: one per choice with text
};

// kProviderError unless the body is one valid JSON object that has `choices` (an array) and no
// `error` member. A broken `usage` is no error: see ReportedUsage. Of repeated members the last
// holds, as in every client's parser, except that a repeated `model` or `usage` is kProviderError.
Result<OpenAiAnswer> read_openai_answer(std::string_view body);

// The message of an error answer's {"error":{"message"}} (or {"error":"…"} or {"message"}), which
// is Anthropic's shape too, whole or as an event; for the log and for attempts. Empty when there is
// none; cut at 512 bytes.
std::string openai_error_message(std::string_view body);

// The answer as the client sees it: `model` is the public id of what served.
std::string client_answer(std::string_view body, const OpenAiAnswer& answer,
                          std::string_view public_model);

}  // namespace tollgate
