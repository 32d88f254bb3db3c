#include "gateway/event_relay.h"

#include "dialects/openai_answer.h"

namespace tollgate {

Status EventRelay::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    const auto read = reader_.next();
    if (!read) return std::unexpected(read.error());
    if (!*read) return {};
    const net::SseEvent& event = **read;
    const auto said = read_unit_event(event.data);
    if (!said) return std::unexpected(said.error());
    if (said->error) {
      return fail(ErrorCode::kProviderError,
                  "The provider broke its answer off with an error. Try again later.",
                  openai_error_message(event.data));
    }
    const UnitUsage& usage = said->usage;
    if (usage.tokens.state != UsageState::kAbsent) usage_.tokens = usage.tokens;
    if (usage.audio_ms) usage_.audio_ms = usage.audio_ms;
    content_.add(said->content);
    finished_ |= said->last;
    (finished_ ? ending_ : out_).append(event.raw);
    if (ending_.size() > net::kSseEventBytesMax) {
      return fail(ErrorCode::kProviderError, "The provider's stream did not end.");
    }
  }
}

}  // namespace tollgate
