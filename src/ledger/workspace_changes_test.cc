#include "ledger/workspace_changes.h"

#include <gtest/gtest.h>

#include <limits>

#include "ledger/ledger_fixture.h"
#include "store/audit.h"
#include "store/grants.h"

namespace tollgate {
namespace {

class WorkspaceChangesTest : public LedgerTest {
 protected:
  Result<CreatedWorkspace> create_workspace(std::string name,
                                            std::optional<Idempotency> idempotency = std::nullopt) {
    return await(ledger_->create_workspace(owner(), std::move(name), std::move(idempotency)));
  }
  Workspace make_workspace(std::string name) {
    auto made = create_workspace(std::move(name));
    EXPECT_TRUE(made) << made.error().message << made.error().detail;
    return made->workspace;
  }

  Result<Workspace> set_mode(const WorkspaceId& id, BalanceMode mode) {
    return await(ledger_->update_workspace(owner(), id, [mode](Workspace& workspace) -> Status {
      workspace.balance_mode = mode;
      return {};
    }));
  }

  Result<CreatedGrant> grant(const WorkspaceId& id, std::int64_t nanos,
                             std::optional<Idempotency> idempotency = std::nullopt) {
    return await(ledger_->grant(owner(), id, {.amount = Money::from_nanos(nanos), .note = "note"},
                                std::move(idempotency)));
  }

  Balance balance(const WorkspaceId& id) {
    const Result<Balance> balance = ledger_->balance(id);
    EXPECT_TRUE(balance);
    return *balance;
  }

  Result<Workspace> move_clock(const WorkspaceId& id, TestClockMove move) {
    return await(ledger_->advance_test_clock(owner(), id, move));
  }

  static Idempotency idempotency(std::string_view request) {
    return {.key = "job-7", .caller = "cli", .fingerprint = sha256(request)};
  }

