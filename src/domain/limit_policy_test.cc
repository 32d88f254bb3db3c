#include "domain/limit_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Limit limit(Metric metric, std::string_view window, std::int64_t amount = 1) {
  return {.metric = metric, .window = window_from_name(window).value(), .amount = amount};
}

std::vector<std::string> faults(const std::vector<Limit>& limits) {
  std::vector<std::string> params;
  for (const auto& problem : validate_limits(limits)) params.push_back(problem.param);
  return params;
}

TEST(LimitPolicy, EveryMetricTakesItsWindows) {
  for (const auto metric : {Metric::kCost, Metric::kTokens, Metric::kRequests}) {
    for (const auto* window :
         {"60s", "hour", "day", "week", "month", "year", "1d", "3650d", "lifetime"}) {
      EXPECT_THAT(faults({limit(metric, window)}), IsEmpty()) << metric_name(metric) << window;
    }
  }
  EXPECT_THAT(faults({limit(Metric::kCost, "request"), limit(Metric::kTokens, "request"),
                      limit(Metric::kConcurrency, "")}),
              IsEmpty());
}

TEST(LimitPolicy, ConcurrencyAloneHasNoWindow) {
  for (const auto* window : {"60s", "hour", "lifetime", "request", "7d"}) {
    EXPECT_THAT(faults({limit(Metric::kConcurrency, window)}), ElementsAre("limits[0].window"));
  }
  for (const auto metric : {Metric::kCost, Metric::kTokens, Metric::kRequests}) {
    EXPECT_THAT(faults({limit(metric, "")}), ElementsAre("limits[0].window"));
  }
}

TEST(LimitPolicy, RequestsPerRequestMeansNothing) {
  EXPECT_THAT(faults({limit(Metric::kRequests, "request")}), ElementsAre("limits[0].window"));
}

TEST(LimitPolicy, DaysAreFromOneToTheirBound) {
  for (const int days : {-1, 0, kWindowDaysMax + 1}) {
    const Window window{.kind = WindowKind::kDays, .days = days};
    EXPECT_THAT(faults({{.metric = Metric::kCost, .window = window, .amount = 1}}),
                ElementsAre("limits[0].window"))
        << days;
  }
}

TEST(LimitPolicy, AnAmountIsFromZeroToItsMetricsBound) {
  struct Bound {
    Metric metric;
    const char* window;
    std::int64_t most;
  };
  for (const auto& [metric, window, most] :
       {Bound{Metric::kCost, "month", 9'000'000'000'000'000'000},
        Bound{Metric::kTokens, "day", 1'000'000'000'000'000},
        Bound{Metric::kRequests, "60s", 1'000'000'000'000'000},
        Bound{Metric::kConcurrency, "", 1'000'000}}) {
    EXPECT_THAT(faults({limit(metric, window, 0)}), IsEmpty()) << metric_name(metric);
    EXPECT_THAT(faults({limit(metric, window, most)}), IsEmpty()) << metric_name(metric);
    for (const std::int64_t wrong : {std::int64_t{-1}, most + 1}) {
      EXPECT_THAT(faults({limit(metric, window, wrong)}), ElementsAre("limits[0].amount"))
          << metric_name(metric) << wrong;
    }
  }
  EXPECT_THAT(validate_limits(std::vector{limit(Metric::kCost, "day", -1)}).at(0).message,
              HasSubstr("9000000000 USD"));
}

TEST(LimitPolicy, AMetricAndWindowStandOnceWhateverTheAmount) {
  const std::vector limits{limit(Metric::kCost, "day", 1),   limit(Metric::kCost, "1d", 1),
                           limit(Metric::kTokens, "day", 1), limit(Metric::kCost, "day", 2),
                           limit(Metric::kCost, "2d", 1),    limit(Metric::kCost, "1d", 1)};
  EXPECT_THAT(faults(limits), ElementsAre("limits[3]", "limits[5]"));
  EXPECT_THAT(validate_limits(limits).at(0).message, HasSubstr("limits[0]"));
  EXPECT_THAT(validate_limits(limits).at(1).message, HasSubstr("limits[1]"));
}

TEST(LimitPolicy, ListsEveryProblemAtOnce) {
  EXPECT_THAT(faults({limit(Metric::kRequests, "request", -1), limit(Metric::kCost, "day"),
                      limit(Metric::kConcurrency, "day", 1'000'001),
                      limit(Metric::kCost, "day", -1), limit(Metric::kTokens, "")}),
              ElementsAre("limits[0].window", "limits[0].amount", "limits[2].window",
                          "limits[2].amount", "limits[3].amount", "limits[3]", "limits[4].window"));
}

TEST(LimitPolicy, AListReachesItsBoundAndNoFurther) {
  std::vector<Limit> limits;
  for (int days = 1; days <= static_cast<int>(kLimitsMax); ++days) {
    limits.push_back(limit(Metric::kCost, std::to_string(days) + "d"));
  }
  EXPECT_THAT(faults(limits), IsEmpty());
  limits.push_back(limit(Metric::kTokens, "day"));
  EXPECT_THAT(faults(limits), ElementsAre("limits"));
}

}  // namespace
}  // namespace tollgate
