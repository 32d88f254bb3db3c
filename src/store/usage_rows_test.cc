#include "store/usage_rows.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "store/test_store.h"
#include "store/usage_columns.h"
#include "store/usage_index.h"

namespace tollgate::store {
namespace {

using namespace std::chrono_literals;

class UsageRowsTest : public StoreTest {
 protected:
  std::vector<GenerationNumber> ids(const UsageQuery& query) {
    const Result<UsagePage> page = list_usage(connection_, query);
    expect_ok(page);
    std::vector<GenerationNumber> found;
    for (const UsageRow& row : page->rows) found.push_back(row.id);
    return found;
  }

  // Those of every page, which is of seven.
  std::vector<GenerationNumber> paged_ids(UsageQuery query) {
    query.limit = 7;
    std::vector<GenerationNumber> found;
    do {
      const Result<UsagePage> page = list_usage(connection_, query);
      expect_ok(page);
      for (const UsageRow& row : page->rows) found.push_back(row.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return found;
  }
};

UsageRow full_row(const Key& key) {
  UsageRow row;
  row.id = test_id(test_time(), 3);
  row.request_id = "req_x";
  row.admitted_at = test_time();
  row.finished_at = test_time(77);
  row.key_number = key.number;
  row.secret_number = key.secrets.front().number;
  row.key = key.id;
  row.key_name = key.policy.name;
  row.secret = key.secrets.front().id;
  row.workspace = key.workspace;
  row.environment = Environment::kSandbox;
  row.requested_model = "large";
  row.model = "acme/large";
  row.provider = "acme";
  row.region = "eu-west";
  row.tokens = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  row.metering = Metering::kOverrun;
  row.flags = "below_count,unpriced_unit";
  row.price_version = "p_1";
  row.cost = Money::from_nanos(123'456'789'012);
  row.charged = Money::from_nanos(-5);
  row.status = 499;
  row.error_code = "client_gone";
  row.latency_ms = 1'234;
  row.first_token_ms = 0;
  row.streamed = true;
  row.client = "agent \xff \"x\"";
  row.ip = "::1";
  row.decision = R"({"strategy":"cheapest"})";
  row.attempts = {{"acme", "acme/\"large\"", 0, Money::from_nanos(9), 3},
                  {"other", "acme/large", 200, Money::from_nanos(1), 4}};
  return row;
}

void expect_equal(const UsageRow& a, const UsageRow& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.request_id, b.request_id);
  EXPECT_EQ(a.admitted_at, b.admitted_at);
  EXPECT_EQ(a.finished_at, b.finished_at);
  EXPECT_EQ(a.key_number, b.key_number);
  EXPECT_EQ(a.secret_number, b.secret_number);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.key_name, b.key_name);
  EXPECT_EQ(a.secret, b.secret);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.environment, b.environment);
  EXPECT_EQ(a.requested_model, b.requested_model);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.region, b.region);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.metering, b.metering);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.price_version, b.price_version);
  EXPECT_EQ(a.cost, b.cost);
  EXPECT_EQ(a.charged, b.charged);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.error_code, b.error_code);
  EXPECT_EQ(a.latency_ms, b.latency_ms);
  EXPECT_EQ(a.first_token_ms, b.first_token_ms);
  EXPECT_EQ(a.streamed, b.streamed);
  EXPECT_EQ(a.client, b.client);
  EXPECT_EQ(a.ip, b.ip);
  ASSERT_EQ(a.attempts.size(), b.attempts.size());
  for (std::size_t i = 0; i < a.attempts.size(); ++i) {
    EXPECT_EQ(a.attempts[i].provider, b.attempts[i].provider);
    EXPECT_EQ(a.attempts[i].model, b.attempts[i].model);
    EXPECT_EQ(a.attempts[i].status, b.attempts[i].status);
    EXPECT_EQ(a.attempts[i].cost, b.attempts[i].cost);
    EXPECT_EQ(a.attempts[i].ms, b.attempts[i].ms);
  }
}

TEST_F(UsageRowsTest, GivesBackEveryFieldThatWasStored) {
  const Key key = stored_key("a");
  const UsageRow row = full_row(key);
  store_rows({row});
  expect_equal(get_usage(connection_, row.id).value(), row);
  const UsagePage page = list_usage(connection_, {}).value();
  ASSERT_EQ(page.rows.size(), 1u);
  expect_equal(page.rows.front(), row);
  EXPECT_EQ(get_usage(connection_, row.id + 1).error().code, ErrorCode::kNotFound);
}

