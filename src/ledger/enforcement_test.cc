// The ledger as a whole holds keys to their limits: reserved, settled, changed. What a crash leaves
// is in enforcement_recovery_test.cc; the budgets alone are proven in budgets_*test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ledger/enforcement_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST_F(EnforcementTest, BudgetForTenAdmitsExactlyTenOfHundredAtOnce) {
  const KeyWithSecret made = make(limited("ten", {cost_limit(1'000)}));
  std::atomic<int> passed{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        auto reserved = reserve_guarded(made, 100);
        if (!reserved) {
          ++refused;
        } else {
          ++passed;
          EXPECT_TRUE(settle(made, std::move(**reserved), 100));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 10);
  EXPECT_EQ(refused, 90);
  EXPECT_EQ(limit_of(made).used, 1'000);
  EXPECT_EQ(limit_of(made).held, 0);
  EXPECT_EQ(view(made).status, KeyStatus::kLimited);
}

TEST_F(EnforcementTest, RefusalNamesTheLimitAndWhatIsLeft) {
  const KeyWithSecret made = make(limited("named", {cost_limit(1'000'000'000)}));
  const Error above = refusal_of(made, 1'000'000'001);
  EXPECT_EQ(above.code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(above.retry_after);
  EXPECT_THAT(above.details_json, ::testing::HasSubstr(made.key.id.get() + "/cost/month"));
  EXPECT_THAT(above.details_json, ::testing::HasSubstr(R"("bound":"1.000000001")"));
}

TEST_F(EnforcementTest, UnguardedReserveOfAGuardedKeyAsksForAGuard) {
  const KeyWithSecret made = make(limited("guarded", {cost_limit(1'000)}));
  const Identity identity = *authenticate(made);
  EXPECT_TRUE(ledger_->preview(identity).guarded());
  auto reserved = ledger_->reserve(identity, ledger_->next_generation(), [] {});
  ASSERT_TRUE(reserved);
  EXPECT_FALSE(*reserved);
  const KeyWithSecret free = make("free");
  EXPECT_FALSE(ledger_->preview(*authenticate(free)).guarded());
}

TEST_F(EnforcementTest, WaitEndsWhenWhatIsHeldSettles) {
  const KeyWithSecret made = make(limited("patient", {cost_limit(1'000)}));
  Reservation first = admitted(made, 900);
  std::optional<Reservation> second;
  std::thread waiting([&] {
    auto reserved = reserve_guarded(made, 500);
    ASSERT_TRUE(reserved && *reserved);
    second.emplace(std::move(**reserved));
  });
  // A request that waits is no reservation yet.
  std::this_thread::yield();
  EXPECT_TRUE(settle(made, std::move(first), 10));
  waiting.join();
  ASSERT_TRUE(second);
  EXPECT_TRUE(settle(made, std::move(*second), 10));
  EXPECT_EQ(limit_of(made).used, 20);
}

TEST_F(EnforcementTest, WaitOfAClientThatLeftEnds) {
  const KeyWithSecret made = make(limited("left", {cost_limit(1'000)}));
  Reservation first = admitted(made, 900);
  const Identity identity = *authenticate(made);
  const GenerationNumber id = ledger_->next_generation();
  std::optional<Error> error;
  std::atomic<bool> ended{false};
  std::thread waiting([&] {
    auto reserved = await(ledger_->reserve(identity, id, [] {}, guard_of(identity, 500)));
    if (!reserved) error = reserved.error();
    ended = true;
  });
  while (!ended) ledger_->cancel_wait(id);
  waiting.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kClientGone);
  EXPECT_TRUE(settle(made, std::move(first), 10));
  EXPECT_EQ(limit_of(made).held, 0);
}

TEST_F(EnforcementTest, RevokedKeyIsNotAdmittedFromTheQueue) {
  const KeyWithSecret made = make(limited("revoked", {cost_limit(1'000)}));
  Reservation first = admitted(made, 900);
  const Identity identity = *authenticate(made);
  std::optional<Error> error;
  std::thread waiting([&] {
    auto reserved = await(
        ledger_->reserve(identity, ledger_->next_generation(), [] {}, guard_of(identity, 500)));
    if (!reserved) error = reserved.error();
  });
  EXPECT_TRUE(revoke(made.key.id));
  waiting.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kExpiredApiKey);
  UsageRow row = row_of(identity, 5);
  row.id = first.id();
  row.admitted_at = first.admitted_at();
  EXPECT_TRUE(await(ledger_->settle(std::move(first), std::move(row))));
}

TEST_F(EnforcementTest, NewLimitBeginsWithWhatItsWindowHasUsed) {
  const KeyWithSecret made = make("late");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(buy(made));  // 1,000 each
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 3);  // in the database
  ASSERT_TRUE(buy(made));                              // in the journal alone, perhaps
  const Identity identity = *authenticate(made);
  Result<Reservation> open = reserve(identity);
  ASSERT_TRUE(open);
  ASSERT_TRUE(set_limits(made, {cost_limit(10'000), requests_limit(9, WindowKind::kRolling60s)}));
  EXPECT_EQ(limit_of(made, 0).used, 4'000);
  EXPECT_EQ(limit_of(made, 1).used, 4);
  EXPECT_EQ(limit_of(made, 1).held, 1);
  UsageRow row = row_for(identity, *open);
  ASSERT_TRUE(await(ledger_->settle(std::move(*open), std::move(row))));
  EXPECT_EQ(limit_of(made, 0).used, 5'000);
  EXPECT_EQ(limit_of(made, 1).used, 5);
  // Another amount keeps the counter.
  ASSERT_TRUE(set_limits(made, {cost_limit(4'000)}));
  EXPECT_EQ(limit_of(made, 0).used, 5'000);
  EXPECT_EQ(refusal_of(made, 1).code, ErrorCode::kLimitExceeded);
  restart();
  EXPECT_EQ(limit_of(made, 0).used, 5'000);
}

TEST_F(EnforcementTest, NewLimitCountsEveryRowOnceWhileRequestsSettle) {
  const KeyWithSecret made = make("busy");
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        if (ledger_->preview(*authenticate(made)).guarded()) {
          EXPECT_TRUE(spend(made, 1'000));
        } else if (auto bought = buy(made); !bought) {
          EXPECT_EQ(bought.error().message, "needs a guard");  // by now
        }
      }
    });
  }
  const std::int64_t plenty = 1'000'000'000'000;
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(set_limits(
        made, i % 2 == 0 ? std::vector{cost_limit(plenty)}
                         : std::vector<Limit>{requests_limit(plenty, WindowKind::kLifetime)}));
  }
  EXPECT_TRUE(set_limits(made, {cost_limit(plenty), requests_limit(plenty, WindowKind::kDay)}));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const std::int64_t rows = number("SELECT COUNT(*) FROM usage");
  EXPECT_EQ(limit_of(made, 0).used, number("SELECT SUM(cost) FROM usage"));
  EXPECT_EQ(limit_of(made, 1).used, rows);
  EXPECT_EQ(limit_of(made, 0).held, 0);
  EXPECT_EQ(ledger_->self_check(), 0U);
}

TEST_F(EnforcementTest, SelfCheckFindsARowThatIsMissing) {
  const KeyWithSecret made = make(limited("doubted", {cost_limit(1'000)}));
  ASSERT_TRUE(spend(made, 100));
  ASSERT_TRUE(spend(made, 50));
  EXPECT_EQ(ledger_->self_check(), 0U);
  std::function<Result<int>(sql::Connection&)> lose = [](sql::Connection& connection) {
    EXPECT_TRUE(connection.exec("UPDATE usage_days SET cost = cost - 1"));
    return 0;
  };
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 2);
  ASSERT_TRUE(await(ledger_->write<int>(lose)));
  EXPECT_EQ(ledger_->self_check(), 1U);
}

TEST_F(EnforcementTest, WorkspaceLimitHoldsForAllItsKeysAndEachEnvironmentApart) {
  const KeyWithSecret one = make("one");
  const KeyWithSecret two = make("two");
  KeyPolicy sandbox = named("sandbox");
  sandbox.environment = Environment::kSandbox;
  const KeyWithSecret three = make(sandbox);
  ASSERT_TRUE(buy(one));
  ASSERT_TRUE(edit_workspace([](Workspace& workspace) -> Status {
    workspace.limits = {cost_limit(2'500)};
    return {};
  }));
  ASSERT_TRUE(spend(two, 1'000));
  EXPECT_EQ(refusal_of(one, 501).code, ErrorCode::kLimitExceeded);
  ASSERT_TRUE(spend(three, 2'000));
  EXPECT_EQ(
      ledger_->workspace_limits(store::default_workspace_id(), Environment::kProduction).at(0).used,
      2'000);
  restart();
  EXPECT_EQ(refusal_of(one, 501).code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(refusal_of(three, 501).code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(spend(one, 500));
}

TEST_F(EnforcementTest, BalanceIsSpentOnceAndForAll) {
  const KeyWithSecret made = make("payer");
  ASSERT_TRUE(grant(1'000));
  make_prepaid();
  ASSERT_TRUE(spend(made, 600));
  EXPECT_EQ(refusal_of(made, 401).code, ErrorCode::kInsufficientCredits);
  restart();
  EXPECT_EQ(balance().charged.nanos(), 600);
  EXPECT_EQ(refusal_of(made, 401).code, ErrorCode::kInsufficientCredits);
  ASSERT_TRUE(grant(1));
  EXPECT_TRUE(spend(made, 401));
  EXPECT_EQ(balance().available()->nanos(), 0);
}

TEST_F(EnforcementTest, DeductionNeverTakesWhatIsHeld) {
  const KeyWithSecret made = make("payer");
  ASSERT_TRUE(grant(1'000));
  make_prepaid();
  Reservation open = admitted(made, 700);
  EXPECT_FALSE(grant(-301));
  EXPECT_TRUE(grant(-300));
  EXPECT_EQ(balance().granted.nanos(), 700);
  ASSERT_TRUE(settle(made, std::move(open), 700));
  EXPECT_EQ(balance().available()->nanos(), 0);
  restart();
  EXPECT_EQ(balance().available()->nanos(), 0);
}

TEST_F(EnforcementTest, TestClockTurnsLimitsAndExpiresSandboxKeysAlone) {
  KeyPolicy policy = limited("tested", {requests_limit(1, WindowKind::kDay)});
  policy.environment = Environment::kSandbox;
  policy.expires_at = clock_.wall() + hours(72);
  const KeyWithSecret made = make(policy);
  KeyPolicy real = limited("real", {requests_limit(1, WindowKind::kDay)});
  real.expires_at = policy.expires_at;
  const KeyWithSecret other = make(real);
  ASSERT_TRUE(buy(made));
  ASSERT_TRUE(buy(other));
  EXPECT_EQ(buy(made).error().code, ErrorCode::kLimitExceeded);
  const auto advance = [&](hours by) {
    return await(ledger_->advance_test_clock(owner(), store::default_workspace_id(),
                                             std::chrono::microseconds(by)));
  };
  ASSERT_TRUE(advance(hours(24)));
  EXPECT_TRUE(buy(made));
  EXPECT_EQ(buy(other).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(buy(made).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage WHERE test_time IS NULL"), 2);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage WHERE test_time = admitted_at + 86400000000"), 1);
  restart();
  EXPECT_EQ(limit_of(made).used, 1);
  EXPECT_EQ(buy(made).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(ledger_->self_check(), 0U);
  ASSERT_TRUE(advance(hours(48)));
  EXPECT_EQ(buy(made).error().code, ErrorCode::kExpiredApiKey);
  EXPECT_EQ(buy(other).error().code, ErrorCode::kLimitExceeded);
}

TEST_F(EnforcementTest, ClockSetBackReopensNoWindow) {
  const KeyWithSecret made = make(limited("stubborn", {cost_limit(1'000, WindowKind::kHour)}));
  ASSERT_TRUE(spend(made, 900));
  clock_.step_wall(hours(1));
  ASSERT_TRUE(spend(made, 800));
  clock_.step_wall(-hours(1));
  EXPECT_EQ(refusal_of(made, 101).code, ErrorCode::kLimitExceeded);
  restart();
  EXPECT_EQ(refusal_of(made, 101).code, ErrorCode::kLimitExceeded);
  clock_.step_wall(hours(1));
  EXPECT_EQ(refusal_of(made, 201).code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(spend(made, 200));
}

TEST_F(EnforcementTest, DroppedGuardedReservationIsChargedAtItsBound) {
  const KeyWithSecret made = make(limited("dropped", {cost_limit(1'000)}));
  {
    const Reservation dropped = admitted(made, 400);
  }
  ASSERT_TRUE(eventually([&] { return ledger_->open_reservations() == 0; }));
  EXPECT_EQ(limit_of(made).used, 400);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage WHERE metering = 'interrupted'"), 1);
}

// More notes than the journal keeps room for.
TEST_F(EnforcementTest, FailedReservationHoldsNothing) {
  ledger_.reset();
  LedgerOptions small = options();
  small.journal_file_bytes = 4'096;
  small.metrics = nullptr;
  ledger_ = std::move(*Ledger::open(small));
  const KeyWithSecret made = make(limited("many", {cost_limit(1'000'000)}));
  std::vector<Reservation> open;
  std::optional<Error> refused;
  while (!refused && open.size() < 100) {
    auto reserved = reserve_guarded(made, 100);
    if (reserved) {
      open.push_back(std::move(**reserved));
    } else {
      refused = reserved.error();
    }
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(limit_of(made).held, static_cast<std::int64_t>(open.size()) * 100);
  EXPECT_EQ(ledger_->open_reservations(), open.size());
  EXPECT_EQ(ledger_->self_check(), 0U);
  for (Reservation& reservation : open) EXPECT_TRUE(settle(made, std::move(reservation), 1));
  EXPECT_EQ(limit_of(made).held, 0);
  EXPECT_TRUE(spend(made, 100));
}

TEST_F(EnforcementTest, ATrialSaysWhatReserveWouldAndHoldsNothing) {
  const KeyWithSecret made = make(limited("k", {cost_limit(1'000)}));
  const Identity identity = authenticate(made).value();
  const auto trial = [&](std::int64_t bound) {
    return ledger_->trial(identity, {.cost = bound, .tokens = 15, .token_rate = 15});
  };
  EXPECT_TRUE(trial(1'000));
  EXPECT_TRUE(trial(1'000)) << "nothing was held";
  EXPECT_EQ(trial(1'001).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(trial(1'001).error().details_json, refusal_of(made, 1'001).details_json);
  Reservation held = admitted(made, 600);
  EXPECT_EQ(trial(500).error().code, ErrorCode::kLimitInFlight);
  EXPECT_TRUE(trial(400));
  EXPECT_EQ(ledger_->trial(identity, {}).error().code, ErrorCode::kServiceUnavailable)
      << "it has no bound";
  ASSERT_TRUE(settle(made, std::move(held), 600));
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(trial(1).error().code, ErrorCode::kExpiredApiKey);
  EXPECT_EQ(ledger_->identity_of(made.key.id, std::nullopt)->key().id, made.key.id);
  EXPECT_EQ(ledger_->identity_of(KeyId("key_none"), std::nullopt).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tollgate