#include "domain/latency_histogram.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

bool near(std::optional<microseconds> read, milliseconds truth) {
  if (!read) return false;
  const microseconds apart = *read > truth ? *read - truth : truth - *read;
  return apart * 16 <= truth;
}

TEST(LatencyHistogramTest, TellsNothingOfNothing) {
  EXPECT_FALSE(LatencyHistogram().percentile(50));
}

TEST(LatencyHistogramTest, PercentilesAreWithinASixteenth) {
  LatencyHistogram latencies;
  for (int ms = 2; ms <= 2'001; ++ms) latencies.add(milliseconds(ms));
  EXPECT_TRUE(near(latencies.percentile(50), milliseconds(1'001)));
  EXPECT_TRUE(near(latencies.percentile(95), milliseconds(1'901)));
  EXPECT_TRUE(near(latencies.percentile(1), milliseconds(21)));
  EXPECT_TRUE(near(latencies.percentile(100), milliseconds(2'001)));
}

TEST(LatencyHistogramTest, OneSlowOfTwentyIsNotTheNinetyFifthYetAndTwoAre) {
  LatencyHistogram latencies;
  for (int i = 0; i < 19; ++i) latencies.add(milliseconds(100));
  latencies.add(milliseconds(5'000));
  EXPECT_TRUE(near(latencies.percentile(95), milliseconds(100)));
  latencies.add(milliseconds(5'000));
  EXPECT_TRUE(near(latencies.percentile(95), milliseconds(5'000)));
}

TEST(LatencyHistogramTest, PackedAndAddedItIsTheSumOfBoth) {
  LatencyHistogram one;
  LatencyHistogram two;
  for (int i = 0; i < 300; ++i) one.add(milliseconds(i));
  for (int i = 0; i < 50; ++i) two.add(milliseconds(i * 977));
  const std::string packed = two.packed();
  LatencyHistogram sum = one;
  sum.add(two);
  one.add_packed({reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size()});
  EXPECT_EQ(one, sum);
}

}  // namespace
}  // namespace tollgate
