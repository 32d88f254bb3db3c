#include "routing/health.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tollgate {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class HealthTest : public testing::Test {
 protected:
  void succeed(int times = 1, microseconds latency = milliseconds(100)) {
    for (int i = 0; i < times; ++i) {
      auto attempt = offer_.begin(now_);
      ASSERT_TRUE(attempt.has_value());
      attempt->succeed(latency, now_);
    }
  }
  void fail(int times = 1) {
    for (int i = 0; i < times; ++i) {
      auto attempt = offer_.begin(now_);
      ASSERT_TRUE(attempt.has_value());
      attempt->fail(now_);
    }
  }
  HealthState state() { return offer_.figures(now_).state; }
  seconds until_probe() {
    return std::chrono::duration_cast<seconds>(offer_.figures(now_).probe_at - now_);
  }

  SteadyTime now_{seconds(1'000)};
  OfferHealth offer_;
};

TEST_F(HealthTest, AnOfferThatNobodyTriedIsHealthy) {
  EXPECT_EQ(state(), HealthState::kHealthy);
  EXPECT_EQ(offer_.figures(now_).median, microseconds(0));
  EXPECT_TRUE(offer_.begin(now_).has_value());
}

TEST_F(HealthTest, HealthyFrom95PercentOn) {
  succeed(94);
  fail(4);
  succeed(1);
  fail(1);
  EXPECT_EQ(state(), HealthState::kHealthy);  // 95 of 100
  succeed(18);
  fail(1);
  EXPECT_EQ(state(), HealthState::kDegraded);  // 113 of 119
}

TEST_F(HealthTest, AFewOutcomesDoNotMakeItDegraded) {
  fail(1);
  EXPECT_EQ(state(), HealthState::kHealthy);
  fail(2);
  succeed(1);
  EXPECT_EQ(state(), HealthState::kHealthy);
  fail(1);
  EXPECT_EQ(state(), HealthState::kDegraded);  // 1 of 5
}

TEST_F(HealthTest, DegradedBelow95PercentAndTriedAllTheSame) {
  succeed(18);
  fail(1);
  EXPECT_EQ(state(), HealthState::kDegraded);
  EXPECT_TRUE(offer_.figures(now_).may_try(now_));
  succeed(1);
  EXPECT_EQ(state(), HealthState::kHealthy);
}

TEST_F(HealthTest, DownBelow70PercentOfEnoughOutcomes) {
  for (int i = 0; i < 6; ++i) {
    fail(1);
    succeed(2);
  }
  EXPECT_EQ(state(), HealthState::kDegraded);  // 12 of 18
  fail(1);
  EXPECT_EQ(state(), HealthState::kDegraded);  // 12 of 19: too few to tell
  fail(1);
  EXPECT_EQ(state(), HealthState::kDown);  // 12 of 20
}

TEST_F(HealthTest, At70PercentItIsNotDown) {
  for (int i = 0; i < 6; ++i) {
    succeed(3);
    fail(1);
  }
  succeed(3);
  fail(2);
  succeed(4);
  fail(2);
  EXPECT_EQ(state(), HealthState::kDegraded);  // 25 of 35
  fail(1);
  EXPECT_EQ(state(), HealthState::kDown);  // 25 of 36
}

TEST_F(HealthTest, NoAttemptBeginsAfterTheFifthFailureInARowIsReported) {
  succeed(500);
  fail(4);
  EXPECT_TRUE(offer_.begin(now_).has_value());
  fail(1);
  EXPECT_EQ(state(), HealthState::kDown);
  EXPECT_FALSE(offer_.begin(now_).has_value());
  EXPECT_FALSE(offer_.figures(now_).may_try(now_));
}

TEST_F(HealthTest, ASuccessBetweenFailuresBeginsTheRowAnew) {
  succeed(100);
  fail(4);
  succeed(1);
  fail(4);
  EXPECT_NE(state(), HealthState::kDown);
  fail(1);
  EXPECT_EQ(state(), HealthState::kDown);
}

TEST_F(HealthTest, OneProbeAtATimeAfterTheWait) {
  fail(5);
  EXPECT_EQ(until_probe(), kProbeAfterMin);
  now_ += kProbeAfterMin - milliseconds(1);
  EXPECT_FALSE(offer_.begin(now_).has_value());
  now_ += milliseconds(1);
  EXPECT_TRUE(offer_.figures(now_).may_try(now_));
  auto probe = offer_.begin(now_);
  ASSERT_TRUE(probe.has_value());
  EXPECT_TRUE(probe->is_probe());
  EXPECT_FALSE(offer_.figures(now_).may_try(now_));
  EXPECT_FALSE(offer_.begin(now_ + kProbeLapse - milliseconds(1)).has_value());
  probe->fail(now_);
}

TEST_F(HealthTest, AProbeThatHangsIsNotWaitedFor) {
  fail(5);
  now_ += kProbeAfterMin;
  auto hanging = offer_.begin(now_);
  ASSERT_TRUE(hanging.has_value());
  EXPECT_EQ(until_probe(), kProbeLapse);
  now_ += kProbeLapse;
  auto next = offer_.begin(now_);
  ASSERT_TRUE(next.has_value());
  EXPECT_TRUE(next->is_probe());
  EXPECT_FALSE(offer_.begin(now_).has_value());
  hanging->fail(now_);  // says nothing any more
  EXPECT_EQ(until_probe(), kProbeLapse);
  next->succeed(milliseconds(5), now_);
  EXPECT_EQ(state(), HealthState::kHealthy);
}

TEST_F(HealthTest, AHangingProbeThatAnswersAfterAllBringsTheOfferBack) {
  fail(5);
  now_ += kProbeAfterMin;
  auto hanging = offer_.begin(now_);
  now_ += kProbeLapse;
  auto next = offer_.begin(now_);
  hanging->succeed(milliseconds(5), now_);
  EXPECT_EQ(state(), HealthState::kHealthy);
  next->fail(now_);
  EXPECT_EQ(offer_.report(now_).failures, 0);
}

TEST_F(HealthTest, ALapsedProbeThatIsGivenBackFreesNoOther) {
  fail(5);
  now_ += kProbeAfterMin;
  auto hanging = offer_.begin(now_);
  now_ += kProbeLapse;
  const auto next = offer_.begin(now_);
  hanging.reset();
  EXPECT_FALSE(offer_.begin(now_).has_value());
}

TEST_F(HealthTest, OneProbeThatSucceedsBringsItBackWithACleanRecord) {
  succeed(10);
  fail(5);
  now_ += kProbeAfterMin;
  succeed(1);
  EXPECT_EQ(state(), HealthState::kHealthy);
  const HealthReport report = offer_.report(now_);
  EXPECT_EQ(report.successes, 1);
  EXPECT_EQ(report.failures, 0);
  EXPECT_FALSE(offer_.begin(now_)->is_probe());
}

TEST_F(HealthTest, EachFailedProbeDoublesTheWaitUpToItsCap) {
  fail(5);
  for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(until_probe(), seconds(wait));
    now_ += seconds(wait);
    fail(1);
  }
}

