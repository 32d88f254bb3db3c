#include "store/window_use.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "store/columns.h"
#include "store/usage_columns.h"
#include "store/usage_filter.h"

namespace tollgate::store {

namespace {

constexpr std::int64_t kHourMicros = 3'600'000'000;
constexpr std::int64_t kHoursPerDay = 24;
constexpr std::int64_t kDayMicros = kHoursPerDay * kHourMicros;
// How long before its admission a request may have got its id: while its body arrived, and while it
// waited.
constexpr std::chrono::minutes kArrivalMax{5};

// [from, to) of micros, hours or days.
struct Range {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

void add_to(std::int64_t& sum, std::int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) sum = std::numeric_limits<std::int64_t>::max();
}

// Adds up what `select` gives: requests, input tokens, output tokens, cost.
Status add_all(sql::Statement& select, WindowUse& use) {
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    add_to(use.requests, select.integer(0));
    add_to(use.tokens, select.integer(1));
    add_to(use.tokens, select.integer(2));
    add_to(use.cost, select.integer(3));
    if (Status read = select.status(); !read) return read;
  }
  return more ? Status() : std::unexpected(std::move(more.error()));
}

enum class Grain { kHours, kDays };

std::string_view aggregate_sql(const UseOwner& owner, Grain grain) {
  if (owner.key_number != 0) {
    return grain == Grain::kHours
               ? "SELECT u.requests, u.input_tokens, u.output_tokens, u.cost FROM secrets s "
                 "CROSS JOIN usage_hours u WHERE u.secret_number = s.number AND u.hour >= ? AND "
                 "u.hour < ? AND s.key_number = ?"
               : "SELECT u.requests, u.input_tokens, u.output_tokens, u.cost FROM secrets s "
                 "CROSS JOIN usage_days u WHERE u.secret_number = s.number AND u.day >= ? AND "
                 "u.day < ? AND s.key_number = ?";
  }
  return grain == Grain::kHours
             ? "SELECT requests, input_tokens, output_tokens, cost FROM workspace_hours WHERE "
               "hour >= ? AND hour < ? AND workspace_id = ? AND environment = ?"
             : "SELECT requests, input_tokens, output_tokens, cost FROM workspace_days WHERE "
               "day >= ? AND day < ? AND workspace_id = ? AND environment = ?";
}

void bind_owner(sql::Statement& statement, int position, const UseOwner& owner) {
  if (owner.key_number != 0) {
    statement.bind(position, owner.key_number);
  } else {
    statement.bind(position, owner.workspace.get())
        .bind(position + 1, environment_name(owner.environment));
  }
}

Status add_aggregates(sql::Connection& connection, const UseOwner& owner, Grain grain,
                      const Range& range, WindowUse& use) {
  if (range.from >= range.to) return {};
  sql::Statement select = connection.prepare(aggregate_sql(owner, grain));
  select.bind(1, range.from).bind(2, range.to);
  bind_owner(select, 3, owner);
  return add_all(select, use);
}

// The rows of the owner among some ids, that were admitted in some stretch of time.
std::string_view rows_sql(const UseOwner& owner) {
  return owner.key_number != 0
             ? "SELECT 1, u.input_tokens, u.output_tokens, u.cost FROM usage u WHERE u.id >= ? AND "
               "u.id < ? AND u.admitted_at >= ? AND "
               "u.admitted_at < ? AND u.key_number = ?"
             : "SELECT 1, u.input_tokens, u.output_tokens, u.cost FROM usage u CROSS JOIN keys k "
               "WHERE u.id >= ? AND u.id < ? AND u.admitted_at >= "
               "? AND u.admitted_at < ? AND k.number = u.key_number AND k.workspace_id = ? AND "
               "u.environment = ?";
}

// What rows that were removed said of one part of an hour, which limits of the owner turn at `at`
// (store/retention.h). Part 0 is up to it, 1 from it on.
Status add_split(sql::Connection& connection, const UseOwner& owner, std::int64_t at, int part,
                 WindowUse& use) {
  sql::Statement select = connection.prepare(
      "SELECT requests, tokens, 0, cost FROM usage_splits WHERE key_number = ? AND workspace_id = "
      "? AND environment = ? AND at = ? AND part = ?");
  const bool of_key = owner.key_number != 0;
  select.bind(1, owner.key_number)
      .bind(2, of_key ? std::string() : owner.workspace.get())
      .bind(3, of_key ? std::string_view() : environment_name(owner.environment))
      .bind(4, at)
      .bind(5, part);
  return add_all(select, use);
}

// Part of an hour: of rows that are there.
Status add_rows(sql::Connection& connection, const UseOwner& owner, const Range& range,
                WindowUse& use) {
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  const UsageBounds bounds = usage_bounds(range.from, range.to, *index);
  sql::Statement select = connection.prepare(rows_sql(owner));
  select.bind(1, bounds.id_from).bind(2, bounds.id_to).bind(3, bounds.from).bind(4, bounds.to);
  bind_owner(select, 5, owner);
  return add_all(select, use);
}

// Of the rows that were admitted at `rows_from` or later.
Status add_by_test_time(sql::Connection& connection, const UseOwner& owner, const Range& range,
                        std::int64_t rows_from, WindowUse& use) {
  sql::Statement select = connection.prepare(
      owner.key_number != 0
          ? "SELECT 1, u.input_tokens, u.output_tokens, u.cost FROM usage u WHERE "
            "coalesce(u.test_time, u.admitted_at) >= ? AND coalesce(u.test_time, u.admitted_at) < "
            "? AND u.admitted_at >= ? AND u.key_number = ?"
          : "SELECT 1, u.input_tokens, u.output_tokens, u.cost FROM usage u CROSS JOIN keys k "
            "WHERE coalesce(u.test_time, u.admitted_at) >= ? AND coalesce(u.test_time, "
            "u.admitted_at) < ? AND u.admitted_at >= ? AND k.number = u.key_number AND "
            "k.workspace_id = ? AND u.environment = ?");
  select.bind(1, range.from).bind(2, range.to).bind(3, rows_from);
  bind_owner(select, 4, owner);
  return add_all(select, use);
}

// Microseconds: rows of the owner's workspace from before are gone, or going.
Result<std::int64_t> rows_from(sql::Connection& connection, const UseOwner& owner) {
  sql::Statement select = connection.prepare(
      owner.key_number != 0 ? "SELECT w.rows_from FROM keys k CROSS JOIN workspaces w WHERE "
                              "k.number = ? AND w.id = k.workspace_id"
                            : "SELECT rows_from FROM workspaces WHERE id = ?");
  if (owner.key_number != 0) {
    select.bind(1, owner.key_number);
  } else {
    select.bind(1, owner.workspace.get());
  }
  const Result<std::optional<std::int64_t>> day = single_integer(select);
  if (!day) return std::unexpected(day.error());
  return day->value_or(0) * kDayMicros;
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}
std::int64_t ceil_div(std::int64_t value, std::int64_t by) { return -floor_div(-value, by); }

Status add_hours(sql::Connection& connection, const UseOwner& owner, const Range& hours,
                 WindowUse& use) {
  const Range days{.from = ceil_div(hours.from, kHoursPerDay),
                   .to = floor_div(hours.to, kHoursPerDay)};
  if (days.from >= days.to) {
    return add_aggregates(connection, owner, Grain::kHours, hours, use);
  }
  const Range before{.from = hours.from, .to = days.from * kHoursPerDay};
  const Range after{.from = days.to * kHoursPerDay, .to = hours.to};
  Status added = add_aggregates(connection, owner, Grain::kHours, before, use);
  if (added) added = add_aggregates(connection, owner, Grain::kDays, days, use);
  if (added) added = add_aggregates(connection, owner, Grain::kHours, after, use);
  return added;
}

// By real time: whole days and hours from their aggregates, and the rows of what is left at the
// ends.
Status add_real_time(sql::Connection& connection, const UseOwner& owner, const Range& range,
                     WindowUse& use) {
  const Range hours{.from = ceil_div(range.from, kHourMicros),
                    .to = floor_div(range.to, kHourMicros)};
  if (hours.from > hours.to) return add_rows(connection, owner, range, use);
  const Range before{.from = range.from, .to = hours.from * kHourMicros};
  const Range after{.from = hours.to * kHourMicros, .to = range.to};
  Status added = add_hours(connection, owner, hours, use);
  if (added && before.from < before.to) {
    added = add_rows(connection, owner, before, use);
    if (added) added = add_split(connection, owner, before.from, 1, use);
  }
  // An open end has no rest.
  if (added && after.from < after.to && range.to != kEnd) {
    added = add_rows(connection, owner, after, use);
    if (added) added = add_split(connection, owner, after.to, 0, use);
  }
  return added;
}

}  // namespace

