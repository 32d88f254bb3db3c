#include "ledger/budgets.h"

#include <limits>

#include "ledger/budgets_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class BudgetsAdmissionTest : public BudgetsTest {};
class BudgetsLimitChangeTest : public BudgetsTest {};
class BudgetsViewTest : public BudgetsTest {};

// --- one atomic step ---

TEST_F(BudgetsAdmissionTest, AdmitsExactlyAsManyBoundsAsTheLimitHolds) {
  KeyBudget& key = key_with({cost_limit(100)});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(admits(key, cost_of(10))) << i;
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(admits(key, cost_of(10))) << i;
  EXPECT_EQ(state(key).held, 100);
  EXPECT_EQ(state(key).used, 0);
  EXPECT_EQ(budgets.open_requests(), 10U);
}

TEST_F(BudgetsAdmissionTest, HoldsNothingAnywhereWhenOneLevelRefuses) {
  KeyBudget& key = key_with({cost_limit(100), token_limit(100), request_limit(5)});
  limit_workspace({cost_limit(40)});
  prepay(1'000);
  refused(key, {.cost = 41, .tokens = 1, .token_rate = 1});
  for (const LimitState& limit : budgets.limits(key, now)) EXPECT_EQ(limit.held, 0) << limit.id;
  EXPECT_EQ(workspace_state().held, 0);
  EXPECT_EQ(budgets.balance(*workspace).held.nanos(), 0);
}

TEST_F(BudgetsAdmissionTest, AdmitsAnythingWhereNothingIsLimited) {
  KeyBudget& unlimited = key();
  for (int i = 0; i < 1'000; ++i) held.push_back(admit(unlimited));
  EXPECT_EQ(budgets.open_requests(), 1'000U);
  EXPECT_FALSE(budgets.preview(unlimited, now).guarded());
}

TEST_F(BudgetsAdmissionTest, ChecksTheWorkspacesLimitUnderAllItsKeysTogether) {
  limit_workspace({cost_limit(100)});
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += admits(key(), cost_of(10)) ? 1 : 0;
  EXPECT_EQ(admitted, 10);
}

TEST_F(BudgetsAdmissionTest, CountsEnvironmentsApartEachWithTheFullAmount) {
  limit_workspace({cost_limit(100)});
  EXPECT_TRUE(admits(key(Environment::kSandbox), cost_of(100)));
  EXPECT_TRUE(admits(key(Environment::kProduction), cost_of(100)));
  EXPECT_EQ(workspace_state(Environment::kSandbox).held, 100);
  EXPECT_EQ(workspace_state(Environment::kProduction).held, 100);
}

TEST_F(BudgetsAdmissionTest, AsksForABoundThatAGuardNeedsAndGetsNone) {
  KeyBudget& key = key_with({token_limit(100)});
  EXPECT_EQ(refused(key, {.cost = 5}).reason, RefusalReason::kBoundMissing);
  EXPECT_EQ(refused(key, {.cost = 5, .tokens = {}, .token_rate = 5}).reason,
            RefusalReason::kBoundMissing);
  prepay(100);
  EXPECT_EQ(refused(key, {.tokens = 5}).reason, RefusalReason::kBoundMissing);
}

TEST_F(BudgetsAdmissionTest, HoldsTheRateBoundInTheRollingWindowAndTheBoundInOthers) {
  KeyBudget& key = key_with({token_limit(1'000), token_limit(1'000, kMinute)});
  held.push_back(admit(key, {.tokens = 700, .token_rate = 300}));
  EXPECT_EQ(state(key, 0).held, 700);
  EXPECT_EQ(state(key, 1).held, 300);
}

TEST_F(BudgetsAdmissionTest, ChecksOneRequestsLimitAgainstItsAmountAlone) {
  KeyBudget& key = key_with({cost_limit(10, kOneRequest)});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admits(key, cost_of(10)));
  const Refusal refusal = refused(key, cost_of(11));
  EXPECT_EQ(refusal.reason, RefusalReason::kAboveLimit);
  EXPECT_EQ(refusal.bound, 11);
  EXPECT_FALSE(refusal.resets_in);
}

TEST_F(BudgetsAdmissionTest, NeverWrapsAroundAtTheLargestAmounts) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  KeyBudget& key = key_with({cost_limit(kMax)});
  settle_cost(admit(key, cost_of(kMax)), kMax);
  EXPECT_EQ(refused(key, cost_of(kMax)).reason, RefusalReason::kSpent);
  EXPECT_EQ(refused(key, cost_of(1)).reason, RefusalReason::kSpent);
  EXPECT_EQ(state(key).remaining(), 0);
}

// --- settling ---

TEST_F(BudgetsAdmissionTest, SettlesAtTheActualCostAndGivesTheRestBack) {
  KeyBudget& key = key_with({cost_limit(100)});
  limit_workspace({cost_limit(100)});
  prepay(100);
  settle(admit(key, cost_of(100)), {.cost = 30, .charged = 25});
  EXPECT_EQ(state(key).used, 30);
  EXPECT_EQ(state(key).held, 0);
  EXPECT_EQ(workspace_state().used, 30);
  EXPECT_EQ(budgets.balance(*workspace).charged.nanos(), 25);
  EXPECT_EQ(budgets.balance(*workspace).held.nanos(), 0);
  EXPECT_TRUE(admits(key, cost_of(70)));
}

TEST_F(BudgetsAdmissionTest, ChargesAnOverrunInFullPastTheLimit) {
  KeyBudget& key = key_with({cost_limit(100)});
  prepay(100);
  settle_cost(admit(key, cost_of(50)), 170);
  EXPECT_EQ(state(key).used, 170);
  EXPECT_EQ(state(key).remaining(), 0);
  EXPECT_EQ(budgets.balance(*workspace).available().value().nanos(), -70);
  EXPECT_EQ(refused(key, cost_of(0)).reason, RefusalReason::kNoCredits);
}

TEST_F(BudgetsAdmissionTest, GivesCostAndTokensBackButKeepsTheRequestWhenNothingWasSent) {
  KeyBudget& key =
      key_with({cost_limit(10), token_limit(10), request_limit(2), concurrency_limit(1)});
  budgets.give_back(admit(key, {.cost = 10, .tokens = 10, .token_rate = 10}), now, resolved);
  EXPECT_EQ(state(key, 0).remaining(), 10);
  EXPECT_EQ(state(key, 1).remaining(), 10);
  EXPECT_EQ(state(key, 2).used, 1);
  EXPECT_EQ(state(key, 3).held, 0);
}

TEST_F(BudgetsAdmissionTest, LeavesNoTraceOfAnAdmissionThatIsUndone) {
  KeyBudget& key = key_with({cost_limit(10), request_limit(1, kMinute), concurrency_limit(1)});
  const auto before = budgets.limits(key, now);
  budgets.undo(admit(key, cost_of(10)), now, resolved);
  EXPECT_EQ(budgets.limits(key, now), before);
  EXPECT_EQ(budgets.open_requests(), 0U);
}

TEST_F(BudgetsAdmissionTest, EndsAHoldOnce) {
  KeyBudget& key = key_with({cost_limit(10)});
  Hold hold = admit(key, cost_of(1));
  Hold taken = std::move(hold);
  EXPECT_FALSE(hold.open());  // NOLINT(bugprone-use-after-move): moving empties it
  EXPECT_THROW(settle(std::move(hold)), Bug);
  settle(std::move(taken));
}

TEST_F(BudgetsAdmissionTest, ChargesTheWindowOfTheAdmissionWhenTheClockHasPassedIntoTheNext) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  Hold hold = admit(key, cost_of(100));
  advance(hours(1));
  EXPECT_EQ(state(key).held, 0) << "the new hour is free";
  settle_cost(std::move(hold), 60);
  EXPECT_EQ(state(key).used, 0);
  step_wall(-hours(1));
  EXPECT_EQ(state(key).used, 60);
  EXPECT_EQ(state(key).held, 0);
}

