// What people may write into names, notes and descriptions. Pure; every text that a page, a
// terminal or the audit log shows again is held to it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate {

enum class TextRule { kOneLine, kLines };  // kLines: line ends and tabs too

// What is wrong with the text, as it follows the member's name ("must be valid UTF-8"); nullopt:
// it is valid UTF-8, at most `length_max` characters, without control characters.
std::optional<std::string> text_problem(std::string_view text, std::size_t length_max,
                                        TextRule rule);

// The same for a name: one line, not empty, and more than blanks.
std::optional<std::string> name_problem(std::string_view name, std::size_t length_max);

// The same for a region that something is pinned to: empty for none, or 1–64 of [a-z0-9-].
std::optional<std::string> region_problem(std::string_view region);

// Nothing in it shows: it is empty, or all blanks of Unicode.
bool only_blanks(std::string_view text);

}  // namespace tollgate
