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
  if (facts.units_overrun) return true;
  if (facts.output_asked && tokens.output > *facts.output_asked) return true;
  const auto& reserve = facts.reserve;
  return reserve &&
         (tokens.input > reserve->input || tokens.output > reserve->output || cost > reserve->cost);
}

std::int64_t counted(const ContentCount& content) {
  return counted_output(content.deltas, content.text_bytes);
}

// Of what nobody reported, at most what was held; of what we ended, at most what was asked for.
// `known` is what a report in the middle of the answer said, nothing without one.
Metered metered_estimate(const UsageFacts& facts, const std::optional<TokenUsage>& known,
                         const Prices& prices) {
  Metered metered;
  if (known) {
    metered.tokens = *known;
    metered.tokens.output += counted(facts.unreported);
  } else {
    metered.tokens.input = facts.estimated_input;
    metered.tokens.audio_input = facts.estimated_audio_input;
    metered.tokens.output = std::max(counted(facts.content), facts.estimated_output);
  }
  if (facts.end == AnswerEnd::kBounded && facts.output_asked) {
    metered.tokens.output = std::min(metered.tokens.output, *facts.output_asked);
  }
  const bool within = facts.reserve && !facts.units_overrun;
  if (within) {
    metered.tokens.input = std::min(metered.tokens.input, facts.reserve->input);
    metered.tokens.output = std::min(metered.tokens.output, facts.reserve->output);
  }
  if (facts.output_is_audio) metered.tokens.audio_output = metered.tokens.output;
  const Cost cost = cost_of(prices, metered.tokens, facts.units);
  metered.cost = cost.amount;
  if (within) {
    const Money held = facts.reserve->cost;
    metered.cost = facts.time_unknown ? held : std::min(metered.cost, held);
  }
  metered.flags.add(cost.flags);
  metered.metering = facts.units_overrun ? Metering::kOverrun : metering_of_estimate(facts.end);
  return metered;
}

Metered metered_report(const UsageFacts& facts, TokenUsage reported, const Prices& prices) {
  if (facts.output_is_audio) reported.audio_output = reported.output;
  const Cost cost = cost_of(prices, reported, facts.units);
  const bool overrun = is_overrun(facts, reported, cost.amount);
  const bool of_the_middle = facts.end != AnswerEnd::kWhole && counted(facts.unreported) > 0;
  if (of_the_middle && !overrun) return metered_estimate(facts, reported, prices);
  Metered metered{.tokens = reported,
                  .metering = overrun ? Metering::kOverrun : Metering::kReported,
                  .cost = cost.amount,
                  .flags = cost.flags};
  if (reported.output < counted(facts.content)) metered.flags.add(UsageFlag::kBelowCount);
  return metered;
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
  const bool reported = facts.reported && believable(*facts.reported, facts.content);
  return reported ? metered_report(facts, *facts.reported, prices)
                  : metered_estimate(facts, {}, prices);
}

}  // namespace tollgate
