// The requests that are no conversation: embeddings, moderations, rerank, images, speech. Each is
// metered in its own unit (SPEC §5, §7), and each has a file of its own that says which members
// policy reads of it. Transcriptions, which are no JSON, are read by transcription_request.h.
//
// Pure; called by gateway/ for every request, on any thread. As with a chat (chat_request.h) the
// whole document is validated, members that policy reads must stand at most once in any spelling,
// and everything else is carried along untouched.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/json_cursor.h"

namespace tollgate {

// Errors as read_chat_request() has them, but that none is kInvalidMessageFormat.
//
// `input`: a string, or a non-empty array of strings, of tokens, of arrays of tokens, or of objects
// (images and the like, whose size nothing here tells).
Result<ChatRequest> read_embeddings_request(std::string_view body);
// `input`: a string, or a non-empty array of strings or of parts. `model` may be left out, as
// OpenAI allows: it is then omni-moderation-latest.
Result<ChatRequest> read_moderations_request(std::string_view body);
// `query`: a string; `documents`: a non-empty array of strings or objects.
Result<ChatRequest> read_rerank_request(std::string_view body);
// `prompt`: a string; `n`: 1 to kChoicesMax. A stream of partial images is refused: nothing bounds
// what the partial ones add. So is a count under another provider's name that is not `n`.
Result<ChatRequest> read_images_request(std::string_view body);
// `input`: a string, of which the characters are counted; `stream_format`.
Result<ChatRequest> read_speech_request(std::string_view body);

// What the readers of members share.
struct UnitReading {
  JsonCursor& cursor;
  std::string_view body;
  ChatRequest& request;
  std::string_view param;        // the member that is read
  std::int64_t media_bytes = 0;  // of the body: what is no text
  std::int64_t query_bytes = 0;  // (rerank)
  // A member that counts images as `n` does, and is not of OpenAI's; empty for none.
  std::string_view count_param = {};
  std::int64_t count = 0;
};

enum class Presence : std::uint8_t { kOptional, kRequired };

// A member that policy reads beside `model` and `route`. `read` stands before the value and
// consumes exactly that, unless it refuses; a null never comes to it, and counts as absent.
struct UnitMember {
  std::string_view name;
  Status (*read)(UnitReading& reading);
  Presence presence = Presence::kOptional;
  std::string_view wanted = {};  // of a required one: completes "'prompt' must be …"
};

// The common reader. REQUIRES: at most 24 members.
Result<ChatRequest> read_unit_request(std::string_view body, CompletionKind kind,
                                      std::span<const UnitMember> members);

}  // namespace tollgate
