#include "store/usage_overview.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/test_store.h"

namespace tollgate::store {
namespace {

constexpr std::int64_t kHour = kTestTime / kHourMicros;
constexpr std::int64_t kDay = kHour / 24;

class UsageOverviewTest : public StoreTest {
 protected:
  void add_row(const Key& key, std::int64_t hours_ago, int serial) {
    const UsageRow row = usage_row(key, test_time(-hours_ago * kHourMicros), serial);
    const std::vector<const UsageRow*> rows{&row};
    expect_ok(insert_usage(connection_, rows));
  }
  std::vector<UsageFigures> series(const UsageSeriesQuery& query) {
    auto found = usage_series(connection_, query);
    expect_ok(found);
    return found.value_or(std::vector<UsageFigures>());
  }
  // The query plan of what the series reads.
  std::string plan_of(const std::string& statement) {
    sql::Statement explain = connection_.prepare("EXPLAIN QUERY PLAN " + statement);
    std::string plan;
    for (auto row = explain.step(); row && *row; row = explain.step()) {
      plan += std::string(explain.text(3)) + "\n";
    }
    return plan;
  }
};

TEST_F(UsageOverviewTest, HoursOfAWorkspaceAndOfAKey) {
  const Key one = stored_key("one");
  const Key two = stored_key("two");
  add_row(one, 0, 1);
  add_row(one, 2, 2);
  add_row(two, 2, 3);
  const auto all = series({.step = UsageStep::kHour, .first = kHour - 3, .count = 4});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0], UsageFigures());
  EXPECT_EQ(all[1].requests, 2);
  EXPECT_EQ(all[1].input_tokens, 102 + 103);
  EXPECT_EQ(all[1].cost, Money::from_nanos(1'002 + 1'003));
  EXPECT_EQ(all[3].requests, 1);
  const auto own =
      series({.key_number = one.number, .step = UsageStep::kHour, .first = kHour - 3, .count = 4});
  EXPECT_EQ(own[1].requests, 1);
  EXPECT_EQ(own[1].input_tokens, 102);
}

TEST_F(UsageOverviewTest, DaysSumAllModelsAndNothingOfAnotherWorkspace) {
  const Key one = stored_key("one");
  add_row(one, 0, 1);
  add_row(one, 0, 2);
  add_row(one, 24, 3);
  const auto days = series({.key_number = one.number, .first = kDay - 1, .count = 2});
  EXPECT_EQ(days[0].requests, 1);
  EXPECT_EQ(days[1].requests, 2);
  EXPECT_EQ(series({.workspace = one.workspace, .first = kDay - 1, .count = 2}), days);
  const auto others = series({.workspace = WorkspaceId("ws_other"), .first = kDay, .count = 1});
  EXPECT_EQ(others[0], UsageFigures());
}

TEST_F(UsageOverviewTest, KeysAreActiveFromTheirFirstAdmittedRequestOn) {
  const Key one = stored_key("one", 2);
  stored_key("unused");
  add_row(one, 24 * 3, 1);
  EXPECT_EQ(count_used_keys(connection_, std::nullopt, kDay - 3).value_or(-1), 1);
  EXPECT_EQ(count_used_keys(connection_, one.workspace, kDay - 3).value_or(-1), 1);
  EXPECT_EQ(count_used_keys(connection_, std::nullopt, kDay - 2).value_or(-1), 0);
  EXPECT_EQ(count_used_keys(connection_, WorkspaceId("ws_other"), 0).value_or(-1), 0);
}

TEST_F(UsageOverviewTest, WorkspaceIsFoundByItsOwnKeysAlone) {
  const std::string plan = plan_of(
      "SELECT count(DISTINCT k.number) FROM keys k CROSS JOIN secrets s WHERE ? <> '' AND "
      "k.workspace_id = ? AND s.key_number = k.number AND EXISTS (SELECT 1 FROM usage_days u WHERE "
      "u.secret_number = s.number AND u.day >= ?)");
  EXPECT_NE(plan.find("SEARCH k USING COVERING INDEX keys_by_workspace"), std::string::npos)
      << plan;
  EXPECT_EQ(plan.find("SCAN"), std::string::npos) << plan;
}

TEST_F(UsageOverviewTest, NoAggregateIsScanned) {
  for (const char* table : {"workspace_hours", "workspace_days"}) {
    const std::string step = std::string(table) == "workspace_hours" ? "hour" : "day";
    const std::string plan =
        plan_of("SELECT u." + step + ", sum(u.requests) FROM workspaces w CROSS JOIN " + table +
                " u WHERE u.workspace_id = w.id AND u.environment IN ('production', 'sandbox') "
                "AND u." +
                step + " >= 1 AND u." + step + " < 2 GROUP BY u." + step);
    EXPECT_EQ(plan.find("SCAN u"), std::string::npos) << plan;
  }
}

}  // namespace
}  // namespace tollgate::store
