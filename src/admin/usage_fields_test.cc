#include "admin/usage_fields.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace tollgate {
namespace {

TEST(UsageTotalTest, IsNamedAfterItsGroup) {
  store::UsageTotal total;
  total.group = "key_1";
  total.key_name = "checkout";
  total.requests = 4;
  const auto by_key = parse_json(render_usage_total(total, store::UsageGroup::kKey));
  EXPECT_EQ(by_key->at("key"), "key_1");
  EXPECT_EQ(by_key->at("key_name"), "checkout");
  EXPECT_EQ(by_key->at("requests"), 4);
  total.group = "2026-11-21";
  const auto by_day = parse_json(render_usage_total(total, store::UsageGroup::kDay));
  EXPECT_EQ(by_day->at("day"), "2026-11-21");
  EXPECT_FALSE(by_day->as_object().contains("key_name"));
  EXPECT_TRUE(usage_total_csv_header(store::UsageGroup::kModel).starts_with("model,requests,"));
  EXPECT_TRUE(usage_total_csv_line(total, store::UsageGroup::kDay).starts_with("2026-11-21,4,"));
}

}  // namespace
}  // namespace tollgate