TEST_F(BudgetsAdmissionTest, ABackwardClockReopensNoWindow) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  use(key, 100);
  for (int hour = 0; hour < 10; ++hour) {
    advance(hours(1));
    use(key, 100);
  }
  for (int hour = 0; hour < 11; ++hour) {
    EXPECT_EQ(refused(key, cost_of(1)).reason, RefusalReason::kSpent) << hour;
    step_wall(-hours(1));
  }
}

TEST_F(BudgetsAdmissionTest, TakesAPeriodThatItHasForgottenForSpent) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  const std::size_t kept = LimitCounter::kPeriodsKept;
  for (std::size_t hour = 0; hour < kept + 5; ++hour) {
    use(key, 1);
    advance(hours(1));
  }
  step_wall(-hours(kept + 5));
  EXPECT_EQ(refused(key, cost_of(1)).reason, RefusalReason::kSpent);
  step_wall(hours(6));
  EXPECT_EQ(state(key).used, 1) << "one that is kept stands as it was";
}

TEST_F(BudgetsAdmissionTest, KeepsAPeriodAsLongAsARequestOfItIsOpen) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  Hold hold = admit(key, cost_of(40));
  for (std::size_t hour = 0; hour < 2 * LimitCounter::kPeriodsKept; ++hour) {
    advance(hours(1));
    use(key, 1);
  }
  settle_cost(std::move(hold), 30);
  step_wall(-hours(2 * LimitCounter::kPeriodsKept));
  EXPECT_EQ(state(key).used, 30);
}

