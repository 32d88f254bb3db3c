// Rule 7 of SPEC §5: worst-case holds must not turn into false refusals.
#include <gtest/gtest.h>

#include "ledger/budgets_fixture.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Waiters = std::vector<WaiterId>;

class BudgetsWaitingTest : public BudgetsTest {};

TEST_F(BudgetsWaitingTest, WaitsForWhatIsHeldAndIsAdmittedWhenItSettles) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(100));
  const WaiterId waiter = wait(key, cost_of(90));
  advance(milliseconds(500));
  settle_cost(std::move(hold), 10);
  EXPECT_EQ(woken(), Waiters{waiter});
  EXPECT_EQ(held.back().admitted().steady, now.steady) << "admitted when the wait ended";
  EXPECT_EQ(state(key).held, 90);
  EXPECT_EQ(budgets.waiters(), 0U);
}

TEST_F(BudgetsWaitingTest, AdmitsInTheOrderOfArrivalThoughALaterOneWouldFit) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(50));
  const WaiterId large = wait(key, cost_of(80));
  const WaiterId small = wait(key, cost_of(10));
  const WaiterId last = wait(key, cost_of(5));
  settle_cost(std::move(hold), 0);
  EXPECT_EQ(woken(), (Waiters{large, small, last}));
}

TEST_F(BudgetsWaitingTest, ANewcomerThatWouldFitDoesNotPass) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(50));
  const WaiterId first = wait(key, cost_of(60));
  const WaiterId second = wait(key, cost_of(1));
  EXPECT_EQ(budgets.waits_for(second), std::vector<std::int64_t>{1});
  settle_cost(std::move(hold), 45);
  EXPECT_EQ(refusal_of(first)->reason, RefusalReason::kSpent) << "45 are spent, and it needs 60";
  EXPECT_EQ(woken(), Waiters{second});
}

