// Reads one SSE data payload of an OpenAI-compatible stream, and rewrites it for the client.
//
// Pure; called by gateway/ for every event (well under a microsecond for a usual one): views point
// into the payload, nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "dialects/chat_request.h"
#include "dialects/reported_usage.h"

namespace tollgate {

struct OpenAiChunk {
  bool done = false;          // the payload is [DONE]; nothing else is set
  bool error = false;         // an `error` member stands in it (not null): see openai_error_message
  bool choices_empty = true;  // no choice: with usage it is the usage chunk
  bool finish_reason = false;  // some choice has ended
  ContentCount content;
  ReportedUsage usage;

  std::string_view id_json;  // `id`'s value as it stands, quotes included; empty if none
  std::optional<std::int64_t> created;
  std::optional<ByteRange> model_value;   // with its quotes
  std::optional<ByteRange> usage_value;   // null too
  std::optional<ByteRange> usage_member;  // name, value and the one comma that goes with them

  // The chunk that only says the usage, hidden from a client who did not ask for it.
  bool usage_only() const { return choices_empty && usage.state != UsageState::kAbsent; }
};

// kProviderError unless the payload is [DONE] or one valid JSON object whose `choices`, if there,
// is an array of objects, and whose `model`, `usage` stand at most once.
Result<OpenAiChunk> read_openai_chunk(std::string_view payload);

// What the client asked of stream_options.include_usage.
enum class UsageWish { kHidden, kAsked };

struct ChunkEdits {
  std::string_view model_json;           // the public id as a JSON string: replaces `model`
  UsageWish usage = UsageWish::kHidden;  // kHidden cuts the `usage` member, null or not
  // Members to add to a usage object, e.g. "\"cost\":\"0.0001\"" (SPEC §4 X-Tollgate-Cost).
  std::string_view usage_extra = {};
};

// Appends the payload with the edits, everything else byte for byte; no "data: ", no line ends.
// Line breaks between the payload's tokens become spaces: it always fits one data line. REQUIRES:
// `chunk` was read from `payload`, and is neither done nor an error.
void append_client_chunk(std::string& out, std::string_view payload, const OpenAiChunk& chunk,
                         const ChunkEdits& edits);

// The indexes of the choices that the payload ends; the first for a choice that has none.
// REQUIRES: a chunk was read from `payload`.
std::vector<std::int64_t> ended_choices(std::string_view payload);

// A usage chunk of our own, for a client who asked where the provider sent none.
struct UsageChunk {
  CompletionKind kind = CompletionKind::kChat;
  std::string_view id_json = {};  // of the stream's chunks; empty: "" is sent
  std::int64_t created = 0;
  std::string_view model_json = {};
  TokenUsage tokens;
  std::string_view usage_extra = {};
};
void append_usage_chunk(std::string& out, const UsageChunk& chunk);

// The last chunk of a choice that we end at its output bound: finish_reason "length".
struct LengthChunk {
  CompletionKind kind = CompletionKind::kChat;
  std::string_view id_json = {};  // as in UsageChunk
  std::int64_t created = 0;
  std::string_view model_json = {};
  std::int64_t index = 0;
  // The first that the client gets: says the role, as the first of a chat does.
  bool first = false;
};
void append_length_chunk(std::string& out, const LengthChunk& chunk);

}  // namespace tollgate