TEST_F(HealthTest, ARelapseWaitsOnFromWhereItWas) {
  fail(5);
  now_ += seconds(1);
  fail(1);  // the probe; the next comes after 2 s
  now_ += seconds(2);
  succeed(1);
  now_ += kRelapse - seconds(1);
  fail(5);
  EXPECT_EQ(until_probe(), seconds(4));
  now_ += seconds(4);
  succeed(1);
  now_ += kRelapse;
  fail(5);
  EXPECT_EQ(until_probe(), kProbeAfterMin);
}

TEST_F(HealthTest, AProbeThatIsNeverReportedIsGivenBack) {
  fail(5);
  now_ += kProbeAfterMin;
  {
    const auto gone = offer_.begin(now_);
  }
  EXPECT_EQ(state(), HealthState::kDown);
  EXPECT_TRUE(offer_.figures(now_).may_try(now_));
  EXPECT_TRUE(offer_.begin(now_).has_value());
}

TEST_F(HealthTest, AnAttemptThatIsNeverReportedSaysNothing) {
  {
    const auto gone = offer_.begin(now_);
  }
  const HealthReport report = offer_.report(now_);
  EXPECT_EQ(report.successes + report.failures, 0);
}

TEST_F(HealthTest, AMovedAttemptIsReportedOnce) {
  fail(5);
  now_ += kProbeAfterMin;
  auto probe = offer_.begin(now_);
  HealthAttempt moved = std::move(*probe);
  probe.reset();
  EXPECT_FALSE(offer_.begin(now_).has_value());
  moved.succeed(milliseconds(1), now_);
  EXPECT_EQ(state(), HealthState::kHealthy);
}