TEST_F(UsageRowsTest, NeverLosesARowForANulByteInAClientsText) {
  const Key key = stored_key("a");
  UsageRow row = usage_row(key, test_time(), 0);
  row.requested_model = std::string("mod\0el", 6);
  row.model = std::string("m\0", 2);
  row.client = std::string("\0", 1);
  store_rows({row});
  const UsageRow found = get_usage(connection_, row.id).value();
  EXPECT_EQ(found.requested_model, "mod");
  EXPECT_EQ(found.model, "m");
  EXPECT_EQ(found.client, "");
}

TEST_F(UsageRowsTest, CountsARowOnceHoweverOftenItIsStored) {
  const Key key = stored_key("a");
  const UsageRow row = usage_row(key, test_time(), 1);
  store_rows({row});
  store_rows({row, usage_row(key, test_time(), 2), row});
  EXPECT_EQ(number("SELECT count(*) FROM usage"), 2);
  for (const char* table : {"usage_hours", "usage_days", "workspace_hours", "workspace_days"}) {
    EXPECT_EQ(number(std::string("SELECT sum(requests) FROM ") + table), 2) << table;
  }
}

TEST_F(UsageRowsTest, SumsStopAtWhatAColumnHolds) {
  const Key key = stored_key("a");
  UsageRow first = usage_row(key, test_time(), 1);
  first.cost = Money::from_nanos(std::numeric_limits<std::int64_t>::max());
  const UsageRow second = usage_row(key, test_time(), 2);
  const UsageRow third = usage_row(key, test_time(), 3);
  store_rows({first, second});
  store_rows({third});  // against what is stored already, too
  EXPECT_EQ(number("SELECT count(*) FROM usage"), 3);
  EXPECT_EQ(number("SELECT max(cost) FROM usage_hours"), first.cost.nanos());
  EXPECT_EQ(number("SELECT sum(requests) FROM usage_hours"), 3);
}

TEST_F(UsageRowsTest, KeepsAggregatesEqualToTheRows) {
  const Key a = stored_key("a");
  const Key b = stored_key("b");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 200; ++i) {
    UsageRow row = usage_row(i % 3 == 0 ? a : b, test_time(i * kHourMicros / 3), i);
    if (i % 5 == 0) row.environment = Environment::kSandbox;
    if (i % 7 == 0) row.status = 500;
    rows.push_back(row);
  }
  for (std::size_t i = 0; i < rows.size(); i += 8) {
    store_rows({rows.begin() + static_cast<std::ptrdiff_t>(i),
                rows.begin() + static_cast<std::ptrdiff_t>(std::min(i + 8, rows.size()))});
  }
  const std::string sums =
      "sum(requests) || ',' || sum(errors) || ',' || sum(input_tokens) || ',' || "
      "sum(cached_input_tokens) || ',' || sum(output_tokens) || ',' || sum(cost) || ',' || "
      "sum(charged) || ',' || max(last_used_at)";
  const auto text = [&](const std::string& sql) {
    sql::Statement select = connection_.prepare(sql);
    EXPECT_TRUE(select.step().value());
    return std::string(select.text(0));
  };
  const std::string expected = text(
      "SELECT count(*) || ',' || sum(status >= 400) || ',' || sum(input_tokens) || ',' || "
      "sum(cached_input_tokens) || ',' || sum(output_tokens) || ',' || sum(cost) || ',' || "
      "sum(charged) || ',' || max(admitted_at) FROM usage");
  for (const char* table : {"usage_hours", "usage_days", "workspace_hours", "workspace_days"}) {
    EXPECT_EQ(text("SELECT " + sums + " FROM " + table), expected) << table;
  }
  // Each bucket, not only the sum of them.
  EXPECT_EQ(number("SELECT count(*) FROM usage_hours h WHERE requests <> (SELECT count(*) FROM "
                   "usage u WHERE u.secret_number = h.secret_number AND u.model = h.model "
                   "AND u.admitted_at / 3600000000 = h.hour)"),
            0);
  EXPECT_EQ(number("SELECT count(*) FROM usage_days d WHERE cost <> (SELECT sum(cost) FROM usage u "
                   "WHERE u.secret_number = d.secret_number AND u.model = d.model "
                   "AND u.admitted_at / 86400000000 = d.day)"),
            0);
  EXPECT_EQ(number("SELECT count(*) FROM workspace_hours w WHERE requests <> (SELECT count(*) FROM "
                   "usage u WHERE u.environment = w.environment AND u.model = w.model "
                   "AND u.admitted_at / 3600000000 = w.hour)"),
            0);
}

