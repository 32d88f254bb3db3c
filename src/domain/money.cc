#include "domain/money.h"

#include <fmt/format.h>

namespace tollgate {

namespace {

constexpr std::int64_t kNanosPerDollar = 1'000'000'000;
constexpr std::int64_t kDollarsMax = 9'000'000'000;  // 9 × 10^18 nano-dollars fit 63 bits
constexpr std::size_t kDecimalsMax = 9;
constexpr std::size_t kWholeDigitsMax = 10;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// REQUIRES: digits alone, few enough for 63 bits.
std::int64_t to_integer(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::unexpected<Error> refuse() {
  return fail(
      ErrorCode::kInvalidRequest,
      "Give the amount as decimal US dollars such as \"12.5\": no sign, no exponent, at most "
      "9 decimals, at most 9000000000.");
}

}  // namespace

Result<Money> add(Money a, Money b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.nanos(), b.nanos(), &sum)) {
    return fail(ErrorCode::kInternal, "The amount is too large to count.",
                fmt::format("money overflow: {} + {} nano-dollars", a.nanos(), b.nanos()));
  }
  return Money::from_nanos(sum);
}

Result<Money> parse_money(std::string_view usd) {
  const std::size_t point = usd.find('.');
  const std::string_view whole = usd.substr(0, point);
  if (!all_digits(whole) || whole.size() > kWholeDigitsMax) return refuse();
  const std::int64_t dollars = to_integer(whole);
  if (dollars > kDollarsMax) return refuse();
  std::int64_t nanos = dollars * kNanosPerDollar;
  if (point != std::string_view::npos) {
    const std::string_view decimals = usd.substr(point + 1);
    if (!all_digits(decimals) || decimals.size() > kDecimalsMax) return refuse();
    std::int64_t fraction = to_integer(decimals);
    for (std::size_t i = decimals.size(); i < kDecimalsMax; ++i) fraction *= 10;
    nanos += fraction;
  }
  if (nanos > kDollarsMax * kNanosPerDollar) return refuse();
  return Money::from_nanos(nanos);
}

std::string format_money(Money money) {
  // Unsigned, because the least int64 has no positive counterpart.
  const bool negative = money.nanos() < 0;
  const auto nanos = static_cast<std::uint64_t>(money.nanos());
  const std::uint64_t magnitude = negative ? 0 - nanos : nanos;
  constexpr auto kUnit = static_cast<std::uint64_t>(kNanosPerDollar);
  std::string text = fmt::format("{}{}", negative ? "-" : "", magnitude / kUnit);
  if (magnitude % kUnit != 0) {
    text += fmt::format(".{:09}", magnitude % kUnit);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace tollgate
