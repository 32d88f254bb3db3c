// The receipt of an admitted request: what it used, what that costs, and the row (SPEC §5 rule 5,
// §8). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/reported_usage.h"
#include "domain/metering.h"
#include "domain/request_needs.h"
#include "domain/usage_row.h"
#include "gateway/caller.h"
#include "routing/choose.h"

namespace tollgate {

// How far an attempt got.
enum class Reach {
  kNothingSent,  // the provider cannot have seen the request: free
  kRefused,      // it answered with an error status: free, unless that reports usage
  kLost,         // sent, and then the connection or the wait was lost: what is known is charged
  kAnswered,     // the answer is whole
  kBounded,      // we ended it at its output bound: what was produced is charged
  kCounted,      // tokens were counted, nothing was produced: free
  kLeft,         // the client went away, or the request was cut: what was produced is charged
};

// What an attempt came to, before it is priced.
struct Outcome {
  Reach reach = Reach::kNothingSent;
  int upstream_status = 0;  // 0 = no answer
  int status = 200;         // as answered to the client
  std::optional<Error> error = {};
  ReportedUsage usage = {};
  ContentCount content = {};
  ContentCount unreported = {};  // of it, what came after the last usage that was reported
  // Of what is no conversation: images made, and what the provider reports beside tokens.
  std::int64_t images = 0;
  std::optional<std::int64_t> searches = {};  // as a rerank is billed
  std::optional<std::int64_t> audio_ms = {};
  std::optional<SteadyTime> first_token = {};
};

// SPEC §5 rule 5, by domain/metering: a refusal and what was never sent are free, and all else goes
// at the provider's report or at the estimate. `reserve` is what was held, nullopt for nothing.
Metered meter(const Outcome& outcome, const RequestNeeds& needs, const Prices& prices,
              const std::optional<Reserve>& reserve);

// All of the row but what the reservation knows (id, admitted_at).
struct RowFacts {
  const Caller& caller;
  const ChatRequest& request;
  const Route& route;
  const Offer& offer;
  const Outcome& outcome;
  const Metered& metered;  // of all attempts
  std::span<const Attempt> attempts;
  std::string_view user_agent;
  WallTime finished_at;
  SteadyTime finished_steady;
};
UsageRow usage_row(const RowFacts& facts);

// The row of a guarded request that this process does not live to settle: charged at its bound,
// `interrupted` (SPEC §5, rule 3). All of it but what admission knows (admitted_at).
struct Interruption {
  const Caller& caller;
  const ChatRequest& request;
  const Route& route;
  const Offer& offer;
  const Reserve& bound;
  Money cost;
  std::string_view user_agent;
  WallTime now;
  SteadyTime now_steady;
};
UsageRow interrupted_row(const Interruption& facts);

}  // namespace tollgate
