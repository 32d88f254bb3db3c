// A UsageQuery as bounds that statements bind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "sql/connection.h"
#include "store/usage_columns.h"
#include "store/usage_rows.h"

namespace tollgate::store {

// admitted_at in [from, to) microseconds, and the ids among which such rows can be: [id_from,
// id_to).
struct UsageBounds {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t id_from = 0;
  std::int64_t id_to = 0;
};

UsageBounds usage_bounds(std::int64_t from, std::int64_t to, const UsageIndex& index);

// The least and the greatest time that a query without bounds means.
inline constexpr std::int64_t kBeginning = 0;
inline constexpr std::int64_t kEnd = std::int64_t{1} << 61;

// The condition over `usage u` and `keys k`, and its eight parameters.
extern const std::string_view kUsageCondition;
inline constexpr int kUsageConditionParameters = 8;
void bind_usage_condition(sql::Statement& statement, int first, const UsageBounds& bounds,
                          const UsageQuery& query);

}  // namespace tollgate::store
