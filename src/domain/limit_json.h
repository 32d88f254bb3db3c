// Limits as JSON (SPEC §4, §12): the form that the API, errors' details, the audit log and the
// database all show. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/json.h"
#include "domain/limit.h"

namespace tollgate {

// What was asked for: {"metric","window","amount"}, no window for concurrency; money is a decimal
// string of USD, all else integers.
json::object limit_rule_json(const Limit& limit);
json::array limit_rules_json(std::span<const Limit> limits);

// {id, metric, window, amount, used, held, remaining, resets_at, bound}: every member each time,
// null for concurrency's window, for what never resets, and where there is no `bound` (what the
// refused request would have held).
json::object limit_json(const LimitState& state, std::optional<std::int64_t> bound);
// Shown limits, none of which refused anything.
json::array limits_json(std::span<const LimitState> states);

}  // namespace tollgate
