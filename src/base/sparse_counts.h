// A list of counts, most of them zero, as a few bytes: how the database keeps histograms. The bytes
// are pairs of numbers: how far on from the last count that is not zero, and the count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tollgate {

inline constexpr std::size_t kSparseCountsMax = 256;

// REQUIRES: at most kSparseCountsMax counts.
std::string pack_counts(std::span<const std::uint64_t> counts);

// Adds what was packed; a count stops at what it holds. Of bytes that pack_counts() never made,
// what stands before the flaw is added, and what has no place in `counts` is left out.
void add_packed_counts(std::span<const std::uint8_t> packed, std::span<std::uint64_t> counts);

// Two packed lists, added.
std::string sum_packed_counts(std::span<const std::uint8_t> one, std::span<const std::uint8_t> two);

}  // namespace tollgate
