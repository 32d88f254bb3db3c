#include "store/usage_overview.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "store/test_store.h"

namespace tollgate::store {
namespace {

constexpr std::int64_t kHour = kTestTime / kHourMicros;
constexpr std::int64_t kDay = kHour / 24;

class UsageOverviewTest : public StoreTest {
 protected:
  void add_row(const Key& key, std::int64_t hours_ago, int serial, std::int64_t latency_ms = 0) {
    UsageRow row = usage_row(key, test_time(-hours_ago * kHourMicros), serial);
    row.latency_ms = latency_ms;
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

TEST_F(UsageOverviewTest, LatenciesOfAllCommitsEnvironmentsAndSecretsAreOneHistogram) {
  const Key one = stored_key("one", 2);
  const Key two = stored_key("two");
  LatencyHistogram own;
  LatencyHistogram all;
  for (int i = 0; i < 40; ++i) {
    UsageRow row = usage_row(i % 4 == 0 ? two : one, test_time(), i);
    if (i % 3 == 0) row.environment = Environment::kSandbox;
    if (i % 4 == 1) row.secret_number = one.secrets.back().number;
    row.latency_ms = i * i * 7;
    all.add(std::chrono::milliseconds(row.latency_ms));
    if (i % 4 != 0) own.add(std::chrono::milliseconds(row.latency_ms));
    store_rows({row});
  }
  for (const UsageStep step : {UsageStep::kHour, UsageStep::kDay}) {
    const std::int64_t first = step == UsageStep::kHour ? kHour : kDay;
    EXPECT_EQ(series({.step = step, .first = first, .count = 1})[0].latencies, all);
    EXPECT_EQ(
        series({.key_number = one.number, .step = step, .first = first, .count = 1})[0].latencies,
        own);
  }
}

// Its row was written when the request was sent: what it says of time is no answer's.
TEST_F(UsageOverviewTest, InterruptedRequestIsCountedWithoutALatency) {
  const Key one = stored_key("one");
  UsageRow row = usage_row(one, test_time(), 1);
  row.metering = Metering::kInterrupted;
  store_rows({row});
  const auto found = series({.step = UsageStep::kHour, .first = kHour, .count = 1});
  EXPECT_EQ(found[0].requests, 1);
  EXPECT_EQ(found[0].latencies, LatencyHistogram());
}

TEST_F(UsageOverviewTest, AbsurdLatencyIsCountedAndLosesNoRow) {
  const Key one = stored_key("one");
  add_row(one, 0, 1, -5);
  add_row(one, 0, 2, std::numeric_limits<std::int64_t>::max());
  const auto found = series({.step = UsageStep::kHour, .first = kHour, .count = 1});
  EXPECT_EQ(found[0].requests, 2);
  EXPECT_EQ(found[0].latencies.percentile(100),
            LatencyHistogram::middle_of(LatencyHistogram::kBuckets - 1));
}

}  // namespace
}  // namespace tollgate::store