  const WorkspaceId default_id_ = store::default_workspace_id();
};

TEST_F(WorkspaceChangesTest, NewWorkspaceIsThereForKeysAtOnceAndAfterARestart) {
  const Workspace shop = make_workspace("shop");
  EXPECT_TRUE(await(ledger_->create_key(owner(), shop.id, named("till"), std::nullopt)));
  EXPECT_EQ(ledger_->workspace(shop.id, std::nullopt).value(), shop);
  restart();
  EXPECT_EQ(ledger_->workspace_by_name("shop", std::nullopt).value(), shop);
  EXPECT_EQ(ledger_->key_by_name(shop.id, "till").value().key.workspace, shop.id);
}

TEST_F(WorkspaceChangesTest, KeyNamesAreUniquePerWorkspaceOnly) {
  const Workspace shop = make_workspace("shop");
  make("till");
  EXPECT_TRUE(await(ledger_->create_key(owner(), shop.id, named("till"), std::nullopt)));
  EXPECT_EQ(create(named("till")).error().code, ErrorCode::kConflict);
}

TEST_F(WorkspaceChangesTest, TakenNameIsAConflictUntilItsOwnerIsRenamed) {
  const Workspace shop = make_workspace("shop");
  EXPECT_EQ(create_workspace("shop").error().code, ErrorCode::kConflict);
  EXPECT_TRUE(await(ledger_->update_workspace(owner(), shop.id, [](Workspace& edited) -> Status {
    edited.name = "market";
    return {};
  })));
  EXPECT_FALSE(ledger_->workspace_by_name("shop", std::nullopt));
  const Workspace second = make_workspace("shop");
  EXPECT_EQ(ledger_->workspace_by_name("shop", std::nullopt).value().id, second.id);
  EXPECT_EQ(ledger_->workspace_by_name("market", std::nullopt).value().id, shop.id);
}

TEST_F(WorkspaceChangesTest, EditTouchesNameLimitsAndBalanceModeOnly) {
  const auto changed =
      await(ledger_->update_workspace(owner(), default_id_, [](Workspace& edited) -> Status {
        edited.limits = {
            {.metric = Metric::kRequests, .window = {.kind = WindowKind::kDay}, .amount = 9}};
        edited.granted = Money::from_nanos(1'000);
        edited.test_clock_offset = std::chrono::hours(1);
        return {};
      }));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->limits.size(), 1u);
  EXPECT_EQ(changed->granted, Money());
  EXPECT_EQ(changed->test_clock_offset, std::chrono::microseconds(0));
  restart();
  EXPECT_EQ(ledger_->workspace(default_id_, std::nullopt).value(), *changed);
}

TEST_F(WorkspaceChangesTest, GrantMovesTheBalanceAndLeavesOneRowAndOneAuditRow) {
  const auto audit_rows = number("SELECT count(*) FROM audit");
  ASSERT_TRUE(set_mode(default_id_, BalanceMode::kPrepaid));
  const auto made = grant(default_id_, 25);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->grant.id.starts_with("grant_"));
  EXPECT_EQ(made->grant.actor, "cli");
  EXPECT_EQ(balance(default_id_).granted, Money::from_nanos(25));
  EXPECT_EQ(ledger_->workspace(default_id_, std::nullopt).value().granted, Money::from_nanos(25));
  EXPECT_EQ(number("SELECT count(*) FROM grants"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), audit_rows + 2);
  EXPECT_EQ(number("SELECT count(*) FROM audit WHERE action = 'workspace.grant' AND "
                   "workspace_id = 'ws_default' AND after LIKE '%0.000000025%'"),
            1);
}

TEST_F(WorkspaceChangesTest, DeductionTakesWhatIsLeftAndNotANanoDollarMore) {
  ASSERT_TRUE(grant(default_id_, 5'000));
  ASSERT_TRUE(buy(make("a")));  // charged 1,000
  ASSERT_TRUE(set_mode(default_id_, BalanceMode::kPrepaid));
  const auto refused = grant(default_id_, -4'001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable);
  EXPECT_EQ(refused.error().param, "amount");
  EXPECT_NE(refused.error().message.find("0.000004 USD left"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM grants"), 1);
  ASSERT_TRUE(grant(default_id_, -4'000));
  EXPECT_EQ(balance(default_id_).available().value(), Money());
  EXPECT_EQ(grant(default_id_, -1).error().code, ErrorCode::kUnprocessable);
}

TEST_F(WorkspaceChangesTest, UnlimitedBalanceMayGoBelowZero) {
  ASSERT_TRUE(grant(default_id_, -7));
  EXPECT_EQ(balance(default_id_).available().value(), Money::from_nanos(-7));
}

TEST_F(WorkspaceChangesTest, GrantOfNothingIsRefused) {
  EXPECT_EQ(grant(default_id_, 0).error().code, ErrorCode::kUnprocessable);
}

TEST_F(WorkspaceChangesTest, ReplayedCallsChangeNothing) {
  const auto first = create_workspace("shop", idempotency("one"));
  const auto again = create_workspace("shop", idempotency("one"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->workspace.id, first->workspace.id);
  EXPECT_EQ(again->replayed, Replayed::kYes);
  EXPECT_EQ(create_workspace("mall", idempotency("two")).error().code,
            ErrorCode::kIdempotencyKeyReused);
}

TEST_F(WorkspaceChangesTest, ReplayedGrantIsPaidOnce) {
  const auto first = grant(default_id_, 25, idempotency("grant"));
  const auto again = grant(default_id_, 25, idempotency("grant"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->grant, first->grant);
  EXPECT_EQ(again->replayed, Replayed::kYes);
  EXPECT_EQ(balance(default_id_).granted, Money::from_nanos(25));
}

TEST_F(WorkspaceChangesTest, TestClockMovesForwardOnly) {
  const auto moved = move_clock(default_id_, std::chrono::hours(1));
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->test_clock_offset, std::chrono::hours(1));
  const WallTime later = clock_.wall() + std::chrono::hours(3);
  EXPECT_EQ(move_clock(default_id_, later)->test_clock_offset, std::chrono::hours(3));
  for (const TestClockMove back :
       {TestClockMove(clock_.wall() + std::chrono::hours(2)), TestClockMove(later),
        TestClockMove(std::chrono::microseconds(0)),
        TestClockMove(std::chrono::microseconds(-1))}) {
    EXPECT_EQ(move_clock(default_id_, back).error().code, ErrorCode::kUnprocessable);
  }
  restart();
  EXPECT_EQ(ledger_->workspace(default_id_, std::nullopt).value().test_clock_offset,
            std::chrono::hours(3));
}

TEST_F(WorkspaceChangesTest, TestClockStopsAtItsBound) {
  EXPECT_TRUE(move_clock(default_id_, kTestClockOffsetMax));
  EXPECT_EQ(move_clock(default_id_, std::chrono::microseconds(1)).error().code,
            ErrorCode::kUnprocessable);
}

TEST_F(WorkspaceChangesTest, StrangersWorkspaceIsNotFound) {
  EXPECT_FALSE(ledger_->workspace(default_id_, WorkspaceId("ws_other")));
  EXPECT_FALSE(ledger_->workspace_by_name("default", WorkspaceId("ws_other")));
  const auto granted = await(
      ledger_->grant(stranger(), default_id_, {.amount = Money::from_nanos(1)}, std::nullopt));
  EXPECT_EQ(granted.error().code, ErrorCode::kNotFound);
  const auto moved =
      await(ledger_->advance_test_clock(stranger(), default_id_, std::chrono::microseconds(1)));
  EXPECT_EQ(moved.error().code, ErrorCode::kNotFound);
  const auto edited = await(
      ledger_->update_workspace(stranger(), default_id_, [](Workspace&) { return Status(); }));
  EXPECT_EQ(edited.error().code, ErrorCode::kNotFound);
}

TEST_F(WorkspaceChangesTest, EditThatChangesNothingLeavesNoAuditRow) {
  const auto audit_rows = number("SELECT count(*) FROM audit");
  ASSERT_TRUE(set_mode(default_id_, BalanceMode::kUnlimited));
  EXPECT_EQ(number("SELECT count(*) FROM audit"), audit_rows);
}

TEST_F(WorkspaceChangesTest, AuditChainHoldsThroughEveryKindOfChange) {
  const Workspace shop = make_workspace("shop");
  ASSERT_TRUE(set_mode(shop.id, BalanceMode::kPrepaid));
  ASSERT_TRUE(grant(shop.id, 7));
  ASSERT_TRUE(move_clock(shop.id, std::chrono::hours(1)));
  std::function<Result<store::AuditVerdict>(sql::Connection&)> work =
      [](sql::Connection& connection) { return store::verify_audit(connection); };
  const auto verdict = await(ledger_->read(std::move(work)));
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->first_bad) << verdict->problem;
  EXPECT_EQ(verdict->rows, 4);
}

TEST_F(WorkspaceChangesTest, PagesGiveEveryWorkspaceOnceByName) {
  for (const auto* name : {"delta", "alpha", "charlie", "bravo"}) make_workspace(name);
  Ledger::WorkspaceQuery query{.limit = 2};
  std::vector<std::string> seen;
  do {
    const auto page = ledger_->list_workspaces(query).value();
    EXPECT_LE(page.workspaces.size(), 2u);
    for (const Workspace& workspace : page.workspaces) seen.push_back(workspace.name);
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"alpha", "bravo", "charlie", "default", "delta"}));
  EXPECT_EQ(ledger_->list_workspaces({.cursor = "ws_none"}).error().code,
            ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace tollgate
