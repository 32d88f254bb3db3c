// What rows said when they are removed: limits, balances and the self-check go on as before.
#include "ledger/retention.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "ledger/enforcement_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

// Two keys and a workspace with limits of every window, and requests in seventy days.
class RetentionTest : public EnforcementTest {
 protected:
  static std::vector<Limit> every_window() {
    std::vector<Limit> limits;
    for (const WindowKind kind : {WindowKind::kHour, WindowKind::kDay, WindowKind::kWeek,
                                  WindowKind::kMonth, WindowKind::kYear, WindowKind::kLifetime}) {
      limits.push_back(cost_limit(1'000'000'000, kind));
      limits.push_back(requests_limit(1'000'000, kind));
    }
    // That of 38 days turned 32 days before the end of prepare(): within an hour that is gone.
    for (const int days : {1, 38, 45, 66, 365}) {
      limits.push_back({.metric = Metric::kTokens,
                        .window = {.kind = WindowKind::kDays, .days = days},
                        .amount = 1'000'000'000});
    }
    return limits;
  }

  void limit_workspace(std::vector<Limit> limits) {
    ASSERT_TRUE(edit_workspace([&](Workspace& workspace) -> Status {
      workspace.limits = limits;
      return {};
    }));
  }

  // Requests of both keys, `count` times, the clock going on by a while that meets every hour of
  // the day in time, and with it the hours in which limits of N days turn.
  void use(int count) {
    for (int i = 0; i < count; ++i) {
      clock_.advance(hours(23) + minutes(20) + microseconds(1'234'567 * i));
      ASSERT_TRUE(spend(real_, 1'000 + i));
      ASSERT_TRUE(spend(tested_, 2'000 + i));
      // And where the keys' own limits turn: just before and just after.
      const WallTime turn = std::chrono::floor<std::chrono::days>(clock_.wall()) + in_day_;
      if (turn <= clock_.wall()) continue;
      clock_.advance(turn - clock_.wall() - microseconds(1));
      ASSERT_TRUE(spend(real_, 10'000 + i));
      clock_.advance(microseconds(1));
      ASSERT_TRUE(spend(real_, 20'000 + i));
    }
  }

  void prepare() {
    clock_.advance(hours(5) + minutes(17) + microseconds(42));
    in_day_ = clock_.wall() - std::chrono::floor<std::chrono::days>(clock_.wall());
    limit_workspace(every_window());
    real_ = make(limited("real", every_window()));
    KeyPolicy policy = limited("tested", every_window());
    policy.environment = Environment::kSandbox;
    tested_ = make(policy);
    use(70);
  }

  std::vector<std::vector<LimitState>> all_limits() {
    const WorkspaceId workspace = store::default_workspace_id();
    return {view(real_).limits, view(tested_).limits,
            ledger_->workspace_limits(workspace, Environment::kProduction),
            ledger_->workspace_limits(workspace, Environment::kSandbox)};
  }

  // Once all of them are stored.
  std::int64_t rows() { return number("SELECT COUNT(*) FROM usage"); }
  void remove_old_rows() {
    rows();
    ledger_->remove_old_rows();
  }

  microseconds in_day_{0};
  KeyWithSecret real_;
  KeyWithSecret tested_;
};

TEST_F(RetentionTest, EveryLimitHasUsedTheSameAfterRowsAreRemovedAndAfterARestart) {
  prepare();
  const auto before = all_limits();
  const Balance balance_before = balance();
  const std::int64_t rows_before = rows();
  EXPECT_EQ(ledger_->self_check(), 0U);
  ledger_->keep_rows(1);
  remove_old_rows();
  const std::int64_t rows_left = rows();
  EXPECT_LT(rows_left, rows_before - 80);
  EXPECT_GT(number("SELECT COUNT(*) FROM usage_splits WHERE key_number <> 0"), 10);
  EXPECT_EQ(ledger_->self_check(), 0U);
  EXPECT_EQ(all_limits(), before);
  for (int round = 0; round < 2; ++round) {
    restart();
    EXPECT_EQ(all_limits(), before);
    EXPECT_EQ(ledger_->self_check(), 0U);
  }
  EXPECT_EQ(balance().charged.nanos(), balance_before.charged.nanos());
  // The removed ones' numbers are not given again, and the next pass has nothing to do.
  ledger_->keep_rows(1);
  remove_old_rows();
  ASSERT_TRUE(spend(real_, 1));
  EXPECT_EQ(rows(), rows_left + 1);
}

TEST_F(RetentionTest, LimitThatIsNewBeginsWithWhatRemovedRowsUsed) {
  prepare();
  const auto before = all_limits();
  const std::int64_t rows_before = rows();
  ledger_->keep_rows(1);
  remove_old_rows();
  ASSERT_LT(rows(), rows_before);
  ASSERT_TRUE(set_limits(real_, {}));
  limit_workspace({});
  ASSERT_TRUE(set_limits(real_, every_window()));
  limit_workspace(every_window());
  EXPECT_EQ(all_limits(), before);
}

TEST_F(RetentionTest, TestClockThatMovesAfterwardsFindsWhatRemovedRowsUsed) {
  prepare();
  const auto advance = [this](hours by) {
    ASSERT_TRUE(await(
        ledger_->advance_test_clock(owner(), store::default_workspace_id(), microseconds(by))));
  };
  const std::string kept = data_as_of_now();
  advance(hours(30));
  ASSERT_TRUE(spend(tested_, 77));
  const auto right = all_limits();
  // The same again, of a ledger whose rows are removed in between.
  open_data(kept);
  const std::int64_t rows_before = rows();
  ledger_->keep_rows(1);
  remove_old_rows();
  ASSERT_LT(rows(), rows_before);
  advance(hours(30));
  ASSERT_TRUE(spend(tested_, 77));
  EXPECT_EQ(all_limits(), right);
  EXPECT_EQ(ledger_->self_check(), 0U);
  const std::string sandbox = "SELECT COUNT(*) FROM usage WHERE environment = 'sandbox'";
  const std::int64_t rows_left = number(sandbox);
  // Its sandbox rows stay from now on.
  clock_.advance(hours(24 * 40));
  ASSERT_TRUE(spend(tested_, 78));
  remove_old_rows();
  EXPECT_EQ(number(sandbox), rows_left + 1);
  EXPECT_EQ(rows(), rows_left + 1);
  EXPECT_EQ(ledger_->self_check(), 0U);
}

// Else one request under a wrong clock would have every row be old.
TEST_F(RetentionTest, ClockThatJumpsAheadRemovesNothingUntilItHasRunEvenlyForDays) {
  prepare();
  ledger_->keep_rows(1);
  remove_old_rows();
  const std::int64_t rows_before = rows();
  clock_.step_wall(hours(24 * 400));
  ASSERT_TRUE(spend(real_, 1));
  remove_old_rows();
  EXPECT_EQ(rows(), rows_before + 1);
  // Some days go by for both, and it is set right again, which is a jump as well.
  clock_.advance(hours(24 * 6));
  remove_old_rows();
  const std::int64_t rows_after = rows();
  EXPECT_GT(rows_after, rows_before - 40);
  EXPECT_LT(rows_after, rows_before - 10);  // the days that did go by
  clock_.step_wall(-hours(24 * 400));
  remove_old_rows();
  clock_.advance(hours(24 * 2));
  remove_old_rows();
  const std::int64_t rows_left = rows();
  EXPECT_GT(rows_left, rows_after - 40);
  // To where it was once before, too.
  clock_.step_wall(hours(24 * 400));
  remove_old_rows();
  EXPECT_EQ(rows(), rows_left);
  // One that stays where it jumped to is right.
  clock_.advance(hours(24 * 8));
  ASSERT_TRUE(spend(real_, 2));
  remove_old_rows();
  EXPECT_LT(rows(), 10);
  EXPECT_EQ(ledger_->self_check(), 0U);
}

TEST_F(RetentionTest, ClockThatIsAheadAtTheStartRemovesNothingThoughARequestComes) {
  prepare();
  const std::int64_t rows_before = rows();
  clock_.step_wall(hours(24 * 400));
  restart();
  ledger_->keep_rows(13);
  ASSERT_TRUE(spend(real_, 1));
  remove_old_rows();
  EXPECT_EQ(rows(), rows_before + 1);
}

// The journal still holds every row of this process: none of them may count a second time.
TEST_F(RetentionTest, CrashAfterRowsWereRemovedBringsNoneOfThemBack) {
  prepare();
  const std::int64_t rows_before = rows();
  const std::int64_t requests = number("SELECT SUM(requests) FROM usage_days");
  ledger_->keep_rows(1);
  remove_old_rows();
  const std::int64_t removed = rows_before - rows();
  ASSERT_GT(removed, 80);
  const auto before = all_limits();
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage_removed"), removed);
  crash();
  EXPECT_EQ(rows(), rows_before - removed);
  EXPECT_EQ(number("SELECT SUM(requests) FROM usage_days"), requests);
  EXPECT_EQ(all_limits(), before);
  EXPECT_EQ(ledger_->self_check(), 0U);
  // The journal begins anew, and nothing of before is in it.
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage_removed"), 0);
}

TEST_F(RetentionTest, NothingIsRemovedWithoutASetting) {
  prepare();
  const std::int64_t rows_before = rows();
  remove_old_rows();
  EXPECT_EQ(rows(), rows_before);
}

TEST_F(RetentionTest, RemovesByItselfSoonAfterTheStart) {
  prepare();
  const std::int64_t rows_before = rows();
  ledger_.reset();
  LedgerOptions kept = options();
  kept.retention_months = 1;
  kept.metrics = nullptr;
  auto opened = Ledger::open(kept);
  ASSERT_TRUE(opened);
  ledger_ = std::move(*opened);
  const std::string old =
      "SELECT COUNT(*) FROM usage WHERE admitted_at < " +
      std::to_string((clock_.wall() - hours(24 * 32)).time_since_epoch().count());
  EXPECT_TRUE(eventually([&] { return number(old) == 0; }));
  EXPECT_LT(rows(), rows_before);
  EXPECT_EQ(ledger_->self_check(), 0U);
}

}  // namespace
}  // namespace tollgate
