// A client's request, read by the route it came to: the second step of the main path, and of
// explain. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

// "/v1/chat/completions" and the others that take JSON and are routed; nullopt for any other path.
std::optional<CompletionKind> completion_kind(std::string_view path);

// kUnsupportedMediaType unless the content type is empty or JSON (of a transcription: a form); else
// the reader's errors (dialects/chat_request.h, messages_request.h …). `model` is of conversations.
Result<ChatRequest> read_request(CompletionKind kind, std::string_view content_type,
                                 std::string_view body, ModelMember model);

}  // namespace tollgate
