#include "domain/model_facts.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr std::int64_t kCent = 10'000'000;

Prices priced(std::int64_t input_nanos, std::int64_t output_nanos) {
  Prices prices;
  prices.tokens.input = Money::from_nanos(input_nanos);
  prices.tokens.output = Money::from_nanos(output_nanos);
  return prices;
}

int quality_at(std::int64_t nanos) { return standing_of({}, priced(nanos, nanos)).quality; }

TEST(ModelFacts, NamesAreReadBack) {
  for (int i = 0; i < 7; ++i) {
    const auto kind = static_cast<ModelKind>(i);
    EXPECT_EQ(model_kind_from_name(model_kind_name(kind)), kind);
  }
  for (Tier tier : kTiers) EXPECT_EQ(tier_from_name(tier_name(tier)), tier);
  EXPECT_EQ(tier_from_name("light"), Tier::kLight);
  EXPECT_EQ(tier_from_name(""), std::nullopt);
  EXPECT_EQ(tier_from_name("LIGHTER"), std::nullopt);
  EXPECT_EQ(model_kind_from_name("Chat"), std::nullopt);
  EXPECT_EQ(capability_name(Capability::kReasoning), "reasoning");
}

TEST(ModelFacts, TiersAreInOrder) {
  EXPECT_LT(Tier::kNano, Tier::kSimple);
  EXPECT_LT(Tier::kSimple, Tier::kLight);
  EXPECT_LT(Tier::kLight, Tier::kStandard);
  EXPECT_LT(Tier::kStandard, Tier::kComplex);
}

TEST(ModelFacts, ACapabilityIsUnknownUntilSomebodyStatesIt) {
  Capabilities capabilities;
  for (Capability one : kCapabilities) EXPECT_EQ(capabilities[one], Known::kUnknown);
  capabilities.set(Capability::kTools, Known::kNo);
  EXPECT_EQ(capabilities[Capability::kTools], Known::kNo);
  EXPECT_EQ(capabilities[Capability::kVision], Known::kUnknown);
}

TEST(ModelStanding, AQualityThatNobodyGaveFollowsThePrice) {
  EXPECT_EQ(quality_at(0), 35);
  EXPECT_EQ(quality_at(10 * kCent), 20);
  EXPECT_EQ(quality_at(11 * kCent), 35);
  EXPECT_EQ(quality_at(30 * kCent), 35);
  EXPECT_EQ(quality_at(31 * kCent), 50);
  EXPECT_EQ(quality_at(100 * kCent), 50);
  EXPECT_EQ(quality_at(101 * kCent), 65);
  EXPECT_EQ(quality_at(501 * kCent), 80);
  EXPECT_EQ(quality_at(1'201 * kCent), 90);
  EXPECT_EQ(quality_at(kMoneyMax.nanos()), 90);
}

TEST(ModelStanding, ThePriceIsThreePartsInputAndOnePartOutput) {
  EXPECT_EQ(standing_of({}, priced(4 * kCent, 28 * kCent)).quality, 20);
  EXPECT_EQ(standing_of({}, priced(4 * kCent, 32 * kCent)).quality, 35);
}

TEST(ModelStanding, KnownReasoningAddsToAQualityThatNobodyGave) {
  ModelFacts facts;
  facts.capabilities.set(Capability::kReasoning, Known::kYes);
  EXPECT_EQ(standing_of(facts, priced(kCent, kCent)).quality, 35);
  EXPECT_EQ(standing_of(facts, priced(1'300 * kCent, 1'300 * kCent)).quality, kScoreMax);
  facts.quality = 12;
  EXPECT_EQ(standing_of(facts, priced(kCent, kCent)).quality, 12);
}

TEST(ModelStanding, ATierThatNobodyGaveFollowsTheQuality) {
  const auto tier = [](int quality) {
    ModelFacts facts;
    facts.quality = quality;
    return standing_of(facts, {}).tier;
  };
  EXPECT_EQ(tier(0), Tier::kNano);
  EXPECT_EQ(tier(29), Tier::kNano);
  EXPECT_EQ(tier(30), Tier::kSimple);
  EXPECT_EQ(tier(45), Tier::kLight);
  EXPECT_EQ(tier(60), Tier::kStandard);
  EXPECT_EQ(tier(77), Tier::kStandard);
  EXPECT_EQ(tier(78), Tier::kComplex);
  EXPECT_EQ(tier(100), Tier::kComplex);
}

TEST(ModelStanding, AToolCallingScoreThatNobodyGaveFollowsWhatIsKnownOfTools) {
  ModelFacts facts;
  facts.quality = 70;
  EXPECT_EQ(standing_of(facts, {}).tool_calling, 35);
  facts.capabilities.set(Capability::kTools, Known::kYes);
  EXPECT_EQ(standing_of(facts, {}).tool_calling, 70);
  facts.capabilities.set(Capability::kTools, Known::kNo);
  EXPECT_EQ(standing_of(facts, {}).tool_calling, 0);
}

TEST(ModelStanding, WhatIsStatedStands) {
  ModelFacts facts;
  facts.quality = 10;
  facts.tier = Tier::kComplex;
  facts.tool_calling = 99;
  EXPECT_EQ(standing_of(facts, priced(900 * kCent, 900 * kCent)),
            (ModelStanding{.quality = 10, .tier = Tier::kComplex, .tool_calling = 99}));
}

}  // namespace
}  // namespace tollgate
