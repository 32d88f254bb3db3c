// What every list of the admin API answers, and what its answers are written with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/json_fields.h"

namespace tollgate {

// {"data": […], "next_cursor": …}, null for an empty cursor. The rows are JSON already.
std::string page_json(const std::vector<std::string>& rows, std::string_view next_cursor);

}  // namespace tollgate
