#include "dialects/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tollgate {
namespace {

constexpr std::size_t kBlock = 64;
using BlockBytes = unsigned char __attribute__((ext_vector_type(64)));
using BlockBits = bool __attribute__((ext_vector_type(64)));

// One bit per backslash in the 64 bytes at `bytes`, the first byte's lowest.
std::uint64_t backslashes(const char* bytes) {
  BlockBytes block;
  std::memcpy(&block, bytes, kBlock);
  const BlockBits hits =
      __builtin_convertvector(block == static_cast<unsigned char>('\\'), BlockBits);
  return std::bit_cast<std::uint64_t>(hits);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The code unit of the four digits at `at`, or -1.
int code_unit(std::string_view raw, std::size_t at) {
  if (raw.size() < at + 4) return -1;
  int unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(raw[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Length of an escape by the letter behind its backslash; 0 if there is none such. 6 is \u, whose
// digits are yet to be looked at.
constexpr std::array<std::uint8_t, 256> kEscapeLengths = [] {
  std::array<std::uint8_t, 256> lengths{};
  for (char letter : std::string_view("\"\\/bfnrt"))
    lengths[static_cast<unsigned char>(letter)] = 2;
  lengths['u'] = 6;
  return lengths;
}();

// Length of the escape at `at`, 0 if broken.
inline std::size_t escape_length(std::string_view raw, std::size_t at) {
  if (at + 1 >= raw.size()) return 0;
  const std::size_t length = kEscapeLengths[static_cast<unsigned char>(raw[at + 1])];
  if (length == 6 && code_unit(raw, at + 2) < 0) return 0;
  return length;
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

struct Unescaped {
  char32_t code = 0;
  std::size_t length = 0;  // of the escape
};

bool is_lead(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_trail(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// The escape at `at`, both halves of a surrogate pair together.
Unescaped unescape(std::string_view raw, std::size_t at) {
  if (raw[at + 1] != 'u') return {static_cast<char32_t>(simple_escape(raw[at + 1])), 2};
  const int unit = code_unit(raw, at + 2);
  if (is_lead(unit) && raw.substr(at + 6, 2) == "\\u") {
    const int trail = code_unit(raw, at + 8);
    if (is_trail(trail)) {
      return {static_cast<char32_t>(0x10000 + ((unit - 0xD800) << 10) + (trail - 0xDC00)), 12};
    }
  }
  if (is_lead(unit) || is_trail(unit)) return {0xFFFD, 6};
  return {static_cast<char32_t>(unit), 6};
}

std::size_t utf8_length(char32_t code) {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
  };
  switch (utf8_length(code)) {
    case 1:
      out.push_back(static_cast<char>(code));
      return;
    case 2:
      out.push_back(static_cast<char>(0xC0 | (code >> 6)));
      break;
    case 3:
      out.push_back(static_cast<char>(0xE0 | (code >> 12)));
      tail(6);
      break;
    default:
      out.push_back(static_cast<char>(0xF0 | (code >> 18)));
      tail(12);
      tail(6);
      break;
  }
  tail(0);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view token, std::size_t at) {
  while (at < token.size() && is_digit(token[at])) ++at;
  return at;
}

}  // namespace

std::size_t find_broken_escape(std::string_view raw, bool& escaped) {
  std::size_t next = 0;  // backslashes before this belong to an escape already seen
  std::size_t base = 0;
  for (; base + kBlock <= raw.size(); base += kBlock) {
    for (std::uint64_t bits = backslashes(raw.data() + base); bits != 0; bits &= bits - 1) {
      const std::size_t at = base + static_cast<std::size_t>(std::countr_zero(bits));
      if (at < next) continue;
      escaped = true;
      const std::size_t length = escape_length(raw, at);
      if (length == 0) return at;
      next = at + length;
    }
  }
  for (std::size_t at = std::max(base, next); at < raw.size();) {
    if (raw[at] != '\\') {
      ++at;
      continue;
    }
    escaped = true;
    const std::size_t length = escape_length(raw, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

void append_unescaped(std::string& out, std::string_view raw) {
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t backslash = std::min(raw.find('\\', at), raw.size());
    out.append(raw.substr(at, backslash - at));
    if (backslash == raw.size()) return;
    const Unescaped one = unescape(raw, backslash);
    append_utf8(out, one.code);
    at = backslash + one.length;
  }
}

std::size_t unescaped_length(std::string_view raw) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t backslash = std::min(raw.find('\\', at), raw.size());
    length += backslash - at;
    if (backslash == raw.size()) break;
    const Unescaped one = unescape(raw, backslash);
    length += utf8_length(one.code);
    at = backslash + one.length;
  }
  return length;
}

bool is_json_number(std::string_view token) {
  std::size_t at = token.starts_with('-') ? 1 : 0;
  const std::size_t whole = skip_digits(token, at);
  if (whole == at || (token[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < token.size() && token[at] == '.') {
    const std::size_t fraction = skip_digits(token, at + 1);
    if (fraction == at + 1) return false;
    at = fraction;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    const std::size_t exponent = skip_digits(token, at);
    if (exponent == at) return false;
    at = exponent;
  }
  return at == token.size();
}

bool is_json_literal(std::string_view token) {
  return token == "true" || token == "false" || token == "null";
}

}  // namespace tollgate
