// UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
// Called wherever text from outside is counted, checked or quoted.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tollgate {

struct Utf8Step {
  std::optional<char32_t> character;  // nullopt: these bytes are not UTF-8
  std::size_t size = 0;               // bytes read, at least 1
};

// The character that starts at `at`; of broken text, the longest start of a character (what one
// U+FFFD replaces, Unicode §3.9 "maximal subpart"). REQUIRES: at < text.size().
Utf8Step utf8_step(std::string_view text, std::size_t at);

// The number of characters; nullopt when any byte is not UTF-8.
std::optional<std::size_t> utf8_length(std::string_view text);

// At most `bytes_max` bytes of `text`, never cutting a character in two.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace tollgate