TEST_F(BudgetsAdmissionTest, CountsARequestFromItsAdmissionOn) {
  KeyBudget& key = key_with({request_limit(3)});
  Hold open = admit(key);
  settle(admit(key));
  EXPECT_EQ(state(key).held, 1);
  EXPECT_EQ(state(key).used, 1);
  settle(std::move(open));
  held.push_back(admit(key));
  EXPECT_EQ(refused(key).reason, RefusalReason::kSpent);
}

TEST_F(BudgetsAdmissionTest, LimitsWhatIsOpenAtOnce) {
  KeyBudget& key = key_with({concurrency_limit(2)});
  Hold first = admit(key);
  held.push_back(admit(key));
  const Refusal refusal = refused(key);
  EXPECT_EQ(refusal.reason, RefusalReason::kRate);
  EXPECT_FALSE(refusal.resets_in);
  EXPECT_EQ(refusal.limit->held, 2);
  settle(std::move(first));
  EXPECT_TRUE(admits(key));
}

// --- soft keys ---

TEST_F(BudgetsAdmissionTest, ASoftKeyHoldsNothingAndOverrunsByWhatIsInFlight) {
  KeyBudget& key = key_with({cost_limit(100), request_limit(2)}, Enforcement::kSoft);
  EXPECT_FALSE(budgets.preview(key, now).guarded());
  Hold one = admit(key);
  Hold two = admit(key);
  Hold three = admit(key);
  EXPECT_EQ(state(key, 0).held, 0);
  settle_cost(std::move(one), 90);
  EXPECT_TRUE(admits(key));
  settle_cost(std::move(two), 90);
  EXPECT_EQ(refused(key).reason, RefusalReason::kSpent);
  settle_cost(std::move(three), 90);
  EXPECT_EQ(state(key, 0).used, 270);
  EXPECT_EQ(state(key, 1).used, 3);
}

TEST_F(BudgetsAdmissionTest, ASoftKeysConcurrencyCountsWhatIsOpen) {
  KeyBudget& key = key_with({concurrency_limit(1)}, Enforcement::kSoft);
  held.push_back(admit(key));
  EXPECT_EQ(refused(key).reason, RefusalReason::kRate);
}

