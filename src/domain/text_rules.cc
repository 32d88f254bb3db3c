#include "domain/text_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace tollgate {

namespace {

constexpr std::size_t kRegionLengthMax = 64;

bool is_control(char32_t c, TextRule rule) {
  if (rule == TextRule::kLines && (c == '\n' || c == '\t')) return false;
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029;
}

// The blanks of Unicode, and those that show nothing at all.
bool is_blank(char32_t c) {
  return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) || c == 0x202F ||
         c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

bool holds_control(std::string_view text, TextRule rule) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    if (step.character && is_control(*step.character, rule)) return true;
    at += step.size;
  }
  return false;
}

}  // namespace

bool only_blanks(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    if (!step.character || !is_blank(*step.character)) return false;
    at += step.size;
  }
  return true;
}

std::optional<std::string> text_problem(std::string_view text, std::size_t length_max,
                                        TextRule rule) {
  const auto length = utf8_length(text);
  if (!length) return "must be valid UTF-8";
  if (*length > length_max) return fmt::format("must be at most {} characters", length_max);
  if (holds_control(text, rule)) return "must not hold control characters";
  return std::nullopt;
}

std::optional<std::string> name_problem(std::string_view name, std::size_t length_max) {
  if (name.empty()) return "must not be empty";
  auto wrong = text_problem(name, length_max, TextRule::kOneLine);
  if (!wrong && only_blanks(name)) wrong = "must hold more than blanks";
  return wrong;
}

std::optional<std::string> region_problem(std::string_view region) {
  const bool sound = region.size() <= kRegionLengthMax && std::ranges::all_of(region, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                     });
  if (sound) return std::nullopt;
  return fmt::format("must be at most {} characters of a-z, 0-9 and -", kRegionLengthMax);
}

}  // namespace tollgate
