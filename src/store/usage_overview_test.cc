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

}  // namespace
}  // namespace tollgate::store
