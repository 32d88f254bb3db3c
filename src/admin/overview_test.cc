#include "admin/overview.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

class OverviewTest : public AdminServerTest {
 protected:
  json::value overview(const std::string& target) {
    const AdminAnswer answer = ask({.target = "/admin/v1/" + target});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.document();
  }
  // A request whose row is as `edit` has it.
  template <class Edit>
  void buy_row(const KeyWithSecret& made, Edit edit) {
    Result<Identity> identity = authenticate(made);
    ASSERT_TRUE(identity);
    Result<Reservation> reservation = reserve(*identity);
    ASSERT_TRUE(reservation);
    UsageRow row = row_for(*identity, *reservation);
    edit(row);
    ASSERT_TRUE(await(ledger_->settle(std::move(*reservation), std::move(row))));
  }
  // "name: reason" of what needs attention, in its order.
  std::vector<std::string> attention() {
    std::vector<std::string> rows;
    for (const json::value& one : overview("overview").at("attention").as_array()) {
      rows.push_back(std::string(one.at("name").as_string()) + ": " +
                     std::string(one.at("reason").as_string()));
    }
    return rows;
  }
};

TEST_F(OverviewTest, CountsWhatWasAdmittedAndNothingElse) {
  const KeyWithSecret one = make("one");
  make("unused");
  ASSERT_TRUE(buy(one));
  ASSERT_TRUE(buy(one, 500));
  const json::value seen = overview("overview");
  EXPECT_EQ(json::serialize(seen.at("figures")),
            R"({"requests":2,"errors":1,"input_tokens":20,"output_tokens":10,"cost":"0.000002"})");
  EXPECT_EQ(seen.at("previous").at("requests").as_int64(), 0);
  EXPECT_EQ(seen.at("series").as_array().size(), 24U);
  EXPECT_EQ(seen.at("series").at(23).at("requests").as_int64(), 2);
  EXPECT_EQ(seen.at("series").at(23).at("latency_p50_ms").as_int64(), 5);
  EXPECT_EQ(seen.at("series").at(23).at("latency_p95_ms").as_int64(), 5);
  EXPECT_TRUE(seen.at("series").at(22).at("latency_p50_ms").is_null());
  EXPECT_EQ(seen.at("active_integrations").as_int64(), 1);
  EXPECT_EQ(seen.at("top_models").at(0).at("model").as_string(), "sandbox/echo");
}

TEST_F(OverviewTest, RangesEndWithTheRunningHourOrDay) {
  ASSERT_TRUE(buy(make("one")));
  clock_.advance(std::chrono::days(7));
  EXPECT_EQ(overview("overview").at("figures").at("requests").as_int64(), 0);
  EXPECT_EQ(overview("overview?range=7d").at("previous").at("requests").as_int64(), 1);
  const json::value month = overview("overview?range=30d");
  EXPECT_EQ(month.at("series").as_array().size(), 30U);
  EXPECT_EQ(month.at("series").at(22).at("requests").as_int64(), 1);
  EXPECT_EQ(ask({.target = "/admin/v1/overview?range=1y"}).status, 400);
}

// A day has more hours than those that are shown: its models are not those of the range.
TEST_F(OverviewTest, TopModelsAreOfTheSameHoursAsTheFigures) {
  const KeyWithSecret one = make("one");
  ASSERT_TRUE(buy(one));
  clock_.advance(std::chrono::hours(24));
  ASSERT_TRUE(buy(one));
  for (const std::string& target :
       {std::string("overview"), "keys/" + one.key.id.get() + "/overview"}) {
    const json::value seen = overview(target);
    EXPECT_EQ(seen.at("figures").at("requests").as_int64(), 1);
    ASSERT_EQ(seen.at("top_models").as_array().size(), 1U);
    EXPECT_EQ(seen.at("top_models").at(0).at("requests").as_int64(), 1);
  }
}

