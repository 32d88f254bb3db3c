// The sandbox provider (SPEC §7) as a script: the bytes an OpenAI-compatible provider would send,
// when, and how it fails. Pure: upstream/ plays the script over a timer; no network.
//
// A token here is a word of at most 4 bytes with the white space before it, or 4 bytes of a longer
// one: a count depends on the text alone, and prompts, answers and limits are counted alike. A chat
// prompt has one more per message.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "dialects/chat_request.h"

namespace tollgate {

// What a sandbox model does; the part after "sandbox/" names it (error-429, cut-stream …).
enum class SandboxBehaviour {
  kEcho,      // answers with the last user message's text (completions: the prompt's)
  kLorem,     // the same text every time, about 60 words, cut by max_tokens
  kSlow,      // lorem: first token after 300 ms, then 25 tokens a second
  kError429,  // 429 with Retry-After: 1
  kError500,
  kHang,       // never answers
  kCutStream,  // the connection is cut mid-answer
  kNoUsage,    // lorem without usage
  kOverrun,    // lorem that reports more output tokens than max_tokens
};

inline constexpr std::chrono::milliseconds kSlowFirstToken{300};
inline constexpr std::chrono::milliseconds kSlowPerToken{40};

struct SandboxModel {
  SandboxBehaviour behaviour;
  std::string_view name;  // "echo"; the public id is "sandbox/echo"
};
// In the order they are listed to people; routing/ makes an offer of each.
inline constexpr std::array kSandboxModels = {
    SandboxModel{SandboxBehaviour::kEcho, "echo"},
    SandboxModel{SandboxBehaviour::kLorem, "lorem"},
    SandboxModel{SandboxBehaviour::kSlow, "slow"},
    SandboxModel{SandboxBehaviour::kError429, "error-429"},
    SandboxModel{SandboxBehaviour::kError500, "error-500"},
    SandboxModel{SandboxBehaviour::kHang, "hang"},
    SandboxModel{SandboxBehaviour::kCutStream, "cut-stream"},
    SandboxModel{SandboxBehaviour::kNoUsage, "no-usage"},
    SandboxModel{SandboxBehaviour::kOverrun, "overrun"},
};
// From a name or a public id; kLorem for anything else.
SandboxBehaviour sandbox_behaviour(std::string_view upstream_model);

struct SandboxCall {
  SandboxBehaviour behaviour = SandboxBehaviour::kLorem;
  std::string model;         // what the answer's `model` says
  std::string id;            // what the answer's `id` says, e.g. "chatcmpl-…"
  std::int64_t created = 0;  // Unix seconds
  // The output limit of one choice that the gateway set, where the request names none.
  std::optional<std::int64_t> output_limit = {};
};

struct SandboxStep {
  std::chrono::milliseconds delay{0};  // before these bytes, after the step before
  std::string bytes = {};              // of the body; on a stream, one whole SSE event
};

enum class SandboxEnding {
  kComplete,
  kCut,   // after the last step the connection breaks: the body never ends properly
  kHang,  // no head ever comes: wait until the deadline
};

struct SandboxScript {
  int status = 200;
  std::string content_type = {};  // application/json, text/event-stream
  std::vector<std::pair<std::string, std::string>> fields = {};  // e.g. Retry-After
  std::vector<SandboxStep> steps = {};  // the head goes out with the first step
  SandboxEnding ending = SandboxEnding::kComplete;
};

// What a model that only fails answers, whatever it is asked; nullopt for the others.
std::optional<SandboxScript> sandbox_fault(SandboxBehaviour behaviour);

// A stream always carries its usage chunk, as any provider's does when include_usage is forced.
// REQUIRES: `request` was read from `body`.
SandboxScript make_sandbox_script(const ChatRequest& request, std::string_view body,
                                  const SandboxCall& call);

// The count of the sandbox's tokens in `text`.
std::int64_t sandbox_tokens(std::string_view text);

}  // namespace tollgate
