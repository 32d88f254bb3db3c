#include "store/usage_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "store/columns.h"
#include "store/newest.h"
#include "store/usage_columns.h"

namespace tollgate::store {

namespace {

// A row as it is indexed, with its kind's parts.
constexpr std::string_view kIndexed =
    "SELECT u.key_number, u.id, k.workspace_id, u.model, u.status, u.error_code FROM usage u "
    "CROSS JOIN keys k WHERE k.number = u.key_number AND ";

// Numbers of kinds; those that one transaction meets are looked up once.
class Kinds {
 public:
  explicit Kinds(sql::Connection& connection) : connection_(connection) {}

  // Of a row of kIndexed.
  Result<std::int64_t> number_of(sql::Statement& row) {
    Parts parts(row.text(2), row.text(3), row.integer(4), row.text(5));
    if (Status read = row.status(); !read) return std::unexpected(read.error());
    const auto known = numbers_.find(parts);
    if (known != numbers_.end()) return known->second;
    Result<std::int64_t> number = find_or_add(parts);
    if (number) numbers_.emplace(std::move(parts), *number);
    return number;
  }

 private:
  // Workspace, model, status, error code.
  using Parts = std::tuple<std::string, std::string, std::int64_t, std::string>;

  static void bind(sql::Statement& statement, const Parts& parts) {
    const auto& [workspace, model, status, error_code] = parts;
    statement.bind(1, workspace).bind(2, model).bind(3, status).bind(4, error_code);
  }

  Result<std::int64_t> find_or_add(const Parts& parts) {
    sql::Statement select = connection_.prepare(
        "SELECT number FROM usage_kinds WHERE workspace_id = ? AND model = ? AND status = ? AND "
        "error_code = ?");
    bind(select, parts);
    Result<std::optional<std::int64_t>> number = single_integer(select);
    if (number && !*number) {
      sql::Statement insert = connection_.prepare(
          "INSERT INTO usage_kinds (workspace_id, model, status, error_code) VALUES (?, ?, ?, ?) "
          "RETURNING number");
      bind(insert, parts);
      number = single_integer(insert);
    }
    if (!number) return std::unexpected(number.error());
    if (!*number) return unreadable("no number of a kind of usage rows");
    return **number;
  }

  sql::Connection& connection_;
  std::map<Parts, std::int64_t> numbers_;
};

struct Entry {
  std::int64_t key_number = 0;
  std::int64_t kind = 0;
  GenerationNumber id = 0;
};

Result<std::vector<Entry>> read_entries(sql::Statement& select, Kinds& kinds) {
  std::vector<Entry> entries;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    const Result<std::int64_t> kind = kinds.number_of(select);
    if (!kind) return std::unexpected(kind.error());
    entries.push_back({.key_number = select.integer(0), .kind = *kind, .id = select.integer(1)});
  }
  if (!more) return std::unexpected(more.error());
  return entries;
}

// Each index in its own order: neighbours share pages.
Status add_entries(sql::Connection& connection, std::vector<Entry> entries) {
  std::ranges::sort(entries, {}, [](const Entry& entry) {
    return std::tuple(entry.key_number, entry.kind, entry.id);
  });
  sql::Statement by_key =
      connection.prepare("INSERT INTO usage_by_key (key_number, kind, id) VALUES (?, ?, ?)");
  for (const Entry& entry : entries) {
    Status added = by_key.bind(1, entry.key_number).bind(2, entry.kind).bind(3, entry.id).run();
    if (!added) return added;
  }
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::pair(entry.kind, entry.id); });
  sql::Statement by_kind = connection.prepare("INSERT INTO usage_by_kind (kind, id) VALUES (?, ?)");
  for (const Entry& entry : entries) {
    if (Status added = by_kind.bind(1, entry.kind).bind(2, entry.id).run(); !added) return added;
  }
  return {};
}

// The kinds that fit the query, of all keys.
Result<std::vector<std::int64_t>> kinds_of(sql::Connection& connection, const UsageQuery& query) {
  sql::Statement select = connection.prepare(
      fmt::format("SELECT number FROM usage_kinds WHERE {} AND (? = '' OR model = ?) AND {}",
                  query.workspace ? "workspace_id = ?" : "? = ''", kUsageStatusCondition));
  select.bind(1, query.workspace ? query.workspace->get() : std::string())
      .bind(2, query.model)
      .bind(3, query.model);
  bind_usage_status(select, 4, query.status);
  std::vector<std::int64_t> kinds;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) kinds.push_back(select.integer(0));
  if (!more) return std::unexpected(more.error());
  return kinds;
}

