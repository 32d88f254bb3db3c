#include "ledger/live_feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger_fixture.h"
#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Missed = LiveFeed::Missed;

constexpr seconds kLong{3'600};

LiveEvent use_of(const std::string& key, const std::string& workspace = "ws_one") {
  return {.workspace = WorkspaceId(workspace), .what = KeyUsed{.key = KeyId(key), .last_at = {}}};
}

void tell_one(LiveFeed& feed, const std::string& key, const std::string& workspace = "ws_one") {
  std::vector<LiveEvent> events;
  events.push_back(use_of(key, workspace));
  feed.tell(std::move(events));
}

std::string keys_of(const LiveFeed::Watcher::Taken& taken) {
  std::string keys;
  for (const auto& event : taken.events) keys += std::get<KeyUsed>(event->what).key.get() + " ";
  return keys;
}

std::vector<LiveEvent> many(std::size_t count, const std::string& key,
                            const std::string& workspace = "ws_one") {
  std::vector<LiveEvent> events;
  for (std::size_t i = 0; i < count; ++i) events.push_back(use_of(key, workspace));
  return events;
}

class LiveFeedTest : public ::testing::Test {
 protected:
  std::unique_ptr<LiveFeed::Watcher> watch(std::optional<WorkspaceId> workspace = {},
                                           const std::string& caller = "user_a") {
    auto watcher = feed_.watch(loop_.thread(), caller, std::move(workspace));
    EXPECT_TRUE(watcher);
    return watcher ? std::move(*watcher) : nullptr;
  }

  LiveFeed feed_;
  TestLoop loop_;
};

TEST_F(LiveFeedTest, IsWatchedForAsLongAsSomebodyDoes) {
  EXPECT_FALSE(feed_.watched());
  {
    const auto one = watch();
    const auto two = watch();
    EXPECT_TRUE(feed_.watched());
  }
  EXPECT_FALSE(feed_.watched());
}

TEST_F(LiveFeedTest, TellsEachWatcherOfItsWorkspaceAloneAndInOrder) {
  const auto one = watch(WorkspaceId("ws_one"));
  const auto all = watch();
  tell_one(feed_, "a");
  tell_one(feed_, "b", "ws_two");
  tell_one(feed_, "c");
  EXPECT_EQ(keys_of(one->take()), "a c ");
  const auto taken = all->take();
  EXPECT_EQ(keys_of(taken), "a b c ");
  EXPECT_EQ(taken.missed, Missed::kNothing);
  EXPECT_EQ(keys_of(all->take()), "");
}

TEST_F(LiveFeedTest, WatcherThatIsTooSlowHearsThatItMissedSomethingAndHoldsNoMoreThanItsBound) {
  const auto slow = watch();
  for (std::size_t i = 0; i < LiveFeed::kQueueMax; ++i) tell_one(feed_, "old");
  EXPECT_EQ(slow->take().events.size(), LiveFeed::kQueueMax);
  for (std::size_t i = 0; i < LiveFeed::kQueueMax; ++i) tell_one(feed_, "old");
  tell_one(feed_, "new");
  const auto taken = slow->take();
  EXPECT_EQ(taken.missed, Missed::kSomething);
  EXPECT_EQ(keys_of(taken), "new ");
  EXPECT_EQ(slow->take().missed, Missed::kNothing);
}

TEST_F(LiveFeedTest, OfMoreThanIsToldTogetherTheNewestAreAndThatOthersWereLeftOut) {
  const auto watcher = watch(WorkspaceId("ws_one"));
  const auto all = watch();
  tell_one(feed_, "old");
  std::vector<LiveEvent> events = many(LiveFeed::kTogetherMax, "first");
  events.push_back(use_of("last"));
  feed_.tell(std::move(events));
  for (const auto& one : {watcher.get(), all.get()}) {
    const auto taken = one->take();
    EXPECT_EQ(taken.missed, Missed::kSomething);
    ASSERT_EQ(taken.events.size(), LiveFeed::kTogetherMax);
    EXPECT_EQ(std::get<KeyUsed>(taken.events.back()->what).key.get(), "last");
  }
}

TEST_F(LiveFeedTest, BusyWorkspaceNeitherResetsTheWatchersOfOthersNorDropsTheirEvents) {
  const auto quiet = watch(WorkspaceId("ws_quiet"));
  const auto busy = watch(WorkspaceId("ws_busy"));
  tell_one(feed_, "waiting", "ws_quiet");
  std::vector<LiveEvent> events = many(LiveFeed::kQueueMax, "theirs", "ws_busy");
  events.insert(events.begin(), use_of("ours", "ws_quiet"));
  feed_.tell(std::move(events));
  const auto taken = quiet->take();
  EXPECT_EQ(taken.missed, Missed::kNothing);
  EXPECT_EQ(keys_of(taken), "waiting ours ");
  EXPECT_EQ(busy->take().missed, Missed::kSomething);
}

TEST_F(LiveFeedTest, AudienceWantsOnlyWhatSomebodyIsToHear) {
  EXPECT_FALSE(feed_.audience().wants(WorkspaceId("ws_one")));
  const auto one = watch(WorkspaceId("ws_one"));
  LiveFeed::Audience audience = feed_.audience();
  EXPECT_FALSE(audience.wants(WorkspaceId("ws_two")));
  // One more than is told: by it the feed sees the gap.
  for (std::size_t i = 0; i <= LiveFeed::kTogetherMax; ++i) {
    EXPECT_TRUE(audience.wants(WorkspaceId("ws_one")));
  }
  EXPECT_FALSE(audience.wants(WorkspaceId("ws_one")));
  const auto all = watch();
  audience = feed_.audience();
  for (std::size_t i = 0; i <= LiveFeed::kTogetherMax; ++i) {
    EXPECT_TRUE(audience.wants(WorkspaceId("ws_two")));
  }
  EXPECT_FALSE(audience.wants(WorkspaceId("ws_two")));
  EXPECT_TRUE(audience.wants(WorkspaceId("ws_one")));
}

TEST_F(LiveFeedTest, WaitEndsWithAnEventFromAnotherThread) {
  const auto watcher = watch();
  loop_.tasks().spawn(watcher->wait(kLong));
  loop_.settle();
  EXPECT_EQ(loop_.tasks().running(), 1U);
  std::thread([this] { tell_one(feed_, "a"); }).join();
  EXPECT_TRUE(loop_.run_until([this] { return loop_.tasks().running() == 0; }));
  EXPECT_EQ(keys_of(watcher->take()), "a ");
}

TEST_F(LiveFeedTest, WaitForWhatIsThereAlreadyEndsAtOnce) {
  const auto watcher = watch();
  tell_one(feed_, "a");
  loop_.run(watcher->wait(kLong));
  watcher->wake();
  EXPECT_EQ(keys_of(watcher->take()), "a ");
  loop_.run(watcher->wait(kLong));  // by the wake before it
}

TEST_F(LiveFeedTest, WaitEndsWithItsTime) { loop_.run(watch()->wait(milliseconds(1))); }

TEST_F(LiveFeedTest, RestEndsByTimeOrWakeAndByNoEvent) {
  const auto watcher = watch();
  tell_one(feed_, "a");
  loop_.tasks().spawn(watcher->rest(kLong));
  loop_.settle();
  tell_one(feed_, "b");
  loop_.settle();
  EXPECT_EQ(loop_.tasks().running(), 1U);
  watcher->wake();
  EXPECT_TRUE(loop_.run_until([this] { return loop_.tasks().running() == 0; }));
  EXPECT_EQ(keys_of(watcher->take()), "a b ");
}

TEST_F(LiveFeedTest, OneCallerCannotTakeAllPlaces) {
  std::vector<std::unique_ptr<LiveFeed::Watcher>> open;
  for (std::size_t i = 0; i < LiveFeed::kWatchersPerCallerMax; ++i) open.push_back(watch());
  const auto refused = feed_.watch(loop_.thread(), "user_a", std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimitExceeded);
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_TRUE(feed_.watch(loop_.thread(), "user_b", std::nullopt));
  open.pop_back();
  EXPECT_TRUE(feed_.watch(loop_.thread(), "user_a", std::nullopt));
}

TEST_F(LiveFeedTest, OneWorkspaceCannotTakeAllPlacesByManyCallers) {
  const WorkspaceId crowded("ws_one");
  std::vector<std::unique_ptr<LiveFeed::Watcher>> open;
  for (std::size_t i = 0; i < LiveFeed::kWatchersPerWorkspaceMax; ++i) {
    open.push_back(watch(crowded, "user_" + std::to_string(i)));
  }
  const auto refused = feed_.watch(loop_.thread(), "one more", crowded);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimitExceeded);
  EXPECT_TRUE(feed_.watch(loop_.thread(), "one more", WorkspaceId("ws_two")));
  EXPECT_TRUE(feed_.watch(loop_.thread(), "one more", std::nullopt));
  open.pop_back();
  EXPECT_TRUE(feed_.watch(loop_.thread(), "one more", crowded));
}

