#include "store/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "domain/latency_histogram.h"
#include "sql/test_database.h"
#include "store/keys.h"
#include "store/usage_overview.h"
#include "store/usage_rows.h"

namespace tollgate::store {
namespace {

// As every version has them.
const std::string kThreeKeys =
    "INSERT INTO workspaces (id, name, created_at) VALUES ('ws_a', 'a', 0), ('ws_b', 'b', 0);"
    "INSERT INTO keys (number, id, workspace_id, name, description, icon, environment, type, "
    "role, models, region, enforcement, allowed_ips, enabled, prefer_low_carbon, tags, "
    "created_at, created_by) SELECT n, 'key_' || n, iif(n = 3, 'ws_b', 'ws_a'), n, '', '', "
    "'production', 'standard', 'viewer', '[]', '', 'hard', '[]', 1, 0, '[]', 0, 'cli' FROM "
    "(SELECT 1 AS n UNION SELECT 2 UNION SELECT 3);"
    "INSERT INTO secrets (number, id, key_number, hash, preview, last4, created_at) SELECT "
    "number, 'sec_' || number, number, randomblob(32), '', '', 0 FROM keys;";
const std::string kInsertUsage =
    "INSERT INTO usage (id, request_id, admitted_at, finished_at, key_number, secret_number, "
    "environment, requested_model, model, provider, region, input_tokens, cached_input_tokens, "
    "cache_write_tokens, cache_write_1h_tokens, audio_input_tokens, image_input_tokens, "
    "output_tokens, reasoning_output_tokens, audio_output_tokens, metering, price_version, "
    "cost, charged, status, error_code, latency_ms, streamed, client, ip, attempts) ";

TEST(SchemaTest, MigratesANewDatabaseOnceAndLeavesTodaysAlone) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(migrate(connection));
  ASSERT_TRUE(migrate(connection));
  EXPECT_EQ(sql::schema_version(connection).value(), static_cast<int>(migrations().size()));
}

TEST(SchemaTest, RefusesADatabaseOfANewerVersion) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(migrate(connection));
  ASSERT_TRUE(connection.exec("INSERT INTO schema_version (version, name) VALUES (999, 'later')"));
  const Status refused = migrate(connection);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("999"), std::string::npos);
}

TEST(SchemaTest, KeysFromBeforeLimitsHaveNone) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(1)));
  ASSERT_TRUE(connection.exec(
      "INSERT INTO workspaces (id, name, created_at) VALUES ('ws_a', 'a', 0);"
      "INSERT INTO keys (id, workspace_id, name, description, icon, environment, type, role, "
      "models, region, enforcement, allowed_ips, enabled, prefer_low_carbon, tags, created_at, "
      "created_by) VALUES ('key_a', 'ws_a', 'a', '', '', 'production', 'standard', 'viewer', "
      "'[]', '', 'hard', '[]', 1, 0, '[]', 0, 'cli')"));
  ASSERT_TRUE(migrate(connection));
  const auto key = find_key(connection, KeyId("key_a"));
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_TRUE(key->policy.limits.empty());
  EXPECT_EQ(key->created_by, "cli");
}

TEST(SchemaTest, UsageRowsFromBeforeFlagsHaveNone) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(3)));
  ASSERT_TRUE(connection.exec(
      kInsertUsage +
      "VALUES "
      "(1, '', 0, 0, 1, 1, 'production', '', '', '', '', 1, 0, 0, 0, 0, 0, 1, 0, 0, 'reported', "
      "'', 5, 5, 200, '', 1, 0, '', '', '[]')"));
  ASSERT_TRUE(migrate(connection));
  EXPECT_EQ(sql::number_of(connection,
                           "SELECT count(*) FROM usage WHERE flags = '' AND "
                           "video_input_tokens = 0 AND cost = 5"),
            1);
}

