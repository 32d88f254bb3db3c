#include <gmock/gmock.h>

#include <map>

#include "base/random.h"
#include "store/test_store.h"
#include "store/usage_index.h"
#include "store/usage_rows.h"

namespace tollgate::store {
namespace {

constexpr std::int64_t kDay = 24 * kHourMicros;
constexpr std::int64_t kMidnight = -10 * kHourMicros;  // of the day of test_time()

struct Sum {
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t output = 0;
  std::int64_t cost = 0;
  std::int64_t charged = 0;
  bool operator==(const Sum&) const = default;
};

void PrintTo(const Sum& sum, std::ostream* out) {
  *out << sum.requests << " requests, " << sum.errors << " errors, cost " << sum.cost;
}

class UsageTotalsTest : public StoreTest {
 protected:
  std::map<std::string, Sum> totals(const UsageQuery& query, UsageGroup group) {
    const Result<std::vector<UsageTotal>> list = usage_totals(connection_, query, group);
    expect_ok(list);
    std::map<std::string, Sum> sums;
    for (const UsageTotal& total : *list) {
      const bool fresh =
          sums.emplace(total.group, Sum{total.requests, total.errors, total.input_tokens,
                                        total.cached_input_tokens, total.output_tokens,
                                        total.cost.nanos(), total.charged.nanos()})
              .second;
      EXPECT_TRUE(fresh) << total.group;
    }
    return sums;
  }

  // What the rows say, by walking all of them.
  std::map<std::string, Sum> expected(UsageQuery query, UsageGroup group) {
    std::map<std::string, Sum> sums;
    query.limit = 1'000;
    const Result<UsagePage> page = list_usage(connection_, query);
    expect_ok(page);
    EXPECT_TRUE(page->next_cursor.empty());
    for (const UsageRow& row : page->rows) {
      const std::string name = group == UsageGroup::kKey ? row.key.get()
                               : group == UsageGroup::kModel
                                   ? row.model
                                   : format_time(row.admitted_at).substr(0, 10);
      Sum& sum = sums[name];
      sum.requests += 1;
      sum.errors += is_error(row) ? 1 : 0;
      sum.input += row.tokens.input;
      sum.cached += row.tokens.cached_input;
      sum.output += row.tokens.output;
      sum.cost += row.cost.nanos();
      sum.charged += row.charged.nanos();
    }
    return sums;
  }

  void expect_totals_equal_rows(const UsageQuery& query) {
    for (const UsageGroup group : {UsageGroup::kKey, UsageGroup::kModel, UsageGroup::kDay}) {
      EXPECT_EQ(totals(query, group), expected(query, group)) << static_cast<int>(group);
    }
  }
};

TEST_F(UsageTotalsTest, EqualTheRowsForEveryRangeAndFilter) {
  std::vector<Key> keys;
  for (const char* name : {"a", "b", "c"}) keys.push_back(stored_key(name, 2));
  SeededRandom random(11);
  std::vector<UsageRow> rows;
  for (int i = 0; i < 600; ++i) {
    const Key& key = keys[random.below(3)];
    // On and around midnights, and anywhere in five days.
    const std::int64_t around = kMidnight + kDay * random.below(5) + random.below(3) - 1;
    const std::int64_t anywhere =
        kMidnight + static_cast<std::int64_t>(random.below(432'000)) * 1'000'000;
    UsageRow row = usage_row(key, test_time(i % 4 == 0 ? around : anywhere), i);
    row.secret_number = key.secrets[random.below(2)].number;
    if (random.below(6) == 0) row.error_code = "provider_timeout";
    if (random.below(6) == 0) row.status = 400;
    if (random.below(3) == 0) row.environment = Environment::kSandbox;
    rows.push_back(row);
  }
  store_rows(rows);
  expect_ok(index_usage_tail(connection_, 300));

  std::vector<std::optional<WallTime>> ends{std::nullopt};
  for (int day = 0; day < 5; ++day) {
    for (const std::int64_t offset : {0L, -1L, 1L, 7 * kHourMicros, 7 * kHourMicros + 1}) {
      ends.emplace_back(test_time(kMidnight + day * kDay + offset));
    }
  }
  for (int i = 0; i < 60; ++i) {
    UsageQuery query;
    query.from = ends[random.below(static_cast<std::uint32_t>(ends.size()))];
    query.to = ends[random.below(static_cast<std::uint32_t>(ends.size()))];
    if (i % 2 == 0) query.model = "acme/odd";
    if (i % 3 == 0) query.keys = std::vector{keys[0].number, keys[2].number};
    if (i % 5 == 0) query.workspace = default_workspace_id();
    expect_totals_equal_rows(query);
  }
  expect_totals_equal_rows({});
  EXPECT_TRUE(totals({.workspace = WorkspaceId("ws_other")}, UsageGroup::kDay).empty());
}

TEST_F(UsageTotalsTest, TakeWholeHoursAndDaysFromTheAggregates) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(), 1)});
  // Rows past their retention are removed; their aggregates stand in for them.
  expect_ok(connection_.exec("DELETE FROM usage"));
  for (const UsageGroup group : {UsageGroup::kKey, UsageGroup::kModel, UsageGroup::kDay}) {
    EXPECT_EQ(totals({}, group).size(), 1u);
    EXPECT_EQ(
        totals({.from = test_time(kMidnight), .to = test_time(kMidnight + kDay)}, group).size(),
        1u);
    // The row's own hour in part; and that hour, whose sums of every key no page reads.
    EXPECT_EQ(totals({.from = test_time(1)}, group).size(), 0u);
    EXPECT_EQ(totals({.from = test_time()}, group).size(), group == UsageGroup::kKey ? 0u : 1u);
    EXPECT_EQ(totals({.keys = std::vector{key.number}, .from = test_time()}, group).size(), 1u);
  }
}

