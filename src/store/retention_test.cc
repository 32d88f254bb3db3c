#include "store/retention.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "domain/limit.h"
#include "sql/test_statements.h"
#include "store/last_generation.h"
#include "store/test_store.h"
#include "store/usage_index.h"
#include "store/window_use.h"

namespace tollgate::store {
namespace {

using std::chrono::days;

constexpr std::int64_t kDayMicros = 24 * kHourMicros;
// The day of test_time(), and the first day that a month of retention leaves: 2026-10-21.
constexpr std::int64_t kToday = kTestTime / kDayMicros;
constexpr std::int64_t kFirstKept = kToday - 31;

std::int64_t day_number(WallTime time) { return micros(time) / kDayMicros; }

class RetentionTest : public StoreTest {
 protected:
  Key made_key(const std::string& name, std::int64_t created_at, WorkspaceId workspace,
               Environment environment = Environment::kProduction) {
    Key key = test_key(name, 2);
    key.workspace = std::move(workspace);
    key.created_at = wall_time(created_at);
    key.policy.environment = environment;
    expect_ok(insert_key(connection_, key));
    return key;
  }

  WorkspaceId made_workspace(const std::string& name, std::int64_t created_at) {
    const Workspace workspace{
        .id = WorkspaceId("ws_" + name), .name = name, .created_at = wall_time(created_at)};
    expect_ok(insert_workspace(connection_, workspace));
    return workspace.id;
  }

  void index_all() {
    while (index_usage_tail(connection_, 1'000).value() == sql::UpkeepLeft::kMore) {
    }
  }

  // A transaction of its own, as on the writer.
  void commit() {
    expect_ok(connection_.commit());
    expect_ok(connection_.begin_write());
  }

  Removal begin(int months = 1, GenerationNumber run_began = 0) {
    const auto begun = begin_removal(connection_, test_time(), months, run_began);
    expect_ok(begun);
    EXPECT_TRUE(*begun);
    return begun->value_or(Removal());
  }

  // To the end, calling `look` after each step.
  int remove_all(Removal removal, int rows_max, const std::function<void()>& look = [] {}) {
    int count = 0;
    for (;;) {
      const auto removed = remove_rows(connection_, removal, rows_max);
      expect_ok(removed);
      if (!removed) return count;
      commit();
      count += removed->count;
      look();
      if (removed->left != RemovedRows::Left::kMore) return count;
    }
  }

  void expect_indexes_hold_just_the_rows() {
    EXPECT_EQ(number("SELECT count(*) FROM usage_by_key"), number("SELECT count(*) FROM usage"));
    EXPECT_EQ(number("SELECT count(*) FROM usage_by_kind"), number("SELECT count(*) FROM usage"));
    EXPECT_EQ(number("SELECT count(*) FROM usage_by_key i LEFT JOIN usage u ON u.id = i.id "
                     "WHERE u.id IS NULL"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM usage_by_kind i LEFT JOIN usage u ON u.id = i.id "
                     "WHERE u.id IS NULL"),
              0);
  }
};

// Keys and workspaces made at any microsecond, rows anywhere in seventy days and often just where
// limits turn, and what every window of them has used, by adding up the rows.
class RetentionModelTest : public RetentionTest {
 protected:
  struct Owner {
    UseOwner owner;
    WallTime created_at;
  };

