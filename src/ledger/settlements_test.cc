// Admission and settlement, through the ledger's public face.
#include "ledger/settlements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include "ledger/ledger_fixture.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class SettlementsTest : public LedgerTest {};

TEST_F(SettlementsTest, SettledRequestLeavesOneRowAndNothingOpen) {
  const KeyWithSecret made = make("buyer");
  auto identity = authenticate(made);
  auto reservation = reserve(*identity);
  ASSERT_TRUE(reservation);
  EXPECT_EQ(ledger_->open_reservations(), 1U);
  UsageRow row = row_for(*identity, *reservation);
  ASSERT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  EXPECT_EQ(ledger_->open_reservations(), 0U);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
}

TEST_F(SettlementsTest, IdentityFromBeforeARevocationIsNotAdmitted) {
  const KeyWithSecret made = make("late");
  auto identity = authenticate(made);
  ASSERT_TRUE(identity);
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(reserve(*identity).error().code, ErrorCode::kExpiredApiKey);
  EXPECT_EQ(ledger_->open_reservations(), 0U);
}

TEST_F(SettlementsTest, IdentityOfASecretThatIsRotatedOutIsNotAdmitted) {
  const KeyWithSecret made = make("late");
  auto identity = authenticate(made);
  ASSERT_TRUE(rotate(made.key.id, seconds(10)));
  EXPECT_TRUE(buy(made));
  auto in_grace = reserve(*identity);
  ASSERT_TRUE(in_grace);
  UsageRow row = row_for(*identity, *in_grace);
  ASSERT_TRUE(await(ledger_->settle(std::move(*in_grace), std::move(row))));
  ASSERT_TRUE(rotate(made.key.id, seconds(0)));
  EXPECT_EQ(reserve(*identity).error().code, ErrorCode::kExpiredApiKey);
}

TEST_F(SettlementsTest, IdentityFromBeforeASwitchOffIsNotAdmitted) {
  const KeyWithSecret made = make("late");
  auto identity = authenticate(made);
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled));
  EXPECT_EQ(reserve(*identity).error().code, ErrorCode::kDisabledApiKey);
}

TEST_F(SettlementsTest, AdmittedRequestSettlesAfterItsKeyIsRevoked) {
  const KeyWithSecret made = make("inflight");
  auto identity = authenticate(made);
  auto reservation = reserve(*identity);
  ASSERT_TRUE(revoke(made.key.id));
  UsageRow row = row_for(*identity, *reservation);
  EXPECT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
}

TEST_F(SettlementsTest, AbortInflightCallsTheHandlesOfThatKeyAlone) {
  const KeyWithSecret doomed = make("doomed");
  const KeyWithSecret other = make("other");
  int cut = 0;
  int spared = 0;
  auto first = reserve(*authenticate(doomed), [&cut] { ++cut; });
  auto second = reserve(*authenticate(doomed), [&cut] { ++cut; });
  auto third = reserve(*authenticate(other), [&spared] { ++spared; });
  auto settled_identity = authenticate(doomed);
  auto settled = reserve(*settled_identity, [&spared] { ++spared; });
  UsageRow row = row_for(*settled_identity, *settled);
  ASSERT_TRUE(await(ledger_->settle(std::move(*settled), std::move(row))));
  ASSERT_TRUE(revoke(doomed.key.id, {.abort_inflight = true}));
  EXPECT_EQ(cut, 2);
  EXPECT_EQ(spared, 0);
}

TEST_F(SettlementsTest, RevocationAloneCutsNothing) {
  const KeyWithSecret made = make("gentle");
  int cut = 0;
  auto open = reserve(*authenticate(made), [&cut] { ++cut; });
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(cut, 0);
}

TEST_F(SettlementsTest, DroppedReservationGivesItsPlaceUp) {
  const KeyWithSecret made = make("dropper");
  {
    auto reservation = reserve(*authenticate(made));
    ASSERT_TRUE(reservation);
    EXPECT_EQ(ledger_->open_reservations(), 1U);
  }
  EXPECT_EQ(ledger_->open_reservations(), 0U);
}

