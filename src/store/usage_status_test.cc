#include "store/usage_status.h"

#include <gtest/gtest.h>

namespace tollgate::store {
namespace {

TEST(UsageStatusTest, ReadsOutcomesClassesNumbersAndErrorCodes) {
  using Outcome = UsageStatus::Outcome;
  EXPECT_EQ(usage_status_from_name("ok"), UsageStatus{.outcome = Outcome::kGood});
  EXPECT_EQ(usage_status_from_name("error"), UsageStatus{.outcome = Outcome::kFailed});
  EXPECT_EQ(usage_status_from_name("4xx"), (UsageStatus{.least = 400, .most = 499}));
  EXPECT_EQ(usage_status_from_name("429"), (UsageStatus{.least = 429, .most = 429}));
  EXPECT_EQ(usage_status_from_name("provider_error"), UsageStatus{.error_code = "provider_error"});
}

TEST(UsageStatusTest, RefusesWhatNoRowCanHave) {
  for (const auto* text :
       {"", "6xx", "0xx", "4x", "99", "600", "0429", "-200", "Provider", "a b", "%"}) {
    EXPECT_FALSE(usage_status_from_name(text)) << text;
  }
  EXPECT_FALSE(usage_status_from_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace tollgate::store
