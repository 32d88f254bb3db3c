#include "domain/credits.h"

#include <gtest/gtest.h>

#include <limits>

namespace tollgate {
namespace {

Money usd(std::string_view text) { return parse_money(text).value(); }

TEST(CreditsTest, DefaultIsACent) {
  EXPECT_EQ(parse_credits("500", kCreditValueDefault).value(), usd("5"));
  EXPECT_EQ(format_credits(usd("25"), kCreditValueDefault), "2500");
}

TEST(CreditsTest, EveryNanoDollarIsShownExactlyAtTheDefault) {
  EXPECT_EQ(format_credits(Money::from_nanos(1), kCreditValueDefault), "0.0000001");
  EXPECT_EQ(parse_credits("0.0000001", kCreditValueDefault).value(), Money::from_nanos(1));
}

TEST(CreditsTest, CreditsWorthAPartOfANanoDollarAreRefusedNotRounded) {
  const auto refused = parse_credits("0.00000001", kCreditValueDefault);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidRequest);
  EXPECT_NE(refused.error().message.find("0.01 USD"), std::string::npos);
}

TEST(CreditsTest, WhatDoesNotDivideIsRoundedTowardsZero) {
  EXPECT_EQ(format_credits(usd("1"), usd("0.03")), "33.333333333");
  EXPECT_EQ(format_credits(Money::from_nanos(-1'000'000'000), usd("0.03")), "-33.333333333");
  EXPECT_EQ(format_credits(Money::from_nanos(-1), usd("9000000000")), "0");
}

TEST(CreditsTest, TheLargestAmountsNeitherWrapNorOverflow) {
  EXPECT_EQ(parse_credits("900000000", usd("10")).value(), usd("9000000000"));
  EXPECT_FALSE(parse_credits("9000000000", usd("1.1")));
  EXPECT_FALSE(parse_credits("9000000000", usd("9000000000")));
  const Money least = Money::from_nanos(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(format_credits(least, usd("1")), "-9223372036.854775808");
  EXPECT_EQ(format_credits(least, Money::from_nanos(1)), "-9223372036854775808");
}

TEST(CreditsTest, TextThatIsNoNumberIsRefused) {
  for (const auto* text : {"", "-1", "+1", "1e3", "1.", ".5", "1.0000000001", "cr", "1 "}) {
    EXPECT_FALSE(parse_credits(text, kCreditValueDefault)) << text;
  }
}

}  // namespace
}  // namespace tollgate