Result<WindowUse> sum_window(sql::Connection& connection, const UseOwner& owner, Period period) {
  const Range range{.from = std::max(micros(period.start), kBeginning),
                    .to = std::min(micros(period.end), kEnd)};
  WindowUse use;
  if (range.from >= range.to) return use;
  Status added;
  if (owner.by == UseOwner::By::kRealTime) {
    added = add_real_time(connection, owner, range, use);
  } else {
    // What is gone was admitted before the test clock was ever moved, when its time was real time.
    const Result<std::int64_t> line = rows_from(connection, owner);
    if (!line) return std::unexpected(line.error());
    const Range gone{.from = range.from, .to = std::min(range.to, *line)};
    if (gone.from < gone.to) added = add_real_time(connection, owner, gone, use);
    if (added) added = add_by_test_time(connection, owner, range, *line, use);
  }
  if (!added) return std::unexpected(added.error());
  return use;
}

Result<WallTime> last_used_hour_end(sql::Connection& connection, const UseOwner& owner) {
  sql::Statement select = connection.prepare(
      owner.key_number != 0
          ? "SELECT max(last) FROM (SELECT (SELECT max(hour) FROM usage_hours WHERE secret_number "
            "= s.number) AS last FROM secrets s WHERE s.key_number = ?) HAVING max(last) IS NOT "
            "NULL"
          : "SELECT max(hour) FROM workspace_hours WHERE workspace_id = ? AND environment = ? "
            "HAVING max(hour) IS NOT NULL");
  bind_owner(select, 1, owner);
  const Result<std::optional<std::int64_t>> hour = single_integer(select);
  if (!hour) return std::unexpected(hour.error());
  return *hour ? wall_time((**hour + 1) * kHourMicros) : WallTime::min();
}

