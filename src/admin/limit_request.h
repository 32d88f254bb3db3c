// What clients write as `limits` of a key or a workspace (SPEC §12), read strictly, with every
// problem reported at once. Pure.
#pragma once

#include <vector>

#include "base/json.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "domain/policy_problem.h"

namespace tollgate {

struct ReadLimits {
  std::vector<Limit> limits;            // in the order given; to be used only without problems
  std::vector<PolicyProblem> problems;  // of form and of domain/limit_policy.h alike
};

// A list of {"metric","window","amount"}: money as a decimal string of USD, or, with
// "unit": "credits", of credits that are worth `credit_value` each; all else whole numbers.
// Concurrency has no window. Null is the empty list.
// REQUIRES: credit_value is above zero.
ReadLimits read_limits(const json::value& list, Money credit_value);

}  // namespace tollgate
