#include "domain/offer.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(Offer, DialectsHaveTheNamesOfTheConfiguration) {
  EXPECT_EQ(dialect_name(Dialect::kOpenAi), "openai");
  EXPECT_EQ(dialect_name(Dialect::kSandbox), "sandbox");
}

}  // namespace
}  // namespace tollgate
