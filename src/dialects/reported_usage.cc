#include "dialects/reported_usage.h"

namespace tollgate {

namespace {

// No part is more than its whole.
bool parts_fit(const TokenUsage& tokens) {
  return tokens.cached_input <= tokens.input && tokens.cache_write <= tokens.input &&
         tokens.audio_input <= tokens.input && tokens.image_input <= tokens.input &&
         tokens.reasoning_output <= tokens.output && tokens.audio_output <= tokens.output;
}

}  // namespace

std::optional<TokenUsage> believable_usage(const ReportedUsage& usage,
                                           const ContentCount& content) {
  if (usage.state != UsageState::kReported) return std::nullopt;
  if (!parts_fit(usage.tokens)) return std::nullopt;
  const bool some_figure_is_zero = usage.tokens.input == 0 || usage.tokens.output == 0;
  if (content.text_bytes > 0 && some_figure_is_zero) return std::nullopt;
  return usage.tokens;
}

}  // namespace tollgate
