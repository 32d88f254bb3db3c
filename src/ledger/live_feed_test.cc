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
  EXPECT_LT(taken.events[0]->number, taken.events[1]->number);
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

TEST_F(LiveFeedTest, WhatWasLeftOutBeforeAnEventIsSaid) {
  const auto watcher = watch();
  tell_one(feed_, "old");
  std::vector<LiveEvent> events;
  events.push_back(use_of("new"));
  feed_.tell(std::move(events), Missed::kSomething);
  const auto taken = watcher->take();
  EXPECT_EQ(taken.missed, Missed::kSomething);
  EXPECT_EQ(keys_of(taken), "new ");
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
  std::unique_ptr<LiveFeed::Watcher> watch() {
    auto watcher = ledger_->live().watch(loop_.thread(), "cli", std::nullopt);
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
