// The items of a request of OpenAI's Responses API as a chat completion has them
// (platform.openai.com/docs/guides/migrate-to-responses). A leaf of chat_from_responses.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/json_tree.h"

namespace tollgate {

// What becomes of reasoning that a client sends back.
enum class ReasoningItems {
  kDropped,  // nobody but the model that wrote it can read it
  // Where it is signed by Anthropic (kAnthropicSignature), as `thinking_blocks`.
  kCarried,
};

// How the encrypted_content begins of reasoning that we made of Anthropic's thinking: what follows
// is its signature.
inline constexpr std::string_view kAnthropicSignature = "anthropic:";

// The elements of `messages`, without brackets.
// - `instructions` go first, as a system message; so do developer messages become one, which few
//   providers know by that name;
// - what the assistant says and the functions that it calls next become one message;
// - images in a function's answer, which a tool's message may not hold, go into a message of the
//   user's behind the answers;
// - reasoning that nobody could check is left out.
//
// kInvalidMessageFormat for a role or a shape that is none; kInvalidRequest for what cannot be
// said: files by URL, images by id, items of tools that the provider runs, references to items that
// it keeps, items we do not know.
Result<std::string> response_turns(JsonNode instructions, JsonNode input, ReasoningItems reasoning);

}  // namespace tollgate
