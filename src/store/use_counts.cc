#include "store/use_counts.h"

#include <algorithm>

#include "store/columns.h"

namespace tollgate::store {

namespace {

// Adds the rows (secret number, requests, errors, last time, days) of `select` to `counts`.
Status add_counts(sql::Statement& select, std::unordered_map<std::int64_t, SecretUse>& counts) {
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    SecretUse& use = counts[select.integer(0)];
    UseCount& count = use.count;
    use.admitted_on |= static_cast<std::uint64_t>(select.integer(4));
    if (__builtin_add_overflow(count.requests, select.integer(1), &count.requests) ||
        __builtin_add_overflow(count.errors, select.integer(2), &count.errors)) {
      return unreadable("a count beyond every number");
    }
    const WallTime last = wall_time(select.integer(3));
    count.last_used_at = std::max(count.last_used_at.value_or(last), last);
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

}  // namespace

std::int64_t hour_of(WallTime time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

Status add_request_counts(sql::Connection& connection, std::span<const RequestCount> counts) {
  sql::Statement upsert = connection.prepare(
      "INSERT INTO request_counts AS t (secret_number, hour, code, count, last_at) "
      "VALUES (?, ?, ?, ?, ?) ON CONFLICT (secret_number, hour, code) DO UPDATE SET "
      "count = t.count + excluded.count, last_at = CASE WHEN excluded.last_at > t.last_at "
      "THEN excluded.last_at ELSE t.last_at END");
  for (const RequestCount& count : counts) {
    Status added = upsert.bind(1, count.secret_number)
                       .bind(2, count.hour)
                       .bind(3, count.code)
                       .bind(4, count.count)
                       .bind(5, micros(count.last_at))
                       .run();
    if (!added) return added;
  }
  return {};
}

Result<std::vector<RequestCount>> list_request_counts(sql::Connection& connection,
                                                      std::int64_t secret_number,
                                                      std::int64_t from_hour) {
  sql::Statement select = connection.prepare(
      "SELECT hour, code, count, last_at FROM request_counts "
      "WHERE secret_number = ? AND hour >= ? ORDER BY hour, code");
  select.bind(1, secret_number).bind(2, from_hour);
  std::vector<RequestCount> counts;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    counts.push_back({.secret_number = secret_number,
                      .hour = select.integer(0),
                      .code = std::string(select.text(1)),
                      .count = select.integer(2),
                      .last_at = wall_time(select.integer(3))});
  }
  if (!more) return std::unexpected(more.error());
  return counts;
}

Result<std::unordered_map<std::int64_t, SecretUse>> load_use_counts(sql::Connection& connection,
                                                                    std::int64_t today) {
  std::unordered_map<std::int64_t, SecretUse> counts;
  sql::Statement admitted = connection.prepare(
      "SELECT secret_number, sum(requests), sum(errors), max(last_used_at), "
      "sum(CASE WHEN day > ? AND day <= ? THEN 1 << (? - day) ELSE 0 END) FROM "
      "(SELECT secret_number, day, sum(requests) AS requests, sum(errors) AS errors, "
      "max(last_used_at) AS last_used_at FROM usage_days GROUP BY secret_number, day) "
      "GROUP BY secret_number");
  admitted.bind(1, today - kDaysKnown).bind(2, today).bind(3, today);
  if (Status added = add_counts(admitted, counts); !added) return std::unexpected(added.error());
  sql::Statement others = connection.prepare(
      "SELECT secret_number, sum(count), sum(CASE WHEN code <> '' THEN count ELSE 0 END), "
      "max(last_at), 0 FROM request_counts GROUP BY secret_number");
  if (Status added = add_counts(others, counts); !added) return std::unexpected(added.error());
  return counts;
}

}  // namespace tollgate::store