  RetentionModelTest() {
    const std::int64_t long_ago = kTestTime - 90 * kDayMicros;
    expect_ok(connection_.prepare("UPDATE workspaces SET created_at = ?")
                  .bind(1, long_ago + anywhere_in_a_day())
                  .run());
    moved_ = made_workspace("moved", long_ago + anywhere_in_a_day());
    later_ = made_workspace("later", long_ago + anywhere_in_a_day());
    int number = 0;
    for (const WorkspaceId& workspace : {default_workspace_id(), moved_, later_}) {
      for (const Environment environment : {Environment::kProduction, Environment::kSandbox}) {
        for (int i = 0; i < 2; ++i) {
          keys_.push_back(made_key("k" + std::to_string(++number), long_ago + anywhere_in_a_day(),
                                   workspace, environment));
          owners_.push_back({.owner = {.key_number = keys_.back().number,
                                       .workspace = {},
                                       .environment = environment},
                             .created_at = keys_.back().created_at});
        }
        owners_.push_back({.owner = {.workspace = workspace, .environment = environment},
                           .created_at = find_workspace(connection_, workspace)->created_at});
      }
    }
    set_clock(moved_);
    for (int i = 0; i < 900; ++i) add_row(i);
    rows_.push_back(usage_row(keys_[0], test_time(), 1'001));
    store_rows(rows_);
    index_all();
    commit();
  }

  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint32_t>(bound)));
  }
  std::int64_t anywhere_in_a_day() { return below(86'400) * 1'000'000 + below(1'000'000); }

  void set_clock(const WorkspaceId& workspace) {
    expect_ok(set_test_clock_offset(connection_, workspace, days(40)));
    moved_clocks_.insert(workspace);
  }

  void add_row(int serial) {
    const Key& key = keys_[static_cast<std::size_t>(below(std::ssize(keys_)))];
    // Half of them around the time of day at which the key's, or the workspace's, limits turn.
    std::int64_t in_day = anywhere_in_a_day();
    if (serial % 4 == 0) in_day = micros(key.created_at) % kDayMicros + below(3) - 1;
    if (serial % 4 == 1) {
      const auto workspace = find_workspace(connection_, key.workspace);
      in_day = micros(workspace->created_at) % kDayMicros + below(3) - 1;
    }
    const WallTime time = wall_time((kToday - 1 - below(70)) * kDayMicros + in_day);
    UsageRow row = usage_row(key, time, serial);
    row.environment = key.policy.environment;
    if (key.workspace == moved_ && row.environment == Environment::kSandbox) {
      row.test_time = time + days(40);
    }
    rows_.push_back(row);
  }

  bool by_test_time(const UsageRow& row) const {
    return row.environment == Environment::kSandbox && moved_clocks_.contains(row.workspace);
  }

  WindowUse expected(const Owner& of, const Period& period) const {
    WindowUse use;
    for (const UsageRow& row : rows_) {
      const bool own = of.owner.key_number != 0 ? row.key_number == of.owner.key_number
                                                : row.workspace == of.owner.workspace &&
                                                      row.environment == of.owner.environment;
      const WallTime at = by_test_time(row) ? row.limits_time() : row.admitted_at;
      if (!own || at < period.start || at >= period.end) continue;
      use.requests += 1;
      use.tokens += row.tokens.input + row.tokens.output;
      use.cost += row.cost.nanos();
    }
    return use;
  }

  UseOwner asked(const Owner& of) const {
    UseOwner owner = of.owner;
    const auto own = std::ranges::find_if(
        rows_, [&](const UsageRow& row) { return row.key_number == owner.key_number; });
    const WorkspaceId workspace = owner.key_number == 0 ? owner.workspace : own->workspace;
    const bool moved =
        owner.environment == Environment::kSandbox && moved_clocks_.contains(workspace);
    if (moved) owner.by = UseOwner::By::kTestTime;
    return owner;
  }

  void expect_window(const Owner& of, const Window& window, WallTime at) {
    const Period period = period_of(window, at, of.created_at);
    const WindowUse right = expected(of, period);
    const auto found = sum_window(connection_, asked(of), period);
    expect_ok(found);
    SCOPED_TRACE(window_name(window) + " at " + format_time(at) + " of key " +
                 std::to_string(of.owner.key_number) + " " + of.owner.workspace.get());
    EXPECT_EQ(found->requests, right.requests);
    EXPECT_EQ(found->tokens, right.tokens);
    EXPECT_EQ(found->cost, right.cost);
  }

  // Of every owner: each kind of window, at `times` times.
  void expect_sums(int times) {
    for (const Owner& of : owners_) {
      expect_window(of, {.kind = WindowKind::kLifetime}, test_time());
      for (int i = 0; i < times; ++i) {
        const WallTime at = test_time(40 * kDayMicros - below(110) * kDayMicros);
        for (const WindowKind kind : {WindowKind::kDay, WindowKind::kWeek, WindowKind::kMonth}) {
          expect_window(of, {.kind = kind}, at);
        }
        for (const int count : {1, 2, 7, 60}) {
          expect_window(of, {.kind = WindowKind::kDays, .days = count}, at);
        }
      }
    }
  }

  static bool is_sandbox_of(const UsageRow& row, const WorkspaceId& workspace) {
    return row.workspace == workspace && row.environment == Environment::kSandbox;
  }

  // The rows that may go: old ones, but sandbox ones of a workspace whose clock had been moved.
  bool may_go(const UsageRow& row) const {
    return day_number(row.admitted_at) < kFirstKept && !is_sandbox_of(row, moved_);
  }
  std::int64_t old_rows() const {
    return std::ranges::count_if(rows_, [&](const UsageRow& row) { return may_go(row); });
  }

  SeededRandom random_{23};
  WorkspaceId moved_;  // its test clock was moved before anything
  WorkspaceId later_;
  std::set<WorkspaceId> moved_clocks_;
  std::vector<Key> keys_;
  std::vector<Owner> owners_;
  std::vector<UsageRow> rows_;
};

TEST_F(RetentionModelTest, SumsAreThoseOfAllRowsAfterEveryStep) {
  expect_sums(2);
  const std::int64_t old = old_rows();
  ASSERT_GT(old, 250);
  EXPECT_EQ(remove_all(begin(), 60, [this] { expect_sums(1); }), old);
  EXPECT_EQ(number("SELECT count(*) FROM usage"), std::ssize(rows_) - old);
  EXPECT_EQ(number("SELECT count(*) FROM usage u JOIN keys k ON k.number = u.key_number WHERE "
                   "(k.workspace_id <> 'ws_moved' OR u.environment <> 'sandbox') AND "
                   "admitted_at / 86400000000 < " +
                   std::to_string(kFirstKept)),
            0);
  EXPECT_GT(number("SELECT count(*) FROM usage_splits"), 20);
  expect_indexes_hold_just_the_rows();
  expect_sums(20);
}

TEST_F(RetentionModelTest, StepThatIsLostIsNeitherMissingNorCountedTwice) {
  Removal removal = begin();
  commit();
  for (int i = 0; i < 12; ++i) {
    Removal lost = removal;
    ASSERT_TRUE(remove_rows(connection_, lost, 60));
    connection_.rollback();
    // The next process knows nothing of this one's pass.
    connection_ = database_.open();
    expect_ok(connection_.begin_write());
    expect_sums(1);
    removal = begin();
    ASSERT_TRUE(remove_rows(connection_, removal, 60));
    commit();
  }
  remove_all(begin(), 60);
  EXPECT_EQ(number("SELECT count(*) FROM usage"), std::ssize(rows_) - old_rows());
  expect_indexes_hold_just_the_rows();
  expect_sums(10);
}

TEST_F(RetentionModelTest, ClockThatMovesWhileRowsGoFindsWhatTheRemovedOnesUsed) {
  Removal removal = begin();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(remove_rows(connection_, removal, 60));
  commit();
  set_clock(later_);
  expect_sums(5);
  const std::int64_t old = old_rows();
  remove_all(begin(), 60, [this] { expect_sums(1); });
  EXPECT_EQ(number("SELECT count(*) FROM usage"), std::ssize(rows_) - old);
  expect_sums(10);
  // A month on, the rows that it has by now stay, as its limits are in test time.
  const auto next = begin_removal(connection_, test_time(), 0, 0);
  expect_ok(next);
  const std::int64_t kept = std::ranges::count_if(rows_, [&](const UsageRow& row) {
    return !may_go(row) && (is_sandbox_of(row, moved_) || is_sandbox_of(row, later_));
  });
  remove_all(**next, 60);
  EXPECT_EQ(number("SELECT count(*) FROM usage"), kept + 1);  // and the newest of all
  expect_sums(10);
}

TEST_F(RetentionModelTest, RowThatComesLateForADayThatIsGoneCountsAndGoes) {
  remove_all(begin(), 500);
  UsageRow late = usage_row(keys_[0], test_time(-50 * kDayMicros), 1'000);
  rows_.push_back(late);
  store_rows({late});
  expect_sums(3);
  EXPECT_EQ(remove_all(begin(), 500), 1);
  expect_indexes_hold_just_the_rows();
  expect_sums(3);
}

TEST_F(RetentionModelTest, TotalsOfWholeHoursStayAndPartsOfHoursAreLeftOut) {
  const auto totals = [this](std::int64_t from, std::int64_t to, UsageGroup group) {
    std::map<std::string, std::int64_t> costs;
    const auto list =
        usage_totals(connection_, {.from = wall_time(from), .to = wall_time(to)}, group);
    expect_ok(list);
    for (const UsageTotal& total : *list) costs[total.group] = total.cost.nanos();
    return costs;
  };
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges{{0, kTestTime}};
  for (int i = 0; i < 12; ++i) {
    const std::int64_t from = kTestTime - (40 + below(30)) * kDayMicros - below(24) * kHourMicros;
    ranges.emplace_back(from, from + (1 + below(70)) * kHourMicros);
  }
  // The last hours of which rows are gone.
  for (int hours = 1; hours < 4; ++hours) {
    const std::int64_t line = kFirstKept * kDayMicros;
    rows_.push_back(usage_row(keys_[0], wall_time(line - hours * kHourMicros + 1), 1'000 + hours));
    store_rows({rows_.back()});
    ranges.emplace_back(line - hours * kHourMicros, line + kHourMicros);
  }
  constexpr std::array kGroups{UsageGroup::kKey, UsageGroup::kModel, UsageGroup::kDay};
  std::vector<std::map<std::string, std::int64_t>> before;
  for (const auto& [from, to] : ranges) {
    for (const UsageGroup group : kGroups) before.push_back(totals(from, to, group));
  }
  remove_all(begin(), 500);
  std::size_t next = 0;
  for (const auto& [from, to] : ranges) {
    for (const UsageGroup group : kGroups) EXPECT_EQ(totals(from, to, group), before[next++]);
  }
  const auto old = std::ranges::find_if(rows_, [&](const UsageRow& row) {
    return row.workspace == default_workspace_id() && day_number(row.admitted_at) < kFirstKept;
  });
  const std::int64_t at = micros(old->admitted_at);
  const std::int64_t hour = at - at % kHourMicros;
  for (const UsageGroup group : kGroups) {
    EXPECT_FALSE(totals(hour, hour + kHourMicros, group).empty());
    EXPECT_TRUE(totals(at, at + 1, group).empty());
  }
}

TEST_F(RetentionTest, MonthsAreThoseOfTheCalendar) {
  const auto before = [](int year, unsigned month, unsigned day, int months) {
    const std::chrono::sys_days date =
        std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    const auto found = day_months_before(date + std::chrono::hours(23), months);
    return format_time(WallTime(days(found))).substr(0, 10);
  };
  EXPECT_EQ(before(2026, 11, 22, 13), "2025-10-22");
  EXPECT_EQ(before(2027, 3, 31, 1), "2027-02-28");
  EXPECT_EQ(before(2028, 3, 31, 1), "2028-02-29");
  EXPECT_EQ(before(2026, 1, 1, 1), "2025-12-01");
  EXPECT_EQ(before(2026, 11, 22, 1'200), "1926-11-22");
}

TEST_F(RetentionTest, DayIsRemovedWholeAndTheNextOneStays) {
  const Key key = stored_key("a");
  const std::int64_t midnight = kFirstKept * kDayMicros - kTestTime;
  store_rows({usage_row(key, test_time(midnight - 1), 0), usage_row(key, test_time(midnight), 1),
              usage_row(key, test_time(), 2)});
  index_all();
  EXPECT_EQ(remove_all(begin(), 10), 1);
  EXPECT_EQ(number("SELECT min(admitted_at) FROM usage"), kFirstKept * kDayMicros);
  expect_indexes_hold_just_the_rows();
}

TEST_F(RetentionTest, ClockThatIsAheadRemovesNothingOfTheNewestRowsMonths) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(-40 * kDayMicros), 0), usage_row(key, test_time(), 1)});
  index_all();
  const auto begun = begin_removal(connection_, test_time(5'000 * kDayMicros), 1, 0);
  expect_ok(begun);
  ASSERT_TRUE(*begun);
  EXPECT_EQ((*begun)->first_day, kFirstKept);
  EXPECT_EQ(remove_all(**begun, 10), 1);
  EXPECT_EQ(number("SELECT count(*) FROM usage"), 1);
}

TEST_F(RetentionTest, WithoutRowsThereIsNothingToBegin) {
  const auto begun = begin_removal(connection_, test_time(), 1, 0);
  expect_ok(begun);
  EXPECT_FALSE(*begun);
}

// An idle gateway, whose newest row is of yesterday, looks every minute.
TEST_F(RetentionTest, BeginningAgainWithNothingMoreToGiveUpWritesNothing) {
  store_rows({usage_row(stored_key("a"), test_time(), 0)});
  begin();
  const std::int64_t changes = number("SELECT total_changes()");
  begin();
  EXPECT_EQ(number("SELECT total_changes()"), changes);
}

TEST_F(RetentionTest, RowsThatAreNotIndexedStayUntilTheyAre) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(-50 * kDayMicros), 0),
              usage_row(key, test_time(-40 * kDayMicros), 1), usage_row(key, test_time(), 2)});
  expect_ok(index_usage_tail(connection_, 1));
  Removal removal = begin();
  const auto removed = remove_rows(connection_, removal, 10);
  expect_ok(removed);
  EXPECT_EQ(removed->count, 1);
  EXPECT_EQ(removed->left, RemovedRows::Left::kUnindexed);
  index_all();
  EXPECT_EQ(remove_all(begin(), 10), 1);
  expect_indexes_hold_just_the_rows();
}

// What a journal holds is given again after a crash, however long ago it was stored.
TEST_F(RetentionTest, RowOfThisRunIsNotStoredAgainAfterItWasRemoved) {
  const Key key = stored_key("a");
  const UsageRow before = usage_row(key, test_time(-50 * kDayMicros), 0);
  const UsageRow old = usage_row(key, test_time(-40 * kDayMicros), 1);
  store_rows({before, old, usage_row(key, test_time(), 2)});
  index_all();
  EXPECT_EQ(remove_all(begin(1, before.id), 10), 2);
  store_rows({old});
  EXPECT_EQ(number("SELECT count(*) FROM usage"), 1);
  EXPECT_EQ(number("SELECT sum(requests) FROM usage_days"), 3);
  // Only what the journal of this run can hold is remembered, and only as long.
  EXPECT_EQ(number("SELECT count(*) FROM usage_removed"), 1);
  expect_ok(forget_removed(connection_));
  EXPECT_EQ(number("SELECT count(*) FROM usage_removed"), 0);
}

TEST_F(RetentionTest, OfRemovedRowsAsManyAreRememberedAsAJournalHolds) {
  for (const int id : {3, 5, 8, 9}) {
    expect_ok(connection_.prepare("INSERT INTO usage_removed (id) VALUES (?)").bind(1, id).run());
  }
  expect_ok(forget_removed_but(connection_, 4));
  EXPECT_EQ(number("SELECT count(*) FROM usage_removed"), 4);
  expect_ok(forget_removed_but(connection_, 2));
  EXPECT_EQ(number("SELECT min(id) FROM usage_removed"), 8);
  EXPECT_EQ(number("SELECT count(*) FROM usage_removed"), 2);
}

// A clock that was years off once makes rows be looked for that far around their time.
TEST_F(RetentionTest, NewRowsThatAreNotIndexedAreNoReasonToComeBack) {
  const Key key = stored_key("a");
  UsageRow strayed = usage_row(key, test_time(), 1);
  strayed.admitted_at = test_time(-2'000 * kDayMicros);
  store_rows({usage_row(key, test_time(-40 * kDayMicros), 0), strayed});
  index_all();
  store_rows({usage_row(key, test_time(), 2)});
  Removal removal = begin();
  const auto removed = remove_rows(connection_, removal, 10);
  expect_ok(removed);
  EXPECT_EQ(removed->count, 2);
  EXPECT_EQ(removed->left, RemovedRows::Left::kNothing);
}

TEST_F(RetentionTest, NumbersOfRemovedRowsAreNotGivenAgain) {
  const Key key = stored_key("a");
  const UsageRow old = usage_row(key, test_time(-40 * kDayMicros), 5);
  store_rows({old});
  index_all();
  const auto begun = begin_removal(connection_, test_time(), 0, 0);
  expect_ok(begun);
  Removal removal = **begun;
  removal.first_day += 1;  // further than a pass goes, which leaves the newest day
  expect_ok(
      connection_.prepare("UPDATE usage_index SET rows_from = ?").bind(1, removal.first_day).run());
  EXPECT_EQ(remove_all(removal, 10), 1);
  EXPECT_EQ(number("SELECT count(*) FROM usage"), 0);
  EXPECT_EQ(last_generation(connection_).value(), old.id);
}

// What a step costs does not grow with the ledger, and neither do totals of hours that are gone.
TEST_F(RetentionTest, EveryStatementSearchesByAnIndex) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(-40 * kDayMicros), 0), usage_row(key, test_time(), 1)});
  index_all();
  std::map<std::string, sql::StatementLog::Cost> asked;
  {
    const sql::StatementLog log(connection_);
    Removal removal = begin();
    ASSERT_TRUE(remove_rows(connection_, removal, 10));
    ASSERT_TRUE(was_removed(connection_, 1));
    const WallTime from = test_time(-40 * kDayMicros);
    ASSERT_TRUE(usage_totals(connection_, {.from = from, .to = from + std::chrono::hours(5)},
                             UsageGroup::kKey));
    ASSERT_TRUE(sum_window(connection_, {.key_number = key.number},
                           {.start = test_time(-50 * kDayMicros + 1), .end = test_time(1)}));
    asked = log.costs();
  }
  EXPECT_GT(asked.size(), 12U);
  for (const auto& [sql, cost] : asked) {
    if (sql.contains("ORDER BY id DESC LIMIT 1")) continue;  // reads the last row alone
    for (const std::string& line : sql::query_plan(connection_, sql)) {
      // There is one row of each workspace, and by key all keys are asked for.
      const bool small = line.starts_with("SCAN workspaces") || line.starts_with("SCAN k");
      EXPECT_TRUE(small || !line.starts_with("SCAN ")) << line << "\n" << sql;
      EXPECT_FALSE(line.contains("AUTOMATIC")) << line << "\n" << sql;
    }
  }
}

TEST_F(RetentionTest, RemovedRowIsUnknownAndInNoList) {
  const Key key = stored_key("a");
  const UsageRow old = usage_row(key, test_time(-40 * kDayMicros), 0);
  store_rows({old, usage_row(key, test_time(), 1)});
  index_all();
  remove_all(begin(), 10);
  EXPECT_EQ(get_usage(connection_, old.id).error().code, ErrorCode::kNotFound);
  for (const auto& keys : {std::optional<std::vector<std::int64_t>>(),
                           std::optional(std::vector<std::int64_t>{key.number})}) {
    const auto page = list_usage(connection_, {.keys = keys, .limit = 10});
    expect_ok(page);
    EXPECT_EQ(page->rows.size(), 1U);
  }
}

}  // namespace
}  // namespace tollgate::store
