#include "domain/workspace.h"

#include <gtest/gtest.h>

#include <limits>

namespace tollgate {
namespace {

TEST(WorkspaceTest, NameAndIdAreNeverMistakenForEachOther) {
  EXPECT_FALSE(workspace_name_problem("shop"));
  EXPECT_FALSE(workspace_name_problem("ws"));
  EXPECT_TRUE(workspace_name_problem("ws_shop"));
}

TEST(WorkspaceTest, NameIsOneLineOfAtMost128Characters) {
  EXPECT_FALSE(workspace_name_problem(std::string(128, 'a')));
  EXPECT_TRUE(workspace_name_problem(std::string(129, 'a')));
  EXPECT_TRUE(workspace_name_problem(""));
  EXPECT_TRUE(workspace_name_problem("a\nb"));
}

TEST(WorkspaceTest, OnlySandboxKeysLiveByTheTestClock) {
  Workspace workspace;
  workspace.test_clock_offset = std::chrono::hours(2);
  const WallTime now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
  EXPECT_EQ(workspace_time(workspace, Environment::kSandbox, now), now + std::chrono::hours(2));
  EXPECT_EQ(workspace_time(workspace, Environment::kProduction, now), now);
}

TEST(WorkspaceTest, AvailableIsWhatIsNeitherChargedNorHeld) {
  const Balance balance{.mode = BalanceMode::kPrepaid,
                        .granted = Money::from_nanos(100),
                        .charged = Money::from_nanos(30),
                        .held = Money::from_nanos(80)};
  EXPECT_EQ(balance.available().value(), Money::from_nanos(-10));
}

TEST(WorkspaceTest, BalanceBeyondCountingIsAnErrorNotAWrappedAmount) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  Balance balance{.granted = Money::from_nanos(-2), .charged = Money::from_nanos(kMost)};
  EXPECT_FALSE(balance.available());
  balance.held = Money::from_nanos(1);
  EXPECT_FALSE(balance.available());
}

TEST(WorkspaceTest, BalanceModesAreReadByTheNamesTheyAreShownBy) {
  for (const BalanceMode mode : {BalanceMode::kUnlimited, BalanceMode::kPrepaid}) {
    EXPECT_EQ(balance_mode_from_name(balance_mode_name(mode)), mode);
  }
  EXPECT_FALSE(balance_mode_from_name("Prepaid"));
}

}  // namespace
}  // namespace tollgate
