#include "store/usage_overview.h"

#include <fmt/format.h>

#include <string>

#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSums =
    "sum(u.requests), sum(u.errors), sum(u.input_tokens), sum(u.output_tokens), sum(u.cost)";

// Of one key by its secrets, else of whole workspaces: each its own aggregate, found by its key.
sql::Statement select_series(sql::Connection& connection, const UsageSeriesQuery& query) {
  const std::string_view step = query.step == UsageStep::kHour ? "hour" : "day";
  const std::string end = fmt::format("u.{0} >= ? AND u.{0} < ? GROUP BY u.{0}", step);
  if (query.key_number) {
    sql::Statement select = connection.prepare(
        fmt::format("SELECT u.{0}, {1} FROM secrets s CROSS JOIN usage_{0}s u WHERE "
                    "s.key_number = ? AND u.secret_number = s.number AND {2}",
                    step, kSums, end));
    select.bind(1, *query.key_number).bind(2, query.first).bind(3, query.first + query.count);
    return select;
  }
  sql::Statement select = connection.prepare(
      fmt::format("SELECT u.{0}, {1} FROM workspaces w CROSS JOIN workspace_{0}s u WHERE "
                  "(? = '' OR w.id = ?) AND u.workspace_id = w.id AND "
                  "u.environment IN ('production', 'sandbox') AND {2}",
                  step, kSums, end));
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  select.bind(1, workspace)
      .bind(2, workspace)
      .bind(3, query.first)
      .bind(4, query.first + query.count);
  return select;
}

}  // namespace

Result<std::vector<UsageFigures>> usage_series(sql::Connection& connection,
                                               const UsageSeriesQuery& query) {
  std::vector<UsageFigures> series(static_cast<std::size_t>(query.count));
  sql::Statement select = select_series(connection, query);
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    const std::int64_t at = select.integer(0) - query.first;
    if (at < 0 || at >= query.count) return unreadable("a figure of another time");
    series[static_cast<std::size_t>(at)] = {.requests = select.integer(1),
                                            .errors = select.integer(2),
                                            .input_tokens = select.integer(3),
                                            .output_tokens = select.integer(4),
                                            .cost = Money::from_nanos(select.integer(5))};
  }
  if (!row) return std::unexpected(row.error());
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return series;
}

}  // namespace tollgate::store
