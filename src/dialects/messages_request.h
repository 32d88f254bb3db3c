// Reads a request of Anthropic's Messages API (platform.claude.com/docs/en/api/messages): the same
// ChatRequest that chat completions give, so that routing, limits and the ledger know one type.
//
// Pure; called by gateway/ for POST /v1/messages and /v1/messages/count_tokens, on any thread. The
// whole document is validated, and what policy does not read is carried along untouched. A member
// that policy reads, at the top level, in messages, blocks, sources and tools, may stand only once,
// in whatever spelling.
//
// What the request may cost at most (RequestNeeds):
// - images by value, URL or file id are counted, wherever they stand, tool results included;
// - documents, uploads, stored threads and block types that we do not know are the whole window;
// - of tools, those that the client defines are text; those that Anthropic defines come with a
//   preamble of their own and are the whole window; and those that it runs too (web search, code
//   execution, MCP servers …) bring fees and turns that no number in the request bounds;
// - so does what is served at another price than the offer's: fast mode, compaction.
#pragma once

#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

// Errors, each with `param`:
// kInvalidRequest        as read_chat_request; max_tokens is missing; `fallbacks` or
//                        `inference_geo` stand in it: the provider would choose another model, or
//                        place, than the one that was checked
// kInvalidModel          as read_chat_request
// kInvalidMessageFormat  messages is not a non-empty array of objects that each have a string
//                        `role` and a `content` that is a string or an array of objects; `system`
//                        is neither; param is e.g. "messages[2].role"
// The body needs no padding and is not kept.
Result<ChatRequest> read_messages_request(std::string_view body,
                                          ModelMember model = ModelMember::kRequired);
// The same without max_tokens, for /v1/messages/count_tokens.
Result<ChatRequest> read_count_tokens_request(std::string_view body,
                                              ModelMember model = ModelMember::kRequired);

}  // namespace tollgate