TEST_F(HealthTest, LateNewsFromBeforeItWentDownNeitherBringsItBackNorDelaysItsProbe) {
  auto late_success = offer_.begin(now_);
  auto late_failure = offer_.begin(now_);
  fail(5);
  late_success->succeed(milliseconds(5), now_);
  EXPECT_EQ(state(), HealthState::kDown);
  now_ += milliseconds(900);
  late_failure->fail(now_);
  now_ += milliseconds(100);
  EXPECT_TRUE(offer_.begin(now_).has_value());
}

TEST_F(HealthTest, LateFailuresDoNotTakeDownWhatAProbeBroughtBack) {
  std::vector<HealthAttempt> hanging;
  for (int i = 0; i < 50; ++i) hanging.push_back(std::move(*offer_.begin(now_)));
  fail(5);
  now_ += kProbeAfterMin;
  succeed(1);
  for (HealthAttempt& one : hanging) one.fail(now_);
  EXPECT_EQ(state(), HealthState::kHealthy);
}

TEST_F(HealthTest, ARetryAfterDelaysTheProbeWithinItsBound) {
  fail(4);
  auto attempt = offer_.begin(now_);
  attempt->fail(now_, seconds(45));
  EXPECT_EQ(until_probe(), seconds(45));
  now_ += seconds(45);
  offer_.begin(now_)->fail(now_, std::chrono::hours(100));
  EXPECT_EQ(until_probe(), kRetryAfterMax);
  now_ += kRetryAfterMax;
  offer_.begin(now_)->fail(now_, seconds(-5));
  EXPECT_EQ(until_probe(), seconds(4));
}

TEST_F(HealthTest, OutcomesOlderThanFiveMinutesDoNotCount) {
  succeed(10);
  fail(2);
  EXPECT_EQ(state(), HealthState::kDegraded);
  now_ += minutes(4) + seconds(30);
  succeed(1);
  EXPECT_EQ(offer_.report(now_).failures, 2);
  now_ += seconds(30);
  EXPECT_EQ(state(), HealthState::kHealthy);
  EXPECT_EQ(offer_.report(now_).failures, 0);
  EXPECT_EQ(offer_.report(now_).successes, 1);
}

TEST_F(HealthTest, ADownOfferStaysDownUntilAProbeSucceeds) {
  fail(5);
  now_ += std::chrono::hours(2);
  EXPECT_EQ(state(), HealthState::kDown);
  succeed(1);
  EXPECT_EQ(state(), HealthState::kHealthy);
}

TEST_F(HealthTest, TheMedianIsWithinASixteenthOfTheTrueOne) {
  for (const int ms : {2, 3, 7, 40, 99, 128, 250, 777, 1'000, 5'000, 60'000, 599'000}) {
    OfferHealth offer;
    const microseconds middle = milliseconds(ms);
    for (const microseconds latency : {middle / 2, middle, middle * 3}) {
      offer.begin(now_)->succeed(latency, now_);
    }
    const auto found = static_cast<double>(offer.figures(now_).median.count());
    EXPECT_NEAR(found / static_cast<double>(middle.count()), 1.0, 1.0 / 16) << ms;
  }
}

