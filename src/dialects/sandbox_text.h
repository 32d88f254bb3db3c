// The words of the sandbox: its text, its tokens, and what it reads of a prompt. Leaves of
// sandbox.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/chat_request.h"

namespace tollgate {

// What lorem answers: about 60 words.
std::string_view lorem_text();

// The text cut into the sandbox's tokens; joined they are the text again. A token is up to 8 white
// space bytes with up to 4 bytes of the word that follows, never splitting a character: at most 16
// bytes.
std::vector<std::string_view> sandbox_pieces(std::string_view text);

struct SandboxPrompt {
  std::int64_t tokens = 0;  // chat: one per message and those of its text; a token id counts one
  std::string last_text;    // of the last user message; of the last prompt
};
// REQUIRES: `body` was accepted by the reader of `kind`.
SandboxPrompt read_sandbox_prompt(std::string_view body, CompletionKind kind);

}  // namespace tollgate
