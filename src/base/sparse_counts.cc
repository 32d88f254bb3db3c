#include "base/sparse_counts.h"

#include <limits>
#include <optional>
#include <utility>

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

struct PackedCount {
  std::size_t at = 0;
  std::uint64_t count = 0;
};

// The counts that are not zero, in order, up to the first flaw.
class PackedReader {
 public:
  explicit PackedReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::optional<PackedCount> next() {
    if (rest_.empty() || next_ == kSparseCountsMax) return std::nullopt;
    const auto gap = take_number(rest_);
    const auto count = gap ? take_number(rest_) : std::nullopt;
    if (!count || *gap >= kSparseCountsMax - next_) {
      rest_ = {};
      return std::nullopt;
    }
    const std::size_t at = next_ + static_cast<std::size_t>(*gap);
    next_ = at + 1;
    return PackedCount{.at = at, .count = *count};
  }

 private:
  std::span<const std::uint8_t> rest_;
  std::size_t next_ = 0;  // the first that may come
};

class PackedWriter {
 public:
  // REQUIRES: rising places.
  void add(const PackedCount& one) {
    if (one.count == 0) return;
    append_number(packed_, one.at - next_);
    append_number(packed_, one.count);
    next_ = one.at + 1;
  }
  std::string take() { return std::move(packed_); }

 private:
  std::string packed_;
  std::size_t next_ = 0;
};

std::uint64_t sum_of(std::uint64_t one, std::uint64_t two) {
  std::uint64_t sum = 0;
  const bool beyond = __builtin_add_overflow(one, two, &sum);
  return beyond ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

std::string pack_counts(std::span<const std::uint64_t> counts) {
  check(counts.size() <= kSparseCountsMax, "a list of counts has a bound");
  PackedWriter writer;
  for (std::size_t i = 0; i < counts.size(); ++i) writer.add({.at = i, .count = counts[i]});
  return writer.take();
}

void add_packed_counts(std::span<const std::uint8_t> packed, std::span<std::uint64_t> counts) {
  PackedReader reader(packed);
  while (const auto one = reader.next()) {
    if (one->at < counts.size()) counts[one->at] = sum_of(counts[one->at], one->count);
  }
}

std::string sum_packed_counts(std::span<const std::uint8_t> one,
                              std::span<const std::uint8_t> two) {
  PackedReader left(one);
  PackedReader right(two);
  PackedWriter writer;
  auto a = left.next();
  auto b = right.next();
  while (a || b) {
    const bool from_left = a && (!b || a->at <= b->at);
    const bool from_right = b && (!a || b->at <= a->at);
    PackedCount sum{.at = from_left ? a->at : b->at};
    if (from_left) sum.count = sum_of(sum.count, a->count);
    if (from_right) sum.count = sum_of(sum.count, b->count);
    writer.add(sum);
    if (from_left) a = left.next();
    if (from_right) b = right.next();
  }
  return writer.take();
}

}  // namespace tollgate