TEST_F(UsageRowsTest, ListsNewestFirstInPagesWithoutGapsOrRepeats) {
  const Key key = stored_key("a");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 25; ++i) rows.push_back(usage_row(key, test_time(i), i));
  store_rows(rows);
  std::vector<GenerationNumber> seen;
  UsageQuery query{.keys = std::vector{key.number}, .limit = 10};
  do {
    const UsagePage page = list_usage(connection_, query).value();
    for (const UsageRow& row : page.rows) seen.push_back(row.id);
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater()));
  EXPECT_EQ(seen.front(), rows.back().id);
}

TEST_F(UsageRowsTest, FiltersByKeyModelWorkspaceAndTime) {
  const Key a = stored_key("a");
  const Key b = stored_key("b");
  const UsageRow a0 = usage_row(a, test_time(0), 0);
  const UsageRow b1 = usage_row(b, test_time(10), 1);
  const UsageRow a2 = usage_row(a, test_time(20), 2);
  const UsageRow a3 = usage_row(a, test_time(30), 3);
  store_rows({a0, b1, a2, a3});
  using testing::ElementsAre;
  EXPECT_THAT(ids({}), ElementsAre(a3.id, a2.id, b1.id, a0.id));
  EXPECT_THAT(ids({.keys = std::vector{b.number}}), ElementsAre(b1.id));
  EXPECT_THAT(ids({.keys = std::vector{b.number, a.number}}),
              ElementsAre(a3.id, a2.id, b1.id, a0.id));
  EXPECT_THAT(ids({.keys = std::vector<std::int64_t>{}}), ElementsAre());
  EXPECT_THAT(ids({.model = "acme/odd"}), ElementsAre(a3.id, b1.id));
  EXPECT_THAT(ids({.keys = std::vector{a.number}, .model = "acme/odd"}), ElementsAre(a3.id));
  EXPECT_THAT(ids({.workspace = default_workspace_id()}).size(), 4);
  EXPECT_THAT(ids({.workspace = WorkspaceId("ws_other")}), ElementsAre());
  EXPECT_THAT(ids({.from = test_time(10), .to = test_time(30)}), ElementsAre(a2.id, b1.id));
  EXPECT_THAT(ids({.keys = std::vector{a.number}, .from = test_time(1)}),
              ElementsAre(a3.id, a2.id));
  EXPECT_THAT(ids({.from = WallTime::min(), .to = WallTime::max()}).size(), 4);
}

TEST_F(UsageRowsTest, FiltersByHowRowsEndedOfTheTailAndOfTheIndexAlike) {
  const Key key = stored_key("one");
  struct End {
    int status;
    const char* error_code;
  };
  std::vector<UsageRow> rows;
  for (const End& end : {End{200, ""}, End{200, "provider_error"}, End{404, "invalid_model"},
                         End{429, "provider_error"}, End{502, "provider_error"}, End{200, ""}}) {
    const int serial = static_cast<int>(rows.size());
    rows.push_back(usage_row(key, test_time(serial), serial));
    rows.back().status = end.status;
    rows.back().error_code = end.error_code;
  }
  store_rows(rows);
  const auto found = [&](std::string_view name) {
    std::vector<int> serials;
    const UsageQuery all{.status = usage_status_from_name(name).value()};
    UsageQuery of_key = all;
    of_key.keys = std::vector{key.number};
    UsageQuery of_workspace = all;
    of_workspace.workspace = key.workspace;
    EXPECT_EQ(ids(of_key), ids(all)) << name;
    EXPECT_EQ(ids(of_workspace), ids(all)) << name;
    for (const GenerationNumber id : ids(all)) {
      const auto row = std::ranges::find(rows, id, &UsageRow::id);
      serials.push_back(static_cast<int>(row - rows.begin()));
    }
    return serials;
  };
  const auto expect_all_filters = [&] {
    using testing::ElementsAre;
    EXPECT_THAT(found("ok"), ElementsAre(5, 0));
    EXPECT_THAT(found("error"), ElementsAre(4, 3, 2, 1));
    EXPECT_THAT(found("2xx"), ElementsAre(5, 1, 0));
    EXPECT_THAT(found("4xx"), ElementsAre(3, 2));
    EXPECT_THAT(found("502"), ElementsAre(4));
    EXPECT_THAT(found("503"), testing::IsEmpty());
    EXPECT_THAT(found("provider_error"), ElementsAre(4, 3, 1));
  };
  expect_all_filters();
  expect_ok(index_usage_tail(connection_, 4));
  expect_all_filters();
  expect_ok(index_usage_tail(connection_, 100));
  expect_all_filters();
}

