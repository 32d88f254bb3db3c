// What a provider says it used, and whether that can be believed (SPEC §5, rule 5).
#pragma once

#include <cstdint>
#include <optional>

#include "domain/usage.h"

namespace tollgate {

// A figure above this is garbage, not usage.
inline constexpr std::int64_t kReportedTokensMax = 1'000'000'000'000;

enum class UsageState {
  kAbsent,   // no usage member, or null
  kInvalid,  // not an object, a figure missing, negative, absurd, or no whole number
  kReported,
};

struct ReportedUsage {
  UsageState state = UsageState::kAbsent;
  TokenUsage tokens;  // meaningful for kReported only
};

// What was seen of the answer itself, over all choices: content, reasoning, refusal and
// tool-argument text.
struct ContentCount {
  std::int64_t deltas = 0;      // pieces that carried any text
  std::int64_t text_bytes = 0;  // decoded bytes

  void add(const ContentCount& more) {
    deltas += more.deltas;
    text_bytes += more.text_bytes;
  }
};

// The usage to settle at, or nullopt where the caller must estimate: absent, invalid, a part
// larger than its whole, or no input or no output counted although content came.
std::optional<TokenUsage> believable_usage(const ReportedUsage& usage, const ContentCount& content);

}  // namespace tollgate
