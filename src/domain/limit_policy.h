// Which limits a key or a workspace may have (SPEC §5), listing every problem at once. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "domain/limit.h"
#include "domain/policy_problem.h"

namespace tollgate {

inline constexpr std::size_t kLimitsMax = 32;
inline constexpr std::int64_t kCostLimitMax = 9'000'000'000'000'000'000;  // 9,000,000,000 USD
inline constexpr std::int64_t kCountLimitMax = 1'000'000'000'000'000;     // tokens, requests
inline constexpr std::int64_t kConcurrencyLimitMax = 1'000'000;

// The names of windows, as messages list them.
inline constexpr std::string_view kWindowChoices =
    "60s, hour, day, week, month, year, lifetime, request, or 30d for every 30 days";

// Empty when the list is sound; each problem at limits[i], limits[i].window or limits[i].amount.
//
// At most kLimitsMax; a metric and window stand once. Concurrency is of this moment and has no
// window, every other metric has one; a limit of one request alone is for cost and tokens. An
// amount is from 0, which refuses everything, to the metric's bound.
std::vector<PolicyProblem> validate_limits(std::span<const Limit> limits);

}  // namespace tollgate