TEST_F(BudgetsWaitingTest, WhoWaitsForItsOwnLimitKeepsNoOtherKeyOut) {
  limit_workspace({cost_limit(1'000)});
  KeyBudget& busy = key_with({cost_limit(10)});
  KeyBudget& other = key();
  held.push_back(admit(busy, cost_of(10)));
  const WaiterId waiter = wait(busy, cost_of(10));
  EXPECT_EQ(budgets.waits_for(waiter), std::vector<std::int64_t>{1});
  EXPECT_TRUE(admits(other, cost_of(500)));
}

TEST_F(BudgetsWaitingTest, GoesOnWaitingForAnotherLimitInItsPlaceByArrival) {
  limit_workspace({cost_limit(100)});
  KeyBudget& one = key_with({cost_limit(10)});
  KeyBudget& two = key();
  Hold own = admit(one, cost_of(10));
  const WaiterId early = wait(one, cost_of(10));
  Hold shared = admit(two, cost_of(90));
  const WaiterId late = wait(two, cost_of(60));
  EXPECT_EQ(budgets.waits_for(late), std::vector<std::int64_t>{101});
  budgets.rebind(shared, cost_of(80), now, resolved);
  settle_cost(std::move(own), 0);
  EXPECT_EQ(woken(), Waiters{early}) << "10 are free, and it came first";
  settle_cost(std::move(shared), 0);
  EXPECT_EQ(woken(), Waiters{late});
}

TEST_F(BudgetsWaitingTest, WaitsForTheBalanceAndAGrantLetsItThrough) {
  prepay(100);
  KeyBudget& key = this->key();
  held.push_back(admit(key, cost_of(100)));
  const WaiterId first = wait(key, cost_of(100));
  const WaiterId second = wait(key, cost_of(10));
  EXPECT_EQ(budgets.waits_for(first), std::vector<std::int64_t>{0});
  budgets.grant(*workspace, Money::from_nanos(50), now, resolved);
  EXPECT_TRUE(woken().empty()) << "100 do not fit, and 10 must not pass";
  budgets.grant(*workspace, Money::from_nanos(60), now, resolved);
  EXPECT_EQ(woken(), (Waiters{first, second}));
}

TEST_F(BudgetsWaitingTest, IsRefusedAsInFlightAfterTwoSeconds) {
  KeyBudget& key = key_with({cost_limit(100), cost_limit(100, kLifetime)});
  held.push_back(admit(key, cost_of(100)));
  const WaiterId waiter = wait(key, cost_of(50));
  EXPECT_EQ(budgets.next_deadline(), now.steady + Seconds(2));
  advance(milliseconds(1'999));
  expire();
  EXPECT_TRUE(resolved.empty());
  advance(milliseconds(1));
  expire();
  const Refusal refusal = refusal_of(waiter).value();
  EXPECT_EQ(refusal.reason, RefusalReason::kInFlight);
  EXPECT_EQ(refusal_code(refusal.reason), ErrorCode::kLimitInFlight);
  EXPECT_EQ(refusal.limit->id, "key_a/cost/lifetime") << "the one that resets last";
  EXPECT_EQ(refusal.limit->held, 100);
  EXPECT_EQ(refusal.bound, 50);
  EXPECT_FALSE(budgets.next_deadline());
}

TEST_F(BudgetsWaitingTest, IsAdmittedAtItsDeadlineWhenTimeAloneMadeRoom) {
  KeyBudget& key = key_with({cost_limit(100, kMinute)});
  held.push_back(admit(key, cost_of(100)));
  advance(Seconds(60));
  const WaiterId waiter = wait(key, cost_of(100));
  advance(Seconds(2));
  expire();
  EXPECT_EQ(woken(), Waiters{waiter});
}

TEST_F(BudgetsWaitingTest, WhoWaitsWhenItsWindowTurnsIsAdmittedBeforeANewcomer) {
  KeyBudget& key = key_with({cost_limit(100, kHour)});
  held.push_back(admit(key, cost_of(100)));
  step_wall(hours(1) - milliseconds(1));
  const WaiterId waiter = wait(key, cost_of(60));
  advance(milliseconds(1));
  EXPECT_FALSE(admits(key, cost_of(60)));
  EXPECT_EQ(woken(), Waiters{waiter});
  EXPECT_EQ(state(key).held, 60) << "in the new hour";
}

TEST_F(BudgetsWaitingTest, The257thIsRefusedAtOnce) {
  KeyBudget& key = key_with({cost_limit(100)});
  held.push_back(admit(key, cost_of(100)));
  for (std::size_t i = 0; i < WaitQueue::kWaitersMax; ++i) wait(key, cost_of(1));
  EXPECT_EQ(WaitQueue::kWaitersMax, 256U);
  EXPECT_EQ(refused(key, cost_of(1)).reason, RefusalReason::kInFlight);
  budgets.cancel(1, now, resolved);
  EXPECT_NE(wait(key, cost_of(1)), 0U);
}

TEST_F(BudgetsWaitingTest, NeverWaitsForRequestsOrConcurrency) {
  KeyBudget& key = key_with({concurrency_limit(1), cost_limit(100)});
  Hold hold = admit(key, cost_of(100));
  EXPECT_EQ(refused(key, cost_of(10)).reason, RefusalReason::kRate);
  KeyBudget& counted = key_with({request_limit(1), cost_limit(100)});
  held.push_back(admit(counted, cost_of(100)));
  EXPECT_EQ(refused(counted, cost_of(10)).reason, RefusalReason::kSpent);
  settle_cost(std::move(hold), 0);
}

TEST_F(BudgetsWaitingTest, ARequestsLimitThatFillsUpMeanwhileRefusesAWaiter) {
  limit_workspace({request_limit(2)});
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(100));
  const WaiterId waiter = wait(key, cost_of(50));
  held.push_back(admit(this->key()));
  settle_cost(std::move(hold), 0);
  const Refusal refusal = refusal_of(waiter).value();
  EXPECT_EQ(refusal.reason, RefusalReason::kSpent);
  EXPECT_EQ(refusal.limit->id, "ws_a/requests/month");
}

TEST_F(BudgetsWaitingTest, DoesNotWaitForWhatIsSpent) {
  KeyBudget& key = key_with({cost_limit(100), token_limit(100)});
  use_tokens(key, 60);
  held.push_back(admit(key, cost_of(100)));
  const Refusal refusal = refused(key, {.cost = 10, .tokens = 50, .token_rate = 50});
  EXPECT_EQ(refusal.reason, RefusalReason::kSpent);
  EXPECT_EQ(refusal.limit->id, "key_a/tokens/month");
}

TEST_F(BudgetsWaitingTest, AChargePastItsBoundRefusesWhoCannotFitAnyMore) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(60));
  const WaiterId large = wait(key, cost_of(50));
  const WaiterId small = wait(key, cost_of(30));
  settle_cost(std::move(hold), 65);
  EXPECT_EQ(refusal_of(large)->reason, RefusalReason::kSpent);
  EXPECT_EQ(woken(), Waiters{small});
}

TEST_F(BudgetsWaitingTest, ALimitThatIsRaisedOrRemovedLetsItsWaitersThrough) {
  KeyBudget& key = key_with({cost_limit(100)});
  held.push_back(admit(key, cost_of(100)));
  const WaiterId first = wait(key, cost_of(40));
  const WaiterId second = wait(key, cost_of(40));
  limit(key, {cost_limit(150)});
  EXPECT_EQ(woken(), Waiters{first});
  limit(key, {});
  EXPECT_EQ(woken(), Waiters{second});
}

TEST_F(BudgetsWaitingTest, ALimitThatIsLoweredRefusesItsWaiters) {
  KeyBudget& key = key_with({cost_limit(100)});
  held.push_back(admit(key, cost_of(100)));
  const WaiterId waiter = wait(key, cost_of(40));
  limit(key, {cost_limit(39)});
  EXPECT_EQ(refusal_of(waiter)->reason, RefusalReason::kAboveLimit);
}

TEST_F(BudgetsWaitingTest, AWaiterWithoutABoundForANewGuardIsToAskAgain) {
  KeyBudget& key = key_with({token_limit(100)});
  Hold hold = admit(key, tokens_of(100));
  const WaiterId waiter = wait(key, {.tokens = 10, .token_rate = 10});
  limit(key, {token_limit(100), cost_limit(100)});
  EXPECT_EQ(refusal_of(waiter)->reason, RefusalReason::kBoundMissing);
  settle(std::move(hold));
}

TEST_F(BudgetsWaitingTest, LosingTheFirstWaiterLetsTheNextOnesThrough) {
  KeyBudget& key = key_with({cost_limit(100)});
  held.push_back(admit(key, cost_of(50)));
  const WaiterId gone = wait(key, cost_of(60));
  const WaiterId next = wait(key, cost_of(50));
  budgets.cancel(gone, now, resolved);
  EXPECT_EQ(woken(), Waiters{next});
  budgets.cancel(gone, now, resolved);
  EXPECT_TRUE(resolved.empty()) << "its wait is over";
}

TEST_F(BudgetsWaitingTest, TakesAllWaitersOfARevokedKeyOut) {
  limit_workspace({cost_limit(100)});
  KeyBudget& revoked = key();
  KeyBudget& other = key();
  held.push_back(admit(other, cost_of(50)));
  const WaiterId first = wait(revoked, cost_of(60));
  const WaiterId between = wait(other, cost_of(40));
  const WaiterId last = wait(revoked, cost_of(60));
  EXPECT_EQ(budgets.cancel_all(revoked, now, resolved), (Waiters{first, last}));
  EXPECT_EQ(woken(), Waiters{between});
  EXPECT_TRUE(budgets.cancel_all(other, now, resolved).empty());
}

TEST_F(BudgetsWaitingTest, ASmallerHoldForAnotherAttemptLetsWaitersThrough) {
  KeyBudget& key = key_with({cost_limit(100)});
  Hold hold = admit(key, cost_of(100));
  const WaiterId waiter = wait(key, cost_of(40));
  EXPECT_FALSE(budgets.rebind(hold, cost_of(60), now, resolved));
  EXPECT_EQ(woken(), Waiters{waiter});
  settle_cost(std::move(hold), 60);
}

TEST_F(BudgetsWaitingTest, SequentialRequestsOfWorstCaseBoundsUseNearlyAllOfABudget) {
  KeyBudget& key = key_with({cost_limit(1'000 * 100)});
  int admitted = 0;
  while (true) {
    Decision decision = ask(key, cost_of(100));
    auto* hold = std::get_if<Hold>(&decision);
    if (hold == nullptr) break;
    settle_cost(std::move(*hold), 1);
    ++admitted;
  }
  EXPECT_EQ(admitted, 1'000 * 100 - 99) << "true cost is 1 % of a bound";
}

}  // namespace
}  // namespace tollgate
