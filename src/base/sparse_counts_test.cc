#include "base/sparse_counts.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tollgate {
namespace {

using Counts = std::vector<std::uint64_t>;

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Counts unpacked(const std::string& packed) {
  Counts counts(kSparseCountsMax);
  add_packed_counts(bytes_of(packed), counts);
  return counts;
}

TEST(SparseCountsTest, GivesBackWhatWasPacked) {
  for (std::size_t round = 0; round < 300; ++round) {
    Counts counts(kSparseCountsMax);
    for (std::size_t i = 0; i < round % 40; ++i) {
      counts[(round * 31 + i * 57) % counts.size()] = ~std::uint64_t{0} >> ((round + i * 7) % 64);
    }
    EXPECT_EQ(unpacked(pack_counts(counts)), counts);
  }
}

TEST(SparseCountsTest, FewCountsTakeFewBytes) {
  Counts counts(kSparseCountsMax);
  EXPECT_EQ(pack_counts(counts), "");
  counts[100] = 1;
  counts[101] = 90;
  EXPECT_EQ(pack_counts(counts).size(), 4U);
}

TEST(SparseCountsTest, SumIsThatOfEachCount) {
  Counts one(kSparseCountsMax);
  Counts two(kSparseCountsMax);
  one[0] = 1;
  one[7] = 300;
  two[7] = 5;
  two[255] = 9;
  Counts sum(kSparseCountsMax);
  sum[0] = 1;
  sum[7] = 305;
  sum[255] = 9;
  const std::string packed =
      sum_packed_counts(bytes_of(pack_counts(one)), bytes_of(pack_counts(two)));
  EXPECT_EQ(unpacked(packed), sum);
}

TEST(SparseCountsTest, SumOfPackedListsIsThatOfTheLists) {
  for (std::size_t round = 0; round < 200; ++round) {
    Counts one(kSparseCountsMax);
    Counts two(kSparseCountsMax);
    for (std::size_t i = 0; i < round % 50; ++i) {
      one[(round * 13 + i * 7) % one.size()] = i + 1;
      two[(round * 29 + i * 11) % two.size()] = ~std::uint64_t{0} >> (i % 64);
    }
    Counts sum = one;
    add_packed_counts(bytes_of(pack_counts(two)), sum);
    const std::string packed =
        sum_packed_counts(bytes_of(pack_counts(one)), bytes_of(pack_counts(two)));
    EXPECT_EQ(unpacked(packed), sum);
    EXPECT_EQ(packed, pack_counts(sum));
  }
}

TEST(SparseCountsTest, CountStopsAtWhatItHolds) {
  Counts counts(1, std::numeric_limits<std::uint64_t>::max() - 1);
  const std::string packed = pack_counts(counts);
  add_packed_counts(bytes_of(packed), counts);
  EXPECT_EQ(counts[0], std::numeric_limits<std::uint64_t>::max());
}

TEST(SparseCountsTest, BytesThatNobodyPackedAreLeftOutFromTheirFlawOn) {
  Counts expected(kSparseCountsMax);
  expected[1] = 2;
  for (const std::string& flaw :
       {std::string("\x80", 1), std::string("\x03", 1), std::string("\xff\xff\xff\x7f\x01", 5),
        std::string("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 11)}) {
    EXPECT_EQ(unpacked("\x01\x02" + flaw), expected);
  }
  Counts few(1);
  add_packed_counts(bytes_of("\x01\x02"), few);
  EXPECT_EQ(few, Counts(1));
}

}  // namespace
}  // namespace tollgate