// The kinds that the key has rows of and that fit the query: one look-up leads from each to the
// next.
Result<std::vector<std::int64_t>> kinds_of_key(sql::Connection& connection, const UsageQuery& query,
                                               std::int64_t key) {
  sql::Statement next = connection.prepare(fmt::format(
      "SELECT i.kind, (? = '' OR g.workspace_id = ?) AND (? = '' OR g.model = ?) AND {} "
      "FROM usage_by_key i CROSS JOIN usage_kinds g "
      "WHERE i.key_number = ? AND i.kind > ? AND g.number = i.kind ORDER BY i.kind LIMIT 1",
      kUsageStatusCondition));
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  next.bind(1, workspace).bind(2, workspace).bind(3, query.model).bind(4, query.model);
  bind_usage_status(next, 5, query.status);
  constexpr int kKey = 5 + kUsageStatusParameters;
  constexpr int kAfter = kKey + 1;
  next.bind(kKey, key).bind(kAfter, 0);
  std::vector<std::int64_t> kinds;
  Result<bool> more = next.step();
  while (more && *more) {
    const std::int64_t kind = next.integer(0);
    if (next.integer(1) != 0) kinds.push_back(kind);
    next.reset();
    more = next.bind(kAfter, kind).step();
  }
  if (!more) return std::unexpected(more.error());
  return kinds;
}

Status add_of_all(sql::Connection& connection, const UsageQuery& query, const UsageBounds& bounds,
                  int count, Newest& newest) {
  const auto kinds = kinds_of(connection, query);
  if (!kinds) return std::unexpected(kinds.error());
  sql::Statement select = connection.prepare(
      "SELECT id FROM usage_by_kind WHERE kind = ? AND id >= ? AND id < ? "
      "ORDER BY id DESC LIMIT ?");
  for (const std::int64_t kind : *kinds) {
    select.bind(1, kind).bind(2, newest.least(bounds.id_from)).bind(3, bounds.id_to).bind(4, count);
    if (Status added = newest.add_all(select); !added) return added;
    select.reset();
  }
  return {};
}

Status add_of_key(sql::Connection& connection, const UsageQuery& query, std::int64_t key,
                  const UsageBounds& bounds, int count, Newest& newest) {
  const auto kinds = kinds_of_key(connection, query, key);
  if (!kinds) return std::unexpected(kinds.error());
  sql::Statement select = connection.prepare(
      "SELECT id FROM usage_by_key WHERE key_number = ? AND kind = ? AND id >= ? AND id < ? "
      "ORDER BY id DESC LIMIT ?");
  for (const std::int64_t kind : *kinds) {
    select.bind(1, key)
        .bind(2, kind)
        .bind(3, newest.least(bounds.id_from))
        .bind(4, bounds.id_to)
        .bind(5, count);
    if (Status added = newest.add_all(select); !added) return added;
    select.reset();
  }
  return {};
}

}  // namespace

Result<sql::UpkeepLeft> index_usage_tail(sql::Connection& connection, int rows_max) {
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  Kinds kinds(connection);
  sql::Statement tail =
      connection.prepare(std::string(kIndexed) + "u.id > ? ORDER BY u.id LIMIT ?");
  tail.bind(1, index->mark).bind(2, rows_max);
  Result<std::vector<Entry>> entries = read_entries(tail, kinds);
  if (!entries) return std::unexpected(entries.error());
  if (entries->empty()) return sql::UpkeepLeft::kNothing;
  const bool more = static_cast<int>(entries->size()) == rows_max;
  const GenerationNumber mark = entries->back().id;
  if (Status added = add_entries(connection, std::move(*entries)); !added) {
    return std::unexpected(added.error());
  }
  Status moved =
      connection.prepare("UPDATE usage_index SET mark = ? WHERE one = 1").bind(1, mark).run();
  if (!moved) return std::unexpected(moved.error());
  return more ? sql::UpkeepLeft::kMore : sql::UpkeepLeft::kNothing;
}

Status index_late_rows(sql::Connection& connection, std::span<const UsageRow* const> rows,
                       GenerationNumber mark) {
  Kinds kinds(connection);
  for (const UsageRow* row : rows) {
    if (row->id > mark) continue;
    sql::Statement stored = connection.prepare(std::string(kIndexed) + "u.id = ?");
    stored.bind(1, row->id);
    Result<std::vector<Entry>> entries = read_entries(stored, kinds);
    if (!entries) return std::unexpected(entries.error());
    if (Status added = add_entries(connection, std::move(*entries)); !added) return added;
  }
  return {};
}

bool is_filtered(const UsageQuery& query) {
  return query.keys || query.workspace || !query.model.empty() || query.status != UsageStatus();
}

Result<std::vector<GenerationNumber>> newest_indexed(sql::Connection& connection,
                                                     const UsageQuery& query,
                                                     const UsageBounds& bounds, int count) {
  Newest newest(count);
  Status added;
  if (!query.keys) added = add_of_all(connection, query, bounds, count, newest);
  for (const std::int64_t key : query.keys.value_or(std::vector<std::int64_t>())) {
    if (added) added = add_of_key(connection, query, key, bounds, count, newest);
  }
  if (!added) return std::unexpected(added.error());
  return newest.take();
}

}  // namespace tollgate::store
