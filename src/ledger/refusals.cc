#include "ledger/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "domain/limit_json.h"
#include "domain/money.h"

namespace tollgate {
namespace {

using std::chrono::seconds;

constexpr seconds kRetrySoon{1};
// A reset that is further away is not worth waiting for in a program.
constexpr seconds kRetryWithin{60};

std::string name_of(const Limit& limit) {
  const std::string window = window_name(limit.window);
  if (window.empty()) return std::string(metric_name(limit.metric)) + " limit";
  return fmt::format("{} limit per {}", metric_name(limit.metric), window);
}

std::string message_of(const Refusal& refusal) {
  if (!refusal.limit) {
    return refusal.reason == RefusalReason::kInFlight
               ? "The balance is held by requests that are still running. Retry in a moment."
               : "The balance does not cover what this request may cost. Ask for more credits, or "
                 "for a smaller answer.";
  }
  const std::string name = name_of(refusal.limit->limit);
  switch (refusal.reason) {
    case RefusalReason::kAboveLimit:
      return fmt::format(
          "This request alone may use more than the {} allows. Send a smaller "
          "request, or set a lower max_tokens.",
          name);
    case RefusalReason::kInFlight:
      return fmt::format("The {} is held by requests that are still running. Retry in a moment.",
                         name);
    case RefusalReason::kRate:
      return fmt::format("The {} is reached. Slow down, and retry later.", name);
    case RefusalReason::kSpent:
    case RefusalReason::kNoCredits:
    case RefusalReason::kBoundMissing:
      break;
  }
  return fmt::format("The {} is reached. Wait for its reset, or ask the key's owner to raise it.",
                     name);
}

std::optional<seconds> retry_after(const Refusal& refusal) {
  if (refusal.reason == RefusalReason::kInFlight) return kRetrySoon;
  if (!refusal.limit || refusal.reason == RefusalReason::kAboveLimit) return std::nullopt;
  if (refusal.limit->limit.metric == Metric::kConcurrency) return kRetrySoon;
  if (!refusal.resets_in) return std::nullopt;
  const auto resets_in = std::chrono::ceil<seconds>(*refusal.resets_in);
  // The rolling 60 s may let go of it up to a second late: still worth a retry.
  const bool rolling = refusal.limit->limit.window.kind == WindowKind::kRolling60s;
  if (resets_in > kRetryWithin && !rolling) return std::nullopt;
  return std::clamp(resets_in, kRetrySoon, kRetryWithin);
}

// A balance is shown as a limit is: what was granted of it, charged and held.
LimitState as_limit(const Balance& balance) {
  const Window now{.kind = WindowKind::kNow};
  return {.limit = {.metric = Metric::kCost, .window = now, .amount = balance.granted.nanos()},
          .id = "balance",
          .used = balance.charged.nanos(),
          .held = balance.held.nanos()};
}

}  // namespace

Error refusal_error(const Refusal& refusal, const Balance& balance) {
  Error error{.code = refusal_code(refusal.reason), .message = message_of(refusal)};
  error.retry_after = retry_after(refusal);
  const LimitState limit = refusal.limit.value_or(as_limit(balance));
  error.details_json = json::serialize(limit_json(limit, refusal.bound));
  return error;
}

LiveKeys::Admitted refused(const Refusal& refusal, const Balance& balance) {
  if (refusal.reason == RefusalReason::kBoundMissing) return std::nullopt;
  return std::unexpected(refusal_error(refusal, balance));
}

}  // namespace tollgate
