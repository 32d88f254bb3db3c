#include "store/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "domain/key.h"
#include "store/columns.h"
#include "store/usage_columns.h"
#include "store/usage_filter.h"

namespace tollgate::store {

namespace {

constexpr std::int64_t kHourMicros = 3'600'000'000;
constexpr std::int64_t kDayMicros = 24 * kHourMicros;

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

void add_to(std::int64_t& sum, std::int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) sum = std::numeric_limits<std::int64_t>::max();
}

struct Split {
  std::int64_t requests = 0;
  std::int64_t tokens = 0;
  std::int64_t cost = 0;
};
// Key number, or (0) workspace and environment; when; 0 before it, 1 from it on.
using SplitKey = std::tuple<std::int64_t, std::string, std::string, std::int64_t, std::int64_t>;
using Splits = std::map<SplitKey, Split>;

struct OldRow {
  GenerationNumber id = 0;
  std::int64_t key_number = 0;
  std::optional<std::int64_t> kind;
  std::int64_t admitted_at = 0;
};

constexpr std::string_view kOldest =
    "SELECT u.id, u.key_number, u.admitted_at, u.input_tokens, u.output_tokens, u.cost, "
    "u.environment, k.workspace_id, k.created_at, w.created_at, "
    "CASE u.environment WHEN 'sandbox' THEN w.rows_from ELSE i.rows_from END, "
    "(SELECT g.number FROM usage_kinds g WHERE g.workspace_id = k.workspace_id AND "
    "g.model = u.model AND g.status = u.status AND g.error_code = u.error_code) "
    "FROM usage_index i CROSS JOIN usage u CROSS JOIN keys k CROSS JOIN workspaces w "
    "WHERE i.one = 1 AND u.id > ? AND u.id <= ? AND k.number = u.key_number AND w.id = "
    "k.workspace_id "
    "ORDER BY u.id LIMIT ?";

// Where in the hour of `admitted_at` limits of an owner that was made then turn; nullopt: not in
// it.
std::optional<std::int64_t> turn_in_hour(std::int64_t admitted_at, std::int64_t created_at) {
  const std::int64_t in_day = created_at - floor_to(created_at, kDayMicros);
  if (in_day % kHourMicros == 0) return std::nullopt;
  const std::int64_t at = floor_to(admitted_at, kDayMicros) + in_day;
  if (floor_to(at, kHourMicros) != floor_to(admitted_at, kHourMicros)) return std::nullopt;
  return at;
}

void add_split(Splits& splits, SplitKey key, std::int64_t admitted_at, sql::Statement& row) {
  auto& [number, workspace, environment, at, part] = key;
  part = admitted_at < at ? 0 : 1;
  Split& split = splits[key];
  split.requests += 1;
  add_to(split.tokens, row.integer(3));
  add_to(split.tokens, row.integer(4));
  add_to(split.cost, row.integer(5));
}

// A row of kOldest.
void add_splits(Splits& splits, const OldRow& old, sql::Statement& row) {
  if (const auto at = turn_in_hour(old.admitted_at, row.integer(8))) {
    add_split(splits, {old.key_number, "", "", *at, 0}, old.admitted_at, row);
  }
  if (const auto at = turn_in_hour(old.admitted_at, row.integer(9))) {
    add_split(splits, {0, std::string(row.text(7)), std::string(row.text(6)), *at, 0},
              old.admitted_at, row);
  }
}

Status write_splits(sql::Connection& connection, const Splits& splits) {
  static const std::string sql = fmt::format(
      "INSERT INTO usage_splits AS t (key_number, workspace_id, environment, at, part, requests, "
      "tokens, cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (key_number, workspace_id, environment, at, part) DO UPDATE SET "
      "requests = t.requests + excluded.requests, tokens = MIN(t.tokens + excluded.tokens, {0}), "
      "cost = MIN(t.cost + excluded.cost, {0})",
      std::numeric_limits<std::int64_t>::max());
  if (splits.empty()) return {};
  sql::Statement upsert = connection.prepare(sql);
  for (const auto& [key, split] : splits) {
    const auto& [number, workspace, environment, at, part] = key;
    Status written = upsert.bind(1, number)
                         .bind(2, workspace)
                         .bind(3, environment)
                         .bind(4, at)
                         .bind(5, part)
                         .bind(6, split.requests)
                         .bind(7, split.tokens)
                         .bind(8, split.cost)
                         .run();
    if (!written) return written;
  }
  return {};
}

// Each table in its own order: neighbours share pages.
Status delete_entries(sql::Connection& connection, std::vector<OldRow>& rows) {
  sql::Statement by_key =
      connection.prepare("DELETE FROM usage_by_key WHERE key_number = ? AND kind = ? AND id = ?");
  std::ranges::sort(rows, {},
                    [](const OldRow& row) { return std::tuple(row.key_number, row.kind, row.id); });
  for (const OldRow& row : rows) {
    if (!row.kind) continue;
    Status gone = by_key.bind(1, row.key_number).bind(2, *row.kind).bind(3, row.id).run();
    if (!gone) return gone;
  }
  sql::Statement by_kind =
      connection.prepare("DELETE FROM usage_by_kind WHERE kind = ? AND id = ?");
  std::ranges::sort(rows, {}, [](const OldRow& row) { return std::pair(row.kind, row.id); });
  for (const OldRow& row : rows) {
    if (!row.kind) continue;
    if (Status gone = by_kind.bind(1, *row.kind).bind(2, row.id).run(); !gone) return gone;
  }
  return {};
}

Status delete_rows(sql::Connection& connection, std::vector<OldRow>& rows,
                   GenerationNumber run_began) {
  if (Status gone = delete_entries(connection, rows); !gone) return gone;
  std::ranges::sort(rows, {}, &OldRow::id);
  sql::Statement remove = connection.prepare("DELETE FROM usage WHERE id = ?");
  sql::Statement note = connection.prepare("INSERT INTO usage_removed (id) VALUES (?)");
  for (const OldRow& row : rows) {
    if (Status gone = remove.bind(1, row.id).run(); !gone) return gone;
    if (row.id <= run_began) continue;
    if (Status noted = note.bind(1, row.id).run(); !noted) return noted;
  }
  return {};
}

struct Tail {
  GenerationNumber after = 0;
  GenerationNumber last = 0;
};

// Whether a row of before that day is in the tail.
Result<bool> any_old(sql::Connection& connection, const Tail& tail, std::int64_t day) {
  sql::Statement select = connection.prepare(
      "SELECT 1 FROM usage WHERE id > ? AND id <= ? AND admitted_at < ? LIMIT 1");
  return select.bind(1, tail.after).bind(2, tail.last).bind(3, day * kDayMicros).step();
}

}  // namespace

