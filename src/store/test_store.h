// For tests: a migrated database in a fresh directory with a write transaction open, as every
// function of store/ expects it, and makers of keys and usage rows.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/hash.h"
#include "domain/key.h"
#include "domain/usage_row.h"
#include "sql/connection.h"
#include "sql/test_database.h"
#include "store/columns.h"
#include "store/keys.h"
#include "store/schema.h"
#include "store/usage_rows.h"
#include "store/workspaces.h"

namespace tollgate::store {

// 2026-11-21 10:00:00 UTC.
inline constexpr std::int64_t kTestTime = 1'795'255'200'000'000;
inline constexpr std::int64_t kHourMicros = 3'600'000'000;

inline WallTime test_time(std::int64_t offset_micros = 0) {
  return wall_time(kTestTime + offset_micros);
}

// The id that a request admitted at `time` gets; `serial` < 1024 makes it unique.
inline GenerationNumber test_id(WallTime time, int serial = 0) {
  return ((micros(time) - 1'577'836'800'000'000) << 10) + serial;
}

inline Key test_key(const std::string& name, int secrets = 1) {
  Key key;
  key.id = KeyId("key_" + name);
  key.workspace = default_workspace_id();
  key.policy.name = name;
  key.created_at = test_time();
  key.created_by = "cli";
  for (int i = secrets; i > 0; --i) {
    const std::string id = "sec_" + name + "_" + std::to_string(i);
    key.secrets.push_back({.id = SecretId(id),
                           .hash = sha256(id),
                           .preview = "preview...",
                           .last4 = "last",
                           .created_at = test_time(),
                           .retires_at = {}});
  }
  return key;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() : connection_(database_.open()) {
    expect_ok(migrate(connection_));
    expect_ok(connection_.begin_write());
    EXPECT_TRUE(ensure_default_workspace(connection_, test_time()));
  }

  template <class T>
  static void expect_ok(const Result<T>& result) {
    EXPECT_TRUE(result.has_value()) << result.error().message << " " << result.error().detail;
  }

  Key stored_key(const std::string& name, int secrets = 1) {
    Key key = test_key(name, secrets);
    expect_ok(insert_key(connection_, key));
    return key;
  }

  // A row of `key`, admitted at `time`, whose figures follow from `serial`.
  static UsageRow usage_row(const Key& key, WallTime time, int serial) {
    UsageRow row;
    row.id = test_id(time, serial);
    row.request_id = "req_same";
    row.admitted_at = time;
    row.finished_at = time + std::chrono::milliseconds(5);
    row.key_number = key.number;
    row.secret_number = key.secrets.front().number;
    row.key = key.id;
    row.key_name = key.policy.name;
    row.secret = key.secrets.front().id;
    row.workspace = key.workspace;
    row.requested_model = row.model = serial % 2 == 0 ? "acme/even" : "acme/odd";
    row.provider = "acme";
    row.tokens = {.input = 100 + serial, .cached_input = serial, .output = 10};
    row.cost = Money::from_nanos(1'000 + serial);
    row.charged = Money::from_nanos(500 + serial);
    return row;
  }

  void store_rows(const std::vector<UsageRow>& rows) {
    std::vector<const UsageRow*> pointers;
    for (const UsageRow& row : rows) pointers.push_back(&row);
    expect_ok(insert_usage(connection_, pointers));
  }

  std::int64_t number(std::string_view sql) { return sql::number_of(connection_, sql); }

  sql::TestDatabase database_;
  sql::Connection connection_;
};

}  // namespace tollgate::store
