// The receipt of an admitted request: what it used, what that costs, and the row (SPEC §5 rule 5,
// §8). Pure.
#pragma once

#include <optional>
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

// How far the one attempt got.
enum class Reach {
  kNothingSent,  // the provider cannot have seen the request: free
  kRefused,      // it answered with an error status: free
  kLost,         // sent, and then the connection or the wait was lost: what is known is charged
  kAnswered,     // the answer is whole
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
  std::optional<SteadyTime> first_token = {};
  SteadyTime attempt_began = {};
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
  const Metered& metered;
  std::string_view user_agent;
  WallTime finished_at;
  SteadyTime finished_steady;
};
UsageRow usage_row(const RowFacts& facts);

}  // namespace tollgate
