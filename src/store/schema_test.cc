#include "store/schema.h"

#include <gtest/gtest.h>

#include "sql/test_database.h"
#include "store/keys.h"

namespace tollgate::store {
namespace {

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
      "INSERT INTO usage (id, request_id, admitted_at, finished_at, key_number, secret_number, "
      "environment, requested_model, model, provider, region, input_tokens, cached_input_tokens, "
      "cache_write_tokens, cache_write_1h_tokens, audio_input_tokens, image_input_tokens, "
      "output_tokens, reasoning_output_tokens, audio_output_tokens, metering, price_version, "
      "cost, charged, status, error_code, latency_ms, streamed, client, ip, attempts) VALUES "
      "(1, '', 0, 0, 1, 1, 'production', '', '', '', '', 1, 0, 0, 0, 0, 0, 1, 0, 0, 'reported', "
      "'', 5, 5, 200, '', 1, 0, '', '', '[]')"));
  ASSERT_TRUE(migrate(connection));
  EXPECT_EQ(sql::number_of(connection,
                           "SELECT count(*) FROM usage WHERE flags = '' AND "
                           "video_input_tokens = 0 AND cost = 5"),
            1);
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