TEST_F(SettlementsTest, RowIsWrittenThoughItsWaiterIsGone) {
  const KeyWithSecret made = make("leaver");
  auto identity = authenticate(made);
  auto reservation = reserve(*identity);
  UsageRow row = row_for(*identity, *reservation);
  {
    IoContext context;  // which nobody runs once the row is on its way
    TaskGroup tasks(context);
    std::optional<Status> outcome;
    tasks.spawn(Contexts::keep(ledger_->settle(std::move(*reservation), std::move(row)), outcome));
    context.poll_one();
  }
  ASSERT_TRUE(eventually([this] { return ledger_->open_reservations() == 0; }));
  make("another commit");  // which takes the row with it
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
}

TEST_F(SettlementsTest, UseIsCountedPerSecretAndSurvivesARestart) {
  const KeyWithSecret first = make("counted");
  ASSERT_TRUE(buy(first));
  clock_.advance(seconds(5));
  auto second = rotate(first.key.id, seconds(60));
  ASSERT_TRUE(second);
  ASSERT_TRUE(buy(*second));
  ASSERT_TRUE(buy(*second, 502));
  ledger_->count_unadmitted(*authenticate(first), ErrorCode::kModelNotAllowed);
  ledger_->count_unadmitted(*authenticate(first), std::nullopt);
  for (int round = 0; round < 2; ++round) {
    const KeyView seen = view(first);
    EXPECT_EQ(seen.use.requests, 5);
    EXPECT_EQ(seen.use.errors, 2);
    EXPECT_EQ(seen.use.last_used_at, clock_.wall());
    ASSERT_EQ(seen.secret_use.size(), 2U);
    EXPECT_EQ(seen.secret_use[0].requests, 2);
    EXPECT_EQ(seen.secret_use[0].errors, 1);
    EXPECT_EQ(seen.secret_use[1].requests, 3);
    EXPECT_EQ(seen.secret_use[1].errors, 1);
    restart();
  }
}

TEST_F(SettlementsTest, UnadmittedCountsReachTheStoreByThemselves) {
  const KeyWithSecret made = make("refused");
  const auto identity = authenticate(made);
  for (int i = 0; i < 3; ++i) ledger_->count_unadmitted(*identity, ErrorCode::kModelNotAllowed);
  EXPECT_TRUE(eventually(
      [this] { return number("SELECT COALESCE(SUM(count), 0) FROM request_counts") == 3; }));
  EXPECT_EQ(number("SELECT COUNT(*) FROM request_counts WHERE code = 'model_not_allowed'"), 1);
}

TEST_F(SettlementsTest, HostileTextsAreStoredCutAndWithoutNul) {
  const KeyWithSecret made = make("hostile");
  auto identity = authenticate(made);
  auto reservation = reserve(*identity);
  UsageRow row = row_for(*identity, *reservation);
  row.requested_model = std::string("a\0b", 3) + std::string(kRowTextLengthMax, 'x');
  ASSERT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  EXPECT_EQ(number("SELECT LENGTH(requested_model) FROM usage"),
            static_cast<std::int64_t>(kRowTextLengthMax));
}

TEST_F(SettlementsTest, RowThatTheDatabaseRefusesDoesNotHoldUpTheOthers) {
  std::function<Result<int>(sql::Connection&)> refuse = [](sql::Connection& connection) {
    Status made = connection.exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON usage WHEN NEW.model = 'a/bug' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END");
    return made ? Result<int>(0) : std::unexpected(made.error());
  };
  ASSERT_TRUE(await(ledger_->write<int>(refuse)));
  const KeyWithSecret made = make("unlucky");
  auto identity = authenticate(made);
  for (const char* model : {"a/b", "a/bug", "a/c"}) {
    auto reservation = reserve(*identity);
    UsageRow row = row_for(*identity, *reservation);
    row.model = model;
    EXPECT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 2);
  EXPECT_EQ(ledger_->open_reservations(), 0U);
  EXPECT_THAT(metrics_.text(), HasSubstr("tollgate_ledger_rows_lost_total 1"));
  EXPECT_TRUE(ledger_->ready());
}

Task<> buy_often(Ledger& ledger, std::string token, UsageRow pattern, int times,
                 std::atomic<int>& failed) {
  for (int i = 0; i < times; ++i) {
    auto identity = ledger.authenticate(token);
    auto reserved = ledger.reserve(*identity, ledger.next_generation(), [] {});
    Reservation reservation = std::move(**reserved);
    UsageRow row = pattern;
    row.id = reservation.id();
    row.admitted_at = reservation.admitted_at();
    Status settled = co_await ledger.settle(std::move(reservation), std::move(row));
    if (!settled) ++failed;
  }
}

