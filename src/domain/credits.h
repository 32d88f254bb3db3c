// Credits: a display unit of money whose value the operator sets (SPEC §5). Everything is kept in
// nano-dollars; credits stand only in what people write and read. Pure, exact, in integers.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/money.h"

namespace tollgate {

// What one credit is worth unless the operator says otherwise: 0.01 USD.
inline constexpr Money kCreditValueDefault = Money::from_nanos(10'000'000);

// "500", "12.5" credits as money, each worth `credit`: no sign, at most 9 decimals.
// kInvalidRequest when it is no such number, is worth no whole number of nano-dollars, or more
// than 9,000,000,000 USD. REQUIRES: credit is above zero.
Result<Money> parse_credits(std::string_view credits, Money credit);

// How many credits the money is, in decimals: exact where 9 of them can be, else rounded towards
// zero, so that nobody is shown more than there is. "-12.5" for money below zero.
// REQUIRES: credit is above zero.
std::string format_credits(Money money, Money credit);

}  // namespace tollgate
