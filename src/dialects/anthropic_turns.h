// The messages of a chat completion as Anthropic's Messages API has them
// (platform.claude.com/docs/en/api/messages; what OpenAI's shapes mean there follows
// platform.claude.com/docs/en/api/openai-sdk). A leaf of messages_from_chat.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/json_tree.h"

namespace tollgate {

struct AnthropicTurns {
  std::string system;    // the blocks of `system`, without brackets; empty: there is none
  std::string messages;  // the elements of `messages`, without brackets
  // The last turn of the assistant calls tools and holds no signed thinking. Where a request asks
  // for thinking by a budget, such a turn has to begin with it, and the request would be refused
  // (…/build-with-claude/extended-thinking, "Preserving thinking blocks").
  bool unsigned_calls = false;
};

// - system and developer messages, wherever they stand, become `system`, a block each;
// - what follows one another in one role becomes one message; tools' answers are the user's;
// - images: data URLs by value, others by URL; files: PDF by value;
// - an assistant's `thinking_blocks` go first in its turn, if they are signed; `reasoning_content`
//   without a signature is left out, since nobody could check it;
// - text that is blank is left out, since it may not be sent; `cache_control` goes along.
//
// kInvalidMessageFormat for a role or a shape that is neither dialect's; kInvalidRequest for what
// cannot be said: audio, video, files by id, functions of the legacy API, custom tools.
Result<AnthropicTurns> anthropic_turns(JsonNode messages);

// An id of a tool call as Anthropic takes it: of letters, digits, _ and -. The same for a call and
// its answer.
std::string tool_use_id(std::string_view id);

}  // namespace tollgate
