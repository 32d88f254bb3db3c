// How a key stands, in the head of every authenticated answer (SPEC §4 "Headers"). Pure.
#pragma once

#include <chrono>
#include <string>

#include "domain/money.h"
#include "ledger/ledger.h"
#include "net/exchange.h"

namespace tollgate {

// X-Credit-Balance: what is available, in credits worth `credit_value` each, or `unlimited`.
// X-RateLimit-Limit, -Remaining and -Reset (Unix seconds, rounded up; left out of a limit that
// never resets): of the tightest requests limit.
// x-ratelimit-{limit,remaining,reset}-{requests,tokens}: of the rolling 60 s, reset as a duration.
// Those of a limit that is not there are absent.
void add_standing_fields(net::Response& response, const KeyStanding& standing, Money credit_value);

// As OpenAI writes them: "6m0s", "1h0m0s", "1s", below a second "20ms"; rounded up, "0s" for none.
std::string reset_duration(std::chrono::microseconds left);

}  // namespace tollgate