TEST_F(BudgetsAdmissionTest, WorkspaceLimitsAndBalanceStayHardForASoftKey) {
  KeyBudget& key = key_with({cost_limit(1)}, Enforcement::kSoft);
  limit_workspace({cost_limit(100)});
  EXPECT_EQ(refused(key).reason, RefusalReason::kBoundMissing);
  EXPECT_TRUE(admits(key, cost_of(100)));
  wait(key, cost_of(1));
  prepay(10);
  EXPECT_EQ(refused(key, cost_of(11)).reason, RefusalReason::kNoCredits);
}

// --- the balance ---

TEST_F(BudgetsAdmissionTest, RefusesForCreditsWhenNothingHeldCouldFreeEnough) {
  prepay(100);
  KeyBudget& key = this->key();
  use(key, 60);
  const Refusal refusal = refused(key, cost_of(41));
  EXPECT_EQ(refusal.reason, RefusalReason::kNoCredits);
  EXPECT_EQ(refusal_code(refusal.reason), ErrorCode::kInsufficientCredits);
  EXPECT_FALSE(refusal.limit);
  EXPECT_EQ(refusal.bound, 41);
  EXPECT_TRUE(admits(key, cost_of(40)));
}

TEST_F(BudgetsAdmissionTest, TheSandboxNeverTouchesTheBalance) {
  prepay(0);
  KeyBudget& sandbox = key(Environment::kSandbox);
  EXPECT_FALSE(budgets.preview(sandbox, now).guarded());
  settle(admit(sandbox, cost_of(50)), {.cost = 50, .charged = 0, .tokens = 1});
  EXPECT_EQ(budgets.balance(*workspace).charged.nanos(), 0);
}

TEST_F(BudgetsAdmissionTest, AGrantHoldsForTheNextRequestAndADeductionToo) {
  prepay(0);
  KeyBudget& key = this->key();
  EXPECT_FALSE(admits(key, cost_of(5)));
  budgets.grant(*workspace, Money::from_nanos(10), now, resolved);
  EXPECT_TRUE(admits(key, cost_of(5)));
  budgets.grant(*workspace, Money::from_nanos(-6), now, resolved);
  EXPECT_EQ(refused(key, cost_of(5)).reason, RefusalReason::kNoCredits);
}

TEST_F(BudgetsAdmissionTest, CountsChargesAndOpenBoundsWhenABalanceBecomesPrepaid) {
  KeyBudget& key = this->key();
  settle(admit(key), {.charged = 30});
  held.push_back(admit(key, cost_of(20)));
  budgets.grant(*workspace, Money::from_nanos(100), now, resolved);
  budgets.set_balance_mode(*workspace, BalanceMode::kPrepaid, now, resolved);
  EXPECT_EQ(budgets.balance(*workspace).available().value().nanos(), 50);
}

// --- which refusal ---

TEST_F(BudgetsAdmissionTest, NamesOfSeveralLimitsTheOneThatResetsLast) {
  KeyBudget& key = key_with({request_limit(1, kMinute), request_limit(1, kMonth),
                             request_limit(1, kHour), concurrency_limit(1)});
  held.push_back(admit(key));
  const Refusal refusal = refused(key);
  EXPECT_EQ(refusal.limit->id, "key_a/requests/month");
  EXPECT_EQ(refusal.reason, RefusalReason::kSpent);
  EXPECT_EQ(refusal.limit->resets_at, std::chrono::sys_days(std::chrono::year(2026) / 12 / 1));
  EXPECT_EQ(refusal.resets_in, *refusal.limit->resets_at - now.wall);
}

