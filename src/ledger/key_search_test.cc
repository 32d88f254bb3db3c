#include "ledger/key_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ledger/key_survey.h"

namespace tollgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);

class KeySearchTest : public ::testing::Test {
 protected:
  KeySearchTest() {
    for (const auto* id : {"ws_default", "ws_other"}) {
      keys_.put({.id = WorkspaceId(id), .name = id, .created_at = kNow}, {});
    }
  }
  // A key named as given, with the next number.
  Key key(std::string name) {
    Key key;
    key.number = ++last_;
    key.id = KeyId("key_" + std::to_string(last_));
    key.workspace = WorkspaceId("ws_default");
    key.policy.name = std::move(name);
    KeySecret secret;
    secret.number = last_;
    secret.hash = sha256(std::to_string(last_));
    secret.preview = "prefix-of-" + std::to_string(last_) + "...";
    secret.last4 = "wxyz";
    secret.created_at = kNow;
    key.secrets = {secret};
    key.created_at = kNow;
    return key;
  }
  void put(Key key) { keys_.put(std::move(key), {}, {}, Inflight::kKeep); }

  void put_used(Key key, UseCount use) {
    keys_.put(std::move(key), std::vector{use}, {}, Inflight::kKeep);
  }
  // All of them, page by page.
  std::vector<std::string> paged(Ledger::KeyQuery query) {
    std::vector<std::string> met;
    do {
      auto page = search_keys(keys_, query);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return met;
      for (const KeyView& view : page->keys) met.push_back(view.key.policy.name);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return met;
  }

  std::vector<std::string> names(const Ledger::KeyQuery& query) {
    auto page = search_keys(keys_, query);
    EXPECT_TRUE(page) << page.error().message;
    std::vector<std::string> names;
    for (const KeyView& view : page->keys) names.push_back(view.key.policy.name);
    return names;
  }

  ManualClock clock_{kNow};
  LiveKeys keys_{clock_};
  std::int64_t last_ = 0;
};

TEST_F(KeySearchTest, ListsNewestFirstWithoutRevokedOnes) {
  put(key("one"));
  Key gone = key("two");
  gone.revoked_at = kNow;
  put(gone);
  put(key("three"));
  EXPECT_THAT(names({}), ElementsAre("three", "one"));
  EXPECT_THAT(names({.status = KeyStatus::kRevoked}), ElementsAre("two"));
}

TEST_F(KeySearchTest, SearchFindsEveryFieldInAnyCase) {
  Key found = key("Billing Service");
  found.policy.description = "Nightly EXPORT";
  found.policy.tags = {"Team-Blue"};
  put(found);
  put(key("other"));
  for (const char* text : {"BILLING", "export", "team-blue", "KEY_1", "prefix-of-1.", "WXYZ"}) {
    EXPECT_THAT(names({.search = text}), ::testing::Contains("Billing Service")) << text;
  }
  EXPECT_THAT(names({.search = "nothing has this"}), IsEmpty());
}

TEST_F(KeySearchTest, FiltersByEveryField) {
  Key sandbox = key("sandbox");
  sandbox.policy.environment = Environment::kSandbox;
  put(sandbox);
  Key management = key("management");
  management.policy.type = KeyType::kManagement;
  put(management);
  Key off = key("off");
  off.policy.enabled = false;
  off.policy.tags = {"x"};
  put(off);
  Key foreign = key("foreign");
  foreign.workspace = WorkspaceId("ws_other");
  put(foreign);
  EXPECT_THAT(names({.environment = Environment::kSandbox}), ElementsAre("sandbox"));
  EXPECT_THAT(names({.type = KeyType::kManagement}), ElementsAre("management"));
  EXPECT_THAT(names({.status = KeyStatus::kDisabled}), ElementsAre("off"));
  EXPECT_THAT(names({.tag = "x"}), ElementsAre("off"));
  EXPECT_THAT(names({.workspace = WorkspaceId("ws_other")}), ElementsAre("foreign"));
}

TEST_F(KeySearchTest, KeysAreActiveOnTheDaysOfTheirAdmittedRequests) {
  Key used = key("used");
  KeySecret older = used.secrets.front();
  older.hash = sha256("older");
  used.secrets.push_back(older);
  Key gone = key("gone");
  gone.workspace = WorkspaceId("ws_other");
  gone.revoked_at = kNow;
  for (const Key& one : {used, gone, key("unused")}) put(one);
  // By any of its secrets; that others were refused since then does not matter.
  keys_.find(used.id)->use[1]->note_admitted(kNow);
  keys_.find(used.id)->use[0]->note_admitted(kNow - std::chrono::days(40));
  keys_.find(gone.id)->use[0]->note_admitted(kNow);
  keys_.find(KeyId("key_3"))->use[0]->count_error(kNow);
  const auto counted = [&](std::optional<WorkspaceId> workspace, std::chrono::days later) {
    const auto survey =
        survey_keys(keys_, kNow + later, {.workspace = std::move(workspace), .active_days = 30});
    return std::pair(survey.active, survey.active_before);
  };
  using std::chrono::days;
  EXPECT_EQ(counted(std::nullopt, days(0)), std::pair(2L, 1L));
  EXPECT_EQ(counted(WorkspaceId("ws_default"), days(0)), std::pair(1L, 1L));
  EXPECT_EQ(counted(std::nullopt, days(19)), std::pair(2L, 1L));
  EXPECT_EQ(counted(std::nullopt, days(20)), std::pair(2L, 0L));
  EXPECT_EQ(counted(std::nullopt, days(29)), std::pair(2L, 0L));
  EXPECT_EQ(counted(std::nullopt, days(30)), std::pair(0L, 2L));
}

TEST_F(KeySearchTest, KeysOfConcernAreTheGravestAndOfEqualsTheNewest) {
  std::vector<Key> made;
  for (const char* name : {"failing", "old", "older", "fine", "off", "foreign", "gone", "full"}) {
    made.push_back(key(name));
  }
  for (const std::size_t old : {1, 2}) {
    made[old].secrets.front().created_at = kNow - std::chrono::days(91);
  }
  made[4].policy.enabled = false;
  made[5].workspace = WorkspaceId("ws_other");
  made[6].revoked_at = kNow;
  made[7].policy.limits = {
      {.metric = Metric::kRequests, .window = {WindowKind::kDay}, .amount = 0}};
  for (const Key& one : made) put(one);
  for (const std::size_t place : {0, 4, 5, 6}) {
    UseCounter& use = *keys_.find(made[place].id)->use[0];
    for (int i = 0; i < 20; ++i) i < 2 ? use.count_error(kNow) : use.count_good(kNow);
  }
  const auto found = [&](std::size_t max) {
    std::vector<std::string> names;
    for (const auto& one :
         survey_keys(keys_, kNow, {.workspace = WorkspaceId("ws_default"), .max = max}).concerns) {
      names.push_back(one.name);
    }
    return names;
  };
  EXPECT_THAT(found(10), ElementsAre("full", "failing", "older", "old"));
  EXPECT_THAT(found(3), ElementsAre("full", "failing", "older"));
  EXPECT_EQ(survey_keys(keys_, kNow, {}).concerns.size(), 5U);
  EXPECT_EQ(survey_keys(keys_, kNow, {.secret_age = std::chrono::days(91)}).concerns.size(), 3U);
}

TEST_F(KeySearchTest, BusyKeysAreThoseWithTheMostRequestsOfTheHour) {
  const WallTime later = kNow + std::chrono::days(1);
  for (int i = 0; i < 5; ++i) {
    const Key one = key("k" + std::to_string(i));
    put(one);
    for (int n = 0; n < 98 + i; ++n) keys_.find(one.id)->use[0]->count_good(later);
  }
  Key young = key("young");
  young.created_at = later;
  put(young);
  for (int n = 0; n < 500; ++n) keys_.find(young.id)->use[0]->count_good(later);
  std::vector<std::string> names;
  for (const auto& one : survey_keys(keys_, later, {.max = 2}).busy) {
    names.push_back(one.name);
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("k4", "k3"));
  const auto next_hour = survey_keys(keys_, later + std::chrono::hours(1), {});
  EXPECT_TRUE(next_hour.busy.empty());
}

TEST_F(KeySearchTest, FindsTheNumbersOfEveryKeyThatHadTheName) {
  Key gone = key("same");
  gone.revoked_at = kNow;
  Key foreign = key("same");
  foreign.workspace = WorkspaceId("ws_other");
  for (const Key& one : {gone, foreign, key("same"), key("same too")}) put(one);
  EXPECT_THAT(numbers_named(keys_, "same", std::nullopt), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers_named(keys_, "same", WorkspaceId("ws_default")), ElementsAre(3, 1));
  EXPECT_THAT(numbers_named(keys_, "Same", std::nullopt), IsEmpty());
}

TEST_F(KeySearchTest, PagesMeetEveryKeyOnceWhileKeysAreAdded) {
  for (int i = 0; i < 10; ++i) put(key("k" + std::to_string(i)));
  Ledger::KeyQuery query{.limit = 4};
  std::vector<std::string> met;
  do {
    auto page = search_keys(keys_, query);
    ASSERT_TRUE(page);
    for (const KeyView& view : page->keys) met.push_back(view.key.policy.name);
    query.cursor = page->next_cursor;
    put(key("new"));
  } while (!query.cursor.empty());
  EXPECT_THAT(met, ElementsAre("k9", "k8", "k7", "k6", "k5", "k4", "k3", "k2", "k1", "k0"));
}

TEST_F(KeySearchTest, SortsByEveryColumnBothWaysAndPagesAlike) {
  using Sort = Ledger::KeySort;
  const auto used = [](int minutes) { return kNow + std::chrono::minutes(minutes); };
  put_used(key("beta"), {.requests = 10, .errors = 5, .last_used_at = used(1)});
  put_used(key("Alpha"), {.requests = 300, .errors = 6, .last_used_at = used(3)});
  put_used(key("gamma"), {});
  put_used(key("delta"), {.requests = 20, .errors = 0, .last_used_at = used(2)});
  const std::pair<Sort, std::vector<std::string>> rising[] = {
      {Sort::kCreated, {"beta", "Alpha", "gamma", "delta"}},
      {Sort::kName, {"Alpha", "beta", "delta", "gamma"}},
      {Sort::kLastUsed, {"gamma", "beta", "delta", "Alpha"}},
      {Sort::kRequests, {"gamma", "beta", "delta", "Alpha"}},
      {Sort::kErrors, {"gamma", "delta", "beta", "Alpha"}},
      {Sort::kErrorRate, {"gamma", "delta", "Alpha", "beta"}},
  };
  for (const auto& [sort, expected] : rising) {
    std::vector<std::string> falling(expected.rbegin(), expected.rend());
    for (const int limit : {1, 2, 3, 100}) {
      EXPECT_EQ(paged({.sort = sort, .order = Ledger::SortOrder::kAscending, .limit = limit}),
                expected);
      EXPECT_EQ(paged({.sort = sort, .limit = limit}), falling);
    }
  }
}

TEST_F(KeySearchTest, EqualsOfAnOrderStandOnceEachOnTheirPages) {
  for (int i = 0; i < 7; ++i) put(key("k" + std::to_string(i)));
  EXPECT_THAT(paged({.sort = Ledger::KeySort::kRequests, .limit = 2}),
              ElementsAre("k6", "k5", "k4", "k3", "k2", "k1", "k0"));
}

TEST_F(KeySearchTest, APageOfAnOrderGoesOnWhereItsKeyStoodThen) {
  for (int i = 0; i < 4; ++i)
    put_used(key("k" + std::to_string(i)), {.requests = i, .errors = 0, .last_used_at = {}});
  const Ledger::KeyQuery busiest{.sort = Ledger::KeySort::kRequests, .limit = 2};
  auto page = search_keys(keys_, busiest);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->keys.back().key.policy.name, "k2");
  for (int i = 0; i < 50; ++i) {  // k2 is used more than all others by the next page
    keys_.find(KeyId("key_3"))->use[0]->count_good(kNow);
  }
  Ledger::KeyQuery next = busiest;
  next.cursor = page->next_cursor;
  EXPECT_THAT(names(next), ElementsAre("k1", "k0"));
}

