#include "domain/metering.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

// A dollar a million tokens in, two out.
Prices prices() {
  Prices prices;
  prices.tokens.input = Money::from_nanos(1'000'000'000);
  prices.tokens.output = Money::from_nanos(2'000'000'000);
  return prices;
}

constexpr ContentCount kContent{.deltas = 10, .text_bytes = 80};  // counted as 10 tokens

UsageFacts facts(std::optional<TokenUsage> reported = {}) {
  return {
      .end = AnswerEnd::kWhole, .reported = reported, .content = kContent, .estimated_input = 100};
}

// "input output metering nanos flags"
std::string metered(const UsageFacts& facts) {
  const Metered result = meter_usage(facts, prices());
  return std::to_string(result.tokens.input) + " " + std::to_string(result.tokens.output) + " " +
         std::string(metering_name(result.metering)) + " " + std::to_string(result.cost.nanos()) +
         " " + result.flags.text();
}

TEST(MeterUsage, ABelievableReportIsCharged) {
  EXPECT_EQ(metered(facts(TokenUsage{.input = 9, .output = 12})), "9 12 reported 33000 ");
}

TEST(MeterUsage, WithoutAReportTheEstimateIsCharged) {
  EXPECT_EQ(metered(facts()), "100 10 estimated 120000 ");
}

TEST(MeterUsage, AnEstimateIsCalledByHowTheAnswerEnded) {
  UsageFacts cut = facts();
  cut.end = AnswerEnd::kLeft;
  EXPECT_EQ(metered(cut), "100 10 estimated 120000 ");
  cut.end = AnswerEnd::kLost;
  EXPECT_EQ(metered(cut), "100 10 interrupted 120000 ");
  cut.end = AnswerEnd::kBounded;
  EXPECT_EQ(metered(cut), "100 10 counted 120000 ");
  cut.reported = TokenUsage{.input = 9, .output = 12};
  EXPECT_EQ(metered(cut), "9 12 reported 33000 ");
}

TEST(MeterUsage, GarbageIsNoReport) {
  for (const TokenUsage& garbage : {
           TokenUsage{.input = -1, .output = 12},
           TokenUsage{.input = 9, .output = -12},
           TokenUsage{.input = 0, .output = 12},
           TokenUsage{.input = 9, .output = 0},
           TokenUsage{},
           TokenUsage{.input = kReportedTokensMax + 1, .output = 12},
           TokenUsage{.input = 9, .output = kReportedTokensMax + 1},
           TokenUsage{.input = 9, .cached_input = 10, .output = 12},
           TokenUsage{.input = 9, .cached_input = -1, .output = 12},
           TokenUsage{.input = 9, .cache_write = 10, .output = 12},
           TokenUsage{.input = 9, .cache_write_1h = 10, .output = 12},
           TokenUsage{.input = 9, .audio_input = 10, .output = 12},
           TokenUsage{.input = 9, .image_input = 10, .output = 12},
           TokenUsage{.input = 9, .video_input = 10, .output = 12},
           TokenUsage{.input = 9, .output = 12, .reasoning_output = 13},
           TokenUsage{.input = 9, .output = 12, .audio_output = 13},
       }) {
    EXPECT_EQ(metered(facts(garbage)), "100 10 estimated 120000 ");
  }
}

TEST(MeterUsage, AnAnswerWithoutContentMayReportZero) {
  UsageFacts empty = facts(TokenUsage{.input = 9, .output = 0});
  empty.content = {};
  EXPECT_EQ(metered(empty), "9 0 reported 9000 ");
  empty.reported = TokenUsage{};
  EXPECT_EQ(metered(empty), "0 0 reported 0 ");
}

TEST(MeterUsage, AFewBytesAreContentThoughTheyCountAsNoToken) {
  UsageFacts few = facts(TokenUsage{.input = 9, .output = 0});
  few.content = {.deltas = 1, .text_bytes = 3};
  EXPECT_EQ(metered(few), "100 0 estimated 100000 ");
}

TEST(MeterUsage, LessThanWasSeenIsChargedAsReportedAndFlagged) {
  EXPECT_EQ(metered(facts(TokenUsage{.input = 9, .output = 9})), "9 9 reported 27000 below_count");
  EXPECT_EQ(metered(facts(TokenUsage{.input = 9, .output = 10})), "9 10 reported 29000 ");
}

TEST(MeterUsage, MoreThanWasHeldIsChargedInFullAndMarked) {
  UsageFacts held = facts(TokenUsage{.input = 60, .output = 20});
  held.reserve = Reserve{.input = 60, .output = 20, .cost = Money::from_nanos(100'000)};
  EXPECT_EQ(metered(held), "60 20 reported 100000 ");
  held.reserve->input = 59;
  EXPECT_EQ(metered(held), "60 20 overrun 100000 ");
  held.reserve = Reserve{.input = 60, .output = 19, .cost = Money::from_nanos(100'000)};
  EXPECT_EQ(metered(held), "60 20 overrun 100000 ");
  held.reserve = Reserve{.input = 60, .output = 20, .cost = Money::from_nanos(99'999)};
  EXPECT_EQ(metered(held), "60 20 overrun 100000 ");
}

TEST(MeterUsage, MoreOutputThanWasAskedForIsAnOverrunThoughNothingWasHeld) {
  UsageFacts asked = facts(TokenUsage{.input = 9, .output = 20});
  asked.output_asked = 20;
  EXPECT_EQ(metered(asked), "9 20 reported 49000 ");
  asked.output_asked = 19;
  EXPECT_EQ(metered(asked), "9 20 overrun 49000 ");
}

TEST(MeterUsage, AnEstimateIsNeverAboveWhatWasHeld) {
  UsageFacts held = facts();
  held.reserve = Reserve{.input = 60, .output = 7, .cost = Money::from_nanos(1'000'000)};
  EXPECT_EQ(metered(held), "60 7 estimated 74000 ");
  held.reserve->cost = Money::from_nanos(70'000);
  EXPECT_EQ(metered(held), "60 7 estimated 70000 ");
}

TEST(MeterUsage, SaysWhenAUnitHasNoPrice) {
  EXPECT_EQ(metered(facts(TokenUsage{.input = 9, .audio_input = 1, .output = 12})),
            "9 12 reported 33000 unpriced_unit");
}

TEST(MeterUsage, WhatCameAfterTheLastReportOfABrokenAnswerIsCountedToIt) {
  UsageFacts broken = facts(TokenUsage{.input = 9, .output = 12});
  broken.unreported = {.deltas = 3, .text_bytes = 12};
  EXPECT_EQ(metered(broken), "9 12 reported 33000 ");  // whole: the last word is the provider's
  broken.end = AnswerEnd::kLeft;
  EXPECT_EQ(metered(broken), "9 15 estimated 39000 ");
  broken.end = AnswerEnd::kLost;
  EXPECT_EQ(metered(broken), "9 15 interrupted 39000 ");
  broken.end = AnswerEnd::kBounded;
  EXPECT_EQ(metered(broken), "9 15 counted 39000 ");
  broken.unreported = {.deltas = 3, .text_bytes = 3};
  EXPECT_EQ(metered(broken), "9 12 reported 33000 ");
}

TEST(MeterUsage, WhatIsCountedToAReportIsNeverAboveWhatWasHeldAndTheReportItselfMayBe) {
  UsageFacts broken = facts(TokenUsage{.input = 9, .output = 12});
  broken.end = AnswerEnd::kLeft;
  broken.unreported = {.deltas = 3, .text_bytes = 12};
  broken.reserve = Reserve{.input = 9, .output = 14, .cost = Money::from_nanos(100'000)};
  EXPECT_EQ(metered(broken), "9 14 estimated 37000 ");
  broken.reserve->output = 11;
  EXPECT_EQ(metered(broken), "9 12 overrun 33000 ");
}

TEST(MeterUsage, AnAnswerThatWeEndedIsChargedNoMoreOutputThanWasAskedFor) {
  UsageFacts ended = facts();
  ended.output_asked = 9;
  EXPECT_EQ(metered(ended), "100 10 estimated 120000 ");
  ended.end = AnswerEnd::kBounded;
  EXPECT_EQ(metered(ended), "100 9 counted 118000 ");
  ended.reported = TokenUsage{.input = 9, .output = 12};
  EXPECT_EQ(metered(ended), "9 12 overrun 33000 ");
}

}  // namespace
}  // namespace tollgate
