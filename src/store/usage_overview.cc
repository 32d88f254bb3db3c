#include "store/usage_overview.h"

#include <fmt/format.h>

#include <string>

#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSums =
    "sum(u.requests), sum(u.errors), sum(u.input_tokens), sum(u.output_tokens), sum(u.cost)";

// The step and `columns`, of one key by its secrets, else of whole workspaces: each its own
// aggregate, found by its key.
sql::Statement select_steps(sql::Connection& connection, const UsageSeriesQuery& query,
                            std::string_view columns, std::string_view grouping) {
  const std::string_view step = query.step == UsageStep::kHour ? "hour" : "day";
  const std::string end = fmt::format("u.{0} >= ? AND u.{0} < ? {1}", step, grouping);
  if (query.key_number) {
    sql::Statement select = connection.prepare(
        fmt::format("SELECT u.{0}, {1} FROM secrets s CROSS JOIN usage_{0}s u WHERE "
                    "s.key_number = ? AND u.secret_number = s.number AND {2}",
                    step, columns, end));
    select.bind(1, *query.key_number).bind(2, query.first).bind(3, query.first + query.count);
    return select;
  }
  sql::Statement select = connection.prepare(
      fmt::format("SELECT u.{0}, {1} FROM workspaces w CROSS JOIN workspace_{0}s u WHERE "
                  "(? = '' OR w.id = ?) AND u.workspace_id = w.id AND "
                  "u.environment IN ('production', 'sandbox') AND {2}",
                  step, columns, end));
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  select.bind(1, workspace)
      .bind(2, workspace)
      .bind(3, query.first)
      .bind(4, query.first + query.count);
  return select;
}

// Calls `take` with the place in the series of each row.
template <class Take>
Status each_step(sql::Statement select, const UsageSeriesQuery& query, Take take) {
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    const std::int64_t at = select.integer(0) - query.first;
    if (at < 0 || at >= query.count) return unreadable("a figure of another time");
    take(select, static_cast<std::size_t>(at));
  }
  if (!row) return std::unexpected(row.error());
  return select.status();
}

}  // namespace

Result<std::vector<UsageFigures>> usage_series(sql::Connection& connection,
                                               const UsageSeriesQuery& query) {
  std::vector<UsageFigures> series(static_cast<std::size_t>(query.count));
  const std::string_view step = query.step == UsageStep::kHour ? "hour" : "day";
  Status read =
      each_step(select_steps(connection, query, kSums, fmt::format("GROUP BY u.{}", step)), query,
                [&series](sql::Statement& row, std::size_t at) {
                  UsageFigures& figures = series[at];
                  figures.requests = row.integer(1);
                  figures.errors = row.integer(2);
                  figures.input_tokens = row.integer(3);
                  figures.output_tokens = row.integer(4);
                  figures.cost = Money::from_nanos(row.integer(5));
                });
  if (!read) return std::unexpected(read.error());
  read = each_step(select_steps(connection, query, "u.latencies", ""), query,
                   [&series](sql::Statement& row, std::size_t at) {
                     series[at].latencies.add_packed(row.blob(1));
                   });
  if (!read) return std::unexpected(read.error());
  return series;
}

}  // namespace tollgate::store
