// A routing decision, as usage rows and explain show it, for people at a terminal. Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace tollgate::cli {

// Lines of what was wanted, then a table of the candidates, best first, and one of what was dropped
// and why; both end in '\n'. Members that are not there are left out.
std::string decision_text(const json::object& decision);

}  // namespace tollgate::cli
