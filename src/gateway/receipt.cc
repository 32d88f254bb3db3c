#include "gateway/receipt.h"

#include <algorithm>

#include "base/utf8.h"
#include "domain/bound.h"
#include "domain/credentials.h"

namespace tollgate {

namespace {

constexpr std::size_t kUserAgentBytesMax = 256;

std::int64_t ms_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

// What the client wrote, unless a key stands in it.
std::string_view storable(std::string_view text, const RowFacts& facts) {
  return holds_token(text, facts.caller.state->token_format) ? "(withheld: it held a key)" : text;
}

AnswerEnd end_of(Reach reach) {
  switch (reach) {
    case Reach::kLost:
      return AnswerEnd::kLost;
    case Reach::kBounded:
      return AnswerEnd::kBounded;
    case Reach::kLeft:
      return AnswerEnd::kLeft;
    default:
      return AnswerEnd::kWhole;
  }
}

// Whether an offer that no member of a request bounds is billed by units alone. No tokens were held
// for it beside its text, so that none that it reports are charged or counted.
bool by_units_alone(const RequestNeeds& needs, const Prices& prices) {
  return needs.output == OutputBound::kByOffer && !charges_tokens(prices);
}

// What is billed beside tokens: of the request, whatever came of it; of the answer, what there is.
void add_units(UsageFacts& facts, const Outcome& outcome, const RequestNeeds& needs) {
  facts.units = {.requests = outcome.searches.value_or(needs.units.requests),
                 .images = outcome.images,
                 .characters = needs.units.characters,
                 .audio_ms = outcome.audio_ms.value_or(needs.units.audio_ms)};
  facts.units_overrun =
      outcome.images > needs.units.images || facts.units.requests > needs.requests_max;
}

bool prices_audio_output(const Prices& prices) {
  return prices.tokens.audio_output || std::ranges::any_of(prices.tiers, [](const PriceTier& tier) {
           return tier.tokens.audio_output.has_value();
         });
}

// What is assumed of tokens that a provider charges for and does not report: where nothing tells
// how much came in, all that was held for it.
void add_guesses(UsageFacts& facts, const Outcome& outcome, const RequestNeeds& needs) {
  std::int64_t guessed = needs.guessed_audio_input;
  if (needs.whole_window && facts.reserve) {
    guessed = std::max(guessed, facts.reserve->input - facts.estimated_input);
  }
  facts.estimated_input += guessed;
  if (needs.audio_input) facts.estimated_audio_input = guessed;
  const bool produced = outcome.reach == Reach::kAnswered || outcome.first_token;
  if (produced) facts.estimated_output = needs.guessed_output;
}

// What was not reported is known all the same where it is billed by units that were counted here.
bool counted_by_units(const Outcome& outcome, const RequestNeeds& needs, const Prices& prices) {
  const bool time_known = !prices.per_minute || outcome.audio_ms;
  return needs.output != OutputBound::kByRequest && charges_units(prices) &&
         !charges_tokens(prices) && time_known;
}

}  // namespace

Metered meter(const Outcome& outcome, const RequestNeeds& needs, const Prices& prices,
              const std::optional<Reserve>& reserve) {
  if (outcome.reach == Reach::kNothingSent || outcome.reach == Reach::kCounted) return {};
  // Nothing is estimated of a refusal: without a report it is free.
  const bool says = !by_units_alone(needs, prices) &&
                    believable_usage(outcome.usage, outcome.content).has_value();
  if (outcome.reach == Reach::kRefused && !says) return {};
  UsageFacts facts{.end = end_of(outcome.reach),
                   .content = outcome.content,
                   .unreported = outcome.unreported,
                   .estimated_input = estimated_input(needs.text_bytes),
                   .reserve = reserve};
  if (outcome.usage.state == UsageState::kReported) facts.reported = outcome.usage.tokens;
  if (needs.max_tokens) facts.output_asked = output_bound(needs, *needs.max_tokens);
  if (needs.output != OutputBound::kByRequest) add_units(facts, outcome, needs);
  facts.time_unknown = needs.whole_window && prices.per_minute && !outcome.audio_ms;
  if (by_units_alone(needs, prices)) {
    facts.reported.reset();
    facts.content = facts.unreported = {};  // what it puts out is no tokens
  } else if (needs.output != OutputBound::kByRequest) {
    add_guesses(facts, outcome, needs);
    facts.output_is_audio = needs.audio_output && prices_audio_output(prices);
  }
  Metered metered = meter_usage(facts, prices);
  if (metered.metering == Metering::kEstimated && counted_by_units(outcome, needs, prices)) {
    metered.metering = Metering::kCounted;
  }
  return metered;
}

UsageRow usage_row(const RowFacts& facts) {
  const Key& key = facts.caller.identity.key();
  const bool sandbox = key.policy.environment == Environment::kSandbox;
  UsageRow row;
  row.request_id = facts.caller.request_id;
  row.finished_at = facts.finished_at;
  row.key_number = key.number;
  row.secret_number = facts.caller.identity.secret().number;
  row.workspace = key.workspace;
  row.environment = key.policy.environment;
  row.requested_model = storable(facts.request.model, facts);
  row.model = facts.offer.model.get();
  row.provider = facts.offer.provider.get();
  row.region = facts.offer.region;
  row.tokens = facts.metered.tokens;
  row.metering = facts.metered.metering;
  row.flags = facts.metered.flags.text();
  row.price_version = facts.offer.price_version;
  row.cost = facts.metered.cost;
  row.charged = sandbox ? Money() : facts.metered.cost;
  row.status = facts.outcome.status;
  if (facts.outcome.error) row.error_code = error_code_name(facts.outcome.error->code);
  row.latency_ms = ms_between(facts.caller.began, facts.finished_steady);
  if (facts.outcome.first_token) {
    row.first_token_ms = ms_between(facts.caller.began, *facts.outcome.first_token);
  }
  row.streamed = facts.request.stream;
  row.client = utf8_prefix(storable(facts.user_agent, facts), kUserAgentBytesMax);
  if (facts.caller.state->record_ip == RecordIp::kYes) row.ip = facts.caller.address.text();
  row.attempts.assign(facts.attempts.begin(), facts.attempts.end());
  row.decision = facts.route.decision;
  return row;
}

UsageRow interrupted_row(const Interruption& facts) {
  // As the client saw it: an answer that never came, or broke off.
  const Outcome outcome{.reach = Reach::kLost,
                        .status = error_status(ErrorCode::kInternal),
                        .error = Error{.code = ErrorCode::kInternal, .message = {}}};
  const Metered metered{
      .tokens = {.input = facts.bound.input, .output = facts.bound.output},
      .metering = Metering::kInterrupted,
      .cost = std::min(facts.cost, kRowCostMax),
      .flags = {},
  };
  const Attempt attempt{.provider = facts.offer.provider.get(),
                        .model = facts.offer.model.get(),
                        .cost = metered.cost};
  UsageRow row = usage_row({.caller = facts.caller,
                            .request = facts.request,
                            .route = facts.route,
                            .offer = facts.offer,
                            .outcome = outcome,
                            .metered = metered,
                            .attempts = {&attempt, 1},
                            .user_agent = facts.user_agent,
                            .finished_at = facts.now,
                            .finished_steady = facts.now_steady});
  row.id = facts.caller.generation;
  return row;
}

}  // namespace tollgate