TEST_F(KeySearchTest, RefusesACursorOfAnotherOrder) {
  for (int i = 0; i < 3; ++i) put(key("k" + std::to_string(i)));
  auto page = search_keys(keys_, {.sort = Ledger::KeySort::kName, .limit = 1});
  ASSERT_TRUE(page);
  const std::string cursor = page->next_cursor;
  EXPECT_TRUE(search_keys(keys_, {.sort = Ledger::KeySort::kName, .cursor = cursor}));
  EXPECT_FALSE(search_keys(keys_, {.cursor = cursor}));
  EXPECT_FALSE(search_keys(
      keys_,
      {.sort = Ledger::KeySort::kName, .order = Ledger::SortOrder::kAscending, .cursor = cursor}));
  EXPECT_FALSE(search_keys(keys_, {.sort = Ledger::KeySort::kName, .cursor = cursor + "0"}));
}

TEST_F(KeySearchTest, CountsEachStatusOfWhatTheOtherFiltersLetThrough) {
  put(key("on"));
  Key off = key("off");
  off.policy.enabled = false;
  put(off);
  Key gone = key("gone");
  gone.revoked_at = kNow;
  put(gone);
  Key past = key("past");
  past.policy.expires_at = kNow;
  past.policy.environment = Environment::kSandbox;
  put(past);
  EXPECT_EQ(count_keys(keys_, {.status = KeyStatus::kActive}),
            (Ledger::KeyCounts{{KeyStatus::kRevoked, 1},
                               {KeyStatus::kExpired, 1},
                               {KeyStatus::kDisabled, 1},
                               {KeyStatus::kActive, 1}}));
  EXPECT_EQ(count_keys(keys_, {.environment = Environment::kSandbox}),
            (Ledger::KeyCounts{{KeyStatus::kExpired, 1}}));
  EXPECT_TRUE(count_keys(keys_, {.search = "nothing"}).empty());
}

