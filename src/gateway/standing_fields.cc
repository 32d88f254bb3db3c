#include "gateway/standing_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "domain/credits.h"

namespace tollgate {

namespace {

std::string balance_text(const Balance& balance, Money credit_value) {
  if (balance.mode == BalanceMode::kUnlimited) return "unlimited";
  return format_credits(balance.available().value_or(Money()), credit_value);
}

// Of the rolling 60 s, in which nothing is left to reset, now.
std::optional<WallTime> reset_of(const LimitState& state, WallTime at) {
  if (state.limit.window.kind == WindowKind::kRolling60s) return state.resets_at.value_or(at);
  return state.resets_at;
}

void add_requests(net::Response& response, const LimitState& state, WallTime at) {
  response.fields.emplace_back("X-RateLimit-Limit", std::to_string(state.limit.amount));
  response.fields.emplace_back("X-RateLimit-Remaining", std::to_string(state.remaining()));
  if (const auto reset = reset_of(state, at)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(reset->time_since_epoch());
    response.fields.emplace_back("X-RateLimit-Reset", std::to_string(seconds.count()));
  }
}

void add_per_minute(net::Response& response, std::string_view metric, const LimitState& state,
                    WallTime at) {
  const auto add = [&](std::string_view what, std::string value) {
    response.fields.emplace_back(fmt::format("x-ratelimit-{}-{}", what, metric), std::move(value));
  };
  add("limit", std::to_string(state.limit.amount));
  add("remaining", std::to_string(state.remaining()));
  add("reset", reset_duration(reset_of(state, at).value_or(at) - at));
}

}  // namespace

std::string reset_duration(std::chrono::microseconds left) {
  using std::chrono::milliseconds;
  const auto whole_ms = std::chrono::ceil<milliseconds>(left).count();
  if (whole_ms <= 0) return "0s";
  if (whole_ms < 1'000) return fmt::format("{}ms", whole_ms);
  const auto seconds = (whole_ms + 999) / 1'000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3'600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m{}s", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

void add_standing_fields(net::Response& response, const KeyStanding& standing, Money credit_value) {
  response.fields.emplace_back("X-Credit-Balance", balance_text(standing.balance, credit_value));
  if (standing.requests) add_requests(response, *standing.requests, standing.at);
  if (standing.requests_per_minute) {
    add_per_minute(response, "requests", *standing.requests_per_minute, standing.at);
  }
  if (standing.tokens_per_minute) {
    add_per_minute(response, "tokens", *standing.tokens_per_minute, standing.at);
  }
}

}  // namespace tollgate
