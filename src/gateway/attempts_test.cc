#include "gateway/attempts.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AttemptsTest : public testing::Test {
 protected:
  // A route over the offers of a/b at the providers p0, p1 …, in that order.
  Attempts& over(int offers) {
    Catalogue catalogue;
    for (int i = 0; i < offers; ++i) {
      const ProviderId provider("p" + std::to_string(i));
      Provider& made = catalogue.providers.emplace_back();
      made.id = provider;
      made.base_url = "http://127.0.0.1:9/v1";
      Offer& offer = catalogue.offers.emplace_back();
      offer.model = ModelId("a/b");
      offer.provider = provider;
      offer.upstream_model = "b";
    }
    snapshot_ = build_snapshot(std::move(catalogue), &health_).value();
    route_ = Route();
    route_.model = ModelId("a/b");
    route_.snapshot = snapshot_;
    for (int i = 0; i < offers; ++i) {
      for (const Offer* const offer : snapshot_->find("a/b")->offers) {
        if (offer->provider.get() == "p" + std::to_string(i)) route_.offers.push_back(offer);
      }
    }
    return attempts_.emplace(route_, random_);
  }
  // Begins the next attempt: its provider, or "" when none is left.
  std::string next() {
    while (const auto plan = attempts_->next(now_)) {
      waited_ = plan->wait;
      now_ += plan->wait;
      if (attempts_->begin(*plan, now_)) return attempts_->offer().provider.get();
    }
    return "";
  }
  void end(Again again, std::optional<seconds> retry_after = {}) {
    attempts_->end({.status = 503, .again = again, .retry_after = retry_after}, now_);
  }
  void fail(Again again) {
    attempts_->failed(now_, {});
    end(again);
  }

  SeededRandom random_{7};
  Health health_;
  std::shared_ptr<const Snapshot> snapshot_;
  Route route_;
  std::optional<Attempts> attempts_;
  SteadyTime now_{seconds(1'000)};
  milliseconds waited_{0};
};

TEST_F(AttemptsTest, EveryOfferIsTriedAtOnceBeforeAnyIsTriedAgain) {
  over(3);
  for (const char* const provider : {"p0", "p1", "p2"}) {
    EXPECT_EQ(next(), provider);
    EXPECT_EQ(waited_, milliseconds(0));
    end(Again::kAnywhere);
  }
  EXPECT_EQ(next(), "p0");
  end(Again::kNever);
  EXPECT_EQ(next(), "");
}

TEST_F(AttemptsTest, AnOfferThatMayBillIsNotTriedAgain) {
  over(2);
  EXPECT_EQ(next(), "p0");
  end(Again::kElsewhere);
  EXPECT_EQ(next(), "p1");
  end(Again::kElsewhere);
  EXPECT_EQ(next(), "");
}

TEST_F(AttemptsTest, NothingIsTriedWhereTheFaultIsTheRequests) {
  over(2);
  EXPECT_EQ(next(), "p0");
  end(Again::kNever);
  EXPECT_EQ(next(), "");
}

TEST_F(AttemptsTest, AnOfferIsTriedTwiceAtMostAndARequestSixTimes) {
  over(1);
  EXPECT_EQ(next(), "p0");
  end(Again::kAnywhere);
  EXPECT_EQ(next(), "p0");
  end(Again::kAnywhere);
  EXPECT_EQ(next(), "");
  over(5);
  int tried = 0;
  while (!next().empty()) {
    ++tried;
    end(Again::kAnywhere);
  }
  EXPECT_EQ(tried, kAttemptsMax);
}

TEST_F(AttemptsTest, ARetryWaitsForTheRetryAfterAndIsNotMadeWhereThatIsLong) {
  over(1);
  EXPECT_EQ(next(), "p0");
  end(Again::kAnywhere, seconds(2));
  EXPECT_EQ(next(), "p0");
  EXPECT_GE(waited_, seconds(2));
  over(1);
  EXPECT_EQ(next(), "p0");
  end(Again::kAnywhere, kRetryAfterWaitMax + seconds(1));
  EXPECT_EQ(next(), "");
}

TEST_F(AttemptsTest, TheBackOffIsAnywhereUpToItsBase) {
  milliseconds least = kBackOffMax;
  milliseconds most{0};
  for (int i = 0; i < 200; ++i) {
    over(1);
    next();
    end(Again::kAnywhere);
    next();
    least = std::min(least, waited_);
    most = std::max(most, waited_);
    attempts_->unjudged();
  }
  EXPECT_LE(most, kBackOffBase);
  EXPECT_LT(least, kBackOffBase / 4);
  EXPECT_GT(most, kBackOffBase * 3 / 4);
}

TEST_F(AttemptsTest, AnOfferThatWentDownIsPassedOver) {
  over(2);
  for (int i = 0; i < kDownInARow; ++i) {
    attempts_.emplace(route_, random_);
    EXPECT_EQ(next(), "p0");
    fail(Again::kNever);
  }
  attempts_.emplace(route_, random_);
  EXPECT_EQ(next(), "p1");
  end(Again::kNever);
}

TEST_F(AttemptsTest, WhatAttemptsMayBeBilledIsAddedUp) {
  over(2);
  next();
  Metered lost;
  lost.tokens.input = 5;
  lost.metering = Metering::kInterrupted;
  lost.cost = Money::from_nanos(50);
  attempts_->end({.metered = lost, .again = Again::kElsewhere}, now_ + milliseconds(3));
  next();
  Metered answered;
  answered.tokens = {.input = 7, .output = 2};
  answered.cost = Money::from_nanos(90);
  attempts_->end({.status = 200, .metered = answered}, now_ + milliseconds(8));
  EXPECT_EQ(attempts_->spent().cost, Money::from_nanos(140));
  EXPECT_EQ(attempts_->spent().tokens, (TokenUsage{.input = 12, .output = 2}));
  EXPECT_EQ(attempts_->spent().metering, Metering::kReported);
  ASSERT_EQ(attempts_->over().size(), 2U);
  EXPECT_EQ(attempts_->over()[0].status, 0);
  EXPECT_EQ(attempts_->over()[0].cost, Money::from_nanos(50));
  EXPECT_EQ(attempts_->over()[0].ms, 3);
  EXPECT_EQ(attempts_->over()[1].provider, "p1");
}

}  // namespace
}  // namespace tollgate
