// Why an answer ended, in the words of each dialect
// (platform.claude.com/docs/en/build-with-claude/handling-stop-reasons,
// platform.openai.com/docs/api-reference/chat/object).
#pragma once

#include <string_view>

#include "dialects/json_cursor.h"

namespace tollgate {

// OpenAI's finish_reason for Anthropic's stop_reason: stop where it is none we know.
inline std::string_view finish_reason_for(const RawString& stop_reason) {
  if (stop_reason.is("max_tokens") || stop_reason.is("model_context_window_exceeded")) {
    return "length";
  }
  if (stop_reason.is("tool_use")) return "tool_calls";
  return stop_reason.is("refusal") ? "content_filter" : "stop";
}

// Anthropic's stop_reason for OpenAI's finish_reason: end_turn where it is none we know.
inline std::string_view stop_reason_for(const RawString& finish_reason) {
  if (finish_reason.is("length")) return "max_tokens";
  if (finish_reason.is("tool_calls") || finish_reason.is("function_call")) return "tool_use";
  return finish_reason.is("content_filter") ? "refusal" : "end_turn";
}

// Why a response is incomplete (platform.openai.com/docs/api-reference/responses/object) that ended
// with OpenAI's finish_reason; empty where it is complete.
inline std::string_view incomplete_reason_for(const RawString& finish_reason) {
  if (finish_reason.is("length")) return "max_output_tokens";
  return finish_reason.is("content_filter") ? "content_filter" : "";
}

}  // namespace tollgate
