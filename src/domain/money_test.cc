#include "domain/money.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace tollgate {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

std::int64_t nanos_of(std::string_view text) { return parse_money(text).value().nanos(); }

TEST(Money, ParsesDecimalDollarsExactly) {
  EXPECT_EQ(nanos_of("0"), 0);
  EXPECT_EQ(nanos_of("12.5"), 12'500'000'000);
  EXPECT_EQ(nanos_of("0.000000001"), 1);
  EXPECT_EQ(nanos_of("0.10"), 100'000'000);
  EXPECT_EQ(nanos_of("9000000000"), 9'000'000'000'000'000'000);
  EXPECT_EQ(nanos_of("8999999999.999999999"), 8'999'999'999'999'999'999);
}

TEST(Money, RefusesWhatIsNoAmount) {
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0x1",
                           "1.2.3", "NaN", "inf", "0.0000000001", "9000000000.000000001",
                           "9000000001", "99999999999", "99999999999999999999999999"}) {
    const auto money = parse_money(text);
    ASSERT_FALSE(money) << text;
    EXPECT_EQ(money.error().code, ErrorCode::kInvalidRequest);
  }
}

TEST(Money, FormatsTheShortestExactDecimal) {
  EXPECT_EQ(format_money(Money()), "0");
  EXPECT_EQ(format_money(Money::from_nanos(12'500'000'000)), "12.5");
  EXPECT_EQ(format_money(Money::from_nanos(1)), "0.000000001");
  EXPECT_EQ(format_money(Money::from_nanos(-3'250'000'000)), "-3.25");
  EXPECT_EQ(format_money(Money::from_nanos(-1)), "-0.000000001");
  EXPECT_EQ(format_money(Money::from_nanos(100'000'000'000)), "100");
  EXPECT_EQ(format_money(Money::from_nanos(kMost)), "9223372036.854775807");
  EXPECT_EQ(format_money(Money::from_nanos(kLeast)), "-9223372036.854775808");
}

TEST(Money, ParsesEveryAmountItFormats) {
  SeededRandom random(1);
  for (int i = 0; i < 2'000; ++i) {
    const std::int64_t nanos = (static_cast<std::int64_t>(random.below(2'000'000'000)) << 32 |
                                random.below(0xFFFFFFFFu)) >>
                               random.below(60);
    const Money money = Money::from_nanos(nanos);
    EXPECT_EQ(parse_money(format_money(money)).value(), money) << nanos;
  }
}

TEST(Money, AnOverflowingSumIsAnErrorNeverAWrappedValue) {
  EXPECT_EQ(add(Money::from_nanos(kMost - 1), Money::from_nanos(1)).value().nanos(), kMost);
  for (const auto& [a, b] :
       {std::pair(kMost, std::int64_t{1}), std::pair(kLeast, std::int64_t{-1})}) {
    const auto sum = add(Money::from_nanos(a), Money::from_nanos(b));
    ASSERT_FALSE(sum);
    EXPECT_EQ(sum.error().code, ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace tollgate
