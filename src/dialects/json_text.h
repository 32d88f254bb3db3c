// The letters of JSON: escapes, numbers and literals (RFC 8259 §6, §7). Leaves of JsonCursor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate {

// Offset of the first broken escape in what stands between two quotes; npos if all are sound. Sets
// `escaped` where there is any backslash.
std::size_t find_broken_escape(std::string_view raw, bool& escaped);

// REQUIRES: the escapes are sound. A lone surrogate gives U+FFFD.
void append_unescaped(std::string& out, std::string_view raw);
std::size_t unescaped_length(std::string_view raw);

bool is_json_number(std::string_view token);
// true, false or null.
bool is_json_literal(std::string_view token);

inline bool is_json_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace tollgate
