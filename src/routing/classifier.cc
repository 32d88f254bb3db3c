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
constexpr std::size_t kGramsMax = 4;  // characters of a script without blanks

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
  Lexicon() : words_(kWordSlots), stems_(kStemSlots) {
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
  int stem(std::uint64_t hash, std::size_t bytes) const {
    const bool possible = bytes < 32 && ((stem_lengths_ >> bytes) & 1) != 0;
    return possible ? find(stems_, hash) : -1;
  }

 private:
  // Sizes that fit a processor's first cache: a hash's upper 56 bits, and the feature in the rest.
  static constexpr std::size_t kWordSlots = 4'096;
  static constexpr std::size_t kStemSlots = 512;
  using Slots = std::vector<std::uint64_t>;  // 0 = empty

  static std::uint64_t slot_of(std::uint64_t hash, int feature) {
    return (hash & ~std::uint64_t{0xFF}) | static_cast<std::uint64_t>(feature + 1);
  }
  static int find(const Slots& slots, std::uint64_t hash) {
    for (std::size_t at = hash >> 8;; ++at) {
      const std::uint64_t slot = slots[at & (slots.size() - 1)];
      if (slot == 0) return -1;
      if (((slot ^ hash) >> 8) == 0) return static_cast<int>(slot & 0xFF) - 1;
    }
  }
  // The first row that lists a word keeps it.
  static void insert(Slots& slots, std::uint64_t hash, Feature feature) {
    std::size_t at = hash >> 8;
    while (slots[at & (slots.size() - 1)] != 0) {
      if (((slots[at & (slots.size() - 1)] ^ hash) >> 8) == 0) return;
      ++at;
    }
    slots[at & (slots.size() - 1)] = slot_of(hash, static_cast<int>(feature));
  }
  void add(std::string_view word, Feature feature) {
    if (word.ends_with('*')) {
      word.remove_suffix(1);
      stem_lengths_ |= 1U << word.size();
      return insert(stems_, hash_of(word), feature);
    }
    const std::size_t divider = word.find('_');
    if (divider == std::string_view::npos) return insert(words_, hash_of(word), feature);
    insert(words_,
           hash_of_pair(hash_of(word.substr(0, divider)), hash_of(word.substr(divider + 1))),
           feature);
  }

  Slots words_;
  Slots stems_;
  std::uint32_t stem_lengths_ = 0;  // bit n: there is a stem of n bytes
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

// What an ASCII character of a word counts as, in lower case; 0 for one that belongs to no word.
constexpr std::array<char, 128> kLowered = [] {
  std::array<char, 128> out{};
  constexpr std::string_view kWordSigns = "0123456789'-+.";
  for (unsigned char c : kWordSigns) out[c] = static_cast<char>(c);
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  for (unsigned char c : kLetters) {
    out[c] = static_cast<char>(c);
    out[c - 0x20U] = static_cast<char>(c);
  }
  return out;
}();

Character wide_character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const std::size_t left = text.size() - at;
  const unsigned first = byte(0);
  if (first < 0xE0) {
    const bool sign = first == 0xC2 || (first == 0xC3 && (byte(1) == 0x97 || byte(1) == 0xB7));
    return {sign ? Script::kOther : Script::kLetter, std::min<std::size_t>(left, 2)};
  }
  if (first >= 0xF0) return {Script::kOther, std::min<std::size_t>(left, 4)};
  const unsigned point = ((first & 0xFU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
  const bool sign = (point >= 0x2000 && point < 0x2C00) || (point >= 0x3000 && point < 0x3040) ||
                    point >= 0xFE00 || point == 0x964;
  const bool ideogram = (point >= 0x3040 && point < 0xA000) || (point >= 0xAC00 && point < 0xD7B0);
  return {sign       ? Script::kOther
          : ideogram ? Script::kIdeogram
                     : Script::kLetter,
          std::min<std::size_t>(left, 3)};
}

Character character_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first >= 0x80) return wide_character_at(text, at);
  return {kLowered[first] != 0 ? Script::kLetter : Script::kOther, 1};
}

