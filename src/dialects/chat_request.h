// ChatRequest: what policy reads of a client's body, read once, with the places where it stands, so
// that the body goes upstream as its own bytes with only those members spliced (SPEC §7).
//
// Pure; called by gateway/ for every request, on any thread. Anthropic's routes are read by
// messages_request.h into the same type, and /v1/responses by responses_request.h. The whole
// document is validated (RFC 8259, UTF-8, nesting depth), unknown members included, and carried
// along untouched.
//
// Members that policy reads must stand at most once, in any spelling ("mod\u0065l" too): those of
// kPolicyMembers in chat_request.cc, and what is read inside stream_options, route, messages and
// tools. Others may repeat: they are the provider's affair.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/byte_range.h"
#include "domain/request_needs.h"
#include "domain/route_request.h"

namespace tollgate {

inline constexpr int kRequestDepthMax = 256;
inline constexpr std::size_t kModelLengthMax = 200;
inline constexpr std::int64_t kChoicesMax = 128;  // of n and of best_of
inline constexpr std::int64_t kMaxTokensMax = 1'000'000'000'000;

// What is asked for, by its route.
enum class CompletionKind {
  kChat,         // POST /v1/chat/completions
  kText,         // POST /v1/completions
  kMessages,     // POST /v1/messages: Anthropic's dialect
  kCountTokens,  // POST /v1/messages/count_tokens: no answer is produced, and none charged
  kResponses,    // POST /v1/responses: OpenAI's second dialect
  // What is no conversation (unit_request.h), in OpenAI's shape.
  kEmbeddings,     // POST /v1/embeddings
  kModerations,    // POST /v1/moderations
  kRerank,         // POST /v1/rerank, as Cohere and Jina have it
  kImages,         // POST /v1/images/generations
  kSpeech,         // POST /v1/audio/speech
  kTranscription,  // POST /v1/audio/transcriptions
};
inline bool is_conversation(CompletionKind kind) { return kind < CompletionKind::kEmbeddings; }
// Whether the request, its answer and its errors are of Anthropic's shape.
inline bool is_anthropic(CompletionKind kind) {
  return kind == CompletionKind::kMessages || kind == CompletionKind::kCountTokens;
}

// Whether a conversation has to name a `model`: not where the key's profile ignores it.
enum class ModelMember : std::uint8_t {
  kRequired,
  kOptional,  // it may be absent, null or empty
};

// What a whole answer is, of what is no conversation.
enum class AnswerForm : std::uint8_t { kJson, kText, kAudio };

struct ChatRequest {
  CompletionKind kind = CompletionKind::kChat;
  std::string model;        // as asked, unescaped; empty where it is optional, and not named
  bool model_given = true;  // false: left out, where it is optional or the route has a default
  bool stream = false;
  // The client itself asked for stream_options.include_usage; /v1/messages and /v1/responses always
  // say the usage.
  bool include_usage = false;
  std::optional<std::int64_t> max_tokens;  // max_output_tokens of a response; null is absent
  std::optional<std::int64_t> max_completion_tokens;  // likewise
  std::int64_t n = 1;
  std::int64_t best_of = 1;
  bool echo = false;  // (completions) the answer's text begins with the prompt
  AnswerForm form = AnswerForm::kJson;
  RouteRequest route;  // what `route` asks of the choice; is never sent on
  RequestNeeds needs;  // for bounds and estimates of tokens and cost

  // Where it stands in the body.
  std::size_t object_open = 0;                           // offset of the document's '{'
  ByteRange model_value;                                 // with its quotes, or null
  std::optional<ByteRange> stream_options_value;         // an object or null
  std::optional<ByteRange> include_usage_value;          // true, false or null
  std::optional<ByteRange> max_tokens_value;             // a number or null
  std::optional<ByteRange> max_completion_tokens_value;  // likewise
  std::optional<ByteRange> route_member;  // name, value and the one comma that goes with them

  // The most output tokens of one choice that the client asked for; the larger where both stand,
  // since a provider may honour either.
  std::optional<std::int64_t> output_tokens_max() const;
  // How many answers the client gets: n for every prompt.
  std::int64_t answers() const { return needs.choices / std::max(n, best_of) * n; }
};

// Errors, each with `param`:
// kInvalidRequest        not JSON, not UTF-8, not an object, deeper than kRequestDepthMax, a policy
//                        member missing, repeated, of a wrong type or out of bounds
// kInvalidModel          `model` is empty, too long or holds a control character
// kInvalidMessageFormat  (chat) messages is not a non-empty array of objects that each have a
//                        string `role`; param is e.g. "messages[2].role"
// The body needs no padding and is not kept.
Result<ChatRequest> read_chat_request(std::string_view body,
                                      ModelMember model = ModelMember::kRequired);
// The same for /v1/completions: `prompt` is a string or a non-empty array of strings, of whole
// numbers (tokens), or of non-empty arrays of whole numbers.
Result<ChatRequest> read_completion_request(std::string_view body,
                                            ModelMember model = ModelMember::kRequired);

}  // namespace tollgate
