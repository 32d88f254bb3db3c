#include "routing/classifier.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "routing/classifier_table.h"

namespace tollgate {

namespace {

constexpr std::uint64_t kHashStart = 0xCBF29CE484222325U;  // FNV-1a
constexpr std::uint64_t kHashPrime = 0x100000001B3U;
constexpr std::size_t kStemMin = 4;  // bytes before a * in the table
constexpr std::size_t kStemMax = 20;
constexpr std::size_t kGramsMax = 4;  // characters of a script without blanks
constexpr std::size_t kWordBytesMax = 64;

constexpr std::uint64_t hashed(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * kHashPrime;
}
constexpr std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = kHashStart;
  for (char byte : text) hash = hashed(hash, byte);
  return hash;
}
// Of two words of a phrase, each by its own hash.
constexpr std::uint64_t hash_of_pair(std::uint64_t first, std::uint64_t second) {
  return (first ^ 0x5F) * kHashPrime ^ second;
}

// The table's words by hash: whole words, phrases of two, ideograms, and stems apart.
class Lexicon {
 public:
  Lexicon() : words_(kSlots), stems_(kSlots) {
    for (const Words& row : kWords) {
      std::string_view rest = row.words;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0) add(rest.substr(0, end), row.feature);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }

  // The feature that a word counts for, -1 for none; of words, phrases and ideograms.
  int word(std::uint64_t hash) const { return find(words_, hash); }
  int stem(std::uint64_t hash) const { return find(stems_, hash); }

 private:
  static constexpr std::size_t kSlots = 8'192;
  struct Slot {
    std::uint64_t hash = 0;
    int feature = -1;
  };

  static int find(const std::vector<Slot>& slots, std::uint64_t hash) {
    for (std::size_t at = hash % kSlots;; at = (at + 1) % kSlots) {
      if (slots[at].feature < 0 || slots[at].hash == hash) return slots[at].feature;
    }
  }
  static void insert(std::vector<Slot>& slots, std::uint64_t hash, Feature feature) {
    std::size_t at = hash % kSlots;
    while (slots[at].feature >= 0 && slots[at].hash != hash) at = (at + 1) % kSlots;
    if (slots[at].feature < 0) slots[at] = {.hash = hash, .feature = static_cast<int>(feature)};
  }
  void add(std::string_view word, Feature feature) {
    if (word.ends_with('*'))
      return insert(stems_, hash_of(word.substr(0, word.size() - 1)), feature);
    const std::size_t divider = word.find('_');
    if (divider == std::string_view::npos) return insert(words_, hash_of(word), feature);
    insert(words_,
           hash_of_pair(hash_of(word.substr(0, divider)), hash_of(word.substr(divider + 1))),
           feature);
  }

