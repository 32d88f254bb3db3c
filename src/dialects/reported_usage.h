// What a provider says it used, and whether that can be believed (SPEC §5, rule 5).
#pragma once

#include <cstdint>
#include <optional>

#include "domain/metering.h"
#include "domain/usage.h"

namespace tollgate {

enum class UsageState {
  kAbsent,   // no usage member, or null
  kInvalid,  // not an object, a figure missing, negative, absurd, or no whole number
  kReported,
};

struct ReportedUsage {
  UsageState state = UsageState::kAbsent;
  TokenUsage tokens;  // meaningful for kReported only
};

// The usage to settle at, or nullopt where the caller must estimate: absent, invalid, a part
// larger than its whole, or no input or no output counted although content came.
std::optional<TokenUsage> believable_usage(const ReportedUsage& usage, const ContentCount& content);

}  // namespace tollgate