// Rows, index and aggregates as version 8 had them: pages find and sum up the same with today's.
TEST(SchemaTest, RowsFromBeforeKindsAreFoundByThemAndTheirModelsSummedUp) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(8)));
  ASSERT_TRUE(connection.exec(
      kThreeKeys + "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29) " +
      kInsertUsage +
      "SELECT "
      "(86400000000 * i) << 10, '', 1577836800000000 + 86400000000 * i, 0, i % 3 + 1, i % 3 + 1, "
      "'production', '', iif(i % 2, 'odd', 'even'), '', '', 1, 0, 0, 0, 0, 0, 1, 0, 0, 'reported', "
      "'', 5, 5, iif(i % 5, 200, 500), '', 1, 0, '', '', '[]' FROM n;"
      "UPDATE usage_index SET mark = (86400000000 * 19) << 10;"
      "INSERT INTO usage_by_key SELECT key_number, id FROM usage WHERE id <= "
      "(SELECT mark FROM usage_index);"
      "INSERT INTO usage_days SELECT secret_number, admitted_at / 86400000000, model, 1, 0, 1, 0, "
      "1, 5, 5, admitted_at FROM usage"));
  ASSERT_TRUE(migrate(connection));
  const auto count = [&](const UsageQuery& query) {
    const auto page = list_usage(connection, query);
    EXPECT_TRUE(page) << page.error().detail;
    return page ? std::ssize(page->rows) : -1;
  };
  EXPECT_EQ(count({}), 30);
  EXPECT_EQ(count({.workspace = WorkspaceId("ws_a")}), 20);
  EXPECT_EQ(count({.workspace = WorkspaceId("ws_b"), .model = "odd"}), 5);
  EXPECT_EQ(count({.keys = std::vector<std::int64_t>{1}}), 10);
  EXPECT_EQ(count({.keys = std::vector<std::int64_t>{1}, .model = "even"}), 5);
  const auto totals =
      usage_totals(connection, {.workspace = WorkspaceId("ws_b")}, UsageGroup::kModel);
  ASSERT_TRUE(totals) << totals.error().detail;
  ASSERT_EQ(totals->size(), 2u);
  EXPECT_EQ(totals->front().requests, 5);
  EXPECT_EQ(totals->front().cost, Money::from_nanos(25));
  EXPECT_EQ(sql::number_of(connection, "SELECT skew FROM usage_index"), 1'000'000);
  EXPECT_EQ(sql::number_of(connection, "SELECT count(*) FROM usage_by_kind"), 20);
}

