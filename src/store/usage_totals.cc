#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "store/columns.h"
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

// Whole days [from, to) of the aggregates; of one key, or of all (0).
Status add_days(sql::Connection& connection, const UsageQuery& query, UsageGroup group,
                std::int64_t key, std::int64_t from, std::int64_t to, Totals& totals) {
  // By the days of all, unless it is about some keys: then by those, and no other's days are read.
  std::string_view tables =
      "keys k CROSS JOIN secrets s CROSS JOIN usage_days u WHERE k.number = ?";
  if (key == 0 && query.workspace) {
    tables = "keys k CROSS JOIN secrets s CROSS JOIN usage_days u WHERE ? = 0";
  } else if (key == 0) {
    tables = "usage_days u CROSS JOIN secrets s CROSS JOIN keys k WHERE ? = 0";
  }
  const std::string_view within =
      query.workspace ? "? <> '' AND k.workspace_id = ?" : "(? = '' OR k.workspace_id = ?)";
  sql::Statement select = connection.prepare(fmt::format(
      "SELECT {}, sum(u.requests), sum(u.errors), sum(u.input_tokens), "
      "sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), sum(u.charged) FROM {} "
      "AND s.number = u.secret_number AND k.number = s.key_number AND u.day >= ? AND u.day < ? "
      "AND (? = '' OR u.model = ?) AND {} GROUP BY 1, 2, 3",
      group_columns(group, "u.day, '', ''"), tables, within));
  const std::string workspace = query.workspace ? query.workspace->get() : std::string();
  select.bind(1, key)
      .bind(2, from)
      .bind(3, to)
      .bind(4, query.model)
      .bind(5, query.model)
      .bind(6, workspace)
      .bind(7, workspace);
  return add_totals(totals, select);
}

// Days of whole workspaces have aggregates of their own, and those of their models: one row a day,
// or a day and model, instead of one a key.
Status add_workspace_days(sql::Connection& connection, const UsageQuery& query, UsageGroup group,
                          std::int64_t from, std::int64_t to, Totals& totals) {
  const bool by_model = group == UsageGroup::kModel || !query.model.empty();
  sql::Statement select = connection.prepare(fmt::format(
      "SELECT {}, sum(u.requests), sum(u.errors), sum(u.input_tokens), "
      "sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), sum(u.charged) "
      "FROM workspaces w CROSS JOIN {} WHERE u.workspace_id = w.id AND u.day >= ? AND u.day < ? "
      "AND {} AND {} GROUP BY 1, 2, 3",
      group_columns(group, "u.day, '', ''"),
      by_model ? "workspace_models u"
               : "(SELECT 'production' AS environment UNION ALL SELECT 'sandbox') e CROSS JOIN "
                 "workspace_days u",
      by_model ? "(? = '' OR u.model = ?)" : "? = ? AND u.environment = e.environment",
      query.workspace ? "w.id = ?" : "? = ''"));
  select.bind(1, from)
      .bind(2, to)
      .bind(3, query.model)
      .bind(4, query.model)
      .bind(5, query.workspace ? query.workspace->get() : std::string());
  return add_totals(totals, select);
}

// Rows admitted in [from, to) microseconds; of one key, or of all (0).
Status add_rows(sql::Connection& connection, const UsageQuery& query, UsageGroup group,
                std::int64_t key, const UsageBounds& bounds, Totals& totals) {
  sql::Statement select = connection.prepare(fmt::format(
      "SELECT {}, count(*), sum(CASE WHEN u.status >= 400 OR u.error_code <> '' THEN 1 ELSE 0 "
      "END), sum(u.input_tokens), sum(u.cached_input_tokens), sum(u.output_tokens), sum(u.cost), "
      "sum(u.charged) FROM usage u CROSS JOIN keys k WHERE k.number = u.key_number AND {} "
      "AND (? = 0 OR u.key_number = ?) GROUP BY 1, 2, 3",
      group_columns(group, "u.admitted_at / 86400000000, '', ''"), kUsageCondition));
  bind_usage_condition(select, 1, bounds, query);
  select.bind(kUsageConditionParameters + 1, key).bind(kUsageConditionParameters + 2, key);
  return add_totals(totals, select);
}

Status add_range(sql::Connection& connection, const UsageQuery& query, UsageGroup group,
                 std::int64_t key, const UsageIndex& index, Totals& totals) {
  const std::int64_t from = query.from ? std::max(micros(*query.from), kBeginning) : kBeginning;
  const std::int64_t to = query.to ? std::min(micros(*query.to), kEnd) : kEnd;
  if (from >= to) return {};
  // Whole days: [day_from, day_to); an open end has no rest.
  const std::int64_t day_from = from / kDayMicros + (from % kDayMicros == 0 ? 0 : 1);
  const std::int64_t day_to = to == kEnd ? kEnd / kDayMicros : to / kDayMicros;
  if (day_from >= day_to) {
    return add_rows(connection, query, group, key, usage_bounds(from, to, index), totals);
  }
  if (from < day_from * kDayMicros) {
    const UsageBounds first = usage_bounds(from, day_from * kDayMicros, index);
    if (Status added = add_rows(connection, query, group, key, first, totals); !added) return added;
  }
  if (to != kEnd && day_to * kDayMicros < to) {
    const UsageBounds last = usage_bounds(day_to * kDayMicros, to, index);
    if (Status added = add_rows(connection, query, group, key, last, totals); !added) return added;
  }
  if (group != UsageGroup::kKey && key == 0) {
    return add_workspace_days(connection, query, group, day_from, day_to, totals);
  }
  return add_days(connection, query, group, key, day_from, day_to, totals);
}

}  // namespace

Result<std::vector<UsageTotal>> usage_totals(sql::Connection& connection, const UsageQuery& query,
                                             UsageGroup group) {
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  Totals totals;
  for (const std::int64_t key : query.keys.value_or(std::vector<std::int64_t>{0})) {
    Status added = add_range(connection, query, group, key, *index, totals);
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