std::int64_t day_months_before(WallTime at, int months) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(at)};
  std::chrono::year_month_day date = today - std::chrono::months(months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

Result<std::optional<WallTime>> newest_row_time(sql::Connection& connection) {
  sql::Statement newest =
      connection.prepare("SELECT admitted_at FROM usage ORDER BY id DESC LIMIT 1");
  const Result<std::optional<std::int64_t>> admitted = single_integer(newest);
  if (!admitted) return std::unexpected(admitted.error());
  return admitted->transform(wall_time);
}

Result<std::optional<Removal>> begin_removal(sql::Connection& connection, WallTime now, int months,
                                             GenerationNumber run_began) {
  const Result<std::optional<WallTime>> newest = newest_row_time(connection);
  if (!newest) return std::unexpected(newest.error());
  if (!*newest) return std::nullopt;
  const std::int64_t day = day_months_before(std::min(now, **newest), months);
  Status given_up =
      connection.prepare("UPDATE usage_index SET rows_from = ? WHERE one = 1 AND rows_from < ?")
          .bind(1, day)
          .bind(2, day)
          .run();
  if (!given_up) return std::unexpected(given_up.error());
  given_up = connection
                 .prepare(
                     "UPDATE workspaces SET rows_from = ? WHERE rows_from < ? AND "
                     "test_clock_offset_us = 0")
                 .bind(1, day)
                 .bind(2, day)
                 .run();
  if (!given_up) return std::unexpected(given_up.error());
  return Removal{.first_day = day, .run_began = run_began};
}

Result<RemovedRows> remove_rows(sql::Connection& connection, Removal& removal, int rows_max) {
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  const GenerationNumber last =
      usage_bounds(kBeginning, removal.first_day * kDayMicros, *index).id_to - 1;
  const GenerationNumber indexed = std::min(last, index->mark);
  sql::Statement oldest = connection.prepare(kOldest);
  oldest.bind(1, removal.looked_at).bind(2, indexed).bind(3, rows_max);
  std::vector<OldRow> rows;
  Splits splits;
  int looked_at = 0;
  Result<bool> more = oldest.step();
  for (; more && *more; more = oldest.step()) {
    const OldRow row{.id = oldest.integer(0),
                     .key_number = oldest.integer(1),
                     .kind = oldest.optional_integer(11),
                     .admitted_at = oldest.integer(2)};
    ++looked_at;
    removal.looked_at = row.id;
    const std::int64_t first_day = std::min(oldest.integer(10), removal.first_day);
    if (row.admitted_at < first_day * kDayMicros) {
      add_splits(splits, row, oldest);
      rows.push_back(row);
    }
    if (Status read = oldest.status(); !read) return std::unexpected(read.error());
  }
  if (!more) return std::unexpected(more.error());
  RemovedRows removed{.count = static_cast<int>(rows.size())};
  Status done = write_splits(connection, splits);
  if (done && !rows.empty()) done = delete_rows(connection, rows, removal.run_began);
  if (!done) return std::unexpected(done.error());
  if (looked_at == rows_max) {
    removed.left = RemovedRows::Left::kMore;
    return removed;
  }
  const Result<bool> unindexed =
      any_old(connection, {.after = indexed, .last = last}, removal.first_day);
  if (!unindexed) return std::unexpected(unindexed.error());
  if (*unindexed) removed.left = RemovedRows::Left::kUnindexed;
  return removed;
}

Result<std::int64_t> first_time_of_all_rows(sql::Connection& connection) {
  sql::Statement select = connection.prepare("SELECT rows_from FROM usage_index WHERE one = 1");
  const Result<std::optional<std::int64_t>> day = single_integer(select);
  if (!day) return std::unexpected(day.error());
  return day->value_or(0) * kDayMicros;
}

Result<bool> was_removed(sql::Connection& connection, GenerationNumber id) {
  return connection.prepare("SELECT 1 FROM usage_removed WHERE id = ?").bind(1, id).step();
}

Status forget_removed(sql::Connection& connection) {
  return connection.exec("DELETE FROM usage_removed");
}

Status forget_removed_but(sql::Connection& connection, std::int64_t count) {
  return connection
      .prepare(
          "DELETE FROM usage_removed WHERE id <= (SELECT id FROM usage_removed "
          "ORDER BY id DESC LIMIT 1 OFFSET ?)")
      .bind(1, count)
      .run();
}

}  // namespace tollgate::store
