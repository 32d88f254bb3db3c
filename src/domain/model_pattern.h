// A key's allow-list of models: exact ids and wildcards such as `openai/*` (SPEC §2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tollgate {

// A pattern is 1–200 characters of [A-Za-z0-9._:/@+-] and `*`, which matches any run, slashes too.
Status validate_model_pattern(std::string_view pattern);
bool model_matches(std::string_view pattern, std::string_view model);
// Empty allows everything.
bool model_allowed(const std::vector<std::string>& allow_list, std::string_view model);

}  // namespace tollgate
