#include "domain/credits.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/check.h"

namespace tollgate {

namespace {

// Parts of a credit and of a dollar alike: parse_money() reads both.
constexpr std::int64_t kNanosPerUnit = 1'000'000'000;
constexpr std::int64_t kNanosMax = 9'000'000'000 * kNanosPerUnit;

using Wide = unsigned __int128;

std::unexpected<Error> refuse() {
  return fail(ErrorCode::kInvalidRequest,
              "Give the credits as a decimal such as \"500\": no sign, no exponent, at most 9 "
              "decimals, worth at most 9000000000 USD.");
}

}  // namespace

Result<Money> parse_credits(std::string_view credits, Money credit) {
  check(credit.nanos() > 0, "a credit is worth something");
  const Result<Money> parts = parse_money(credits);  // a number of the same form
  if (!parts) return refuse();
  const Wide product = static_cast<Wide>(parts->nanos()) * static_cast<Wide>(credit.nanos());
  if (product % kNanosPerUnit != 0) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("One credit is {} USD: so many credits are worth no whole number of "
                            "billionths of a dollar. Give fewer decimals.",
                            format_money(credit)));
  }
  const Wide nanos = product / kNanosPerUnit;
  if (nanos > static_cast<Wide>(kNanosMax)) return refuse();
  return Money::from_nanos(static_cast<std::int64_t>(nanos));
}

std::string format_credits(Money money, Money credit) {
  check(credit.nanos() > 0, "a credit is worth something");
  // Unsigned, because the least int64 has no positive counterpart.
  const bool negative = money.nanos() < 0;
  const auto nanos = static_cast<std::uint64_t>(money.nanos());
  const Wide magnitude = negative ? 0 - nanos : nanos;
  const Wide parts = magnitude * kNanosPerUnit / static_cast<Wide>(credit.nanos());
  std::string text = fmt::format("{}", parts / kNanosPerUnit);
  const auto fraction = static_cast<std::uint64_t>(parts % kNanosPerUnit);
  if (fraction != 0) {
    text += fmt::format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return negative && parts != 0 ? "-" + text : text;
}

}  // namespace tollgate