  std::vector<Slot> words_;
  std::vector<Slot> stems_;
};

const Lexicon& lexicon() {
  static const Lexicon made;
  return made;
}

enum class Script { kOther, kLetter, kIdeogram };

// A character of the text: what it is and how many bytes it takes.
struct Character {
  Script script = Script::kOther;
  std::size_t size = 1;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                        (first >= '0' && first <= '9') || first == '\'' || first == '-' ||
                        first == '+' || first == '.';
    return {letter ? Script::kLetter : Script::kOther, 1};
  }
  if (first < 0xE0) {
    const bool sign = first == 0xC2 || (first == 0xC3 && (byte(1) == 0x97 || byte(1) == 0xB7));
    return {sign ? Script::kOther : Script::kLetter, 2};
  }
  if (first >= 0xF0) return {Script::kOther, 4};
  const unsigned point = ((first & 0xFU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
  const bool sign = (point >= 0x2000 && point < 0x2C00) || (point >= 0x3000 && point < 0x3040) ||
                    point >= 0xFE00 || point == 0x964;
  const bool ideogram = (point >= 0x3040 && point < 0xA000) || (point >= 0xAC00 && point < 0xD7B0);
  return {sign ? Script::kOther : ideogram ? Script::kIdeogram : Script::kLetter, 3};
}

// Lower case of one character's bytes: ASCII, Latin-1 and Cyrillic, which is what the table has.
void lower(char* bytes, std::size_t size) {
  auto& first = reinterpret_cast<unsigned char&>(bytes[0]);
  if (size == 1) {
    if (first >= 'A' && first <= 'Z') first += 'a' - 'A';
    return;
  }
  if (size != 2) return;
  auto& second = reinterpret_cast<unsigned char&>(bytes[1]);
  if (first == 0xC3 && second >= 0x80 && second <= 0x9E) second += 0x20;
  if (first == 0xD0 && second >= 0x90 && second <= 0x9F) second += 0x20;
  if (first == 0xD0 && second >= 0xA0 && second <= 0xAF) {
    first = 0xD1;
    second -= 0x20;
  }
}

class Counter {
 public:
  using Counts = std::array<double, kFeatures>;

  void read(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const Character character = character_at(text, at);
      const std::size_t size = std::min(character.size, text.size() - at);
      ++characters_;
      if (character.script == Script::kLetter) {
        at = read_word(text, at);
        continue;
      }
      if (character.script == Script::kIdeogram) {
        characters_ += kIdeogramExtra;
        read_grams(text, at);
      } else if (size == 1) {
        read_sign(text[at]);
      } else {
        read_wide_sign(text.substr(at, size));
      }
      at += size;
    }
    previous_ = 0;
  }

  // Characters that were not read, by their bytes.
  void skip(std::size_t bytes) { characters_ += bytes; }

  void add(Feature feature, double count) { counts_[static_cast<std::size_t>(feature)] += count; }

  Counts finish() {
    add(Feature::kLength, log2_of(static_cast<double>(characters_) / 16));
    for (const FeatureRow& row : kFeatureTable) {
      double& count = counts_[static_cast<std::size_t>(row.feature)];
      count = std::min(count, row.cap);
    }
    return counts_;
  }

  static double log2_of(double count) { return std::log2(1 + count); }

 private:
  static constexpr std::size_t kIdeogramExtra = 5;

  void count_word(int feature) {
    if (feature >= 0) ++counts_[static_cast<std::size_t>(feature)];
  }

  // Reads the word that begins here; where it ends.
  std::size_t read_word(std::string_view text, std::size_t at) {
    std::array<char, kWordBytesMax> word;
    std::size_t length = 0;
    std::uint64_t hash = kHashStart;
    std::uint64_t before_dot = 0;
    int stem = -1;
    while (at < text.size()) {
      const Character character = character_at(text, at);
      if (character.script != Script::kLetter) break;
      const std::size_t size = std::min(character.size, text.size() - at);
      if (length + size <= word.size()) {
        std::copy_n(text.data() + at, size, word.data() + length);
        lower(word.data() + length, size);
        before_dot = hash;
        for (const std::size_t end = length + size; length < end; ++length) {
          hash = hashed(hash, word[length]);
          const bool stem_size = length + 1 >= kStemMin && length < kStemMax;
          if (stem < 0 && stem_size) stem = lexicon().stem(hash);
        }
      }
      at += size;
      ++characters_;
    }
    --characters_;  // the first was counted already
    const bool ends_sentence = length > 1 && word[length - 1] == '.';
    if (word[0] >= '0' && word[0] <= '9') add(Feature::kNumbers, 1);
    count(ends_sentence ? before_dot : hash, stem);
    if (ends_sentence) previous_ = 0;
    return at;
  }

  void count(std::uint64_t hash, int stem) {
    const int phrase = previous_ == 0 ? -1 : lexicon().word(hash_of_pair(previous_, hash));
    const int whole = lexicon().word(hash);
    count_word(phrase);
    if (whole != phrase || phrase < 0) count_word(whole >= 0 ? whole : stem);
    previous_ = hash;
  }

  // Sequences of two to four ideograms that begin here.
  void read_grams(std::string_view text, std::size_t at) {
    std::uint64_t hash = kHashStart;
    std::size_t end = at;
    for (std::size_t n = 1; n <= kGramsMax && end < text.size(); ++n) {
      const Character next = character_at(text, end);
      if (next.script != Script::kIdeogram || end + next.size > text.size()) return;
      for (std::size_t i = 0; i < next.size; ++i) hash = hashed(hash, text[end + i]);
      end += next.size;
      if (n > 1) count_word(lexicon().word(hash));
    }
  }

  // A phrase does not go on behind a sign, but for a blank.
  void read_sign(char sign) {
    if (sign == '?') add(Feature::kQuestions, 1);
    if (sign != ' ') previous_ = 0;
  }

  void read_wide_sign(std::string_view sign) {
    if (sign == "？" || sign == "؟") add(Feature::kQuestions, 1);
    previous_ = 0;
  }

  Counts counts_{};
  std::size_t characters_ = 0;
  std::uint64_t previous_ = 0;  // the word before, 0 = none that belongs to a phrase
};

// From where a text's end is looked at: a whole character.
std::size_t character_from(std::string_view text, std::size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

void read_user_text(std::string_view text, Counter& counter) {
  if (text.size() <= kHeadLookedAt + kTailLookedAt) return counter.read(text);
  const std::size_t head = character_from(text, kHeadLookedAt);
  const std::size_t tail = character_from(text, text.size() - kTailLookedAt);
  counter.read(text.substr(0, head));
  counter.skip(tail - head);
  counter.read(text.substr(tail));
}

double bytes_by(std::int64_t bytes, double unit) {
  return Counter::log2_of(static_cast<double>(std::max<std::int64_t>(bytes, 0)) / unit);
}

double as_count(bool truth) { return truth ? 1 : 0; }

// The share of a logistic spread around the score that lies below a threshold.
double share_below(double threshold, double score) {
  return 1 / (1 + std::exp((score - threshold) / kScoreSpread));
}

}  // namespace

FeatureCounts count_features(const PromptText& prompt, const RequestNeeds& needs) {
  Counter counter;
  read_user_text(prompt.last_user, counter);
  counter.add(Feature::kTurns,
              static_cast<double>(std::max<std::int64_t>(prompt.user_turns - 1, 0)));
  counter.add(Feature::kSystem, bytes_by(static_cast<std::int64_t>(prompt.system.size()), 32));
  counter.add(Feature::kTools, as_count(needs.tools));
  counter.add(Feature::kMedia, as_count(needs.images > 0 || needs.file_input || needs.audio_input ||
                                        needs.video_input));
  counter.add(Feature::kTinyAnswer,
              as_count(needs.max_tokens && *needs.max_tokens <= kTinyAnswerMax));
  return counter.finish();
}

Classified classify(const PromptText& prompt, const RequestNeeds& needs) {
  const FeatureCounts counts = count_features(prompt, needs);
  double score = 0;
  for (const FeatureRow& row : kFeatureTable) {
    score += row.weight * counts[static_cast<std::size_t>(row.feature)];
  }
  const auto above = std::ranges::upper_bound(kTierThresholds, score);
  const auto tier = static_cast<std::size_t>(above - kTierThresholds.begin());
  const double to = tier < kTierThresholds.size() ? share_below(kTierThresholds[tier], score) : 1;
  const double from = tier > 0 ? share_below(kTierThresholds[tier - 1], score) : 0;
  return {.tier = kTiers[tier], .confidence = to - from};
}

}  // namespace tollgate