TEST_F(HealthTest, TheMedianForgetsWhatIsOlderThanFiveMinutes) {
  succeed(100, seconds(10));
  now_ += minutes(3);
  succeed(30, milliseconds(50));
  EXPECT_GT(offer_.figures(now_).median, seconds(9));
  now_ += minutes(2);
  EXPECT_LT(offer_.figures(now_).median, milliseconds(55));
  now_ += minutes(5);
  EXPECT_EQ(offer_.figures(now_).median, microseconds(0));
}

TEST_F(HealthTest, ReportTellsTheLatenciesOfFiveMinutes) {
  succeed(90, milliseconds(100));
  succeed(10, seconds(4));
  const auto middle = offer_.report(now_).latencies.percentile(50);
  const auto slow = offer_.report(now_).latencies.percentile(95);
  ASSERT_TRUE(middle && slow);
  EXPECT_LT(*middle, milliseconds(107));
  EXPECT_GT(*slow, milliseconds(3'750));
  now_ += minutes(5);
  EXPECT_FALSE(offer_.report(now_).latencies.percentile(50));
}

TEST_F(HealthTest, ReportTellsWhatCameOfEachHalfMinuteThoughTheOfferCameBackClean) {
  succeed(3);
  now_ += minutes(1);
  fail(kDownInARow);
  now_ += seconds(30);
  succeed(1);  // the probe
  const HealthReport report = offer_.report(now_);
  EXPECT_EQ(report.failures, 0);
  ASSERT_EQ(report.slices.size(), 10U);
  const auto slice = [&](std::size_t ago) { return report.slices[9 - ago]; };
  EXPECT_EQ(slice(0).successes, 1);
  EXPECT_LE(slice(0).from, now_);
  EXPECT_GT(slice(0).from + kHealthSlice, now_);
  EXPECT_EQ(slice(1).failures, kDownInARow);
  EXPECT_EQ(slice(2).successes + slice(2).failures, 0);
  EXPECT_EQ(slice(3).successes, 3);
  EXPECT_EQ(slice(3).from + 3 * kHealthSlice, slice(0).from);
}

TEST_F(HealthTest, LatenciesBeyondTheScaleCountAtItsEnds) {
  EXPECT_EQ(LatencyHistogram::bucket_of(microseconds(-5)), 0U);
  EXPECT_EQ(LatencyHistogram::bucket_of(microseconds(0)), 0U);
  EXPECT_EQ(LatencyHistogram::bucket_of(std::chrono::hours(5)), LatencyHistogram::kBuckets - 1);
  for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    EXPECT_EQ(LatencyHistogram::bucket_of(LatencyHistogram::middle_of(i)), i);
  }
}

TEST_F(HealthTest, StatusesTellWhoseFaultItWas) {
  for (int status : {200, 201, 299}) EXPECT_EQ(verdict_of(status), Verdict::kSuccess);
  for (int status : {0, 100, 401, 402, 408, 429, 500, 502, 503, 529, 599}) {
    EXPECT_EQ(verdict_of(status), Verdict::kFailure) << status;
  }
  for (int status : {400, 403, 404, 409, 413, 422}) {
    EXPECT_EQ(verdict_of(status), Verdict::kNeither) << status;
  }
}

TEST_F(HealthTest, ThreadsThatShareAnOfferLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kEach; ++i) {
        offer_.begin(now_)->succeed(milliseconds(5), now_);
        (void)offer_.figures(now_);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(offer_.report(now_).successes, kThreads * kEach);
}

TEST_F(HealthTest, OfManyThreadsOneTakesTheProbe) {
  fail(5);
  now_ += kProbeAfterMin;
  std::atomic<int> taken = 0;
  std::vector<std::optional<HealthAttempt>> attempts(8);
  {
    std::vector<std::jthread> threads;
    for (auto& attempt : attempts) {
      threads.emplace_back([&] {
        attempt = offer_.begin(now_);
        if (attempt) ++taken;
      });
    }
  }
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace tollgate
