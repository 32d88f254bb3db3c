// A message of Anthropic's dialect, said as a chat completion: the whole, non-streamed answer for a
// client of /v1/chat/completions. Pure; called by gateway/ once per answer, after the commit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/usage.h"

namespace tollgate {

struct ToCompletion {
  std::string_view public_model;
  std::int64_t created = 0;  // Unix seconds
  TokenUsage tokens = {};    // as charged
};

// Texts become one `content`; thinking becomes `reasoning_content`, and its blocks go along as they
// came in `thinking_blocks`, so that a client which sends its messages back keeps their signatures;
// tools' calls become `tool_calls`. Other blocks, of tools that the provider runs, are left out.
//
// kProviderError unless read_anthropic_answer() took the body.
Result<std::string> completion_from_message(std::string_view body, const ToCompletion& to);

// OpenAI's usage object; `cost` in USD, left out where it is empty.
void append_openai_usage(std::string& out, const TokenUsage& tokens, std::string_view cost = {});

}  // namespace tollgate
