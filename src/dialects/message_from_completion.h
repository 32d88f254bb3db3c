// A chat completion, said as a message of Anthropic's dialect: the whole, non-streamed answer for a
// client of /v1/messages (platform.claude.com/docs/en/api/messages, "Response"). Pure; called by
// gateway/ once per answer, after the commit.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/usage.h"

namespace tollgate {

struct ToMessage {
  std::string_view public_model;
  TokenUsage tokens = {};  // as charged
};

// Of the first choice: `reasoning_content` (or `reasoning`) becomes a block of thinking, without a
// signature; `content` and a refusal text; `tool_calls` blocks of tool_use, in their order.
//
// kProviderError unless read_openai_answer() took the body, there is a choice with a message, and
// every call's arguments are a JSON object: nothing else can be said as `input`.
Result<std::string> message_from_completion(std::string_view body, const ToMessage& to);

}  // namespace tollgate
