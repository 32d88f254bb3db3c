// POST /v1/audio/speech: priced by the character, the token or the minute
// (platform.openai.com/docs/api-reference/audio/createSpeech).
#include <array>

#include "base/utf8.h"
#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

// How long a text is when it is spoken: 150 words a minute, of six characters with the space
// behind.
constexpr std::int64_t kCharactersPerSecond = 15;
// gpt-4o-mini-tts puts out some 1,250 tokens a minute (platform.openai.com/docs/pricing: 0.015 USD
// a minute at 12 USD per million), so that at the speed above it is fewer than this for a
// character.
constexpr std::int64_t kTokensPerCharacter = 2;

constexpr std::string_view kWanted = "a string, and not empty";

Status read_input(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, kWanted);
  const std::string text = reading.cursor.string().decoded();
  if (text.empty()) return wrong_type(reading.param, kWanted);
  // The document was checked to be UTF-8.
  const auto characters = static_cast<std::int64_t>(utf8_length(text).value_or(text.size()));
  RequestNeeds& needs = reading.request.needs;
  needs.units.characters = characters;
  needs.units.audio_ms = characters * 1'000 / kCharactersPerSecond;
  needs.guessed_output = characters * kTokensPerCharacter;
  return {};
}

Status read_stream_format(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, "a string");
  reading.request.stream = reading.cursor.string().is("sse");
  return {};
}

constexpr std::array kMembers = {
    UnitMember{"input", read_input, Presence::kRequired, kWanted},
    UnitMember{"stream_format", read_stream_format},
};

}  // namespace

Result<ChatRequest> read_speech_request(std::string_view body) {
  auto request = read_unit_request(body, CompletionKind::kSpeech, kMembers);
  if (!request) return request;
  request->form = AnswerForm::kAudio;
  request->needs.output = OutputBound::kByOffer;
  return request;
}

}  // namespace tollgate
