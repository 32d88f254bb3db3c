// A chat completion, said as a response of OpenAI's Responses API: the whole, non-streamed answer
// for a client of /v1/responses (platform.openai.com/docs/api-reference/responses/object). Pure;
// called by gateway/ once per answer, after the commit.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/response_object.h"
#include "domain/usage.h"

namespace tollgate {

struct ToResponse {
  ResponseTerms terms;
  TokenUsage tokens = {};  // as charged
};

// Of the first choice: `thinking_blocks`, or else `reasoning_content` (or `reasoning`), become
// items of reasoning; `content` a message, a refusal another one; `tool_calls` a function_call
// each, in their order. An answer that was cut off is incomplete, as is its last item.
//
// kProviderError unless read_openai_answer() took the body, there is a choice with a message, and
// every call has a name.
Result<std::string> response_from_completion(std::string_view body, const ToResponse& to);

}  // namespace tollgate