TEST_F(BudgetsAdmissionTest, ALifetimeResetsAfterEverythingElse) {
  KeyBudget& key = key_with({request_limit(1, kLifetime), request_limit(1, kMonth)});
  held.push_back(admit(key));
  const Refusal refusal = refused(key);
  EXPECT_EQ(refusal.limit->id, "key_a/requests/lifetime");
  EXPECT_FALSE(refusal.resets_in);
}

TEST_F(BudgetsAdmissionTest, ABoundAboveAWholeLimitIsNamedFirst) {
  KeyBudget& key = key_with({cost_limit(10, kHour), request_limit(1, kMonth)});
  held.push_back(admit(key, cost_of(1)));
  const Refusal refusal = refused(key, cost_of(11));
  EXPECT_EQ(refusal.reason, RefusalReason::kAboveLimit);
  EXPECT_EQ(refusal.limit->id, "key_a/cost/hour");
  EXPECT_EQ(refusal_code(refusal.reason), ErrorCode::kLimitExceeded);
}

TEST_F(BudgetsAdmissionTest, TheRollingWindowOfAnyMetricIsARate) {
  KeyBudget& tokens = key_with({token_limit(10, kMinute)});
  use_tokens(tokens, 10);
  EXPECT_EQ(refused(tokens, tokens_of(1)).reason, RefusalReason::kRate);
  KeyBudget& cost = key_with({cost_limit(10, kMinute)});
  use(cost, 10);
  EXPECT_EQ(refused(cost, cost_of(1)).reason, RefusalReason::kRate);
  EXPECT_EQ(refusal_code(RefusalReason::kRate), ErrorCode::kRateLimitExceeded);
}

