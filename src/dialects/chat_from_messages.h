// A request of Anthropic's Messages API, said as a chat completion: what goes to a provider of
// OpenAI's dialect, or to the sandbox, for a client of /v1/messages
// (platform.openai.com/docs/api-reference/chat/create).
//
// Pure; called by gateway/ for such a pair, once per attempt. The result is a request of its own:
// read_chat_request() reads it, and upstream_body() splices it as any other.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/openai_turns.h"

namespace tollgate {

// What a provider knows of reasoning.
enum class Reasoning {
  kUnknown,  // nothing of it is said
  kEffort,   // `thinking` becomes reasoning_effort
};

struct ToOpenAi {
  std::string_view upstream_model;
  std::string_view max_tokens_field = "max_tokens";  // the offer's
  ThinkingBlocks thinking = ThinkingBlocks::kDropped;
  Reasoning reasoning = Reasoning::kUnknown;
};

// The body for POST /v1/chat/completions. Of the members, beside system and messages
// (openai_turns.h):
// - max_tokens, in the member that the offer names; stop_sequences → stop; temperature and top_p as
//   they are; metadata.user_id → user, where it is no longer than may be sent;
// - tools and tool_choice (any → required, disable_parallel_tool_use → parallel_tool_calls);
// - output_config.format → response_format; thinking's budget, or output_config.effort, →
//   reasoning_effort where the provider knows it;
// - a stream is asked for with its usage; top_k, cache_control and what else is Anthropic's own and
//   only steers is left out.
//
// Errors, each with `param`: kInvalidRequest for what cannot be said: max_tokens 0, tools that
// Anthropic defines, servers, containers and threads of its own; and as openai_turns().
// REQUIRES: `request` was read from `body`, and is one of kMessages or kCountTokens.
Result<std::string> chat_from_messages(const ChatRequest& request, std::string_view body,
                                       const ToOpenAi& to);

}  // namespace tollgate
