#include "routing/classifier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "routing/test_labelled_prompts.h"

namespace tollgate {
namespace {

// What holds on prompts that nothing was fitted on.
constexpr double kHeldOutExactMin = 0.70;
constexpr double kHeldOutWithinOneMin = 0.95;
constexpr double kTuningExactMin = 0.75;
constexpr std::size_t kPromptsMin = 300;

PromptText asking(std::string text) {
  PromptText prompt;
  prompt.text_bytes = static_cast<std::int64_t>(text.size());
  prompt.last_user = std::move(text);
  prompt.messages = prompt.user_turns = 1;
  return prompt;
}

Tier tier_of(std::string text) { return classify(asking(std::move(text)), {}).tier; }

double counted(const std::string& text, Feature feature) {
  return count_features(asking(text), {})[static_cast<std::size_t>(feature)];
}

struct Confusion {
  std::array<std::array<int, kTiers.size()>, kTiers.size()> counts{};  // [label][judged]
  int all = 0;
  int exact = 0;
  int within_one = 0;

  void add(Tier label, Tier judged) {
    const auto row = static_cast<std::size_t>(label);
    const auto column = static_cast<std::size_t>(judged);
    ++counts[row][column];
    ++all;
    if (row == column) ++exact;
    if (row <= column + 1 && column <= row + 1) ++within_one;
  }
  double share(int part) const { return static_cast<double>(part) / all; }
};

Confusion measure(bool held_out) {
  Confusion confusion;
  for (const LabelledPrompt& one : labelled_prompts()) {
    if (one.held_out == held_out) {
      confusion.add(one.tier, classify(one.prompt, one.needs).tier);
    }
  }
  return confusion;
}

std::string matrix_text(const Confusion& confusion) {
  std::string out = "| labelled | ";
  for (Tier tier : kTiers) out += fmt::format("{} | ", tier_name(tier));
  out.back() = '\n';
  out += "|---|---:|---:|---:|---:|---:|\n";
  for (Tier label : kTiers) {
    out += fmt::format("| {} |", tier_name(label));
    for (int count : confusion.counts[static_cast<std::size_t>(label)]) {
      out += fmt::format(" {} |", count);
    }
    out += '\n';
  }
  out +=
      fmt::format("\n{} prompts: {:.0f} % in the labelled tier, {:.0f} % within one tier of it.\n",
                  confusion.all, 100 * confusion.share(confusion.exact),
                  100 * confusion.share(confusion.within_one));
  return out;
}

std::string features_text() {
  std::string out = "| what is counted | weight | at most |\n|---|---:|---:|\n";
  for (const FeatureRow& row : kFeatureTable) {
    out += fmt::format("| {} | {:.2f} | {:.0f} |\n", row.what, row.weight, row.cap);
  }
  out += "\nThe score is the sum of weight × count. ";
  for (std::size_t i = 0; i < kTierThresholds.size(); ++i) {
    out += fmt::format("{} begins at {:.2f}{}", tier_name(kTiers[i + 1]), kTierThresholds[i],
                       i + 1 < kTierThresholds.size() ? ", " : ".\n");
  }
  return out;
}

std::string page() {
  std::set<std::string> languages;
  std::size_t prompts = 0;
  for (const LabelledPrompt& one : labelled_prompts()) {
    languages.insert(one.language);
    ++prompts;
  }
  return fmt::format(
      "# The classifier, measured\n\n"
      "Made by the unit tests of `src/routing/`; do not edit. After a change of the table or of "
      "the\n"
      "prompts, `TOLLGATE_WRITE_DOCS=1 build/dev/routing_test --gtest_filter='Classifier*'` writes "
      "it "
      "anew.\n\n"
      "`tollgate/auto` and routing profiles ask how much a prompt demands: its tier, NANO, SIMPLE, "
      "LIGHT, STANDARD\nor COMPLEX. Rules answer, in some microseconds: features that are counted, "
      "weights and thresholds, all in\n`src/routing/classifier_table.h`. No model is asked and "
      "nothing of a prompt is kept.\n\n"
      "## What it goes by\n\n{}\n"
      "## How well it does\n\n"
      "{} prompts in {} languages were written and labelled for this, by those who wrote the "
      "table: "
      "`tests/data/classifier_prompts.jsonl`.\nThe weights were fitted on two thirds of them; "
      "every "
      "third one was held out. Real traffic will be judged\nless well than these.\n\n"
      "Held out:\n\n{}\nFitted on:\n\n{}",
      features_text(), prompts, languages.size(), matrix_text(measure(true)),
      matrix_text(measure(false)));
}

TEST(Classifier, HeldOutPromptsGetTheirTier) {
  const Confusion confusion = measure(true);
  EXPECT_GE(confusion.share(confusion.exact), kHeldOutExactMin);
  EXPECT_GE(confusion.share(confusion.within_one), kHeldOutWithinOneMin);
}

TEST(Classifier, PromptsOfTheFittedPartGetTheirTier) {
  const Confusion confusion = measure(false);
  EXPECT_GE(confusion.share(confusion.exact), kTuningExactMin);
}

TEST(Classifier, IsMeasuredOnEnoughPromptsOfEveryTier) {
  const std::vector<LabelledPrompt> prompts = labelled_prompts();
  EXPECT_GE(prompts.size(), kPromptsMin);
  std::map<Tier, int> held_out;
  std::set<std::string> texts;
  for (const LabelledPrompt& one : prompts) {
    held_out[one.tier] += one.held_out ? 1 : 0;
    EXPECT_TRUE(texts.insert(one.prompt.last_user).second) << one.prompt.last_user;
  }
  for (Tier tier : kTiers) EXPECT_GE(held_out[tier], 25) << tier_name(tier);
}

TEST(Classifier, ItsPageSaysWhatItDoesNow) {
  const std::string path = TOLLGATE_SOURCE_DIR "/docs/classifier.md";
  if (std::getenv("TOLLGATE_WRITE_DOCS") != nullptr) std::ofstream(path) << page();
  std::ifstream file(path);
  std::stringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), page()) << "write it anew: TOLLGATE_WRITE_DOCS=1";
}

