// Money: an integer of nano-dollars (10⁻⁹ USD). No floating point touches it (SPEC §5).
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate {

class Money {
 public:
  constexpr Money() = default;
  static constexpr Money from_nanos(std::int64_t nanos) { return Money(nanos); }
  constexpr std::int64_t nanos() const { return nanos_; }
  constexpr auto operator<=>(const Money&) const = default;

 private:
  constexpr explicit Money(std::int64_t nanos) : nanos_(nanos) {}
  std::int64_t nanos_ = 0;
};

// The largest amount: what a sum that cannot be counted stands at.
inline constexpr Money kMoneyMax = Money::from_nanos(std::numeric_limits<std::int64_t>::max());

// Overflow is kInternal, never a wrapped value.
Result<Money> add(Money a, Money b);

// "12.5", "0.000000001": at most 9 decimals, no sign, no exponent, at most 9,000,000,000 USD.
Result<Money> parse_money(std::string_view usd);
// Shortest exact decimal of USD: "0", "12.5", "0.000000001", "-3.25".
std::string format_money(Money money);

}  // namespace tollgate