TEST_F(OverviewTest, TopModelsAreTheFiveThatCostMostWithTheirErrors) {
  const KeyWithSecret one = make("one");
  for (int i = 0; i < 7; ++i) {
    buy_row(one, [i](UsageRow& row) {
      row.model = "acme/m" + std::to_string(i);
      row.cost = Money::from_nanos(1'000 * (i + 1));
      row.status = i == 6 ? 500 : 200;
    });
  }
  const json::value top = overview("overview").at("top_models");
  ASSERT_EQ(top.as_array().size(), 5U);
  EXPECT_EQ(top.at(0).at("model").as_string(), "acme/m6");
  EXPECT_EQ(top.at(0).at("errors").as_int64(), 1);
  EXPECT_EQ(top.at(4).at("model").as_string(), "acme/m2");
  EXPECT_EQ(top.at(4).at("errors").as_int64(), 0);
}

TEST_F(OverviewTest, PercentilesOfLatenciesAreTwoAndNeverBelowAMillisecond) {
  const KeyWithSecret one = make("one");
  for (int i = 0; i < 20; ++i) {
    buy_row(one, [i](UsageRow& row) { row.latency_ms = i < 15 ? 0 : 4'000; });
  }
  const json::value now = overview("overview").at("series").at(23);
  EXPECT_EQ(now.at("latency_p50_ms").as_int64(), 1);
  EXPECT_GT(now.at("latency_p95_ms").as_int64(), 3'000);
  EXPECT_LT(now.at("latency_p95_ms").as_int64(), 5'000);
}

TEST_F(OverviewTest, PointsOfTheSeriesSayWhenTheyBegin) {
  const json::value seen = overview("overview");
  EXPECT_EQ(seen.at("series").at(0).at("at"), seen.at("from"));
  const WallTime hour = std::chrono::floor<std::chrono::hours>(clock_.wall());
  EXPECT_EQ(seen.at("series").at(23).at("at").as_string(), format_time(hour));
  EXPECT_EQ(seen.at("from").as_string(), format_time(hour - std::chrono::hours(23)));
  EXPECT_EQ(overview("overview?range=7d").at("series").as_array().size(), 7U);
}

TEST_F(OverviewTest, TopModelsAndActiveKeysAreThoseOfTheWholeRange) {
  const KeyWithSecret one = make("one");
  ASSERT_TRUE(buy(one));
  clock_.advance(std::chrono::hours(23));
  const json::value day = overview("overview");
  EXPECT_EQ(day.at("series").at(0).at("requests").as_int64(), 1);
  EXPECT_EQ(day.at("top_models").as_array().size(), 1U);
  clock_.advance(std::chrono::days(29) - std::chrono::hours(23));
  const json::value month = overview("overview?range=30d");
  EXPECT_EQ(month.at("series").at(0).at("requests").as_int64(), 1);
  EXPECT_EQ(month.at("top_models").as_array().size(), 1U);
  EXPECT_EQ(month.at("active_integrations").as_int64(), 1);
}

TEST_F(OverviewTest, KeysOwnFiguresAreItsOwnAlone) {
  const KeyWithSecret one = make("one");
  const KeyWithSecret two = make("two");
  ASSERT_TRUE(buy(one));
  ASSERT_TRUE(buy(two));
  ASSERT_TRUE(buy(two));
  const json::value seen = overview("keys/" + one.key.id.get() + "/overview?range=7d");
  EXPECT_EQ(seen.at("figures").at("requests").as_int64(), 1);
  EXPECT_EQ(seen.at("key").at("name").as_string(), "one");
  ASSERT_EQ(seen.at("top_models").as_array().size(), 1U);
  EXPECT_EQ(seen.at("top_models").at(0).at("requests").as_int64(), 1);
  EXPECT_EQ(ask({.target = "/admin/v1/keys/key_none/overview"}).status, 404);
}

TEST_F(OverviewTest, LimitIsNearOnlyFromNineTenthsOn) {
  KeyPolicy policy = named("few");
  policy.limits = {{.metric = Metric::kRequests, .window = {WindowKind::kDay}, .amount = 10}};
  const KeyWithSecret few = make(policy);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(buy(few));
  EXPECT_EQ(overview("overview").at("attention").as_array().size(), 0U);
  ASSERT_TRUE(buy(few));
  const json::value attention = overview("overview").at("attention");
  ASSERT_EQ(attention.as_array().size(), 1U);
  EXPECT_EQ(attention.at(0).at("reason").as_string(), "near_limit");
}

TEST_F(OverviewTest, KeysThatNeedAttentionSayWhy) {
  const KeyWithSecret failing = make("failing");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(buy(failing, i < 2 ? 500 : 200));
  const json::value first = overview("overview").at("attention");
  ASSERT_EQ(first.as_array().size(), 1U);
  EXPECT_EQ(first.at(0).at("name").as_string(), "failing");
  EXPECT_EQ(first.at(0).at("reason").as_string(), "errors");
  make("idle");
  clock_.advance(std::chrono::days(91));
  const json::value later = overview("overview").at("attention");
  ASSERT_EQ(later.as_array().size(), 2U);
  EXPECT_EQ(later.at(0).at("reason").as_string(), "old_secret");
}

TEST_F(OverviewTest, SecretsAreOldAtTheAgeThatTheSettingsSay) {
  AdminOptions patient;
  patient.secret_age = std::chrono::days(10);
  admin_options_ = std::make_shared<const AdminOptions>(patient);
  make("one");
  clock_.advance(std::chrono::days(10));
  EXPECT_EQ(overview("overview").at("attention").as_array().size(), 0U);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(overview("overview").at("attention").as_array().size(), 1U);
}

TEST_F(OverviewTest, RateIsUnusualAboveThriceTheBusiestHourOfTheWeek) {
  const KeyWithSecret sudden = make("sudden");
  const KeyWithSecret busy = make("busy");
  clock_.advance(std::chrono::days(1));
  for (int i = 0; i < 34; ++i) ASSERT_TRUE(buy(busy));
  clock_.advance(std::chrono::hours(2));
  for (int i = 0; i < 99; ++i) ASSERT_TRUE(buy(sudden));
  for (int i = 0; i < 102; ++i) ASSERT_TRUE(buy(busy));
  EXPECT_EQ(overview("overview").at("attention").as_array().size(), 0U);
  ASSERT_TRUE(buy(sudden));
  ASSERT_TRUE(buy(busy));
  const json::value attention = overview("overview").at("attention");
  ASSERT_EQ(attention.as_array().size(), 2U);
  for (const json::value& one : attention.as_array()) {
    EXPECT_EQ(one.at("reason").as_string(), "unusual_rate");
  }
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(overview("overview").at("attention").as_array().size(), 0U);
}

TEST_F(OverviewTest, RateIsUsualThatTheSameHourOfTheWeekBeforeHad) {
  const KeyWithSecret weekly = make("weekly");
  clock_.advance(std::chrono::days(1));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(buy(weekly));
  clock_.advance(std::chrono::days(7));
  for (int i = 0; i < 110; ++i) ASSERT_TRUE(buy(weekly));
  EXPECT_EQ(attention(), std::vector<std::string>());
  clock_.advance(std::chrono::hours(1));  // after the busiest of the week
  for (int i = 0; i < 130; ++i) ASSERT_TRUE(buy(weekly));
  EXPECT_EQ(attention(), std::vector<std::string>());
  clock_.advance(std::chrono::hours(7 * 24 + 1));
  for (int i = 0; i < 110; ++i) ASSERT_TRUE(buy(weekly));
  EXPECT_EQ(attention(), std::vector<std::string>{"weekly: unusual_rate"});
}

TEST_F(OverviewTest, KeyIsShownOnceWithItsGravestReasonAndOfEqualsTheNewestFirst) {
  AdminOptions impatient;
  impatient.secret_age = std::chrono::days(1);
  admin_options_ = std::make_shared<const AdminOptions>(impatient);
  KeyPolicy policy = named("full and sudden");
  policy.limits = {{.metric = Metric::kRequests, .window = {WindowKind::kDay}, .amount = 100}};
  const KeyWithSecret full = make(policy);
  const KeyWithSecret old = make("old and sudden");
  clock_.advance(std::chrono::days(2));
  for (const KeyWithSecret* key : {&old, &full}) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(buy(*key));
  }
  EXPECT_EQ(attention(),
            (std::vector<std::string>{"full and sudden: limited", "old and sudden: unusual_rate"}));
  make("new");
  make("newer");
  clock_.advance(std::chrono::days(2));
  EXPECT_EQ(attention(), (std::vector<std::string>{"newer: old_secret", "new: old_secret",
                                                   "old and sudden: old_secret",
                                                   "full and sudden: old_secret"}));
}

TEST_F(OverviewTest, TenKeysAtMostNeedAttention) {
  for (int i = 0; i < 9; ++i) make("old " + std::to_string(i));
  const KeyWithSecret busy = make("busy");
  const KeyWithSecret busier = make("busier");
  clock_.advance(std::chrono::days(91));
  for (const KeyWithSecret* key : {&busy, &busier}) {
    ASSERT_TRUE(rotate(key->key.id, std::chrono::hours(1)));
    for (int i = 0; i < 101; ++i) ASSERT_TRUE(buy(*key));
  }
  const std::vector<std::string> seen = attention();
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_EQ(seen[0], "busier: unusual_rate");
  EXPECT_EQ(seen[1], "busy: unusual_rate");
}

TEST_F(OverviewTest, ActiveIntegrationsAreComparedWithThoseOfTheThirtyDaysBefore) {
  const KeyWithSecret one = make("one");
  ASSERT_TRUE(buy(one));
  ASSERT_TRUE(buy(make("two")));
  clock_.advance(std::chrono::days(30));
  ASSERT_TRUE(buy(one));
  const json::value seen = overview("overview");
  EXPECT_EQ(seen.at("active_integrations").as_int64(), 1);
  EXPECT_EQ(seen.at("previous_active_integrations").as_int64(), 2);
}

}  // namespace
}  // namespace tollgate