TEST_F(SettlementsTest, EightThreadsLeaveExactlyOneRowForEachSettle) {
  constexpr int kThreads = 8;
  constexpr int kTasks = 20;
  constexpr int kTimes = 100;
  constexpr int kAll = kThreads * kTasks * kTimes;
  const KeyWithSecret made = make("busy");
  auto identity = authenticate(made);
  UsageRow pattern;
  {
    auto reservation = reserve(*identity);
    pattern = row_for(*identity, *reservation);
    UsageRow row = pattern;
    ASSERT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  }
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        IoContext& context = contexts_.take();
        TaskGroup tasks(context);
        for (int i = 0; i < kTasks; ++i) {
          tasks.spawn(
              buy_often(*ledger_, std::string(made.secret->expose()), pattern, kTimes, failed));
        }
        context.run();
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), kAll + 1);
  EXPECT_EQ(number("SELECT SUM(requests) FROM usage_hours"), kAll + 1);
  EXPECT_EQ(view(made).use.requests, kAll + 1);
  EXPECT_EQ(ledger_->open_reservations(), 0U);
  EXPECT_THAT(metrics_.text(),
              HasSubstr("tollgate_ledger_rows_written_total " + std::to_string(kAll + 1)));
  EXPECT_THAT(metrics_.text(), HasSubstr("tollgate_ledger_open_reservations 0"));
}

TEST_F(SettlementsTest, GenerationsGoOnAboveTheLastRowAfterARestart) {
  const KeyWithSecret made = make("timeless");
  ASSERT_TRUE(buy(made));
  const std::int64_t last = number("SELECT MAX(id) FROM usage");
  clock_.step_wall(-std::chrono::hours(1));
  restart();
  EXPECT_GT(ledger_->next_generation(), last);
}

// --- a store that is away ---

// Fails the first settlement while `broken` holds, and expects what SPEC §5 promises of it.
class AwayTest : public LedgerTest {
 protected:
  template <class Break, class Mend>
  void run(Break break_it, Mend mend_it) {
    const KeyWithSecret made = make("unlucky");
    auto identity = authenticate(made);
    auto reservation = reserve(*identity);
    ASSERT_TRUE(reservation);
    UsageRow row = row_for(*identity, *reservation);
    break_it();
    const auto begun = std::chrono::steady_clock::now();
    Status settled = await(ledger_->settle(std::move(*reservation), std::move(row)));
    const auto took = std::chrono::steady_clock::now() - begun;
    ASSERT_FALSE(settled);
    EXPECT_EQ(settled.error().code, ErrorCode::kServiceUnavailable);
    EXPECT_LT(took, milliseconds(500));
    EXPECT_FALSE(ledger_->ready());
    EXPECT_EQ(reserve(*identity).error().code, ErrorCode::kServiceUnavailable);
    EXPECT_EQ(revoke(made.key.id).error().code, ErrorCode::kServiceUnavailable);
    EXPECT_EQ(refusal(made), std::nullopt);
    EXPECT_EQ(ledger_->open_reservations(), 1U);
    EXPECT_THAT(metrics_.text(), Not(HasSubstr("tollgate_ledger_write_failures_total 0")));
    mend_it();
    ASSERT_TRUE(eventually([this] { return ledger_->ready(); }));
    ASSERT_TRUE(eventually([this] { return ledger_->open_reservations() == 0; }));
    EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
    EXPECT_EQ(view(made).use.requests, 1);
    ASSERT_TRUE(buy(made));
    EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 2);
    EXPECT_TRUE(revoke(made.key.id));
  }
};

TEST_F(AwayTest, FullDiskFailsFastAndTheRowIsThereOnceWhenItHasRoom) {
  // No file of this process may grow: what a full disk says, said by the kernel.
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  rlimit all{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &all), 0);
  rlimit none = all;
  none.rlim_cur = 1;
  run([&none] { ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0); },
      [&all] { ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &all), 0); });
  ::setrlimit(RLIMIT_FSIZE, &all);
  ::signal(SIGXFSZ, before);
}

// No file of this process may grow or be written to, while it lives.
class NoRoom {
 public:
  NoRoom() : signal_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 1;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoRoom() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, signal_);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit before_{};
  sighandler_t signal_;
};

