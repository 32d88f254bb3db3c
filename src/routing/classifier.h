// How much a prompt asks of a model: its tier (SPEC §6). Rules only: features that can be counted,
// their weights, and four thresholds, all in one table (routing/classifier_table.h). How well it
// does is measured on labelled prompts (docs/classifier.md).
//
// Pure and bounded: it looks at kLookedAtMax bytes of a prompt at most, in some microseconds, and
// keeps nothing of it.
#pragma once

#include <array>
#include <cstddef>

#include "domain/model_facts.h"
#include "domain/prompt_text.h"
#include "domain/request_needs.h"
#include "routing/classifier_table.h"

namespace tollgate {

// Of the last user message: its beginning and its end, where people say what they want.
inline constexpr std::size_t kHeadLookedAt = 2'048;
inline constexpr std::size_t kTailLookedAt = 768;
inline constexpr std::size_t kLookedAtMax = kHeadLookedAt + kTailLookedAt;

struct Classified {
  Tier tier = Tier::kNano;
  // 0..1: how likely this tier is by the rules' own reckoning. Low near a threshold.
  double confidence = 0;
};

// max_tokens up to which an answer is a word or two.
inline constexpr std::int64_t kTinyAnswerMax = 16;

// What classify() goes by: how often each feature of the table was found, at most its cap.
using FeatureCounts = std::array<double, kFeatures>;
FeatureCounts count_features(const PromptText& prompt, const RequestNeeds& needs);

Classified classify(const PromptText& prompt, const RequestNeeds& needs);

}  // namespace tollgate