// A letter of two bytes in lower case: of Latin-1 and Cyrillic, which is what the table has.
std::array<char, 2> lowered_pair(char one, char two) {
  const auto first = static_cast<unsigned char>(one);
  const auto second = static_cast<unsigned char>(two);
  const auto raised = static_cast<char>(second + 0x20);
  if (first == 0xC3 && second >= 0x80 && second <= 0x9E) return {one, raised};
  if (first == 0xD0 && second >= 0x90 && second <= 0x9F) return {one, raised};
  if (first == 0xD0 && second >= 0xA0 && second <= 0xAF) {
    return {static_cast<char>(0xD1), static_cast<char>(second - 0x20)};
  }
  return {one, two};
}

// A word as it is read, byte by byte.
struct Word {
  std::uint64_t hash = kHashStart;
  std::uint64_t before_last = kHashStart;  // without the last character
  std::size_t bytes = 0;
  std::size_t characters = 0;
  int stem = -1;

  void add(char byte, const Lexicon& known) {
    hash = hashed(hash, byte);
    ++bytes;
    if (stem < 0) stem = known.stem(hash, bytes);
  }
};

class Counter {
 public:
  using Counts = std::array<double, kFeatures>;

  void read(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const Character character = character_at(text, at);
      if (character.script != Script::kIdeogram) grams_ = {};
      if (character.script == Script::kLetter) {
        at = read_word(text, at);
        continue;
      }
      ++characters_;
      if (character.script == Script::kIdeogram) {
        characters_ += kIdeogramExtra;
        read_ideogram(text.substr(at, character.size));
      } else if (character.size == 1) {
        read_sign(text[at]);
      } else {
        read_wide_sign(text.substr(at, character.size));
      }
      at += character.size;
    }
    previous_ = 0;
    grams_ = {};
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
    const std::size_t begin = at;
    Word word;
    while (at < text.size()) {
      const Character character = character_at(text, at);
      if (character.script != Script::kLetter) break;
      word.before_last = word.hash;
      ++word.characters;
      if (character.size == 1) {
        const auto byte = static_cast<unsigned char>(text[at]);
        word.add(byte < 0x80 ? kLowered[byte] : text[at], lexicon_);
      } else if (character.size == 2) {
        for (char byte : lowered_pair(text[at], text[at + 1])) word.add(byte, lexicon_);
      } else {
        for (char byte : text.substr(at, character.size)) word.add(byte, lexicon_);
      }
      at += character.size;
    }
    characters_ += word.characters;
    if (text[begin] >= '0' && text[begin] <= '9') add(Feature::kNumbers, 1);
    const bool ends_sentence = at - begin > 1 && text[at - 1] == '.';
    count(ends_sentence ? word.before_last : word.hash, word.stem);
    if (ends_sentence) previous_ = 0;
    return at;
  }

  void count(std::uint64_t hash, int stem) {
    const int phrase = previous_ == 0 ? -1 : lexicon_.word(hash_of_pair(previous_, hash));
    const int whole = lexicon_.word(hash);
    count_word(phrase);
    if (whole != phrase || phrase < 0) count_word(whole >= 0 ? whole : stem);
    previous_ = hash;
  }

  // Sequences of two to four ideograms that end here.
  void read_ideogram(std::string_view ideogram) {
    // Each sequence grows out of the one that ended at the character before.
    for (std::size_t n = kGramsMax; n > 0; --n) {
      std::uint64_t hash = n == 1 ? kHashStart : grams_[n - 2];
      if (hash != 0) {
        for (char byte : ideogram) hash = hashed(hash, byte);
        if (n > 1) count_word(lexicon_.word(hash));
      }
      grams_[n - 1] = hash;
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

  const Lexicon& lexicon_ = lexicon();
  Counts counts_{};
  std::size_t characters_ = 0;
  // Of the sequences of one to four ideograms that end before this character; 0 = none.
  std::array<std::uint64_t, kGramsMax> grams_{};
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