TEST_F(UsageRowsTest, FindsRowsThatCommitLateOrBeforeTheirForerunners) {
  const Key key = stored_key("a");
  const Key other = stored_key("b");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 60; ++i) rows.push_back(usage_row(i % 4 == 0 ? other : key, test_time(i), i));
  // In strides, as long and short streams commit, indexing some of the tail after each.
  std::vector<GenerationNumber> expected;
  for (int start = 6; start >= 0; --start) {
    for (std::size_t i = static_cast<std::size_t>(start); i < rows.size(); i += 7) {
      store_rows({rows[i]});
      if (rows[i].key_number == key.number) expected.push_back(rows[i].id);
    }
    expect_ok(index_usage_tail(connection_, 5));
    std::ranges::sort(expected, std::greater());
    EXPECT_EQ(ids({.keys = std::vector{key.number}}), expected) << start;
  }
  while (index_usage_tail(connection_, 5).value() == sql::UpkeepLeft::kMore) {
  }
  EXPECT_EQ(ids({.keys = std::vector{key.number}}), expected);
  EXPECT_EQ(number("SELECT count(*) FROM usage_by_key"), 60);
  EXPECT_EQ(ids({}).size(), 60u);
}

// Pages of each filter, together and apart, against what every row says: of the tail, of the index
// and of both, with rows that came late.
TEST_F(UsageRowsTest, EveryFilterFindsTheRowsThatFitIndexedOrNot) {
  constexpr std::int64_t kMinute = 60'000'000;
  const WorkspaceId other_workspace("ws_other");
  expect_ok(insert_workspace(connection_,
                             {.id = other_workspace, .name = "other", .created_at = test_time()}));
  const Key first = stored_key("first");
  const Key second = stored_key("second");
  Key foreign = test_key("foreign");
  foreign.workspace = other_workspace;
  expect_ok(insert_key(connection_, foreign));
  const std::vector<Key> keys{first, second, foreign};
  std::vector<UsageRow> rows;
  for (int i = 0; i < 240; ++i) {
    UsageRow row = usage_row(keys[static_cast<std::size_t>(i * 7 % 3)], test_time(i * kMinute), i);
    row.model = i % 11 == 0 ? "acme/rare" : i % 2 == 0 ? "acme/even" : "acme/odd";
    row.status = i % 5 == 0 ? 500 : 200;
    rows.push_back(row);
  }
  const auto check = [&](std::size_t stored) {
    for (const auto& numbers :
         {std::optional<std::vector<std::int64_t>>(), std::optional(std::vector{first.number}),
          std::optional(std::vector{first.number, foreign.number})}) {
      for (const auto& workspace : {std::optional<WorkspaceId>(), std::optional(other_workspace)}) {
        for (const std::string model : {"", "acme/rare", "acme/none"}) {
          const UsageQuery query{.keys = numbers,
                                 .workspace = workspace,
                                 .model = model,
                                 .from = test_time(20 * kMinute),
                                 .to = test_time(200 * kMinute)};
          std::vector<GenerationNumber> expected;
          for (std::size_t i = 0; i < stored; ++i) {
            const UsageRow& row = rows[i];
            if (numbers && std::ranges::count(*numbers, row.key_number) == 0) continue;
            if (workspace && row.workspace != *workspace) continue;
            if (!model.empty() && row.model != model) continue;
            if (row.admitted_at >= *query.from && row.admitted_at < *query.to)
              expected.push_back(row.id);
          }
          std::ranges::sort(expected, std::greater());
          EXPECT_EQ(paged_ids(query), expected) << stored << " " << model;
        }
      }
    }
  };
  // The last twenty come before the twenty before them.
  std::ranges::rotate(rows.begin() + 200, rows.begin() + 220, rows.end());
  std::size_t stored = 0;
  for (const std::size_t until : {120u, 200u, 220u, 240u}) {
    store_rows({rows.begin() + static_cast<std::ptrdiff_t>(stored),
                rows.begin() + static_cast<std::ptrdiff_t>(until)});
    stored = until;
    check(stored);
    expect_ok(index_usage_tail(connection_, 90));
    check(stored);
  }
  while (index_usage_tail(connection_, 90).value() == sql::UpkeepLeft::kMore) {
  }
  check(stored);
  EXPECT_EQ(number("SELECT count(*) FROM usage_by_kind"), 240);
}

