#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <tuple>

#include "store/columns.h"
#include "store/retention.h"
#include "store/usage_columns.h"
#include "store/usage_filter.h"
#include "store/usage_rows.h"

namespace tollgate::store {

namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;

// (day, key id or model, key name): of each group only its own part is filled.
using GroupKey = std::tuple<std::int64_t, std::string, std::string>;
using Totals = std::map<GroupKey, UsageTotal>;

std::string_view group_columns(UsageGroup group, std::string_view day) {
  switch (group) {
    case UsageGroup::kKey:
      return "0, k.id, k.name";
    case UsageGroup::kModel:
      return "0, u.model, ''";
    case UsageGroup::kDay:
      return day;
  }
  return day;
}

std::string day_text(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

bool add_to(std::int64_t& sum, std::int64_t value) {
  return !__builtin_add_overflow(sum, value, &sum);
}

Status add_total(Totals& totals, sql::Statement& row) {
  const GroupKey key(row.integer(0), row.text(1), row.text(2));
  UsageTotal& total = totals[key];
  const Result<Money> cost = add(total.cost, Money::from_nanos(row.integer(8)));
  const Result<Money> charged = add(total.charged, Money::from_nanos(row.integer(9)));
  const bool fits = add_to(total.requests, row.integer(3)) &&
                    add_to(total.errors, row.integer(4)) &&
                    add_to(total.input_tokens, row.integer(5)) &&
                    add_to(total.cached_input_tokens, row.integer(6)) &&
                    add_to(total.output_tokens, row.integer(7));
  if (Status read = row.status(); !read) return read;
  if (!cost) return std::unexpected(cost.error());
  if (!charged) return std::unexpected(charged.error());
  if (!fits) return unreadable("totals beyond every number");
  total.cost = *cost;
  total.charged = *charged;
  return {};
}

Status add_totals(Totals& totals, sql::Statement& select) {
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    if (Status added = add_total(totals, select); !added) return added;
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

// What is added up, and what it is added to.
struct Adding {
  sql::Connection& connection;
  const UsageQuery& query;
  UsageGroup group = UsageGroup::kKey;
  std::int64_t key = 0;  // number of the only key; 0 = all
  const UsageIndex& index;
  std::int64_t rows_from = 0;  // in microseconds: rows of before may be removed
  Totals& totals;
};

// A size of aggregates: tables usage_UNITs and workspace_UNITs.
struct Grain {
  std::string_view unit;
  std::string_view day;  // as SQL, of a row
  std::int64_t micros = 0;
};
constexpr std::array kGrains{
    Grain{.unit = "day", .day = "u.day, '', ''", .micros = kDayMicros},
    Grain{.unit = "hour", .day = "u.hour / 24, '', ''", .micros = 3'600'000'000}};

// The aggregates of secrets, for units [from, to).
Status add_secrets(const Adding& adding, const Grain& grain, std::int64_t from, std::int64_t to) {
  const UsageQuery& query = adding.query;
  // By the days of all, unless it is about some keys: then by those, and no other's are read. Hours
  // are found by their key alone.
  std::string tables =
      fmt::format("usage_{}s u CROSS JOIN secrets s CROSS JOIN keys k", grain.unit);
  if (adding.key != 0 || query.workspace || grain.unit == "hour") {
    tables = fmt::format("keys k CROSS JOIN secrets s CROSS JOIN usage_{}s u", grain.unit);
  }
  sql::Statement select = adding.connection.prepare(fmt::format(
      "SELECT {0}, sum(u.requests), sum(u.errors), sum(u.input_tokens), "
      "sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), sum(u.charged) FROM {1} "
      "WHERE {2} AND s.number = u.secret_number AND k.number = s.key_number AND u.{3} >= ? AND "
      "u.{3} < ? AND (? = '' OR u.model = ?) AND {4} GROUP BY 1, 2, 3",
      group_columns(adding.group, grain.day), tables, adding.key != 0 ? "k.number = ?" : "? = 0",
      grain.unit,
      query.workspace ? "? <> '' AND k.workspace_id = ?" : "(? = '' OR k.workspace_id = ?)"));
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  select.bind(1, adding.key)
      .bind(2, from)
      .bind(3, to)
      .bind(4, query.model)
      .bind(5, query.model)
      .bind(6, workspace)
      .bind(7, workspace);
  return add_totals(adding.totals, select);
}

// Whole workspaces have aggregates of their own: some rows a unit instead of some for each key.
Status add_workspaces(const Adding& adding, const Grain& grain, std::int64_t from,
                      std::int64_t to) {
  const UsageQuery& query = adding.query;
  sql::Statement select = adding.connection.prepare(fmt::format(
      "SELECT {0}, sum(u.requests), sum(u.errors), sum(u.input_tokens), "
      "sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), sum(u.charged) "
      "FROM workspaces w CROSS JOIN (SELECT 'production' AS environment UNION ALL SELECT "
      "'sandbox') e CROSS JOIN workspace_{1}s u WHERE u.workspace_id = w.id AND u.environment = "
      "e.environment AND u.{1} >= ? AND u.{1} < ? AND (? = '' OR u.model = ?) AND {2} "
      "GROUP BY 1, 2, 3",
      group_columns(adding.group, grain.day), grain.unit, query.workspace ? "w.id = ?" : "? = ''"));
  select.bind(1, from)
      .bind(2, to)
      .bind(3, query.model)
      .bind(4, query.model)
      .bind(5, query.workspace ? query.workspace->get() : std::string());
  return add_totals(adding.totals, select);
}

// Rows admitted in [from, to) microseconds.
Status add_rows(const Adding& adding, std::int64_t from, std::int64_t to) {
  sql::Statement select = adding.connection.prepare(fmt::format(
      "SELECT {}, count(*), sum(CASE WHEN u.status >= 400 OR u.error_code <> '' THEN 1 ELSE 0 "
      "END), sum(u.input_tokens), sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), "
      "sum(u.charged) FROM usage u CROSS JOIN keys k WHERE k.number = u.key_number AND {} "
      "AND (? = 0 OR u.key_number = ?) GROUP BY 1, 2, 3",
      group_columns(adding.group, "u.admitted_at / 86400000000, '', ''"), kUsageCondition));
  bind_usage_condition(select, 1, usage_bounds(from, to, adding.index), adding.query);
  select.bind(kUsageConditionParameters + 1, adding.key)
      .bind(kUsageConditionParameters + 2, adding.key);
  return add_totals(adding.totals, select);
}

// Every key's hours are found by its number alone: by key, parts of a day are read as rows, as long
// as these are there.
std::span<const Grain> finer_grains(const Adding& adding, std::int64_t from,
                                    std::span<const Grain> grains) {
  const bool of_all_keys = adding.group == UsageGroup::kKey && adding.key == 0;
  return of_all_keys && from >= adding.rows_from ? std::span<const Grain>() : grains.subspan(1);
}

// [from, to) microseconds: whole units of the first of `grains` from their aggregates, what is left
// at both ends by the next, the rows last.
Status add_range(const Adding& adding, std::int64_t from, std::int64_t to,
                 std::span<const Grain> grains) {
  if (from >= to) return {};
  if (grains.empty()) return add_rows(adding, from, to);
  const Grain& grain = grains.front();
  const std::int64_t first = from / grain.micros + (from % grain.micros == 0 ? 0 : 1);
  const std::int64_t last = to / grain.micros;
  if (first >= last) return add_range(adding, from, to, finer_grains(adding, from, grains));
  const bool of_workspaces = adding.group != UsageGroup::kKey && adding.key == 0;
  Status added = of_workspaces ? add_workspaces(adding, grain, first, last)
                               : add_secrets(adding, grain, first, last);
  const std::int64_t begin = first * grain.micros;
  const std::int64_t end = last * grain.micros;
  if (added) added = add_range(adding, from, begin, finer_grains(adding, from, grains));
  // An open end has no rest.
  if (added && to != kEnd) added = add_range(adding, end, to, finer_grains(adding, end, grains));
  return added;
}

}  // namespace

Result<std::vector<UsageTotal>> usage_totals(sql::Connection& connection, const UsageQuery& query,
                                             UsageGroup group) {
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  const Result<std::int64_t> rows_from = first_time_of_all_rows(connection);
  if (!rows_from) return std::unexpected(rows_from.error());
  const std::int64_t from = query.from ? std::max(micros(*query.from), kBeginning) : kBeginning;
  const std::int64_t to = query.to ? std::min(micros(*query.to), kEnd) : kEnd;
  Totals totals;
  for (const std::int64_t key : query.keys.value_or(std::vector<std::int64_t>{0})) {
    const Adding adding{.connection = connection,
                        .query = query,
                        .group = group,
                        .key = key,
                        .index = *index,
                        .rows_from = *rows_from,
                        .totals = totals};
    Status added = add_range(adding, from, to, kGrains);
    if (!added) return std::unexpected(added.error());
  }
  std::vector<UsageTotal> list;
  for (auto& [key, total] : totals) {
    const auto& [day, name, key_name] = key;
    total.group = group == UsageGroup::kDay ? day_text(day) : name;
    total.key_name = key_name;
    list.push_back(std::move(total));
  }
  if (group == UsageGroup::kDay) {
    std::ranges::reverse(list);
  } else {
    std::ranges::sort(list, [](const UsageTotal& a, const UsageTotal& b) {
      return std::tie(b.cost, b.requests, a.group) < std::tie(a.cost, a.requests, b.group);
    });
  }
  return list;
}

}  // namespace tollgate::store
