#include "gateway/receipt.h"

#include "base/utf8.h"
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

Metering metering_of_report(const TokenUsage& tokens, const ChatRequest& request) {
  const auto limit = request.output_tokens_max();
  if (!limit) return Metering::kReported;
  const std::int64_t choices = std::max(request.n, request.best_of);
  return tokens.output > *limit * choices ? Metering::kOverrun : Metering::kReported;
}

}  // namespace

Result<Metered> meter(const Outcome& outcome, const ChatRequest& request, std::size_t body_bytes,
                      const Prices& prices) {
  Metered metered;
  if (outcome.reach == Reach::kNothingSent || outcome.reach == Reach::kRefused) return metered;
  const auto reported = believable_usage(outcome.usage, outcome.content);
  if (reported) {
    metered.tokens = *reported;
    metered.metering = metering_of_report(*reported, request);
  } else {
    const std::size_t media = std::min(request.media_bytes, body_bytes);
    metered.tokens.input = estimated_input(static_cast<std::int64_t>(body_bytes - media));
    metered.tokens.output = counted_output(outcome.content.deltas, outcome.content.text_bytes);
    metered.metering =
        outcome.reach == Reach::kLost ? Metering::kInterrupted : Metering::kEstimated;
  }
  const Result<Money> cost = cost_of(prices, metered.tokens);
  if (!cost) return std::unexpected(cost.error());
  metered.cost = *cost;
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
  row.model = facts.route.model.get();
  row.provider = facts.offer.provider.get();
  row.region = facts.offer.region;
  row.tokens = facts.metered.tokens;
  row.metering = facts.metered.metering;
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
  row.attempts.push_back({.provider = row.provider,
                          .model = facts.offer.model.get(),
                          .status = facts.outcome.upstream_status,
                          .cost = row.cost,
                          .ms = ms_between(facts.outcome.attempt_began, facts.finished_steady)});
  return row;
}

}  // namespace tollgate
