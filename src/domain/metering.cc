#include "domain/metering.h"

#include <algorithm>
#include <initializer_list>

#include "base/check.h"

namespace tollgate {

namespace {

// The parts of a whole, each and the whole itself within bounds. Parts may overlap (cached images),
// so that only each alone has to fit.
bool fits(std::int64_t whole, std::initializer_list<std::int64_t> parts) {
  return whole >= 0 && whole <= kReportedTokensMax &&
         std::ranges::all_of(parts,
                             [whole](std::int64_t part) { return part >= 0 && part <= whole; });
}

Metering metering_of_estimate(AnswerEnd end) {
  switch (end) {
    case AnswerEnd::kWhole:
    case AnswerEnd::kLeft:
      return Metering::kEstimated;
    case AnswerEnd::kBounded:
      return Metering::kCounted;
    case AnswerEnd::kLost:
      return Metering::kInterrupted;
  }
  bug("an end of an answer outside its enum", std::source_location::current());
}

bool is_overrun(const UsageFacts& facts, const TokenUsage& tokens, Money cost) {
  if (facts.output_asked && tokens.output > *facts.output_asked) return true;
  const auto& reserve = facts.reserve;
  return reserve &&
         (tokens.input > reserve->input || tokens.output > reserve->output || cost > reserve->cost);
}

}  // namespace

bool believable(const TokenUsage& reported, const ContentCount& content) {
  const bool sound =
      fits(reported.input, {reported.cached_input, reported.cache_write, reported.cache_write_1h,
                            reported.audio_input, reported.image_input, reported.video_input}) &&
      fits(reported.output, {reported.reasoning_output, reported.audio_output});
  const bool some_whole_is_zero = reported.input == 0 || reported.output == 0;
  return sound && !(content.text_bytes > 0 && some_whole_is_zero);
}

Metered meter_usage(const UsageFacts& facts, const Prices& prices) {
  Metered metered;
  const std::int64_t counted = counted_output(facts.content.deltas, facts.content.text_bytes);
  const bool reported = facts.reported && believable(*facts.reported, facts.content);
  if (reported) {
    metered.tokens = *facts.reported;
    if (metered.tokens.output < counted) metered.flags.add(UsageFlag::kBelowCount);
  } else {
    metered.tokens.input = facts.estimated_input;
    metered.tokens.output = counted;
    if (facts.reserve) {
      metered.tokens.input = std::min(metered.tokens.input, facts.reserve->input);
      metered.tokens.output = std::min(metered.tokens.output, facts.reserve->output);
    }
    metered.metering = metering_of_estimate(facts.end);
  }
  const Cost cost = cost_of(prices, metered.tokens);
  metered.cost = cost.amount;
  metered.flags.add(cost.flags);
  if (reported && is_overrun(facts, metered.tokens, metered.cost)) {
    metered.metering = Metering::kOverrun;
  }
  if (!reported && facts.reserve) metered.cost = std::min(metered.cost, facts.reserve->cost);
  return metered;
}

}  // namespace tollgate
