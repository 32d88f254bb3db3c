// What is held, charged and counted after a restart, a crash, and a disk that takes nothing.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ledger/enforcement_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;

TEST_F(EnforcementTest, CountersAreFoundAgainAfterARestart) {
  const std::vector<Limit> limits{
      cost_limit(1'000),
      cost_limit(600, WindowKind::kHour),
      cost_limit(5'000, WindowKind::kLifetime),
      {.metric = Metric::kCost, .window = {.kind = WindowKind::kDays, .days = 3}, .amount = 1'000},
      requests_limit(10, WindowKind::kDay),
      requests_limit(10, WindowKind::kRolling60s)};
  const KeyWithSecret made = make(limited("lasting", limits));
  ASSERT_TRUE(spend(made, 300));
  clock_.advance(hours(1));
  ASSERT_TRUE(spend(made, 200));
  const std::vector<LimitState> before = view(made).limits;
  for (int round = 0; round < 2; ++round) {
    restart();
    EXPECT_EQ(view(made).limits, before);
  }
  EXPECT_EQ(before[0].used, 500);
  EXPECT_EQ(before[1].used, 200);
  EXPECT_EQ(before[5].used, 1);
  EXPECT_EQ(refusal_of(made, 501).code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(spend(made, 400));
}

TEST_F(EnforcementTest, OrphansAreChargedAtTheirBoundAfterACrash) {
  const KeyWithSecret made = make(limited("crashed", {cost_limit(1'000)}));
  ASSERT_TRUE(spend(made, 100));
  Reservation lost = admitted(made, 400);
  Reservation settled = admitted(made, 300);
  ASSERT_TRUE(settle(made, std::move(settled), 30));
  const GenerationNumber id = lost.id();
  std::string kept = data_as_of_now();
  ASSERT_TRUE(settle(made, std::move(lost), 400));
  open_data(std::move(kept));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 3);
    EXPECT_EQ(number("SELECT cost FROM usage WHERE metering = 'interrupted' AND id = " +
                     std::to_string(id)),
              400);
    EXPECT_EQ(limit_of(made).used, 530);
    EXPECT_EQ(limit_of(made).held, 0);
    crash();
  }
}

TEST_F(EnforcementTest, OpenReservationsOutliveEveryTurnOfTheJournal) {
  ledger_.reset();
  LedgerOptions small = options();
  small.journal_file_bytes = 16'384;
  small.metrics = nullptr;
  ledger_ = std::move(*Ledger::open(small));
  const KeyWithSecret made = make(limited("long", {cost_limit(1'000'000)}));
  Reservation lost = admitted(made, 400);
  const KeyWithSecret busy = make("busy");
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(buy(busy)) << i;
  const std::string to = dir_.path() + "/copy";
  std::filesystem::copy(small.data_dir, to);
  ASSERT_TRUE(settle(made, std::move(lost), 1));
  ledger_.reset();
  small.data_dir = to;
  ledger_ = std::move(*Ledger::open(small));
  EXPECT_EQ(limit_of(made).used, 400);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage WHERE metering = 'interrupted'"), 1);
}

TEST_F(EnforcementTest, SettledReservationIsNoOrphan) {
  const KeyWithSecret made = make(limited("settled", {cost_limit(1'000)}));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(spend(made, 10));
  crash();
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 5);
  EXPECT_EQ(limit_of(made).used, 50);
}

TEST_F(EnforcementTest, ReboundReservationIsChargedAtItsLastBound) {
  const KeyWithSecret made = make(limited("rebound", {cost_limit(1'000)}));
  Reservation lost = admitted(made, 400);
  const Identity identity = *authenticate(made);
  ASSERT_TRUE(await(ledger_->rebind(identity, lost, guard_of(identity, 700))));
  EXPECT_EQ(limit_of(made).held, 700);
  EXPECT_FALSE(await(ledger_->rebind(identity, lost, guard_of(identity, 1'001))));
  EXPECT_EQ(limit_of(made).held, 700);
  std::string kept = data_as_of_now();
  ASSERT_TRUE(settle(made, std::move(lost), 1));
  open_data(std::move(kept));
  EXPECT_EQ(limit_of(made).used, 700);
}

// The journal still has the old bound, which a crash would charge: nobody else may have it.
TEST_F(EnforcementTest, SmallerBoundFreesNothingUntilItIsDurable) {
  const KeyWithSecret made = make(limited("smaller", {cost_limit(1'000)}));
  Reservation open = admitted(made, 700);
  const Identity identity = *authenticate(made);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit all{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &all), 0);
  rlimit none = all;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const Status unwritten = await(ledger_->rebind(identity, open, guard_of(identity, 200)));
  ::setrlimit(RLIMIT_FSIZE, &all);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(unwritten);
  EXPECT_EQ(limit_of(made).held, 700);
  while (!ledger_->ready()) std::this_thread::yield();
  ASSERT_TRUE(await(ledger_->rebind(identity, open, guard_of(identity, 200))));
  EXPECT_EQ(limit_of(made).held, 200);
  ASSERT_TRUE(settle(made, std::move(open), 100));
}

class FullEnforcementTest : public EnforcementTest {
 protected:
  FullEnforcementTest() {
    ledger_.reset();
    LedgerOptions full = options();
    full.durability = Durability::kFull;
    full.metrics = nullptr;
    ledger_ = std::move(*Ledger::open(full));
  }
};

TEST_F(FullEnforcementTest, ReservationIsDurableBeforeItReturns) {
  const KeyWithSecret made = make(limited("careful", {cost_limit(1'000)}));
  ASSERT_TRUE(spend(made, 100));
  Reservation lost = admitted(made, 400);
  std::string kept = data_as_of_now();
  ASSERT_TRUE(settle(made, std::move(lost), 1));
  EXPECT_EQ(limit_of(made).used, 101);
  open_data(std::move(kept));
  EXPECT_EQ(limit_of(made).used, 500);
}

}  // namespace
}  // namespace tollgate
