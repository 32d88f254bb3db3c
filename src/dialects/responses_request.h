// Reads a request of OpenAI's Responses API (platform.openai.com/docs/api-reference/responses): the
// same ChatRequest that chat completions give, so that routing, limits and the ledger know one
// type.
//
// Pure; called by gateway/ for POST /v1/responses, on any thread. The whole document is validated,
// and what policy does not read is carried along untouched. A member that policy reads, at the top
// level, in input, its parts and tools, may stand only once, in whatever spelling.
//
// What the request may cost at most (RequestNeeds):
// - images by value, URL or file id are counted, in tools' answers too;
// - files, audio, items that name what stands at the provider (an earlier response, a conversation,
//   reasoning without its encrypted content) and items that we do not know are the whole window;
// - tools of the types function and custom run at the client and are text; all others, a prompt
//   that is stored with its tools, compaction and dearer service bring fees and turns that no
//   number in the request bounds.
#pragma once

#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

// Errors, each with `param`:
// kInvalidRequest        as read_chat_request; `models` or `fallbacks` name other models;
// `background` is true: its answer would come when
//                        nobody meters it
// kInvalidModel          as read_chat_request
// kInvalidMessageFormat  input is neither a string nor a non-empty array of objects, of which a
//                        message has a string `role`; or it is missing, and neither a stored prompt
//                        nor an earlier response stands in its place; param is e.g. "input[2].role"
// The body needs no padding and is not kept.
Result<ChatRequest> read_responses_request(std::string_view body,
                                           ModelMember model = ModelMember::kRequired);

}  // namespace tollgate