TEST_F(LiveFeedTest, NoMoreWatchThanThereArePlaces) {
  std::vector<std::unique_ptr<LiveFeed::Watcher>> open;
  for (std::size_t i = 0; i < LiveFeed::kWatchersMax; ++i) {
    open.push_back(watch({}, "user_" + std::to_string(i)));
  }
  EXPECT_FALSE(feed_.watch(loop_.thread(), "one more", std::nullopt));
}

// What the ledger tells.
class LedgerFeedTest : public LedgerTest {
 protected:
  std::unique_ptr<LiveFeed::Watcher> watch(std::optional<WorkspaceId> workspace = {}) {
    auto watcher = ledger_->live().watch(loop_.thread(), "cli", std::move(workspace));
    EXPECT_TRUE(watcher);
    return std::move(*watcher);
  }
  // All that is told until there are so many.
  static std::vector<std::shared_ptr<const LiveEvent>> heard(LiveFeed::Watcher& watcher,
                                                             std::size_t count) {
    std::vector<std::shared_ptr<const LiveEvent>> all;
    EXPECT_TRUE(eventually([&] {
      for (auto& event : watcher.take().events) all.push_back(event);
      return all.size() >= count;
    }));
    return all;
  }
  TestLoop loop_;
};

TEST_F(LedgerFeedTest, RequestIsToldOnceItIsStored) {
  const KeyWithSecret made = make("told");
  const auto watcher = watch();
  ASSERT_TRUE(buy(made, 502));
  const auto events = heard(*watcher, 1);
  ASSERT_EQ(events.size(), 1U);
  const auto& request = std::get<RequestStored>(events[0]->what);
  EXPECT_EQ(events[0]->workspace, store::default_workspace_id());
  EXPECT_EQ(request.key, made.key.id);
  EXPECT_EQ(request.key_name, "told");
  EXPECT_EQ(request.status, 502);
  EXPECT_EQ(request.cost, Money::from_nanos(1'000));
  EXPECT_EQ(request.input_tokens, 10);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usage WHERE id = " + std::to_string(request.id)), 1);
}

TEST_F(LedgerFeedTest, OfMoreRowsThanAreToldTheNewestAreAndSoIsTheGap) {
  const KeyWithSecret made = make("busy");
  const auto watcher = watch();
  const auto elsewhere = watch(WorkspaceId("ws_elsewhere"));
  std::atomic<bool> held = false;
  std::atomic<bool> go_on = false;
  std::function<Result<int>(sql::Connection&)> hold_up = [&](sql::Connection&) {
    held = true;
    EXPECT_TRUE(eventually([&go_on] { return go_on.load(); }));
    return 0;
  };
  std::thread holder([this, &hold_up] { EXPECT_TRUE(await(ledger_->write<int>(hold_up))); });
  EXPECT_TRUE(eventually([&held] { return held.load(); }));
  for (std::size_t i = 0; i <= LiveFeed::kTogetherMax; ++i) EXPECT_TRUE(buy(made));
  go_on = true;
  holder.join();
  std::size_t told = 0;
  bool missed = false;
  EXPECT_TRUE(eventually([&] {
    const auto taken = watcher->take();
    missed = missed || taken.missed == LiveFeed::Missed::kSomething;
    told += taken.events.size();
    return missed;
  }));
  EXPECT_LE(told, LiveFeed::kTogetherMax);
  const auto nothing = elsewhere->take();
  EXPECT_EQ(nothing.missed, LiveFeed::Missed::kNothing);
  EXPECT_TRUE(nothing.events.empty());
}

TEST_F(LedgerFeedTest, RowThatTheDatabaseRefusesIsNotToldAsStored) {
  std::function<Result<int>(sql::Connection&)> refuse = [](sql::Connection& connection) {
    Status made = connection.exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON usage WHEN NEW.status = 502 "
        "BEGIN SELECT RAISE(ABORT, 'no'); END");
    return made ? Result<int>(0) : std::unexpected(made.error());
  };
  ASSERT_TRUE(await(ledger_->write<int>(refuse)));
  const KeyWithSecret made = make("unlucky");
  const auto watcher = watch();
  ASSERT_TRUE(buy(made, 502));
  ASSERT_TRUE(buy(made, 200));
  const auto events = heard(*watcher, 1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<RequestStored>(events[0]->what).status, 200);
}

TEST_F(LedgerFeedTest, ChangesOfKeysAreToldWhenTheyHold) {
  const auto watcher = watch();
  const KeyWithSecret made = make("changing");
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled));
  ASSERT_TRUE(rotate(made.key.id, seconds(0)));
  ASSERT_TRUE(revoke(made.key.id));
  std::vector<KeyChanged::How> how;
  for (const auto& event : heard(*watcher, 4)) {
    const auto& changed = std::get<KeyChanged>(event->what);
    EXPECT_EQ(changed.key, made.key.id);
    how.push_back(changed.how);
  }
  using How = KeyChanged::How;
  EXPECT_EQ(how, (std::vector{How::kCreated, How::kUpdated, How::kUpdated, How::kRevoked}));
}

TEST_F(LedgerFeedTest, RefusedRequestsAreToldOfTheirKeyButNotOfOneThatManages) {
  const KeyWithSecret made = make("refused");
  KeyPolicy policy = named("console");
  policy.type = KeyType::kManagement;
  const KeyWithSecret console = make(policy);
  const auto watcher = watch();
  ledger_->count_unadmitted(*authenticate(console), std::nullopt);
  ledger_->count_unadmitted(*authenticate(made), ErrorCode::kModelNotAllowed);
  ledger_->count_unadmitted(*authenticate(made), ErrorCode::kModelNotAllowed);
  const auto events = heard(*watcher, 1);
  ASSERT_EQ(events.size(), 1U);
  const auto& used = std::get<KeyUsed>(events[0]->what);
  EXPECT_EQ(used.key, made.key.id);
  EXPECT_EQ(used.requests, 2);
  EXPECT_EQ(used.errors, 2);
}

}  // namespace
}  // namespace tollgate