// Aggregates as version 12 had them: today's say the same of each hour and day, and of each model.
TEST(SchemaTest, HoursFromBeforeAreSummedUpByModelAndKeepTheirLatencies) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(12)));
  LatencyHistogram latencies;
  latencies.add(std::chrono::milliseconds(250));
  const std::string sums = fmt::format(
      "count(*), sum(status >= 400), sum(input_tokens), 0, sum(output_tokens), sum(cost), "
      "sum(charged), max(admitted_at), x'{:02x}'",
      fmt::join(std::span(reinterpret_cast<const std::uint8_t*>(latencies.packed().data()),
                          latencies.packed().size()),
                ""));
  const std::string of_keys = " FROM usage u JOIN keys k ON k.number = u.key_number GROUP BY 1, 2";
  ASSERT_TRUE(connection.exec(
      kThreeKeys + "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59) " +
      kInsertUsage +
      "SELECT i << 20, '', 1577836800000000 + 1200000000 * i, 0, i % 3 + 1, i % 3 + 1, "
      "'production', '', iif(i % 2, 'odd', 'even'), '', '', 1, 0, 0, 0, 0, 0, 1, 0, 0, 'reported', "
      "'', 5, 5, iif(i % 5, 200, 500), '', 250, 0, '', '', '[]' FROM n;"
      "INSERT INTO usage_hours SELECT secret_number, admitted_at / 3600000000, " +
      sums +
      " FROM usage GROUP BY 1, 2;"
      "INSERT INTO usage_days SELECT secret_number, admitted_at / 86400000000, model, " +
      sums +
      " FROM usage GROUP BY 1, 2, 3;"
      "INSERT INTO workspace_hours SELECT k.workspace_id, u.environment, admitted_at / "
      "3600000000, " +
      sums + of_keys +
      ", 3;"
      "INSERT INTO workspace_days SELECT k.workspace_id, u.environment, admitted_at / "
      "86400000000, " +
      sums + of_keys + ", 3"));
  ASSERT_TRUE(migrate(connection));

  const WallTime first = WallTime(std::chrono::microseconds(1'577'836'800'000'000));
  const auto totals = usage_totals(
      connection,
      {.workspace = WorkspaceId("ws_a"), .from = first, .to = first + std::chrono::hours(3)},
      UsageGroup::kModel);
  ASSERT_TRUE(totals) << totals.error().detail;
  ASSERT_EQ(totals->size(), 2u);  // of rows 0 to 8, without those of the third key
  EXPECT_EQ(totals->front().requests + totals->back().requests, 6);
  for (const UsageStep step : {UsageStep::kHour, UsageStep::kDay}) {
    const auto length = step == UsageStep::kHour ? std::chrono::hours(1) : std::chrono::hours(24);
    const auto series = usage_series(
        connection,
        {.key_number = 1, .step = step, .first = first.time_since_epoch() / length, .count = 1});
    const auto all = usage_series(connection, {.workspace = WorkspaceId("ws_a"),
                                               .step = step,
                                               .first = first.time_since_epoch() / length,
                                               .count = 1});
    ASSERT_TRUE(series && all);
    EXPECT_EQ(series->front().requests, step == UsageStep::kHour ? 1 : 20);
    EXPECT_EQ(all->front().requests, step == UsageStep::kHour ? 2 : 40);
    EXPECT_EQ(all->front().latencies, latencies);
    if (step == UsageStep::kHour) EXPECT_EQ(series->front().latencies, latencies);
  }
}

std::string hex_of(std::chrono::milliseconds latency) {
  LatencyHistogram latencies;
  latencies.add(latency);
  const std::string packed(latencies.packed());
  return fmt::format(
      "x'{:02x}'",
      fmt::join(std::span(reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size()),
                ""));
}

const std::string kHourOfRow = "admitted_at / 3600000000";
const std::string kDayOfRow = "admitted_at / 86400000000";

struct Aggregate {
  std::string table;
  std::string key;     // but for the model
  std::string of_row;  // the same, of a row of the ledger
};
const std::vector<Aggregate> kAggregates{
    {"usage_hours", "secret_number, hour", "u.secret_number, " + kHourOfRow},
    {"usage_days", "secret_number, day", "u.secret_number, " + kDayOfRow},
    {"workspace_hours", "workspace_id, environment, hour",
     "k.workspace_id, u.environment, " + kHourOfRow},
    {"workspace_days", "workspace_id, environment, day",
     "k.workspace_id, u.environment, " + kDayOfRow},
};

// How many rows `one` gives that `other` does not.
std::int64_t beyond(sql::Connection& connection, const std::string& one, const std::string& other) {
  return sql::number_of(connection, "SELECT count(*) FROM (" + one + " EXCEPT " + other + ")");
}

// Of two environments, with figures that all differ: each is the sum of its rows, and what was
// measured stands where it stood, once.
TEST(SchemaTest, EveryFigureOfHoursAndDaysFromBeforeIsKept) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(12)));
  const std::string latencies = "iif(({0}) % 2, " + hex_of(std::chrono::milliseconds(70)) + ", " +
                                hex_of(std::chrono::milliseconds(9'000)) + ")";
  const std::string sums =
      "count(*), sum(status >= 400 OR error_code <> ''), sum(input_tokens), "
      "sum(cached_input_tokens), sum(output_tokens), sum(cost), sum(charged), max(admitted_at), ";
  const std::string of_keys =
      " FROM usage u JOIN keys k ON k.number = u.key_number GROUP BY 1, 2, 3";
  ASSERT_TRUE(connection.exec(
      kThreeKeys +
      "UPDATE keys SET environment = 'sandbox' WHERE number = 2;"
      "INSERT INTO secrets (number, id, key_number, hash, preview, last4, created_at) VALUES "
      "(4, 'sec_4', 1, randomblob(32), '', '', 0);" +
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199) " +
      kInsertUsage +
      "SELECT i << 20, '', 1577836800000000 + 150000000 * i, 1577836800000000 + 150000000 * i + "
      "900000000, i % 3 + 1, iif(i % 12 > 8 AND i % 3 = 0, 4, i % 3 + 1), iif(i % 3 = 1, "
      "'sandbox', 'production'), '', "
      "iif(i % 2, 'odd', 'even'), '', '', 10 + i, 1000 + i, 0, 0, 0, 0, 2000 + i, 0, 0, "
      "'reported', '', 3000 + i, 4000 + i, iif(i % 5, 200, 400), "
      "iif(i % 7, '', 'provider_error'), 1, 0, '', '', '[]' FROM n;"
      "INSERT INTO usage_hours SELECT secret_number, " +
      kHourOfRow + ", " + sums + fmt::format(fmt::runtime(latencies), kHourOfRow) +
      " FROM usage GROUP BY 1, 2; INSERT INTO usage_days SELECT secret_number, " + kDayOfRow +
      ", model, " + sums + "x'' FROM usage GROUP BY 1, 2, 3;" +
      "INSERT INTO workspace_hours SELECT k.workspace_id, u.environment, " + kHourOfRow + ", " +
      sums + fmt::format(fmt::runtime(latencies), kHourOfRow + " + k.number") + of_keys +
      "; INSERT INTO workspace_days SELECT k.workspace_id, u.environment, " + kDayOfRow + ", " +
      sums + fmt::format(fmt::runtime(latencies), kDayOfRow + " + k.number") + of_keys));
  for (const auto& [table, key, of_row] : kAggregates) {
    ASSERT_TRUE(connection.exec(
        fmt::format("CREATE TABLE before_{0} AS SELECT {1}, latencies FROM {0}", table, key)));
  }
  ASSERT_TRUE(migrate(connection));
  for (const auto& [table, key, of_row] : kAggregates) {
    const std::string stored = fmt::format(
        "SELECT {}, model, requests, errors, input_tokens, cached_input_tokens, output_tokens, "
        "cost, charged, last_used_at FROM {}",
        key, table);
    const std::string of_rows = fmt::format(
        "SELECT {0}, model, {1} FROM usage u JOIN keys k ON k.number = u.key_number GROUP BY {0}, "
        "model",
        of_row, sums.substr(0, sums.size() - 2));
    EXPECT_EQ(beyond(connection, stored, of_rows), 0) << table;
    EXPECT_EQ(beyond(connection, of_rows, stored), 0) << table;
    if (table == "usage_days") continue;  // by model since ever
    const std::string measured =
        fmt::format("SELECT {}, latencies FROM {} WHERE latencies <> x''", key, table);
    EXPECT_EQ(beyond(connection, "SELECT * FROM before_" + table, measured), 0) << table;
    EXPECT_EQ(sql::number_of(connection, "SELECT count(*) FROM (" + measured + ")"),
              sql::number_of(connection, "SELECT count(*) FROM before_" + table))
        << table;
  }
  EXPECT_EQ(sql::number_of(connection,
                           "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'earlier%' OR "
                           "name = 'workspace_models'"),
            0);
}

