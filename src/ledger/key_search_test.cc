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

TEST_F(KeySearchTest, SearchFindsTheCurrentSecretAndNoEarlierOne) {
  Key rotated = key("rotated");
  KeySecret older = rotated.secrets.front();
  older.hash = sha256("older");
  older.preview = "gone-...";
  older.last4 = "ABCD";
  rotated.secrets.push_back(older);
  put(rotated);
  EXPECT_THAT(names({.search = "prefix-of-1."}), ElementsAre("rotated"));
  EXPECT_THAT(names({.search = "gone-"}), IsEmpty());
  EXPECT_THAT(names({.search = "abcd"}), IsEmpty());
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
  EXPECT_THAT(found(1), ElementsAre("full"));
  EXPECT_EQ(survey_keys(keys_, kNow, {}).concerns.size(), 5U);
  EXPECT_EQ(survey_keys(keys_, kNow, {.secret_age = std::chrono::days(91)}).concerns.size(), 3U);
}

TEST_F(KeySearchTest, ErrorsAreOfConcernAboveFivePercentOfTwentyRequests) {
  const Key few = key("nineteen");
  const Key some = key("five percent");
  const Key more = key("more");
  for (const Key& one : {few, some, more}) put(one);
  const auto count = [&](const Key& one, int errors, int good) {
    UseCounter& use = *keys_.find(one.id)->use[0];
    for (int i = 0; i < errors; ++i) use.count_error(kNow);
    for (int i = 0; i < good; ++i) use.count_good(kNow);
  };
  count(few, 19, 0);
  count(some, 2, 38);
  count(more, 3, 37);
  const auto survey = survey_keys(keys_, kNow, {.max = 10});
  ASSERT_EQ(survey.concerns.size(), 1U);
  EXPECT_EQ(survey.concerns[0].name, "more");
  EXPECT_EQ(survey.concerns[0].concern, Ledger::Concern::kErrors);
}

TEST_F(KeySearchTest, ConcernsAreOfAllSecretsTogetherAndOfTheAgeOfTheCurrentOne) {
  Key rotated = key("rotated");
  KeySecret older = rotated.secrets.front();
  older.hash = sha256("older");
  older.created_at = kNow - std::chrono::days(400);
  older.retires_at = kNow + std::chrono::days(1);
  rotated.secrets.push_back(older);
  put(rotated);
  EXPECT_TRUE(survey_keys(keys_, kNow, {.max = 10}).concerns.empty());
  // Neither of them is busy by itself.
  const WallTime later = kNow + std::chrono::days(1);
  for (UseCounter* use : keys_.find(rotated.id)->use) {
    for (int i = 0; i < 50; ++i) i < 19 ? use->count_error(later) : use->count_good(later);
  }
  const auto survey = survey_keys(keys_, later, {.max = 10});
  ASSERT_EQ(survey.concerns.size(), 1U);
  EXPECT_EQ(survey.concerns[0].concern, Ledger::Concern::kErrors);
  ASSERT_EQ(survey.busy.size(), 1U);
}

TEST_F(KeySearchTest, RevokedKeysAreNeitherOfConcernNorBusy) {
  Key gone = key("gone");
  gone.revoked_at = kNow;
  put(gone);
  const WallTime later = kNow + std::chrono::days(1);
  for (int i = 0; i < 500; ++i) keys_.find(gone.id)->use[0]->count_error(later);
  const auto survey = survey_keys(keys_, later, {.max = 10});
  EXPECT_TRUE(survey.concerns.empty());
  EXPECT_TRUE(survey.busy.empty());
}

TEST_F(KeySearchTest, KeysAreBusyByTheRunningHourAlone) {
  const Key before = key("busy before");
  const Key now = key("busy now");
  for (const Key& one : {before, now}) put(one);
  const WallTime later = kNow + std::chrono::days(1);
  for (int i = 0; i < 1'000; ++i) {
    keys_.find(before.id)->use[0]->count_good(later - std::chrono::hours(1));
  }
  for (int i = 0; i < 101; ++i) keys_.find(before.id)->use[0]->count_good(later);
  for (int i = 0; i < 102; ++i) keys_.find(now.id)->use[0]->count_good(later);
  const auto survey = survey_keys(keys_, later, {.max = 1});
  ASSERT_EQ(survey.busy.size(), 1U);
  EXPECT_EQ(survey.busy[0].name, "busy now");
  // An hour that has not so many yet is not busy, whatever there was before.
  EXPECT_TRUE(survey_keys(keys_, later + std::chrono::hours(1), {.max = 1}).busy.empty());
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

// Keys are fetched some hundred at a time.
TEST_F(KeySearchTest, AWalkOfManyKeysMeetsEachOnce) {
  constexpr int kMany = 1'100;
  for (int i = 0; i < kMany; ++i) put(key("same"));
  const std::vector<std::int64_t> numbers = numbers_named(keys_, "same", std::nullopt);
  ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kMany));
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], kMany - i);
}

