#include "domain/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"
#include "base/sparse_counts.h"

namespace tollgate {

namespace {

// Buckets begin at 2^10 µs; each doubling has 2^3 of them.
constexpr int kFirstExponent = 10;
constexpr int kSubBits = 3;
constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBits;

}  // namespace

std::size_t LatencyHistogram::bucket_of(std::chrono::microseconds latency) {
  const auto us = static_cast<std::uint64_t>(
      std::max<std::int64_t>(latency.count(), std::int64_t{1} << kFirstExponent));
  const auto exponent = static_cast<int>(std::bit_width(us)) - 1;
  const std::size_t sub = (us >> (exponent - kSubBits)) & (kSubBuckets - 1);
  return std::min(static_cast<std::size_t>(exponent - kFirstExponent) * kSubBuckets + sub,
                  kBuckets - 1);
}

std::chrono::microseconds LatencyHistogram::middle_of(std::size_t bucket) {
  const auto exponent = static_cast<int>(bucket / kSubBuckets) + kFirstExponent;
  const auto twice_width = std::int64_t{1} << (exponent - kSubBits);
  const auto from = static_cast<std::int64_t>(kSubBuckets + bucket % kSubBuckets) * twice_width;
  return std::chrono::microseconds(from + twice_width / 2);
}

void LatencyHistogram::add(std::size_t bucket, std::uint64_t count) {
  std::uint64_t& sum = counts_[bucket];
  if (__builtin_add_overflow(sum, count, &sum)) sum = std::numeric_limits<std::uint64_t>::max();
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) add(i, other.counts_[i]);
}

std::optional<std::chrono::microseconds> LatencyHistogram::percentile(int percent) const {
  check(percent >= 1 && percent <= 100, "a percentile is of a hundred");
  using Wide = unsigned __int128;
  Wide all = 0;
  for (const std::uint64_t count : counts_) all += count;
  if (all == 0) return std::nullopt;
  Wide so_far = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    so_far += counts_[i];
    if (so_far * 100 >= all * static_cast<unsigned>(percent)) return middle_of(i);
  }
  return middle_of(kBuckets - 1);
}

std::string LatencyHistogram::packed() const { return pack_counts(counts_); }

void LatencyHistogram::add_packed(std::span<const std::uint8_t> packed) {
  add_packed_counts(packed, counts_);
}

}  // namespace tollgate
