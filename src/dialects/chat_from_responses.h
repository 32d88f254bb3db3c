// A request of OpenAI's Responses API, said as a chat completion: what goes to a provider that does
// not serve /responses itself, or to the sandbox, for a client of /v1/responses
// (platform.openai.com/docs/guides/migrate-to-responses).
//
// Pure; called by gateway/ for such a pair, once per attempt. The result is a request of its own:
// read_chat_request() reads it, upstream_body() splices it and messages_from_chat() translates it
// as any other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/response_turns.h"

namespace tollgate {

struct ResponsesToChat {
  std::string_view upstream_model;
  std::string_view max_tokens_field = "max_tokens";  // the offer's
  std::optional<std::int64_t> max_tokens = {};       // of a request that names none
  ReasoningItems reasoning = ReasoningItems::kDropped;
};

// The body for POST /v1/chat/completions. Of the members, beside instructions and input
// (response_turns.h):
// - max_output_tokens, in the member that the offer names; temperature, top_p, user as they are;
//   reasoning.effort → reasoning_effort;
// - tools of the type function, tool_choice, parallel_tool_calls; text.format → response_format;
// - a stream is asked for with its usage; metadata and what else only steers, or asks for more to
//   be told (include, store, truncation, verbosity …) is left out.
//
// Errors, each with `param`: kInvalidRequest for what cannot be said: what stands at a provider
// (previous_response_id, conversation, prompt), hosted and custom tools, compaction, moderation,
// log probabilities; and as response_turns(). REQUIRES: `request` was read from `body`, and is of
// kResponses.
Result<std::string> chat_from_responses(const ChatRequest& request, std::string_view body,
                                        const ResponsesToChat& to);

}  // namespace tollgate
