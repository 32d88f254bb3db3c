// The messages of a request of Anthropic's dialect as a chat completion has them
// (platform.openai.com/docs/api-reference/chat/create). A leaf of chat_from_messages.cc.
#pragma once

#include <string>

#include "base/error.h"
#include "dialects/json_tree.h"

namespace tollgate {

// What becomes of thinking that a client sends back.
enum class ThinkingBlocks {
  kDropped,  // as most providers want it
  kCarried,  // as `reasoning_content`, to a provider that knows it
};

// The elements of `messages`, without brackets.
// - `system` goes first, its blocks joined by blank lines; so do a system message's;
// - tools' answers become messages of the role tool, before what else the user says in that turn;
//   images in them, which such a message may not hold, go into the user's own;
// - images by value or URL; documents: PDF by value, text as text; search results as their text;
// - an assistant's texts are joined by line breaks, its calls become `tool_calls`;
// - redacted thinking is left out: it is for the model that wrote it.
//
// kInvalidMessageFormat for a role or a shape that is none; kInvalidRequest for what cannot be
// said: files by id, documents by URL, blocks of tools that Anthropic runs, blocks we do not know.
Result<std::string> openai_turns(JsonNode system, JsonNode messages, ThinkingBlocks thinking);

}  // namespace tollgate