// Nothing else waits for the journal then that would find it working again.
TEST_F(SettlementsTest, ServesAgainWhenAReservationWasAllThatFailed) {
  KeyPolicy policy = named("guarded");
  policy.limits = {{.metric = Metric::kCost, .window = {}, .amount = 1'000}};
  const KeyWithSecret made = make(policy);
  const auto identity = authenticate(made);
  const auto reserve_guarded = [&] {
    Reservation none;
    Guard guard{.ask = {.cost = 10, .tokens = 1, .token_rate = 1},
                .interrupted = row_for(*identity, none)};
    return await(ledger_->reserve(*identity, ledger_->next_generation(), [] {}, std::move(guard)));
  };
  {
    const NoRoom no_room;
    const auto refused = reserve_guarded();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
    EXPECT_FALSE(ledger_->ready());
  }
  ASSERT_TRUE(eventually([this] { return ledger_->ready(); }));
  auto reserved = reserve_guarded();
  ASSERT_TRUE(reserved && *reserved);
  EXPECT_EQ(view(made).limits.at(0).held, 10);
  UsageRow row = row_for(*identity, **reserved);
  ASSERT_TRUE(await(ledger_->settle(std::move(**reserved), std::move(row))));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
}

TEST_F(SettlementsTest, LockedDatabaseStopsAdmissionAndTheJournalKeepsWhatIsSettled) {
  const KeyWithSecret made = make("unlucky");
  auto identity = authenticate(made);
  auto reservation = reserve(*identity);
  auto other = sql::Connection::open({.path = options().data_dir + "/tollgate.db"});
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->begin_write());
  UsageRow row = row_for(*identity, *reservation);
  EXPECT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  EXPECT_EQ(ledger_->open_reservations(), 0U);
  ASSERT_TRUE(eventually([this] { return !ledger_->ready(); }));
  EXPECT_EQ(reserve(*identity).error().code, ErrorCode::kServiceUnavailable);
  other->rollback();
  ASSERT_TRUE(eventually([this] { return ledger_->ready(); }));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
}

// A crash: the data directory as it is at this moment, opened by another ledger.
TEST_F(SettlementsTest, WhatTheDatabaseHasNotSeenComesBackFromTheJournalOnce) {
  const KeyWithSecret made = make("survivor");
  ASSERT_TRUE(buy(made));
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 1);
  auto other = sql::Connection::open({.path = options().data_dir + "/tollgate.db"});
  ASSERT_TRUE(other && other->begin_write());  // from here on the database sees nothing
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(buy(made));
  const std::string copy = dir_.path() + "/copy";
  std::filesystem::copy(options().data_dir, copy);
  other->rollback();

  LedgerOptions recovered = options();
  recovered.data_dir = copy;
  recovered.metrics = nullptr;
  ledger_.reset();
  for (int round = 0; round < 2; ++round) {
    ledger_ = std::move(*Ledger::open(recovered));
    EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 6);
    EXPECT_EQ(number("SELECT SUM(requests) FROM usage_hours"), 6);
    EXPECT_EQ(view(made).use.requests, 6);
    ledger_.reset();
  }
}

TEST_F(SettlementsTest, MoreRowsThanTheJournalHoldsWaitForTheDatabase) {
  ledger_.reset();
  LedgerOptions small = options();
  small.journal_file_bytes = 4'096;
  small.metrics = nullptr;
  ledger_ = std::move(*Ledger::open(small));
  const KeyWithSecret made = make("busy");
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(buy(made)) << i;
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 300);
}

class FullDurabilityTest : public SettlementsTest {
 protected:
  FullDurabilityTest() {
    ledger_.reset();
    LedgerOptions full = options();
    full.durability = Durability::kFull;
    full.metrics = nullptr;
    ledger_ = std::move(*Ledger::open(full));
  }
};

TEST_F(FullDurabilityTest, EveryWaiterIsWokenOnceItsRowIsSynced) {
  const KeyWithSecret made = make("careful");
  auto identity = authenticate(made);
  UsageRow pattern;
  {
    auto reservation = reserve(*identity);
    pattern = row_for(*identity, *reservation);
    UsageRow row = pattern;
    ASSERT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  }
  std::atomic<int> failed{0};
  IoContext& context = contexts_.take();
  TaskGroup tasks(context);
  for (int i = 0; i < 20; ++i) {
    tasks.spawn(buy_often(*ledger_, std::string(made.secret->expose()), pattern, 20, failed));
  }
  context.run();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage"), 401);
  EXPECT_EQ(ledger_->open_reservations(), 0U);
}

}  // namespace
}  // namespace tollgate
