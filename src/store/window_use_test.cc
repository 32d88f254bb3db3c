#include "store/window_use.h"

#include <gmock/gmock.h>

#include <chrono>
#include <limits>
#include <vector>

#include "base/random.h"
#include "store/test_store.h"

namespace tollgate::store {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;

class WindowUseTest : public StoreTest {
 protected:
  WindowUse sum(const UseOwner& owner, Period period) {
    const Result<WindowUse> use = sum_window(connection_, owner, period);
    expect_ok(use);
    return use.value_or(WindowUse());
  }

  // With two secrets, of a workspace of its own.
  Key foreign_key(const std::string& name) {
    Key key = test_key(name, 2);
    key.workspace = WorkspaceId("ws_other");
    expect_ok(insert_workspace(connection_,
                               {.id = key.workspace, .name = "other", .created_at = test_time()}));
    expect_ok(insert_key(connection_, key));
    return key;
  }

  static bool owns(const UseOwner& owner, const UsageRow& row) {
    if (owner.key_number != 0) return row.key_number == owner.key_number;
    return row.workspace == owner.workspace && row.environment == owner.environment;
  }

  void expect_sum_of(const std::vector<UsageRow>& rows, const UseOwner& owner, Period period) {
    WindowUse expected;
    for (const UsageRow& row : rows) {
      if (!owns(owner, row)) continue;
      if (row.admitted_at < period.start || row.admitted_at >= period.end) continue;
      expected.requests += 1;
      expected.tokens += row.tokens.input + row.tokens.output;
      expected.cost += row.cost.nanos();
    }
    const WindowUse found = sum(owner, period);
    EXPECT_EQ(found.requests, expected.requests);
    EXPECT_EQ(found.tokens, expected.tokens);
    EXPECT_EQ(found.cost, expected.cost);
  }
};

TEST_F(WindowUseTest, IsTheSumOfTheRowsOfEveryWindow) {
  SeededRandom random(7);
  std::vector<Key> keys;
  for (const char* name : {"a", "b"}) keys.push_back(stored_key(name, 2));
  keys.push_back(foreign_key("c"));
  std::vector<UsageRow> rows;
  for (int i = 0; i < 600; ++i) {
    const std::int64_t back = random.below(70) * 24 * kHourMicros + random.below(24) * kHourMicros +
                              static_cast<std::int64_t>(random.below(3'600)) * 1'000'000;
    const Key& key = keys[random.below(3)];
    UsageRow row = usage_row(key, test_time(-back), i);
    row.secret_number = key.secrets[random.below(2)].number;
    if (i % 3 == 0) row.environment = Environment::kSandbox;
    rows.push_back(row);
  }
  store_rows(rows);
  const std::vector<UseOwner> owners{
      {.key_number = keys[0].number},
      {.workspace = default_workspace_id(), .environment = Environment::kProduction},
      {.workspace = default_workspace_id(), .environment = Environment::kSandbox},
      {.workspace = keys[2].workspace, .environment = Environment::kProduction}};
  const std::vector<Window> windows{{.kind = WindowKind::kHour},
                                    {.kind = WindowKind::kDay},
                                    {.kind = WindowKind::kWeek},
                                    {.kind = WindowKind::kMonth},
                                    {.kind = WindowKind::kYear},
                                    {.kind = WindowKind::kDays, .days = 1},
                                    {.kind = WindowKind::kDays, .days = 9},
                                    {.kind = WindowKind::kLifetime}};
  for (const UseOwner& owner : owners) {
    for (const Window& window : windows) {
      for (int i = 0; i < 5; ++i) {
        const WallTime at =
            test_time(-static_cast<std::int64_t>(random.below(70)) * 24 * kHourMicros);
        const WallTime created = test_time(-80 * 24 * kHourMicros - random.below(1'000'000'000));
        SCOPED_TRACE(window_name(window) + " at " + format_time(at));
        expect_sum_of(rows, owner, period_of(window, at, created));
      }
    }
  }
}

TEST_F(WindowUseTest, WindowWithinOneHourIsTheSumOfItsRows) {
  const Key key = stored_key("a");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 60; ++i) {
    rows.push_back(usage_row(key, test_time(i * 60'000'000LL), i));
    if (i % 3 == 0) rows.back().environment = Environment::kSandbox;
  }
  store_rows(rows);
  for (const UseOwner& owner :
       {UseOwner{.key_number = key.number}, UseOwner{.workspace = default_workspace_id()},
        UseOwner{.workspace = default_workspace_id(), .environment = Environment::kSandbox}}) {
    expect_sum_of(rows, owner, {.start = test_time(600'000'001), .end = test_time(1'800'000'000)});
    expect_sum_of(rows, owner, {.start = test_time(-1), .end = test_time(1)});
  }
}

TEST_F(WindowUseTest, ByATestClockARowCountsWhereThatClockStood) {
  const Key key = stored_key("a");
  UsageRow before = usage_row(key, test_time(), 0);
  UsageRow after = usage_row(key, test_time(1), 1);
  before.environment = after.environment = Environment::kSandbox;
  after.test_time = after.admitted_at + days(40);
  store_rows({before, after});
  const auto by = UseOwner::By::kTestTime;
  const std::vector<UseOwner> owners{
      {.key_number = key.number, .by = by},
      {.workspace = default_workspace_id(), .environment = Environment::kSandbox, .by = by}};
  for (const UseOwner& owner : owners) {
    const Window day{.kind = WindowKind::kDay};
    EXPECT_EQ(sum(owner, period_of(day, before.admitted_at, {})).cost, before.cost.nanos());
    EXPECT_EQ(sum(owner, period_of(day, *after.test_time, {})).cost, after.cost.nanos());
    EXPECT_EQ(sum(owner, period_of({.kind = WindowKind::kLifetime}, {}, {})).requests, 2);
  }
}

TEST_F(WindowUseTest, KnowsTheLastHourInWhichSomethingWasUsed) {
  const Key key = stored_key("a", 2);
  const Key idle = stored_key("b");
  UsageRow late = usage_row(key, test_time(5 * kHourMicros + 17), 1);
  late.secret_number = key.secrets[1].number;
  UsageRow before = usage_row(key, test_time(2 * kHourMicros), 2);
  before.secret_number = late.secret_number;
  store_rows({usage_row(key, test_time(), 0), late, before});
  EXPECT_EQ(last_used_hour_end(connection_, {.key_number = key.number}),
            test_time(6 * kHourMicros));
  EXPECT_EQ(last_used_hour_end(connection_, {.key_number = idle.number}), WallTime::min());
  EXPECT_EQ(last_used_hour_end(connection_, {.workspace = default_workspace_id()}),
            test_time(6 * kHourMicros));
  for (const UseOwner& never :
       {UseOwner{.workspace = default_workspace_id(), .environment = Environment::kSandbox},
        UseOwner{.workspace = WorkspaceId("ws_other")}}) {
    EXPECT_EQ(last_used_hour_end(connection_, never), WallTime::min());
  }
}

TEST_F(WindowUseTest, SumsBeyondEveryNumberStandAtTheGreatest) {
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  const Key key = stored_key("a");
  UsageRow absurd = usage_row(key, test_time(), 0);
  absurd.tokens.input = absurd.tokens.output = kGreatest;
  absurd.cost = Money::from_nanos(kGreatest);
  store_rows({absurd, usage_row(key, test_time(3 * kHourMicros), 1)});
  const WindowUse use =
      sum({.key_number = key.number}, {.start = test_time(), .end = test_time(5 * kHourMicros)});
  EXPECT_EQ(use.requests, 2);
  EXPECT_EQ(use.tokens, kGreatest);
  EXPECT_EQ(use.cost, kGreatest);
}

// An id is given when a request begins to arrive, minutes before it is admitted at worst.
TEST_F(WindowUseTest, RecentRowsAreFoundWhoseIdsAreOlder) {
  const Key key = stored_key("a");
  UsageRow waited = usage_row(key, test_time(), 0);
  waited.id = test_id(test_time(-4 * 60'000'000LL));
  waited.environment = Environment::kSandbox;
  store_rows({waited});
  const auto recent = recent_use(connection_, key.number, test_time(-60'000'000));
  expect_ok(recent);
  ASSERT_EQ(recent->size(), 1U);
  EXPECT_EQ(recent->front().environment, Environment::kSandbox);
}

TEST_F(WindowUseTest, RecentRowsAreThoseOfTheLastMinutes) {
  const Key key = stored_key("a");
  const Key other = stored_key("b");
  store_rows({usage_row(key, test_time(-hours(1) / microseconds(1)), 0),
              usage_row(key, test_time(-30'000'000), 1), usage_row(other, test_time(), 2)});
  const auto all = recent_use(connection_, 0, test_time(-61'000'000));
  expect_ok(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].admitted_at, test_time(-30'000'000));
  EXPECT_EQ((*all)[0].tokens, 111);
  EXPECT_EQ((*all)[1].workspace, default_workspace_id());
  const auto own = recent_use(connection_, key.number, test_time(-61'000'000));
  expect_ok(own);
  EXPECT_EQ(own->size(), 1U);
}

}  // namespace
}  // namespace tollgate::store
