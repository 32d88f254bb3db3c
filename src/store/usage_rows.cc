#include "store/usage_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "domain/latency_histogram.h"
#include "store/columns.h"
#include "store/retention.h"
#include "store/usage_columns.h"
#include "store/usage_index.h"
#include "store/use_counts.h"

namespace tollgate::store {

namespace {

using Rows = std::vector<const UsageRow*>;

// What aggregates add up.
struct Sums {
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input_tokens = 0;
  std::int64_t cached_input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cost = 0;
  std::int64_t charged = 0;
  std::int64_t last_used_at = std::numeric_limits<std::int64_t>::min();
  LatencyHistogram latencies = {};
};

// Sums stop at what a column holds: an absurd row must not keep others from being stored.
void add_to(std::int64_t& sum, std::int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) {
    sum = value < 0 ? std::numeric_limits<std::int64_t>::min()
                    : std::numeric_limits<std::int64_t>::max();
  }
}

// What no clock measures counts as the most that one does.
std::chrono::milliseconds latency_of(const UsageRow& row) {
  constexpr std::int64_t kMax = std::chrono::milliseconds(std::chrono::days(1)).count();
  return std::chrono::milliseconds(std::clamp(row.latency_ms, std::int64_t{0}, kMax));
}

void add_row(Sums& sums, const UsageRow& row) {
  sums.requests += 1;
  sums.errors += is_error(row) ? 1 : 0;
  sums.last_used_at = std::max(sums.last_used_at, micros(row.admitted_at));
  add_to(sums.input_tokens, row.tokens.input);
  add_to(sums.cached_input_tokens, row.tokens.cached_input);
  add_to(sums.output_tokens, row.tokens.output);
  add_to(sums.cost, row.cost.nanos());
  add_to(sums.charged, row.charged.nanos());
  // Nobody knows how long the answer of an interrupted one would have taken.
  if (row.metering != Metering::kInterrupted) sums.latencies.add(latency_of(row));
}

// Some texts are the client's. One with a NUL byte is cut there: a row is never lost for it.
std::string_view storable(std::string_view text) { return text.substr(0, text.find('\0')); }

void bind_part(sql::Statement& statement, int position, std::int64_t value) {
  statement.bind(position, value);
}
void bind_part(sql::Statement& statement, int position, std::string_view text) {
  statement.bind_borrowed(position, storable(text));
}

// The key's parts first, then the nine sums, as every aggregate table has them.
template <class... Parts>
Status upsert(sql::Statement& statement, const std::tuple<Parts...>& key, const Sums& sums) {
  int position = 0;
  std::apply([&](const Parts&... part) { (bind_part(statement, ++position, part), ...); }, key);
  const std::string latencies = sums.latencies.packed();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(latencies.data());
  return statement.bind(position + 1, sums.requests)
      .bind(position + 2, sums.errors)
      .bind(position + 3, sums.input_tokens)
      .bind(position + 4, sums.cached_input_tokens)
      .bind(position + 5, sums.output_tokens)
      .bind(position + 6, sums.cost)
      .bind(position + 7, sums.charged)
      .bind(position + 8, sums.last_used_at)
      .bind_blob(position + 9, {bytes, latencies.size()})
      .run();
}

// One upsert per distinct key_of(row), in the order of the keys.
template <class KeyOf>
Status add_sums(sql::Statement statement, Rows& rows, KeyOf key_of) {
  std::ranges::sort(rows, {}, [&](const UsageRow* row) { return key_of(*row); });
  for (auto row = rows.begin(); row != rows.end();) {
    const auto key = key_of(**row);
    Sums sums;
    for (; row != rows.end() && key_of(**row) == key; ++row) add_row(sums, **row);
    if (Status added = upsert(statement, key, sums); !added) return added;
  }
  return {};
}

// Beyond int64 SQLite's sum turns into a floating-point number, which the column would refuse.
std::string add_sum(std::string_view column) {
  return fmt::format("{0} = MIN(t.{0} + excluded.{0}, {1})", column,
                     std::numeric_limits<std::int64_t>::max());
}

std::string add_sums_sql() {
  std::string sql =
      "requests = t.requests + excluded.requests, errors = t.errors + excluded.errors";
  for (const auto* column :
       {"input_tokens", "cached_input_tokens", "output_tokens", "cost", "charged"}) {
    sql += ", " + add_sum(column);
  }
  return sql +
         ", last_used_at = MAX(t.last_used_at, excluded.last_used_at), latencies = "
         "add_counts(t.latencies, excluded.latencies)";
}

std::string upsert_sql(std::string_view table, std::string_view key, std::string_view marks) {
  return fmt::format(
      "INSERT INTO {} AS t ({}, requests, errors, input_tokens, cached_input_tokens, "
      "output_tokens, cost, charged, last_used_at, latencies) "
      "VALUES ({}, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT ({}) DO UPDATE SET {}",
      table, key, marks, key, add_sums_sql());
}

Status add_to_aggregates(sql::Connection& connection, Rows& rows) {
  static const std::string hours =
      upsert_sql("usage_hours", "secret_number, hour, model", "?, ?, ?");
  static const std::string days = upsert_sql("usage_days", "secret_number, day, model", "?, ?, ?");
  static const std::string workspace_hours =
      upsert_sql("workspace_hours", "workspace_id, environment, hour, model", "?, ?, ?, ?");
  static const std::string workspace_days =
      upsert_sql("workspace_days", "workspace_id, environment, day, model", "?, ?, ?, ?");

  Status added = add_sums(connection.prepare(hours), rows, [](const UsageRow& row) {
    return std::tuple(row.secret_number, hour_of(row.admitted_at), std::string_view(row.model));
  });
  if (!added) return added;
  added = add_sums(connection.prepare(days), rows, [](const UsageRow& row) {
    return std::tuple(row.secret_number, day_of(row.admitted_at), std::string_view(row.model));
  });
  if (!added) return added;
  added = add_sums(connection.prepare(workspace_hours), rows, [](const UsageRow& row) {
    return std::tuple(std::string_view(row.workspace.get()), environment_name(row.environment),
                      hour_of(row.admitted_at), std::string_view(row.model));
  });
  if (!added) return added;
  return add_sums(connection.prepare(workspace_days), rows, [](const UsageRow& row) {
    return std::tuple(std::string_view(row.workspace.get()), environment_name(row.environment),
                      day_of(row.admitted_at), std::string_view(row.model));
  });
}

constexpr std::string_view kInsert =
    "INSERT INTO usage (id, request_id, admitted_at, finished_at, key_number, secret_number, "
    "environment, requested_model, model, provider, region, input_tokens, cached_input_tokens, "
    "cache_write_tokens, cache_write_1h_tokens, audio_input_tokens, image_input_tokens, "
    "output_tokens, reasoning_output_tokens, audio_output_tokens, metering, price_version, cost, "
    "charged, status, error_code, latency_ms, first_token_ms, streamed, client, ip, attempts, "
    "flags, video_input_tokens, test_time, decision) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";

Status insert_row(sql::Statement& insert, const UsageRow& row, std::string& attempts) {
  const TokenUsage& tokens = row.tokens;
  attempts.clear();
  append_attempts(attempts, row.attempts);
  insert.bind(1, row.id)
      .bind_borrowed(2, storable(row.request_id))
      .bind(3, micros(row.admitted_at))
      .bind(4, micros(row.finished_at))
      .bind(5, row.key_number)
      .bind(6, row.secret_number)
      .bind_borrowed(7, environment_name(row.environment))
      .bind_borrowed(8, storable(row.requested_model))
      .bind_borrowed(9, storable(row.model))
      .bind_borrowed(10, storable(row.provider))
      .bind_borrowed(11, storable(row.region))
      .bind(12, tokens.input)
      .bind(13, tokens.cached_input)
      .bind(14, tokens.cache_write)
      .bind(15, tokens.cache_write_1h)
      .bind(16, tokens.audio_input)
      .bind(17, tokens.image_input)
      .bind(18, tokens.output)
      .bind(19, tokens.reasoning_output)
      .bind(20, tokens.audio_output)
      .bind_borrowed(21, metering_name(row.metering))
      .bind_borrowed(22, storable(row.price_version))
      .bind(23, row.cost.nanos())
      .bind(24, row.charged.nanos())
      .bind(25, row.status)
      .bind_borrowed(26, storable(row.error_code))
      .bind(27, row.latency_ms)
      .bind(28, row.first_token_ms)
      .bind(29, row.streamed ? 1 : 0)
      .bind_borrowed(30, storable(row.client))
      .bind_borrowed(31, storable(row.ip))
      .bind_borrowed(32, attempts)
      .bind_borrowed(33, storable(row.flags))
      .bind(34, tokens.video_input)
      .bind(35, optional_micros(row.test_time))
      .bind_borrowed(36, storable(row.decision));
  return insert.run();
}

Status widen_skew(sql::Connection& connection, const Rows& rows, std::int64_t skew) {
  std::int64_t widest = skew;
  for (const UsageRow* row : rows) {
    const std::int64_t apart = micros(row->admitted_at) - time_in_id(row->id);
    widest = std::max(widest, apart < 0 ? -apart : apart);
  }
  if (widest == skew) return {};
  return connection.prepare("UPDATE usage_index SET skew = ? WHERE one = 1").bind(1, widest).run();
}

}  // namespace

bool is_error(const UsageRow& row) { return row.status >= 400 || !row.error_code.empty(); }

Status insert_usage(sql::Connection& connection, std::span<const UsageRow* const> rows) {
  if (rows.empty()) return {};
  const Result<UsageIndex> index = read_usage_index(connection);
  if (!index) return std::unexpected(index.error());
  Rows stored;
  stored.reserve(rows.size());
  {
    sql::Statement insert = connection.prepare(kInsert);
    std::string attempts;
    for (const UsageRow* row : rows) {
      // Removed rows were indexed.
      const Result<bool> removed =
          row->id <= index->mark ? was_removed(connection, row->id) : Result<bool>(false);
      if (!removed) return std::unexpected(removed.error());
      if (*removed) continue;
      if (Status inserted = insert_row(insert, *row, attempts); !inserted) return inserted;
      if (connection.changes() == 1) stored.push_back(row);
    }
  }
  if (Status indexed = index_late_rows(connection, stored, index->mark); !indexed) return indexed;
  if (Status widened = widen_skew(connection, stored, index->skew); !widened) return widened;
  return add_to_aggregates(connection, stored);
}

}  // namespace tollgate::store
