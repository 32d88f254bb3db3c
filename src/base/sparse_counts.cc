#include "base/sparse_counts.h"

#include <array>
#include <limits>
#include <optional>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr unsigned kBitsPerByte = 7;
constexpr std::uint8_t kMore = 0x80;

void append_number(std::string& out, std::uint64_t value) {
  while (value >= kMore) {
    out.push_back(static_cast<char>((value & (kMore - 1U)) | kMore));
    value >>= kBitsPerByte;
  }
  out.push_back(static_cast<char>(value));
}

// Takes it off the front; nullopt for one that is cut or beyond 64 bits.
std::optional<std::uint64_t> take_number(std::span<const std::uint8_t>& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += kBitsPerByte) {
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    const std::uint64_t part = byte & (kMore - 1U);
    if ((part << shift) >> shift != part) return std::nullopt;
    value |= part << shift;
    if ((byte & kMore) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string pack_counts(std::span<const std::uint64_t> counts) {
  check(counts.size() <= kSparseCountsMax, "a list of counts has a bound");
  std::string packed;
  std::size_t next = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    append_number(packed, i - next);
    append_number(packed, counts[i]);
    next = i + 1;
  }
  return packed;
}

void add_packed_counts(std::span<const std::uint8_t> packed, std::span<std::uint64_t> counts) {
  std::size_t next = 0;
  while (!packed.empty()) {
    const auto gap = take_number(packed);
    const auto count = gap ? take_number(packed) : std::nullopt;
    if (!count || *gap >= kSparseCountsMax - next) return;
    const std::size_t at = next + static_cast<std::size_t>(*gap);
    next = at + 1;
    if (at < counts.size() && __builtin_add_overflow(counts[at], *count, &counts[at])) {
      counts[at] = std::numeric_limits<std::uint64_t>::max();
    }
    if (next == kSparseCountsMax) return;
  }
}

std::string sum_packed_counts(std::span<const std::uint8_t> one,
                              std::span<const std::uint8_t> two) {
  std::array<std::uint64_t, kSparseCountsMax> counts{};
  add_packed_counts(one, counts);
  add_packed_counts(two, counts);
  return pack_counts(counts);
}

}  // namespace tollgate
