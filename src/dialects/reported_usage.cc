#include "dialects/reported_usage.h"

namespace tollgate {

std::optional<TokenUsage> believable_usage(const ReportedUsage& usage,
                                           const ContentCount& content) {
  if (usage.state != UsageState::kReported) return std::nullopt;
  const bool some_figure_is_zero = usage.tokens.input == 0 || usage.tokens.output == 0;
  if (content.text_bytes > 0 && some_figure_is_zero) return std::nullopt;
  return usage.tokens;
}

}  // namespace tollgate
