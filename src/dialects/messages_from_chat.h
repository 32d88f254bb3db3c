// A chat completion's request, said in Anthropic's dialect: what goes to an Anthropic provider for
// a client of /v1/chat/completions (platform.claude.com/docs/en/api/messages and …/api/openai-sdk).
//
// Pure; called by upstream/ for such a pair, once per attempt. What both dialects say goes over as
// the bytes it came as: texts, schemas, numbers, base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

// max_tokens of a request that names none, for an offer whose maximum nobody knows.
inline constexpr std::int64_t kAnthropicMaxTokens = 4'096;

struct ToAnthropic {
  std::string_view upstream_model;
  // For a request that names no limit, which may not be sent there: what the gateway set, else the
  // offer's maximum.
  std::int64_t max_tokens = kAnthropicMaxTokens;
};

// The body for POST /v1/messages. Of the members, beside messages (anthropic_turns.h):
// - max_tokens, max_completion_tokens → max_tokens, the larger; stop → stop_sequences;
//   temperature, at most 1; top_p, top_k and stream as they are; user → metadata.user_id;
// - tools, tool_choice (required → any) and parallel_tool_calls; functions keep their schema;
// - response_format json_schema → output_config.format;
// - reasoning_effort → thinking: of models before 4.6 a budget, at most half of max_tokens, and
// none
//   in the middle of tools' calls whose own thinking did not come back; later ones choose it
//   themselves by output_config.effort; `thinking` itself goes over as it is;
// - what only steers sampling or bookkeeping there (penalties, seed, logit_bias, store, metadata,
//   service_tier …) is left out.
//
// Errors, each with `param`: kInvalidRequest for what cannot be said and is not to be left out: n
// above 1, logprobs, audio, JSON without a schema, hosted tools and searches, custom tools, the
// legacy functions, conversations that stand elsewhere; and as anthropic_turns().
// REQUIRES: `request` was read from `body`, and is a chat.
Result<std::string> messages_from_chat(const ChatRequest& request, std::string_view body,
                                       const ToAnthropic& to);

}  // namespace tollgate