TEST_F(KeySearchTest, SortsByEveryColumnBothWaysAndPagesAlike) {
  using Sort = Ledger::KeySort;
  const auto used = [](int minutes) { return kNow + std::chrono::minutes(minutes); };
  put_used(key("beta"), {.requests = 10, .errors = 5, .last_used_at = used(1)});
  put_used(key("Alpha"), {.requests = 300, .errors = 6, .last_used_at = used(3)});
  put_used(key("Gamma"), {});
  put_used(key("delta"), {.requests = 20, .errors = 0, .last_used_at = used(2)});
  const std::pair<Sort, std::vector<std::string>> rising[] = {
      {Sort::kCreated, {"beta", "Alpha", "Gamma", "delta"}},
      {Sort::kName, {"Alpha", "beta", "delta", "Gamma"}},
      {Sort::kLastUsed, {"Gamma", "beta", "delta", "Alpha"}},
      {Sort::kRequests, {"Gamma", "beta", "delta", "Alpha"}},
      {Sort::kErrors, {"Gamma", "delta", "beta", "Alpha"}},
      {Sort::kErrorRate, {"Gamma", "delta", "Alpha", "beta"}},
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

TEST_F(KeySearchTest, NamesStandInTheOrderOfTheirBytesButForCase) {
  for (const char* name : {"zebra", "\u00e9clair", "Apple", "apple pie", "_"}) put(key(name));
  EXPECT_THAT(paged({.sort = Ledger::KeySort::kName, .order = Ledger::SortOrder::kAscending}),
              ElementsAre("_", "Apple", "apple pie", "zebra", "\u00e9clair"));
}

TEST_F(KeySearchTest, SmallRatesOfErrorsAreToldApartAndGreatNumbersOverflowNothing) {
  constexpr std::int64_t kMany = 10'000'000'000'000;
  put_used(key("two of a thousand"), {.requests = 1'000, .errors = 2, .last_used_at = {}});
  put_used(key("all of many"), {.requests = kMany, .errors = kMany, .last_used_at = {}});
  put_used(key("three of two thousand"), {.requests = 2'000, .errors = 3, .last_used_at = {}});
  EXPECT_THAT(paged({.sort = Ledger::KeySort::kErrorRate}),
              ElementsAre("all of many", "two of a thousand", "three of two thousand"));
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
  put(key("two"));
  using Sort = Ledger::KeySort;
  const auto expect_refused = [&](Sort sort, const std::string& cursor) {
    auto page = search_keys(keys_, {.sort = sort, .cursor = cursor});
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, ErrorCode::kInvalidRequest);
    EXPECT_EQ(page.error().param, "cursor");
  };
  for (const Sort sort : {Sort::kCreated, Sort::kRequests}) {
    const std::string good = search_keys(keys_, {.sort = sort, .limit = 1})->next_cursor;
    ASSERT_TRUE(search_keys(keys_, {.sort = sort, .cursor = good}));
    for (const std::string& cursor :
         {std::string("x"), good.substr(0, 2), good.substr(2), good + "0", good + " ",
          good.substr(0, good.size() - 1), good.substr(0, 10)}) {
      expect_refused(sort, cursor);
    }
    // Of two numbers the one or the other is none.
    for (const std::size_t number : {2U, 18U}) {
      for (const char* text : {"zzzzzzzzzzzzzzzz", "-000000000000001", "000000000000000 "}) {
        expect_refused(sort, std::string(good).replace(number, 16, text));
      }
    }
  }
  const std::string named = search_keys(keys_, {.sort = Sort::kName, .limit = 1})->next_cursor;
  expect_refused(Sort::kName, named.substr(0, 10));
  for (const char* wrong : {"0", "zz", "6", "7z", "+7"}) expect_refused(Sort::kName, named + wrong);
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
