#include "dialects/reported_usage.h"

namespace tollgate {

std::optional<TokenUsage> believable_usage(const ReportedUsage& usage,
                                           const ContentCount& content) {
  if (usage.state != UsageState::kReported || !believable(usage.tokens, content)) {
    return std::nullopt;
  }
  return usage.tokens;
}

}  // namespace tollgate
