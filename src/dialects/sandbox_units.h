// The sandbox's answers to what is no conversation (unit_request.h): the same for the same request,
// honest in their usage, and small. Its models behave as they do in a chat: error-429, hang,
// cut-stream, no-usage and overrun too. Pure; leaf of sandbox.h.
//
// embeddings      vectors of length 1, of `dimensions` figures (1,536 where none are asked for)
// moderations     nothing is flagged
// rerank          by how many of the query's words a document holds
// images          a grey pixel, as PNG
// speech          a tenth of a second of silence for each character, as WAV, ten seconds at most
// transcriptions  lorem's first sentence; the length is what 16 kHz, 16 bit of sound would be
#pragma once

#include <string_view>

#include "dialects/chat_request.h"
#include "dialects/sandbox.h"

namespace tollgate {

// More figures than this over all vectors of one answer are refused: what a script may hold in
// memory is bounded.
inline constexpr std::int64_t kSandboxFiguresMax = 256 * 1024;

// REQUIRES: `request` was read from `body`, and is no conversation.
SandboxScript make_unit_script(const ChatRequest& request, std::string_view body,
                               const SandboxCall& call);

}  // namespace tollgate