TEST_F(KeySearchTest, LastFullPageHasNoCursor) {
  for (int i = 0; i < 4; ++i) put(key("k" + std::to_string(i)));
  auto page = search_keys(keys_, {.limit = 4});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->keys.size(), 4U);
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(KeySearchTest, RefusesForeignCursorsAndLimits) {
  put(key("one"));
  for (const char* cursor : {"x", "zzzzzzzzzzzzzzzz", "0000000000000000", "00000000000000011",
                             "-000000000000001", "000000000000000 "}) {
    auto page = search_keys(keys_, {.cursor = cursor});
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, ErrorCode::kInvalidRequest);
    EXPECT_EQ(page.error().param, "cursor");
  }
  EXPECT_TRUE(search_keys(keys_, {.limit = kKeyPageLimitMax}));
  EXPECT_FALSE(search_keys(keys_, {.limit = kKeyPageLimitMax + 1}));
  EXPECT_FALSE(search_keys(keys_, {.limit = 0}));
}

TEST_F(KeySearchTest, FindsOneAmongAHundredThousand) {
  for (int i = 0; i < 100'000; ++i) put(key("key number " + std::to_string(i)));
  EXPECT_THAT(names({.search = "NUMBER 77777"}), ElementsAre("key number 77777"));
  EXPECT_EQ(names({.search = "number", .limit = 1'000}).size(), 1'000U);
}

}  // namespace
}  // namespace tollgate
