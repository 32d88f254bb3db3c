// Limits of the API's documents as people at a terminal read them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace tollgate::cli {

// "cost 25 USD/month, requests 60/60s, concurrency 4" of the object's `limits`; "-" for none.
std::string limits_cell(const json::object& owner);

// A table of what of each limit is used, held and left, and when it resets; "" for none.
std::string limits_table(const json::object& owner);
// The same of a workspace, whose limits count each environment apart.
std::string workspace_limits_table(const json::object& workspace);

}  // namespace tollgate::cli