TEST_F(BudgetsAdmissionTest, SaysWhenEnoughWillHaveLeftTheRollingWindow) {
  KeyBudget& key = key_with({cost_limit(10, kMinute)});
  use(key, 4);
  advance(Seconds(10));
  use(key, 6);
  advance(milliseconds(20'300));
  EXPECT_EQ(refused(key, cost_of(4)).resets_in, milliseconds(30'700));
  EXPECT_EQ(refused(key, cost_of(5)).resets_in, milliseconds(40'700));
  advance(milliseconds(30'699));
  EXPECT_FALSE(admits(key, cost_of(4)));
  advance(milliseconds(1));
  EXPECT_TRUE(admits(key, cost_of(4)));
}

// --- another attempt ---

TEST_F(BudgetsAdmissionTest, RebindsToTheNewBoundInOneStep) {
  KeyBudget& key = key_with({cost_limit(100)});
  prepay(100);
  Hold hold = admit(key, cost_of(20));
  EXPECT_FALSE(budgets.rebind(hold, cost_of(90), now, resolved));
  EXPECT_EQ(state(key).held, 90);
  EXPECT_EQ(budgets.balance(*workspace).held.nanos(), 90);
  EXPECT_FALSE(budgets.rebind(hold, cost_of(10), now, resolved));
  EXPECT_EQ(state(key).held, 10);
  settle_cost(std::move(hold), 10);
}

TEST_F(BudgetsAdmissionTest, KeepsTheOldHoldWhenTheNewBoundDoesNotFit) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(20));
  Hold other = admit(key, cost_of(50));
  const auto in_flight = budgets.rebind(hold, cost_of(60), now, resolved);
  ASSERT_TRUE(in_flight);
  EXPECT_EQ(in_flight->reason, RefusalReason::kInFlight);
  EXPECT_EQ(in_flight->bound, 60);
  settle_cost(std::move(other), 50);
  EXPECT_EQ(budgets.rebind(hold, cost_of(60), now, resolved)->reason, RefusalReason::kSpent);
  EXPECT_EQ(budgets.rebind(hold, cost_of(101), now, resolved)->reason, RefusalReason::kAboveLimit);
  EXPECT_EQ(budgets.rebind(hold, {}, now, resolved)->reason, RefusalReason::kBoundMissing);
  EXPECT_EQ(state(key).held, 20);
  settle_cost(std::move(hold), 20);
}

TEST_F(BudgetsAdmissionTest, RebindsInTheWindowOfTheAdmission) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  use(key, 70);
  Hold hold = admit(key, cost_of(20));
  advance(hours(1));
  EXPECT_TRUE(budgets.rebind(hold, cost_of(31), now, resolved));
  EXPECT_FALSE(budgets.rebind(hold, cost_of(30), now, resolved));
  EXPECT_EQ(state(key).held, 0);
  settle_cost(std::move(hold), 30);
}

TEST_F(BudgetsAdmissionTest, RebindsIntoNoRollingWindowThatIsFull) {
  KeyBudget& key = key_with({cost_limit(100, kMinute)});
  use(key, 50);
  advance(Seconds(30));
  Hold hold = admit(key, cost_of(10));
  advance(Seconds(58));
  use(key, 60);  // the first 50 have left; with the hold, 70 of this window's 100
  EXPECT_TRUE(budgets.rebind(hold, cost_of(41), now, resolved)) << "the window before has 50";
  EXPECT_FALSE(budgets.rebind(hold, cost_of(40), now, resolved));
  advance(Seconds(600));
  EXPECT_TRUE(budgets.rebind(hold, cost_of(41), now, resolved)) << "it is still remembered";
  settle_cost(std::move(hold), 40);
}

TEST_F(BudgetsAdmissionTest, CountsNoSecondRequestForAnotherAttempt) {
  KeyBudget& key = key_with({request_limit(1), concurrency_limit(1)});
  Hold hold = admit(key);
  EXPECT_FALSE(budgets.rebind(hold, cost_of(5), now, resolved));
  EXPECT_EQ(state(key, 0).held, 1);
  settle(std::move(hold));
}

// --- changes of limits ---

TEST_F(BudgetsLimitChangeTest, KeepsTheCounterWhenTheAmountChanges) {
  KeyBudget& key = key_with({cost_limit(100)});
  use(key, 60);
  Hold hold = admit(key, cost_of(20));
  limit(key, {cost_limit(50)});
  EXPECT_EQ(state(key).used, 60);
  EXPECT_EQ(state(key).held, 20);
  EXPECT_EQ(refused(key, cost_of(1)).reason, RefusalReason::kSpent) << "lowered below what is used";
  limit(key, {request_limit(5), cost_limit(90)});
  EXPECT_EQ(state(key, 1).used, 60);
  EXPECT_TRUE(admits(key, cost_of(10)));
  EXPECT_FALSE(admits(key, cost_of(1)));
  settle_cost(std::move(hold), 20);
}

TEST_F(BudgetsLimitChangeTest, ALoweredLimitRefusesUntilItsWindowTurns) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  use(key, 60);
  limit(key, {cost_limit(50, kHour)});
  advance(std::chrono::minutes(59));
  EXPECT_FALSE(admits(key, cost_of(1)));
  advance(std::chrono::minutes(1));
  EXPECT_TRUE(admits(key, cost_of(50)));
}

TEST_F(BudgetsLimitChangeTest, ANewLimitBeginsWithWhatItsWindowHasUsedAndWhatIsHeld) {
  KeyBudget& key = key_with({cost_limit(1'000, kLifetime)});
  held.push_back(admit(key, {.cost = 7, .tokens = 9, .token_rate = 3}));
  const WallTime month = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);
  const LimitUse use{
      .periods = {{.limit_number = 2, .period_start = month, .settled = 30},
                  {.limit_number = 1, .period_start = WallTime::min(), .settled = 999}},
      .rolling = {{.limit_number = 3, .admitted = now.steady - Seconds(40), .settled = 5},
                  {.limit_number = 3, .admitted = now.steady - Seconds(62), .settled = 500}}};
  limit(key,
        {cost_limit(1'000, kLifetime), cost_limit(100), token_limit(100, kMinute),
         concurrency_limit(4)},
        Enforcement::kHard, &use);
  EXPECT_EQ(state(key, 0).used, 0) << "it was there before";
  EXPECT_EQ(state(key, 1).used, 30);
  EXPECT_EQ(state(key, 1).held, 7);
  EXPECT_EQ(state(key, 2).used, 5);
  EXPECT_EQ(state(key, 2).held, 3);
  EXPECT_EQ(state(key, 3).held, 1);
}

TEST_F(BudgetsLimitChangeTest, CountsAChargeInALimitThatWasAddedWhileTheRequestRan) {
  KeyBudget& key = this->key();
  Hold unbounded = admit(key);
  limit(key, {cost_limit(100), cost_limit(100, kHour)});
  limit_workspace({cost_limit(100)});
  advance(hours(1));
  settle_cost(std::move(unbounded), 40);
  EXPECT_EQ(state(key, 0).used, 40);
  EXPECT_EQ(state(key, 1).used, 0) << "it was admitted in the hour before";
  EXPECT_EQ(workspace_state().used, 40);
}

TEST_F(BudgetsLimitChangeTest, SkipsALimitThatWasRemovedWhileTheRequestRan) {
  KeyBudget& key = key_with({cost_limit(100), request_limit(5)});
  Hold hold = admit(key, cost_of(100));
  limit(key, {request_limit(5)});
  EXPECT_TRUE(admits(key, cost_of(100)));
  settle_cost(std::move(hold), 100);
  limit(key, {});
  EXPECT_TRUE(budgets.limits(key, now).empty());
}

TEST_F(BudgetsLimitChangeTest, HoldsAnewWhenASoftKeyBecomesHardAndLetsGoWhenItBecomesSoft) {
  KeyBudget& key = key_with({cost_limit(100), request_limit(9)}, Enforcement::kSoft);
  Hold hold = admit(key, cost_of(60));
  limit(key, {cost_limit(100), request_limit(9)}, Enforcement::kHard);
  EXPECT_EQ(state(key, 0).held, 60);
  EXPECT_EQ(state(key, 1).held, 1);
  limit(key, {cost_limit(100), request_limit(9)}, Enforcement::kSoft);
  EXPECT_EQ(state(key, 0).held, 0);
  settle_cost(std::move(hold), 30);
  EXPECT_EQ(state(key, 0).used, 30);
}

// --- the test clock ---

TEST_F(BudgetsLimitChangeTest, TheTestClockTurnsWindowsOfSandboxKeysAlone) {
  limit_workspace({cost_limit(100, kHour)});
  KeyBudget& sandbox = key(Environment::kSandbox);
  KeyBudget& production = key();
  use(sandbox, 100);
  use(production, 100);
  budgets.set_test_clock(*workspace, hours(1), now, resolved);
  Hold hold = admit(sandbox, cost_of(100));
  EXPECT_EQ(hold.admitted().wall, now.wall) << "rows keep real time";
  EXPECT_FALSE(admits(production, cost_of(1)));
  EXPECT_EQ(workspace_state(Environment::kSandbox).resets_at, start() + hours(2));
  settle_cost(std::move(hold), 100);
}

// --- views ---

TEST_F(BudgetsViewTest, ShowsSettledAndHeldApart) {
  KeyBudget& key = key_with({cost_limit(100), request_limit(10, kMinute), concurrency_limit(3)});
  use(key, 25);
  held.push_back(admit(key, cost_of(40)));
  const auto limits = budgets.limits(key, now);
  EXPECT_EQ(limits[0].id, "key_a/cost/month");
  EXPECT_EQ(limits[0].used, 25);
  EXPECT_EQ(limits[0].held, 40);
  EXPECT_EQ(limits[0].remaining(), 35);
  EXPECT_EQ(limits[1].used, 1);
  EXPECT_EQ(limits[1].held, 1);
  EXPECT_EQ(limits[1].resets_at, now.wall + Seconds(61)) << "when all of it has left";
  EXPECT_EQ(limits[2].held, 1);
  EXPECT_FALSE(limits[2].resets_at);
}

TEST_F(BudgetsViewTest, PreviewsTheLeastThatIsLeftOverAllLevels) {
  KeyBudget& key = key_with(
      {cost_limit(100), cost_limit(60, kOneRequest), token_limit(500), token_limit(300, kMinute)});
  prepay(90);
  use(key, 20);
  held.push_back(admit(key, {.cost = 30, .tokens = 100, .token_rate = 50}));
  const Preview preview = budgets.preview(key, now);
  EXPECT_TRUE(preview.guarded());
  EXPECT_EQ(preview.now,
            (Available{.cost = Money::from_nanos(40), .tokens = 400, .token_rate = 250}));
  EXPECT_EQ(preview.once_settled,
            (Available{.cost = Money::from_nanos(60), .tokens = 500, .token_rate = 300}));
}

TEST_F(BudgetsViewTest, RequestsAndConcurrencyNeedNoBound) {
  EXPECT_FALSE(budgets.preview(key_with({request_limit(1), concurrency_limit(1)}), now).guarded());
}

TEST_F(BudgetsViewTest, FindsTheTightestRequestsLimitOverBothLevels) {
  KeyBudget& key = key_with({request_limit(100), request_limit(10, kMinute), cost_limit(1)});
  limit_workspace({request_limit(7, kDay)});
  EXPECT_EQ(budgets.tightest_requests(key, now)->limit.amount, 7);
  EXPECT_EQ(budgets.tightest_rate(key, Metric::kRequests, now)->limit.amount, 10);
  EXPECT_FALSE(budgets.tightest_rate(key, Metric::kTokens, now));
  EXPECT_FALSE(budgets.tightest_requests(this->key_with({cost_limit(1)}), now) &&
               budgets.tightest_requests(this->key(), now)->limit.metric != Metric::kRequests);
}

TEST_F(BudgetsViewTest, AKeyIsLimitedWhileALimitOfItsOwnLetsNothingThrough) {
  KeyBudget& key = key_with({cost_limit(100, kHour), concurrency_limit(1)});
  EXPECT_FALSE(budgets.limited(key, now));
  Hold hold = admit(key, cost_of(100));
  EXPECT_FALSE(budgets.limited(key, now)) << "what is held may come back";
  settle_cost(std::move(hold), 100);
  EXPECT_TRUE(budgets.limited(key, now));
  advance(hours(1));
  EXPECT_FALSE(budgets.limited(key, now));
}

TEST_F(BudgetsViewTest, ChecksAllKeysInSlices) {
  for (int i = 0; i < 10; ++i) held.push_back(admit(key_with({cost_limit(10)}), cost_of(1)));
  std::size_t slices = 0;
  std::size_t next = 0;
  do {
    const Budgets::SelfCheck check = budgets.self_check(next, 4);
    EXPECT_TRUE(check.differences.empty());
    next = check.next;
    ++slices;
  } while (next != 0);
  EXPECT_EQ(slices, 3U);
}

TEST_F(BudgetsViewTest, TheSelfCheckFindsAnAmountThatNothingOpenHolds) {
  KeyBudget& key = key_with({cost_limit(10)});
  prepay(100);
  const Moment at = key.local(now);
  key.level->counters()[0]->hold(3, at);
  workspace->held += 5;
  const auto differences = budgets.self_check().differences;
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].owner, "key_a");
  EXPECT_EQ(differences[0].limit_number, 1);
  EXPECT_EQ(differences[0].expected, 0);
  EXPECT_EQ(differences[0].held, 3);
  EXPECT_EQ(differences[1].held, 5);
  key.level->counters()[0]->release(3, at);
  workspace->held -= 5;
}

}  // namespace
}  // namespace tollgate
