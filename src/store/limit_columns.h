// How limits stand in a column and in audit rows: a JSON list in the API's own form, money as a
// decimal string of USD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/limit.h"

namespace tollgate::store {

// [{"metric":"cost","window":"month","amount":"25"},{"metric":"concurrency","amount":4}]
std::string limits_text(const std::vector<Limit>& limits);
// kInternal when the column does not hold such a list.
Result<std::vector<Limit>> limits_values(std::string_view text);

}  // namespace tollgate::store