TEST(Classifier, EveryFeatureStandsAtItsPlaceInTheTable) {
  for (std::size_t i = 0; i < kFeatureTable.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kFeatureTable[i].feature), i);
    EXPECT_GT(kFeatureTable[i].cap, 0);
  }
  EXPECT_TRUE(std::ranges::is_sorted(kTierThresholds));
}

TEST(Classifier, AnEmptyPromptIsNano) { EXPECT_EQ(tier_of(""), Tier::kNano); }

TEST(Classifier, CountsWordsWhateverTheirCase) {
  EXPECT_EQ(counted("prove it", Feature::kProof), 1);
  EXPECT_EQ(counted("PROVE it", Feature::kProof), 1);
  EXPECT_EQ(counted("improve it", Feature::kProof), 0);
  EXPECT_EQ(counted("ДОКАЖИ это", Feature::kProof), 1);
  EXPECT_EQ(counted("ÜBERSETZE das", Feature::kTransform), 1);
}

TEST(Classifier, CountsStemsWithAnyEnding) {
  EXPECT_EQ(counted("analysiere das", Feature::kAnalyse), 1);
  EXPECT_EQ(counted("scalability", Feature::kDesign), 1);
}

TEST(Classifier, CountsPhrasesOnlyAsTheyStand) {
  EXPECT_EQ(counted("what is it", Feature::kLookUp), 1);
  EXPECT_EQ(counted("what, is it", Feature::kLookUp), 0);
  EXPECT_EQ(counted("what\nis it", Feature::kLookUp), 0);
  EXPECT_EQ(counted("is what", Feature::kLookUp), 0);
}

TEST(Classifier, CountsIdeogramsWhereverTheyStand) {
  EXPECT_EQ(counted("请证明这个定理", Feature::kProof), 1);
  EXPECT_EQ(counted("次の文を要約して", Feature::kTransform), 1);
  EXPECT_EQ(counted("分布式系统", Feature::kDesign), 1);
}

TEST(Classifier, NoCountIsAboveItsCap) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "prove? 17 ";
  const FeatureCounts counts = count_features(asking(text), {.images = 9, .tools = true});
  for (const FeatureRow& row : kFeatureTable) {
    EXPECT_LE(counts[static_cast<std::size_t>(row.feature)], row.cap) << row.what;
  }
  EXPECT_EQ(counted(text, Feature::kProof), 4);
}

TEST(Classifier, LooksAtTheBeginningAndTheEndOfALongPrompt) {
  const std::string filler(20'000, '.');
  EXPECT_EQ(counted("prove " + filler, Feature::kProof), 1);
  EXPECT_EQ(counted(filler + " prove", Feature::kProof), 1);
  EXPECT_EQ(counted(filler + " prove " + filler, Feature::kProof), 0);
  EXPECT_GT(counted(filler, Feature::kLength), counted("prove", Feature::kLength));
}

TEST(Classifier, CutsALongTextBetweenCharacters) {
  for (std::size_t before = 0; before < 4; ++before) {
    std::string text(before, 'a');
    while (text.size() < 10'000) text += "証明";
    EXPECT_EQ(counted(text, Feature::kProof), 4);
  }
}

TEST(Classifier, AnyBytesAtAllAreJudged) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t length : {1, 2, 3, 63, 64, 65, 3'000}) {
      const Classified judged = classify(asking(std::string(length, static_cast<char>(byte))), {});
      EXPECT_GE(judged.confidence, 0);
      EXPECT_LE(judged.confidence, 1);
    }
  }
}

TEST(Classifier, IsSurerFarFromAThresholdThanNearIt) {
  const Classified sure = classify(asking("hi"), {});
  EXPECT_EQ(sure.tier, Tier::kNano);
  EXPECT_GT(sure.confidence, 0.7);
  const Classified unsure = classify(asking("Explain the offside rule in football."), {});
  EXPECT_LT(unsure.confidence, sure.confidence);
}

TEST(Classifier, WhatComesWithAPromptCounts) {
  PromptText prompt = asking("do it");
  const FeatureCounts alone = count_features(prompt, {});
  prompt.user_turns = 9;
  prompt.system = std::string(2'000, 'x');
  const FeatureCounts with =
      count_features(prompt, {.tools = true, .video_input = true, .max_tokens = kTinyAnswerMax});
  for (Feature feature : {Feature::kTurns, Feature::kSystem, Feature::kTools, Feature::kMedia,
                          Feature::kTinyAnswer}) {
    const auto index = static_cast<std::size_t>(feature);
    EXPECT_EQ(alone[index], 0);
    EXPECT_GT(with[index], 0);
  }
}

}  // namespace
}  // namespace tollgate
