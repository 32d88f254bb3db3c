// Metering: what an answered request is charged, from what the provider says and what was seen
// (SPEC §5, rules 5 and 6). Pure; used by gateway/ when it settles.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/money.h"
#include "domain/price.h"
#include "domain/usage.h"

namespace tollgate {

// A figure above this is garbage, not usage.
inline constexpr std::int64_t kReportedTokensMax = 1'000'000'000'000;

// How the answer ended; says how an estimate is called.
enum class AnswerEnd {
  kWhole,    // to its end: estimated
  kBounded,  // we ended it at the request's output bound: counted
  kLeft,     // the client went away, or the request was cut: estimated
  kLost,     // the connection or the wait for the provider was lost: interrupted
};

// What was held for the attempt.
struct Reserve {
  std::int64_t input = 0;
  std::int64_t output = 0;
  Money cost;
};

struct UsageFacts {
  AnswerEnd end = AnswerEnd::kWhole;
  std::optional<TokenUsage> reported = {};  // as the provider wrote it, however wrong
  ContentCount content;
  ContentCount unreported = {};  // of it, what came after the report
  std::int64_t estimated_input = 0;
  std::int64_t estimated_audio_input = 0;  // of it
  std::int64_t estimated_output = 0;       // where there is nothing to count
  BilledUnits units = {};                  // charged beside the tokens, whoever reports them
  bool time_unknown = false;     // billed by it, and nothing tells it: all that was held is charged
  bool units_overrun = false;    // the answer has more of them than was asked for
  bool output_is_audio = false;  // all that is put out
  std::optional<std::int64_t> output_asked = {};  // max_tokens sent upstream, for every choice
  std::optional<Reserve> reserve = {};            // nullopt = nothing was held
};

struct Metered {
  TokenUsage tokens;
  Metering metering = Metering::kReported;
  Money cost;
  UsageFlags flags;

  bool operator==(const Metered&) const = default;
};

// Whether a report can be true: no figure is negative or above kReportedTokensMax, no part is more
// than its whole, and neither input nor output is zero although content came.
bool believable(const TokenUsage& reported, const ContentCount& content);

// A believable report is charged in full: marked overrun where it is above what was held or asked
// for, flagged below_count where it has less output than was seen. Without one, the estimate is
// charged: the input as estimated, the output as counted, and never more than what was held, unless
// the answer has more units than were asked for, which is an overrun of what is known; where we
// ended the answer, no more output than was asked for. Of an answer that was not whole the
// report may be of its middle: what came after it is counted to it.
Metered meter_usage(const UsageFacts& facts, const Prices& prices);

}  // namespace tollgate
