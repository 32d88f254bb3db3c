// One thing that is wrong with what an operator asks for, by the member at fault: the word of every
// validation that lists all problems at once.
#pragma once

#include <string>

namespace tollgate {

struct PolicyProblem {
  std::string param;    // "name", "tags[2]", "limits[0].amount"
  std::string message;  // as it follows the param: "must not be empty"

  bool operator==(const PolicyProblem&) const = default;
};

}  // namespace tollgate