// Of one model and one status, as a quiet installation has them, and of one microsecond.
TEST_F(UsageRowsTest, PagesOfOneKindAloneGoOnToTheLastRow) {
  const Key key = stored_key("a");
  std::vector<UsageRow> rows;
  std::vector<GenerationNumber> expected;
  for (int i = 0; i < 30; ++i) {
    rows.push_back(usage_row(key, test_time(), i));
    rows.back().model = "acme/only";
    expected.insert(expected.begin(), rows.back().id);
  }
  store_rows(rows);
  do {
    EXPECT_EQ(paged_ids({.keys = std::vector{key.number}}), expected);
    EXPECT_EQ(paged_ids({.model = "acme/only"}), expected);
  } while (index_usage_tail(connection_, 4).value() == sql::UpkeepLeft::kMore);
  EXPECT_EQ(paged_ids({.keys = std::vector{key.number}}), expected);
  EXPECT_EQ(paged_ids({.model = "acme/only"}), expected);
}

TEST_F(UsageRowsTest, SaysWhetherMoreOfTheTailIsLeft) {
  const Key key = stored_key("a");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(usage_row(key, test_time(i), i));
  store_rows(rows);
  EXPECT_EQ(index_usage_tail(connection_, 4).value(), sql::UpkeepLeft::kMore);
  EXPECT_EQ(index_usage_tail(connection_, 4).value(), sql::UpkeepLeft::kNothing);
  EXPECT_EQ(index_usage_tail(connection_, 4).value(), sql::UpkeepLeft::kNothing);
  EXPECT_EQ(number("SELECT count(*) FROM usage_by_key"), 5);
}

// Ids go on from the newest when the clock steps back, so they can be days from the admission.
TEST_F(UsageRowsTest, FindsByTimeWhateverTimeTheIdSays) {
  const Key key = stored_key("a");
  UsageRow stepped = usage_row(key, test_time(), 1);
  stepped.id = test_id(test_time(3 * 24 * kHourMicros));
  store_rows({stepped});
  for (const bool indexed : {false, true}) {
    if (indexed) expect_ok(index_usage_tail(connection_, 10));
    EXPECT_EQ(ids({.from = test_time(), .to = test_time(1)}).size(), 1u) << indexed;
    EXPECT_EQ(
        ids({.keys = std::vector{key.number}, .from = test_time(), .to = test_time(1)}).size(), 1u)
        << indexed;
  }
}

TEST_F(UsageRowsTest, RefusesCursorsAndLimitsThatAreNotOurs) {
  for (const char* cursor : {"x", "gen_", "gen_zz", "1"}) {
    EXPECT_EQ(list_usage(connection_, {.cursor = cursor}).error().param, "cursor") << cursor;
  }
  for (const int limit : {0, 1'001}) {
    EXPECT_EQ(list_usage(connection_, {.limit = limit}).error().param, "limit") << limit;
  }
}

TEST(UsageColumnsTest, TellsTheTimeInAnIdAndBack) {
  EXPECT_EQ(time_in_id(test_id(test_time(), 5)), micros(test_time()));
  EXPECT_EQ(least_id_at(micros(test_time())), test_id(test_time()));
  EXPECT_EQ(least_id_at(0), 0);
  EXPECT_GT(least_id_at(std::numeric_limits<std::int64_t>::max()), test_id(test_time()));
}

TEST(UsageColumnsTest, RefusesAttemptsThatItDidNotWrite) {
  for (const char* text : {"", "{}", "[1]", "[[]]", "[[\"a\",\"b\",1,2]]",
                           "[[\"a\",\"b\",1,2,\"3\"]]", "[[\"a\",\"b\",99999999999,2,3]]"}) {
    EXPECT_FALSE(parse_attempts(text)) << text;
  }
  EXPECT_TRUE(parse_attempts("[]").value().empty());
}

// What a row costs on the hot path, for the eye; the sanitised build is several times slower.
TEST_F(UsageRowsTest, StoresBatchesOfTwelve) {
  constexpr int kBatches = 2'000;
  const Key key = stored_key("a");
  std::vector<UsageRow> rows;
  for (int i = 0; i < 12; ++i) rows.push_back(full_row(key));
  std::vector<const UsageRow*> pointers;
  for (const UsageRow& row : rows) pointers.push_back(&row);
  const auto begin = std::chrono::steady_clock::now();
  for (int batch = 0; batch < kBatches; ++batch) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].admitted_at = test_time(batch * 1'000);
      rows[i].id = test_id(rows[i].admitted_at, static_cast<int>(i));
    }
    ASSERT_TRUE(insert_usage(connection_, pointers));
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(number("SELECT sum(requests) FROM usage_days"), kBatches * 12);
  GTEST_LOG_(INFO) << took / 1ns / (kBatches * 12) << " ns a row";
}

}  // namespace
}  // namespace tollgate::store
