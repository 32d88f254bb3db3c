// POST /v1/audio/speech: priced by the character, the token or the minute
// (platform.openai.com/docs/api-reference/audio/createSpeech).
#include <array>

#include "base/utf8.h"
#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

// How long a text is when it is spoken. An alphabet's letter: 150 words a minute, of six characters
// with the space behind. A digit, and a character of any script that writes syllables or words, or
// leaves the vowels out: a syllable each, four a second.
constexpr std::int64_t kLettersPerSecond = 15;
constexpr std::int64_t kSyllablesPerSecond = 4;
// gpt-4o-mini-tts puts out some 1,250 tokens a minute (platform.openai.com/docs/pricing: 0.015 USD
// a minute at 12 USD per million), so that at the speeds above it is fewer than these.
constexpr std::int64_t kTokensPerLetter = 2;
constexpr std::int64_t kTokensPerSyllable = 6;

// From Hebrew on no script of Unicode has an alphabet's letters for all sounds, as far as speech is
// sold in it.
constexpr char32_t kSyllablesFrom = 0x0590;

struct Spoken {
  std::int64_t letters = 0;
  std::int64_t syllables = 0;
};

Spoken count_spoken(std::string_view text) {
  Spoken spoken;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    const char32_t character = step.character.value_or(kSyllablesFrom);
    const bool digit = character >= U'0' && character <= U'9';
    ++(digit || character >= kSyllablesFrom ? spoken.syllables : spoken.letters);
    at += step.size;
  }
  return spoken;
}

constexpr std::string_view kWanted = "a string, and not empty";

Status read_input(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, kWanted);
  const std::string text = reading.cursor.string().decoded();
  if (text.empty()) return wrong_type(reading.param, kWanted);
  const Spoken spoken = count_spoken(text);
  RequestNeeds& needs = reading.request.needs;
  needs.units.characters = spoken.letters + spoken.syllables;
  needs.units.audio_ms =
      spoken.letters * 1'000 / kLettersPerSecond + spoken.syllables * 1'000 / kSyllablesPerSecond;
  needs.guessed_output = spoken.letters * kTokensPerLetter + spoken.syllables * kTokensPerSyllable;
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
  request->needs.audio_output = true;
  return request;
}

}  // namespace tollgate
