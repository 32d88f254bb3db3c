// PromptText: what a rule that chooses a model by the prompt may look at (SPEC §6: the classifier).
// Read by dialects/ from a client's body, used by routing/ in memory, and never kept: prompts are
// not stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tollgate {

// Of each text below; a longer one is cut, at a character.
inline constexpr std::size_t kPromptTextBytesMax = 64 * 1024;

struct PromptText {
  // Unescaped; the texts of several parts or messages are joined by a newline.
  std::string system;           // system and developer messages, or the request's `system`
  std::string last_user;        // the last message that a person wrote: no tool's result
  std::int64_t messages = 0;    // of any role; a `system` beside them is none
  std::int64_t user_turns = 0;  // messages of a person
  // Of all texts of all messages and the system's, uncut, tools' results included; escapes count
  // as they are written.
  std::int64_t text_bytes = 0;

  bool operator==(const PromptText&) const = default;
};

}  // namespace tollgate
