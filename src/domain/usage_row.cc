#include "domain/usage_row.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr std::string_view kGenerationPrefix = "gen_";
constexpr std::size_t kGenerationDigits = 16;

}  // namespace

std::string generation_id(GenerationNumber number) {
  check(number >= 0, "generation numbers are not negative");
  return fmt::format("{}{:016x}", kGenerationPrefix, number);
}

std::optional<GenerationNumber> parse_generation_id(std::string_view text) {
  if (!text.starts_with(kGenerationPrefix)) return std::nullopt;
  const std::string_view digits = text.substr(kGenerationPrefix.size());
  // A first digit of 8 or more would be a negative number.
  if (digits.size() != kGenerationDigits || digits.front() > '7') return std::nullopt;
  GenerationNumber number = 0;
  for (const char c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && (c < 'a' || c > 'f')) return std::nullopt;
    number = number * 16 + (decimal ? c - '0' : c - 'a' + 10);
  }
  return number;
}

}  // namespace tollgate