// A server whose database has a row that no provider can have answered starts all the same.
TEST(SchemaTest, AbsurdRowsFromBeforeAreSummedUpToo) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(sql::migrate(connection, migrations().first(12)));
  const std::string most = "9223372036854775807";
  ASSERT_TRUE(connection.exec(
      kThreeKeys + "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3) " +
      kInsertUsage + "SELECT i, '', i, i, 1, 1, 'production', '', 'one', '', '', " + most + ", " +
      most + ", 0, 0, 0, 0, " + most + ", 0, 0, 'reported', '', " + most + ", " + most +
      ", 200, '', 1, 0, '', '', '[]' FROM n;"
      "INSERT INTO usage_days SELECT 1, 0, 'one', 4, 0, " +
      most + ", " + most + ", " + most + ", " + most + ", " + most + ", 0, x''"));
  const Status migrated = migrate(connection);
  ASSERT_TRUE(migrated) << migrated.error().detail;
  for (const std::string table :
       {"usage_hours", "usage_days", "workspace_hours", "workspace_days"}) {
    EXPECT_EQ(sql::number_of(connection, "SELECT requests FROM " + table), 4) << table;
  }
}

// An index on what is random, or a key of another table, would cost every request
// (ARCHITECTURE.md).
TEST(SchemaTest, KeepsUsageRowsFreeOfIndexesAndForeignKeys) {
  sql::TestDatabase database;
  sql::Connection connection = database.open();
  ASSERT_TRUE(migrate(connection));
  EXPECT_EQ(sql::number_of(connection, "SELECT count(*) FROM pragma_index_list('usage')"), 0);
  EXPECT_EQ(sql::number_of(connection, "SELECT count(*) FROM pragma_foreign_key_list('usage')"), 0);
}

}  // namespace
}  // namespace tollgate::store
