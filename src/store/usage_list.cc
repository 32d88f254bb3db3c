#include <fmt/format.h>

#include <algorithm>

#include "store/columns.h"
#include "store/usage_columns.h"
#include "store/usage_filter.h"
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

// The newest `count` rows of every key.
Status read_all(sql::Connection& connection, const UsageQuery& query, const UsageBounds& bounds,
                int count, std::vector<UsageRow>& rows) {
  static const std::string sql =
      fmt::format("SELECT {} FROM usage u {} AND {} ORDER BY u.id DESC LIMIT ?", kUsageColumns,
                  kJoined, kUsageCondition);
  sql::Statement select = connection.prepare(sql);
  bind_usage_condition(select, 1, bounds, query);
  select.bind(kUsageConditionParameters + 1, count);
  return read_rows(select, rows);
}

// The newest `count` rows of one key: first the tail that has no index entries yet, whose ids are
// all above the mark, then by the index.
Status read_of_key(sql::Connection& connection, const UsageQuery& query, UsageBounds bounds,
                   std::int64_t key, const UsageIndex& index, int count,
                   std::vector<UsageRow>& rows) {
  static const std::string tail_sql = fmt::format(
      "SELECT {} FROM usage u {} AND {} AND u.key_number = ? ORDER BY u.id DESC LIMIT ?",
      kUsageColumns, kJoined, kUsageCondition);
  static const std::string index_sql = fmt::format(
      "SELECT {} FROM usage_by_key i CROSS JOIN usage u {} AND {} AND i.key_number = ? "
      "AND i.id >= ? AND i.id < ? AND u.id = i.id ORDER BY i.id DESC LIMIT ?",
      kUsageColumns, kJoined, kUsageCondition);
  const std::size_t before = rows.size();
  UsageBounds tail_bounds = bounds;
  tail_bounds.id_from = std::max(bounds.id_from, index.mark + 1);
  if (tail_bounds.id_from < tail_bounds.id_to) {
    sql::Statement tail = connection.prepare(tail_sql);
    bind_usage_condition(tail, 1, tail_bounds, query);
    tail.bind(kUsageConditionParameters + 1, key).bind(kUsageConditionParameters + 2, count);
    if (Status read = read_rows(tail, rows); !read) return read;
  }
  const int left = count - static_cast<int>(rows.size() - before);
  if (left <= 0) return {};
  bounds.id_to = std::min(bounds.id_to, index.mark + 1);
  sql::Statement indexed = connection.prepare(index_sql);
  bind_usage_condition(indexed, 1, bounds, query);
  indexed.bind(kUsageConditionParameters + 1, key)
      .bind(kUsageConditionParameters + 2, bounds.id_from)
      .bind(kUsageConditionParameters + 3, bounds.id_to)
      .bind(kUsageConditionParameters + 4, left);
  return read_rows(indexed, rows);
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
  if (query.keys) {
    for (const std::int64_t key : *query.keys) {
      Status read = read_of_key(connection, query, bounds, key, *index, count, page.rows);
      if (!read) return std::unexpected(read.error());
    }
    std::ranges::sort(page.rows, std::greater(), &UsageRow::id);
  } else {
    Status read = read_all(connection, query, bounds, count, page.rows);
    if (!read) return std::unexpected(read.error());
  }
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
