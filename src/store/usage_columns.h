// What writing and reading usage rows share: the index's mark, the time in an id, attempts as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/usage_row.h"
#include "sql/connection.h"

namespace tollgate::store {

// The one row of table usage_index.
struct UsageIndex {
  std::int64_t mark = 0;
  std::int64_t skew = 0;  // microseconds
};
Result<UsageIndex> read_usage_index(sql::Connection& connection);

// Microseconds since 1970 in the id; the least id of that time (clamped to what ids can hold).
std::int64_t time_in_id(GenerationNumber id);
GenerationNumber least_id_at(std::int64_t micros);

// [["provider","model",status,cost,ms],…]: most rows have one, so names would be most of it.
void append_attempts(std::string& out, const std::vector<Attempt>& attempts);
Result<std::vector<Attempt>> parse_attempts(std::string_view text);

// The columns that read_usage_row() reads, of `usage u`, `keys k` and `secrets s`.
extern const std::string_view kUsageColumns;
Result<UsageRow> read_usage_row(sql::Statement& row);

}  // namespace tollgate::store
