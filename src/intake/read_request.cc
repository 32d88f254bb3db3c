#include "intake/read_request.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/check.h"
#include "dialects/messages_request.h"
#include "dialects/responses_request.h"
#include "dialects/transcription_request.h"
#include "dialects/unit_request.h"

namespace tollgate {

namespace {

constexpr std::array kPaths = {
    std::pair(std::string_view("/v1/chat/completions"), CompletionKind::kChat),
    std::pair(std::string_view("/v1/completions"), CompletionKind::kText),
    std::pair(std::string_view("/v1/responses"), CompletionKind::kResponses),
    std::pair(std::string_view("/v1/messages"), CompletionKind::kMessages),
    std::pair(std::string_view("/v1/messages/count_tokens"), CompletionKind::kCountTokens),
    std::pair(std::string_view("/v1/embeddings"), CompletionKind::kEmbeddings),
    std::pair(std::string_view("/v1/moderations"), CompletionKind::kModerations),
    std::pair(std::string_view("/v1/rerank"), CompletionKind::kRerank),
    std::pair(std::string_view("/v1/images/generations"), CompletionKind::kImages),
    std::pair(std::string_view("/v1/audio/speech"), CompletionKind::kSpeech),
};

bool is_json(std::string_view kind) {
  constexpr std::string_view kJson = "application/json";
  return std::ranges::equal(kind, kJson, [](char one, char other) {
    return std::tolower(static_cast<unsigned char>(one)) == other;
  });
}

Status check_content_type(std::string_view content_type) {
  const std::string_view kind = content_type.substr(0, content_type.find_first_of("; \t"));
  if (kind.empty() || is_json(kind)) return {};
  return fail(ErrorCode::kUnsupportedMediaType,
              "Send the request as JSON, with the header Content-Type: application/json.");
}

}  // namespace

std::optional<CompletionKind> completion_kind(std::string_view path) {
  for (const auto& [known, kind] : kPaths) {
    if (path == known) return kind;
  }
  return std::nullopt;
}

Result<ChatRequest> read_request(CompletionKind kind, std::string_view content_type,
                                 std::string_view body, ModelMember model) {
  if (kind == CompletionKind::kTranscription) return read_transcription_request(body, content_type);
  if (auto type = check_content_type(content_type); !type) return std::unexpected(type.error());
  switch (kind) {
    case CompletionKind::kChat:
      return read_chat_request(body, model);
    case CompletionKind::kText:
      return read_completion_request(body, model);
    case CompletionKind::kMessages:
      return read_messages_request(body, model);
    case CompletionKind::kCountTokens:
      return read_count_tokens_request(body, model);
    case CompletionKind::kResponses:
      return read_responses_request(body, model);
    case CompletionKind::kEmbeddings:
      return read_embeddings_request(body);
    case CompletionKind::kModerations:
      return read_moderations_request(body);
    case CompletionKind::kRerank:
      return read_rerank_request(body);
    case CompletionKind::kImages:
      return read_images_request(body);
    case CompletionKind::kSpeech:
      return read_speech_request(body);
    case CompletionKind::kTranscription:
      break;
  }
  bug("a kind of completion outside its enum", std::source_location::current());
}

}  // namespace tollgate
