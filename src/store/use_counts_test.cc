#include "store/use_counts.h"

#include <array>

#include "store/test_store.h"

namespace tollgate::store {
namespace {

using UseCountsTest = StoreTest;

TEST_F(UseCountsTest, CutsTimesIntoUtcHoursAndDays) {
  EXPECT_EQ(hour_of(test_time()), kTestTime / kHourMicros);
  EXPECT_EQ(hour_of(test_time(-1)), hour_of(test_time()) - 1);
  EXPECT_EQ(day_of(test_time()), kTestTime / (24 * kHourMicros));
  EXPECT_EQ(hour_of(wall_time(-1)), -1);
}

TEST_F(UseCountsTest, AddsUpPerHourAndCodeAndKeepsTheLatestTime) {
  const std::int64_t hour = hour_of(test_time());
  const std::array counts{
      RequestCount{7, hour, "model_not_allowed", 2, test_time(5)},
      RequestCount{7, hour, "", 1, test_time(9)},
      RequestCount{7, hour, "model_not_allowed", 3, test_time(1)},
      RequestCount{8, hour + 1, "", 4, test_time(2)},
  };
  expect_ok(add_request_counts(connection_, counts));
  const auto listed = list_request_counts(connection_, 7, hour).value();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].code, "");
  EXPECT_EQ(listed[1].count, 5);
  EXPECT_EQ(listed[1].last_at, test_time(5));
  EXPECT_TRUE(list_request_counts(connection_, 7, hour + 1).value().empty());
}

TEST_F(UseCountsTest, LoadsAdmittedAndRefusedRequestsTogether) {
  const Key key = stored_key("a");
  const std::int64_t secret = key.secrets.front().number;
  UsageRow good = usage_row(key, test_time(), 1);
  UsageRow failed = usage_row(key, test_time(24 * kHourMicros), 2);
  failed.status = 502;
  UsageRow cut = usage_row(key, test_time(1), 3);
  cut.error_code = "provider_error";  // answered 200, then cut
  store_rows({good, failed, cut});
  const std::array counts{
      RequestCount{secret, hour_of(test_time()), "", 10, test_time(2)},
      RequestCount{secret, hour_of(test_time()), "ip_not_allowed", 5, test_time(3)},
      RequestCount{99, hour_of(test_time()), "expired_api_key", 1, test_time(3)},
  };
  expect_ok(add_request_counts(connection_, counts));
  const std::int64_t today = day_of(failed.admitted_at);
  const auto loaded = load_use_counts(connection_, today).value();
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_EQ(loaded.at(secret).count.requests, 18);
  EXPECT_EQ(loaded.at(secret).count.errors, 7);
  EXPECT_EQ(loaded.at(secret).count.last_used_at, failed.admitted_at);
  EXPECT_EQ(loaded.at(secret).admitted_on, 0b11U);
  EXPECT_EQ(loaded.at(99).count.errors, 1);
  EXPECT_EQ(loaded.at(99).admitted_on, 0U);
  // Of other days: what is to come is nothing, and what is long ago forgotten.
  const auto on = [&](std::int64_t day) {
    return load_use_counts(connection_, day).value().at(secret).admitted_on;
  };
  EXPECT_EQ(on(today - 1), 1U);
  EXPECT_EQ(on(today + kDaysKnown - 2), std::uint64_t{0b11} << (kDaysKnown - 2));
  EXPECT_EQ(on(today + kDaysKnown), 0U);
}

TEST_F(UseCountsTest, LastUseIsTheLatestOfAllWhetherAdmittedOrNot) {
  const Key key = stored_key("a");
  const std::int64_t secret = key.secrets.front().number;
  store_rows({usage_row(key, test_time(10), 1)});
  const std::array counts{
      RequestCount{secret, hour_of(test_time()), "ip_not_allowed", 1, test_time(30)},
      RequestCount{secret, hour_of(test_time()), "", 1, test_time(5)},
  };
  expect_ok(add_request_counts(connection_, counts));
  const auto loaded = load_use_counts(connection_, day_of(test_time())).value();
  EXPECT_EQ(loaded.at(secret).count.last_used_at, test_time(30));
}

TEST_F(UseCountsTest, ADayIsOneDayHoweverManyModelsWereUsedOnIt) {
  const Key key = stored_key("a");
  store_rows({usage_row(key, test_time(), 1), usage_row(key, test_time(1), 2)});
  const std::int64_t today = day_of(test_time());
  const auto loaded = load_use_counts(connection_, today + 3).value();
  EXPECT_EQ(loaded.at(key.secrets.front().number).admitted_on, 0b1000U);
}

}  // namespace
}  // namespace tollgate::store
