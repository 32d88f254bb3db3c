#include "domain/usage.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

TEST(Usage, EveryMeteringNameComesBack) {
  for (const Metering metering : {Metering::kReported, Metering::kCounted, Metering::kEstimated,
                                  Metering::kInterrupted, Metering::kOverrun}) {
    EXPECT_EQ(metering_from_name(metering_name(metering)), metering);
  }
  EXPECT_EQ(metering_name(Metering::kInterrupted), "interrupted");
  EXPECT_FALSE(metering_from_name("guessed"));
}

TEST(Usage, FlagsAreNamedInOneOrderAndEachOnce) {
  UsageFlags flags;
  EXPECT_EQ(flags.text(), "");
  flags.add(UsageFlag::kCostSaturated);
  flags.add(UsageFlag::kBelowCount);
  flags.add(UsageFlag::kBelowCount);
  EXPECT_TRUE(flags.has(UsageFlag::kBelowCount));
  EXPECT_FALSE(flags.has(UsageFlag::kUnpricedUnit));
  EXPECT_EQ(flags.text(), "below_count,cost_saturated");
  UsageFlags more;
  more.add(UsageFlag::kUnpricedUnit);
  flags.add(more);
  EXPECT_EQ(flags.text(), "below_count,unpriced_unit,cost_saturated");
}

TEST(Usage, CountsDeltasUntilTheirTextIsTooSmallForThem) {
  EXPECT_EQ(counted_output(10, 100), 10);
  EXPECT_EQ(counted_output(10, 39), 9);  // empty deltas are no tokens
  EXPECT_EQ(counted_output(0, 0), 0);
  EXPECT_EQ(counted_output(10, 3), 0);
}

TEST(Usage, FewLargeDeltasCountByTheirBytes) {
  EXPECT_EQ(counted_output(1, 1'600), 100);
  EXPECT_EQ(counted_output(1, 15), 1);
}

TEST(Usage, EstimatesInputAtAQuarterOfItsBytesRoundedUp) {
  EXPECT_EQ(estimated_input(0), 0);
  EXPECT_EQ(estimated_input(1), 1);
  EXPECT_EQ(estimated_input(4), 1);
  EXPECT_EQ(estimated_input(5), 2);
}

}  // namespace
}  // namespace tollgate
