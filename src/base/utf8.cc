#include "base/utf8.h"

namespace tollgate {

namespace {

struct Lead {
  int following = 0;  // continuation bytes; -1 = no character starts so
  char32_t bits = 0;
  unsigned char second_min = 0x80;  // narrower for the second byte of some leads (RFC 3629 §4)
  unsigned char second_max = 0xBF;
};

Lead read_lead(unsigned char byte) {
  if (byte < 0x80) return {.following = 0, .bits = byte};
  if (byte < 0xC2) return {.following = -1};
  if (byte < 0xE0) return {.following = 1, .bits = byte & 0x1Fu};
  if (byte < 0xF0) {
    Lead lead{.following = 2, .bits = byte & 0x0Fu};
    if (byte == 0xE0) lead.second_min = 0xA0;  // below: overlong
    if (byte == 0xED) lead.second_max = 0x9F;  // above: surrogates
    return lead;
  }
  if (byte < 0xF5) {
    Lead lead{.following = 3, .bits = byte & 0x07u};
    if (byte == 0xF0) lead.second_min = 0x90;  // below: overlong
    if (byte == 0xF4) lead.second_max = 0x8F;  // above: past U+10FFFF
    return lead;
  }
  return {.following = -1};
}

}  // namespace

Utf8Step utf8_step(std::string_view text, std::size_t at) {
  const Lead lead = read_lead(static_cast<unsigned char>(text[at]));
  if (lead.following < 0) return {.character = std::nullopt, .size = 1};
  char32_t character = lead.bits;
  unsigned char low = lead.second_min;
  unsigned char high = lead.second_max;
  std::size_t size = 1;
  for (int i = 0; i < lead.following; ++i, ++size) {
    if (at + size >= text.size()) return {.character = std::nullopt, .size = size};
    const auto byte = static_cast<unsigned char>(text[at + size]);
    if (byte < low || byte > high) return {.character = std::nullopt, .size = size};
    character = character << 6 | (byte & 0x3Fu);
    low = 0x80;
    high = 0xBF;
  }
  return {.character = character, .size = size};
}

std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const Utf8Step step = utf8_step(text, at);
    if (!step.character) return std::nullopt;
    at += step.size;
  }
  return count;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  // A cut before a continuation byte is inside a character; no character has more than three.
  for (int back = 0; back < 3 && end > 0; ++back) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0u) != 0x80u) break;
    --end;
  }
  return text.substr(0, end);
}

}  // namespace tollgate
