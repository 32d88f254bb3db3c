#include "domain/model_facts.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr std::array<std::string_view, 7> kKindNames = {
    "chat", "embedding", "image", "speech", "transcription", "rerank", "moderation"};
constexpr std::array<std::string_view, kCapabilities.size()> kCapabilityNames = {
    "vision", "tools", "audio_input", "file_input", "video_input", "json_schema", "reasoning"};
constexpr std::array<std::string_view, kTiers.size()> kTierNames = {"NANO", "SIMPLE", "LIGHT",
                                                                    "STANDARD", "COMPLEX"};

template <class Names, class Value>
std::string_view name_of(const Names& names, Value value) {
  const auto index = static_cast<std::size_t>(value);
  check(index < names.size(), "a value stands in its enum");
  return names[index];
}

constexpr std::int64_t kDollar = 1'000'000'000;
struct PriceStep {
  std::int64_t nanos_max;  // per million tokens
  int quality;
};
constexpr std::array<PriceStep, 5> kQualityByPrice = {
    {{.nanos_max = kDollar / 10, .quality = 20},
     {.nanos_max = 3 * kDollar / 10, .quality = 35},
     {.nanos_max = kDollar, .quality = 50},
     {.nanos_max = 5 * kDollar, .quality = 65},
     {.nanos_max = 12 * kDollar, .quality = 80}}};
constexpr int kQualityOfDearest = 90;
constexpr int kQualityOfFree = 35;
constexpr int kReasoningBonus = 15;
// Below which a quality is of NANO, SIMPLE, LIGHT, STANDARD.
constexpr std::array<int, 4> kTierQualities = {30, 45, 60, 78};

int quality_by_price(const TokenPrices& prices) {
  // In quarters, each divided first: what it costs is exact to a nano-dollar and cannot overflow.
  const std::int64_t blended = prices.input.nanos() / 4 * 3 + prices.output.nanos() / 4;
  if (blended <= 0) return kQualityOfFree;
  const auto step = std::ranges::find_if(
      kQualityByPrice, [&](const PriceStep& one) { return blended <= one.nanos_max; });
  return step == kQualityByPrice.end() ? kQualityOfDearest : step->quality;
}

Tier tier_by_quality(int quality) {
  const auto above = std::ranges::upper_bound(kTierQualities, quality);
  return kTiers[static_cast<std::size_t>(above - kTierQualities.begin())];
}

int tool_calling_by_quality(Known tools, int quality) {
  if (tools == Known::kNo) return 0;
  return tools == Known::kYes ? quality : quality / 2;
}

}  // namespace

std::string_view model_kind_name(ModelKind kind) { return name_of(kKindNames, kind); }

std::optional<ModelKind> model_kind_from_name(std::string_view name) {
  const auto* const at = std::ranges::find(kKindNames, name);
  if (at == kKindNames.end()) return std::nullopt;
  return static_cast<ModelKind>(at - kKindNames.begin());
}

std::string_view capability_name(Capability capability) {
  return name_of(kCapabilityNames, capability);
}

std::string_view tier_name(Tier tier) { return name_of(kTierNames, tier); }

std::optional<Tier> tier_from_name(std::string_view name) {
  const auto upper = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  for (Tier tier : kTiers) {
    if (std::ranges::equal(name, tier_name(tier), {}, upper)) return tier;
  }
  return std::nullopt;
}

ModelStanding standing_of(const ModelFacts& facts, const Prices& cheapest) {
  const int bonus = facts.capabilities[Capability::kReasoning] == Known::kYes ? kReasoningBonus : 0;
  const int by_price = std::min(quality_by_price(cheapest.tokens) + bonus, kScoreMax);
  ModelStanding standing;
  standing.quality = facts.quality.value_or(by_price);
  standing.tier = facts.tier.value_or(tier_by_quality(standing.quality));
  standing.tool_calling = facts.tool_calling.value_or(
      tool_calling_by_quality(facts.capabilities[Capability::kTools], standing.quality));
  return standing;
}

}  // namespace tollgate
