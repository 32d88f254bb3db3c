#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "store/columns.h"
#include "store/usage_columns.h"
#include "store/usage_filter.h"
#include "store/usage_index.h"
#include "store/usage_rows.h"

namespace tollgate::store {

namespace {

constexpr int kPageRowsMax = 1'000;

// CROSS JOIN keeps the written order: usage is walked by id, never keys first.
constexpr std::string_view kJoined =
    "CROSS JOIN keys k CROSS JOIN secrets s "
    "WHERE k.number = u.key_number AND s.number = u.secret_number";

std::unexpected<Error> bad_param(std::string param, std::string message) {
  Error error{.code = ErrorCode::kInvalidRequest, .message = std::move(message)};
  error.param = std::move(param);
  return std::unexpected(std::move(error));
}

Status read_rows(sql::Statement& select, std::vector<UsageRow>& rows) {
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    Result<UsageRow> row = read_usage_row(select);
    if (!row) return std::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

// The newest `count` rows among the ids of `bounds`, by walking them: of all rows, or of the tail.
Status read_by_id(sql::Connection& connection, const UsageQuery& query, const UsageBounds& bounds,
                  int count, std::vector<UsageRow>& rows) {
  static const std::string sql =
      fmt::format("SELECT {} FROM usage u {} AND {} AND {} ORDER BY u.id DESC LIMIT ?",
                  kUsageColumns, kJoined, kUsageCondition, kUsageStatusCondition);
  static const std::string key_sql = fmt::format(
      "SELECT {} FROM usage u {} AND {} AND {} AND u.key_number = ? ORDER BY u.id DESC LIMIT ?",
      kUsageColumns, kJoined, kUsageCondition, kUsageStatusCondition);
  constexpr int kStatus = kUsageConditionParameters + 1;
  constexpr int kNext = kStatus + kUsageStatusParameters;
  if (!query.keys) {
    sql::Statement select = connection.prepare(sql);
    bind_usage_condition(select, 1, bounds, query);
    bind_usage_status(select, kStatus, query.status);
    select.bind(kNext, count);
    return read_rows(select, rows);
  }
  for (const std::int64_t key : *query.keys) {
    sql::Statement select = connection.prepare(key_sql);
    bind_usage_condition(select, 1, bounds, query);
    bind_usage_status(select, kStatus, query.status);
    select.bind(kNext, key).bind(kNext + 1, count);
    if (Status read = read_rows(select, rows); !read) return read;
  }
  std::ranges::sort(rows, std::greater(), &UsageRow::id);
  return {};
}

// The rows with these ids that were admitted in time, in their order.
Status read_by_ids(sql::Connection& connection, const std::vector<GenerationNumber>& ids,
                   const UsageBounds& bounds, std::vector<UsageRow>& rows) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM usage u {} AND u.id = ? AND u.admitted_at >= ? AND "
      "u.admitted_at < ?",
      kUsageColumns, kJoined);
  sql::Statement select = connection.prepare(sql);
  for (const GenerationNumber id : ids) {
    select.bind(1, id).bind(2, bounds.from).bind(3, bounds.to);
    if (Status read = read_rows(select, rows); !read) return read;
    select.reset();
  }
  return {};
}

// The newest `count` rows that fit: first the tail, whose ids are all above the mark, then by the
// index.
Status read_filtered(sql::Connection& connection, const UsageQuery& query, UsageBounds bounds,
                     GenerationNumber mark, int count, std::vector<UsageRow>& rows) {
  UsageBounds tail = bounds;
  tail.id_from = std::max(bounds.id_from, mark + 1);
  if (tail.id_from < tail.id_to) {
    if (Status read = read_by_id(connection, query, tail, count, rows); !read) return read;
  }
  bounds.id_to = std::min(bounds.id_to, mark + 1);
  while (std::ssize(rows) < count) {
    // Ids at the edges may be of another time: then there is a next round.
    const auto ids = newest_indexed(connection, query, bounds, count);
    if (!ids) return std::unexpected(ids.error());
    if (Status read = read_by_ids(connection, *ids, bounds, rows); !read) return read;
    if (std::ssize(*ids) < count) break;
    bounds.id_to = ids->back();
  }
  return {};
}

}  // namespace

Result<UsagePage> list_usage(sql::Connection& connection, const UsageQuery& query) {
  if (query.limit < 1 || query.limit > kPageRowsMax) {
    return bad_param("limit", fmt::format("limit must be 1 to {}.", kPageRowsMax));
  }
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  UsageBounds bounds = usage_bounds(query.from ? micros(*query.from) : kBeginning,
                                    query.to ? micros(*query.to) : kEnd, *index);
  if (!query.cursor.empty()) {
    const std::optional<GenerationNumber> before = parse_generation_id(query.cursor);
    if (!before) return bad_param("cursor", "The cursor is not one that this list gave.");
    bounds.id_to = std::min(bounds.id_to, *before);
  }
  UsagePage page;
  const int count = query.limit + 1;
  Status read = is_filtered(query)
                    ? read_filtered(connection, query, bounds, index->mark, count, page.rows)
                    : read_by_id(connection, query, bounds, count, page.rows);
  if (!read) return std::unexpected(read.error());
  if (page.rows.size() > static_cast<std::size_t>(query.limit)) {
    page.rows.resize(static_cast<std::size_t>(query.limit));
    page.next_cursor = generation_id(page.rows.back().id);
  }
  return page;
}

Result<UsageRow> get_usage(sql::Connection& connection, GenerationNumber id) {
  static const std::string sql =
      fmt::format("SELECT {} FROM usage u {} AND u.id = ?", kUsageColumns, kJoined);
  sql::Statement select = connection.prepare(sql);
  select.bind(1, id);
  std::vector<UsageRow> rows;
  if (Status read = read_rows(select, rows); !read) return std::unexpected(read.error());
  if (rows.empty()) return not_found("There is no such generation.");
  return std::move(rows.front());
}

}  // namespace tollgate::store
