// POST /v1/audio/transcriptions: a form with a recording, priced by the minute or by the token
// (platform.openai.com/docs/api-reference/audio/createTranscription). Pure; called by gateway/.
#pragma once

#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

// `model`, `route`, `stream` and `response_format` are read of the form, each of which may stand
// once and is no file; the recording is `file`, or stands where `url` says. How long it is nobody
// knows before the provider does: RequestNeeds guesses. kUnsupportedMediaType for no form, and
// kInvalidRequest or kInvalidModel as with other requests.
Result<ChatRequest> read_transcription_request(std::string_view body,
                                               std::string_view content_type);

}  // namespace tollgate
