#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate {
namespace {

using testing::HasSubstr;

TEST(Metrics, TheSameNameAndLabelsGiveTheSameHandle) {
  Metrics metrics;
  auto& first = metrics.counter("requests_total", "Requests.", {{"code", "200"}});
  auto& again = metrics.counter("requests_total", "Requests.", {{"code", "200"}});
  auto& other = metrics.counter("requests_total", "Requests.", {{"code", "401"}});
  EXPECT_EQ(&first, &again);
  EXPECT_NE(&first, &other);
}

TEST(Metrics, TextHoldsEveryKindWithItsLabels) {
  Metrics metrics;
  metrics.counter("requests_total", "Requests.", {{"code", "200"}}).Increment(3);
  metrics.gauge("open", "Open connections.").Set(2);
  metrics.histogram("seconds", "Latency.", {0.1, 1.0}).Observe(0.5);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# HELP requests_total Requests."));
  EXPECT_THAT(text, HasSubstr("requests_total{code=\"200\"} 3"));
  EXPECT_THAT(text, HasSubstr("open 2"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"1\"} 1"));
}

}  // namespace
}  // namespace tollgate
