#include "store/usage_filter.h"

#include <algorithm>

namespace tollgate::store {

UsageBounds usage_bounds(std::int64_t from, std::int64_t to, const UsageIndex& index) {
  // Clamped, so that no sum leaves int64.
  const std::int64_t first = std::clamp(from, kBeginning, kEnd);
  const std::int64_t last = std::clamp(to, kBeginning, kEnd);
  const std::int64_t skew = std::min(index.skew, kEnd - 1);
  return {.from = from,
          .to = to,
          .id_from = least_id_at(first - skew),
          .id_to = least_id_at(last + skew + 1)};
}

const std::string_view kUsageCondition =
    "u.id >= ? AND u.id < ? AND u.admitted_at >= ? AND u.admitted_at < ? "
    "AND (? = '' OR u.model = ?) AND (? = '' OR k.workspace_id = ?)";

void bind_usage_condition(sql::Statement& statement, int first, const UsageBounds& bounds,
                          const UsageQuery& query) {
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  statement.bind(first, bounds.id_from)
      .bind(first + 1, bounds.id_to)
      .bind(first + 2, bounds.from)
      .bind(first + 3, bounds.to)
      .bind(first + 4, query.model)
      .bind(first + 5, query.model)
      .bind(first + 6, workspace)
      .bind(first + 7, workspace);
}

}  // namespace tollgate::store