TEST_F(UsageTotalsTest, AreOrderedAndNamed) {
  const Key cheap = stored_key("cheap");
  const Key dear = stored_key("dear");
  UsageRow first = usage_row(cheap, test_time(), 1);
  UsageRow second = usage_row(dear, test_time(kDay), 2);
  second.cost = Money::from_nanos(1'000'000);
  store_rows({first, second});
  const auto by_key = usage_totals(connection_, {}, UsageGroup::kKey).value();
  ASSERT_EQ(by_key.size(), 2u);
  EXPECT_EQ(by_key[0].group, dear.id.get());
  EXPECT_EQ(by_key[0].key_name, "dear");
  const auto by_day = usage_totals(connection_, {}, UsageGroup::kDay).value();
  ASSERT_EQ(by_day.size(), 2u);
  EXPECT_EQ(by_day[0].group, "2026-11-22");
  EXPECT_EQ(by_day[1].group, "2026-11-21");
}

TEST_F(UsageTotalsTest, OfEqualCostTheBusierComeFirstAndOfEqualsThoseEarlierInTheAlphabet) {
  const Key twice = stored_key("c");
  const Key once = stored_key("a");
  const Key once_too = stored_key("b");
  std::vector<UsageRow> rows;
  for (const Key* key : {&twice, &twice, &once_too, &once}) {
    rows.push_back(usage_row(*key, test_time(std::ssize(rows)), static_cast<int>(rows.size())));
    rows.back().cost = Money::from_nanos(key == &twice ? 500 : 1'000);
  }
  store_rows(rows);
  std::vector<std::string> names;
  for (const UsageTotal& total : usage_totals(connection_, {}, UsageGroup::kKey).value()) {
    names.push_back(total.key_name);
  }
  EXPECT_THAT(names, testing::ElementsAre("c", "a", "b"));
}

TEST_F(UsageTotalsTest, FailInsteadOfWrappingOrRounding) {
  const Key a = stored_key("a");
  const Key b = stored_key("b");
  UsageRow first = usage_row(a, test_time(), 1);
  first.cost = Money::from_nanos(std::numeric_limits<std::int64_t>::max());
  UsageRow second = usage_row(b, test_time(kDay), 1);
  second.cost = first.cost;
  second.model = first.model;
  // Of two workspaces, or their common aggregate would refuse them.
  second.workspace = WorkspaceId("ws_other");
  expect_ok(insert_workspace(connection_,
                             {.id = second.workspace, .name = "other", .created_at = test_time()}));
  second.environment = Environment::kSandbox;
  store_rows({first, second});
  EXPECT_FALSE(usage_totals(connection_, {}, UsageGroup::kModel));
  EXPECT_FALSE(
      usage_totals(connection_, {.from = test_time(1 - kDay)}, UsageGroup::kModel).has_value());
}

TEST_F(UsageTotalsTest, OfTokensFailInsteadOfWrappingToo) {
  const Key key = stored_key("a", 2);
  UsageRow first = usage_row(key, test_time(), 1);
  first.tokens.output = std::numeric_limits<std::int64_t>::max();
  UsageRow second = usage_row(key, test_time(-3 * kDay), 1);
  store_rows({first, second});
  // A whole day and a part of one: two numbers, each of which fits.
  const auto totals = usage_totals(connection_, {.to = test_time(kHourMicros)}, UsageGroup::kModel);
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace tollgate::store
