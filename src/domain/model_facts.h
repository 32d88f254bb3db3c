// What is known of a model apart from where it is offered and at what price: kind, capabilities,
// sizes, how good it is (SPEC §1 "model"). Filled by the catalogue, read by routing/.
//
// What nobody states is unknown, never false: an unknown capability does not keep a model from a
// request, it only comes after the models that are known to have it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "domain/price.h"

namespace tollgate {

enum class ModelKind { kChat, kEmbedding, kImage, kSpeech, kTranscription, kRerank, kModeration };
std::string_view model_kind_name(ModelKind kind);  // "chat", "embedding" …
std::optional<ModelKind> model_kind_from_name(std::string_view name);

enum class Capability {
  kVision,
  kTools,
  kAudioInput,
  kFileInput,
  kVideoInput,
  kJsonSchema,
  kReasoning
};
inline constexpr std::array kCapabilities = {Capability::kVision,     Capability::kTools,
                                             Capability::kAudioInput, Capability::kFileInput,
                                             Capability::kVideoInput, Capability::kJsonSchema,
                                             Capability::kReasoning};
std::string_view capability_name(Capability capability);  // "vision", "audio_input" …

enum class Known : std::uint8_t { kUnknown, kNo, kYes };

class Capabilities {
 public:
  constexpr Known operator[](Capability capability) const {
    return known_[static_cast<std::size_t>(capability)];
  }
  constexpr void set(Capability capability, Known known) {
    known_[static_cast<std::size_t>(capability)] = known;
  }
  bool operator==(const Capabilities&) const = default;

 private:
  std::array<Known, kCapabilities.size()> known_{};
};

// How much a prompt asks, and how much a model can: a prompt of a tier is for models of that tier
// and above (SPEC §6).
enum class Tier { kNano, kSimple, kLight, kStandard, kComplex };
inline constexpr std::array kTiers = {Tier::kNano, Tier::kSimple, Tier::kLight, Tier::kStandard,
                                      Tier::kComplex};
std::string_view tier_name(Tier tier);  // "NANO" …
// In any case of letters.
std::optional<Tier> tier_from_name(std::string_view name);

inline constexpr int kScoreMax = 100;  // of quality and of tool calling

struct ModelFacts {
  ModelId id;
  std::string name;  // for people; empty = the id
  std::optional<ModelKind> kind;
  Capabilities capabilities;
  std::int64_t context_window = 0;     // 0 = unknown; an offer's own goes before it
  std::int64_t max_output_tokens = 0;  // likewise
  std::optional<int> quality;          // 0..kScoreMax
  std::optional<Tier> tier;
  std::optional<int> tool_calling;  // how well it calls tools, 0..kScoreMax
  std::string source = "built-in";  // or "file", "api"

  bool operator==(const ModelFacts&) const = default;
};

// How good a model is, with what nobody stated worked out.
struct ModelStanding {
  int quality = 0;
  Tier tier = Tier::kNano;
  int tool_calling = 0;

  bool operator==(const ModelStanding&) const = default;
};

// What the facts state, and for the rest:
// quality       by the price of the cheapest offer, three parts input and one part output, in USD
//               per million tokens: to 0.10 20, to 0.30 35, to 1 50, to 5 65, to 12 80, above 90.
//               A price of 0 says nothing and gives 35. Known reasoning adds 15, to at most 100.
// tier          by quality: below 30 NANO, below 45 SIMPLE, below 60 LIGHT, below 78 STANDARD,
//               from there on COMPLEX.
// tool_calling  0 where tools are known to be missing, the quality where they are known to be
//               there, half of it where nobody says.
ModelStanding standing_of(const ModelFacts& facts, const Prices& cheapest);

}  // namespace tollgate