Result<std::vector<RecentUse>> recent_use(sql::Connection& connection, std::int64_t key_number,
                                          WallTime since) {
  sql::Statement select = connection.prepare(
      "SELECT u.admitted_at, u.cost, u.input_tokens, u.output_tokens, u.key_number, "
      "u.environment, k.workspace_id FROM usage u CROSS JOIN keys k WHERE u.id >= ? AND "
      "(? = 0 OR u.key_number = ?) AND k.number = u.key_number");
  select.bind(1, least_id_at(micros(since - kArrivalMax))).bind(2, key_number).bind(3, key_number);
  std::vector<RecentUse> list;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    RecentUse use{.key_number = select.integer(4),
                  .workspace = WorkspaceId(std::string(select.text(6))),
                  .admitted_at = wall_time(select.integer(0)),
                  .cost = select.integer(1)};
    const auto environment = environment_from_name(select.text(5));
    if (Status read = select.status(); !read) return std::unexpected(read.error());
    if (!environment) return unreadable("usage.environment");
    use.environment = *environment;
    add_to(use.tokens, select.integer(2));
    add_to(use.tokens, select.integer(3));
    list.push_back(std::move(use));
  }
  if (!more) return std::unexpected(more.error());
  return list;
}

}  // namespace tollgate::store
