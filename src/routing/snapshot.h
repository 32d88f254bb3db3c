// Snapshot: the immutable catalogue that all threads share: models, their offers, providers, and
// the built-in sandbox, aliases and profiles. Made on start and whenever the catalogue changes; a
// request keeps the one it began with.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "domain/model_id.h"
#include "domain/offer.h"
#include "routing/health.h"

namespace tollgate {

inline constexpr std::string_view kSandboxProvider = "sandbox";
struct Model;

// What the choice reads of an offer, side by side in memory: a request for tollgate/auto looks at
// each of them.
struct OfferFigures {
  const Offer* offer = nullptr;
  const Model* model = nullptr;
  OfferHealth* health = nullptr;  // null: nobody keeps it
  Money input = {};               // per million tokens, below every tier
  Money output = {};
  Money per_request = {};
  std::int64_t tier_above = 0;      // the input from which on other prices hold; 0 = none
  std::int64_t context_window = 0;  // 0 = unknown
  std::uint32_t region = 0;         // Snapshot::region_number()
  std::uint32_t carbon = 0;         // grams per kWh; 0 = unknown
  std::uint8_t lacks = 0;           // capability_bit()s of what the model is known to lack
  std::uint8_t has = 0;             // likewise to have
  std::uint8_t quality = 0;         // as ModelStanding has it
  std::uint8_t tool_calling = 0;    // likewise
  bool converses_only = false;      // its provider's dialect has no other route
  Tier tier = Tier::kNano;          // as ModelStanding has it
};
constexpr std::uint8_t capability_bit(Capability capability) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(capability));
}

struct Model {
  ModelId id;
  ModelFacts facts;  // unknown but for the id where nobody stated any
  ModelStanding standing;
  std::vector<const Offer*> offers;       // cheapest first, then as configured
  std::span<const OfferFigures> figures;  // of these offers, in this order
  // What a sandbox key gets for this model: lorem under its id, at its first offer's prices. For a
  // sandbox model, its own offer.
  const Offer* simulated = nullptr;
  std::int64_t context_window = 0;     // the largest of its offers; 0 = unknown
  std::int64_t max_output_tokens = 0;  // likewise
  bool sandbox = false;                // one of the built-in sandbox/ models

  // The price people are shown: the first offer's.
  const Prices& prices() const { return offers.front()->prices; }
};

// What a model's name in a request stands for: nothing, one model, or the choice by a strategy.
struct Meaning {
  const Model* model = nullptr;
  std::optional<Strategy> automatic = {};

  bool nothing() const { return model == nullptr && !automatic; }
};

class Snapshot {
  class ForBuilder {
    friend class SnapshotBuilder;
    ForBuilder() = default;
  };

 public:
  explicit Snapshot(ForBuilder /*made by build_snapshot*/) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // By public id, by alias, or by short name (what follows the first '/') where only one model has
  // it; an ordinary model's short name goes before a sandbox one's. Nothing if unknown or
  // ambiguous.
  Meaning resolve(std::string_view text) const;
  // resolve()'s model; nullptr for tollgate/auto too.
  const Model* find(std::string_view text) const { return resolve(text).model; }
  // The public ids that an ambiguous short name could mean; empty if it is not ambiguous.
  std::vector<std::string> meanings(std::string_view short_name) const;
  // Ordinary models as configured, then the sandbox's.
  const std::vector<Model>& models() const { return models_; }
  // Of all offers, grouped by model in the order of models(): ordinary ones first.
  std::span<const OfferFigures> figures() const { return figures_; }
  std::span<const OfferFigures> ordinary_figures() const {
    return figures().first(ordinary_figures_);
  }
  // A region's number; 0 is no region, and nullopt one that no offer stands in.
  std::optional<std::uint32_t> region_number(std::string_view region) const;

  const Provider* provider(const ProviderId& id) const;
  const Provider& provider_of(const Offer& offer) const;
  // Configured ones in order, then the sandbox.
  const std::vector<Provider>& providers() const { return providers_; }
  // The offer that simulates models nobody configured.
  const Offer& lorem() const { return *lorem_; }

  const Profile* profile(const ProfileId& id) const;
  const std::vector<Profile>& profiles() const { return profiles_; }
  const std::map<std::string, std::string, std::less<>>& aliases() const { return aliases_; }
  // nullptr for an offer that is not of this snapshot's catalogue (a simulated one), and where
  // build_snapshot() was given no Health.
  OfferHealth* health_of(const Offer& offer) const;

 private:
  friend class SnapshotBuilder;

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  std::vector<Provider> providers_;
  std::vector<Offer> offers_;  // never grows once built: models point into it
  std::vector<Offer> simulated_;
  std::vector<Model> models_;
  std::vector<OfferFigures> figures_;
  std::size_t ordinary_figures_ = 0;
  std::vector<OfferHealth*> health_;  // as offers_
  std::vector<Profile> profiles_;
  std::map<std::string, std::string, std::less<>> aliases_;
  ByText<std::size_t> model_by_id_;
  ByText<std::vector<std::size_t>> models_by_short_name_;
  ByText<std::size_t> provider_by_id_;
  ByText<std::size_t> profile_by_id_;
  ByText<std::uint32_t> region_numbers_;
  const Offer* lorem_ = nullptr;
};

// Health, which outlives the snapshot, is what every offer's outcomes are kept in; without it all
// offers count as healthy.
//
// kInvalidRequest naming the culprit for: a provider, an offer (model at provider), a model's facts
// or a profile given twice, an offer at an unknown provider, a malformed model id or alias, an
// alias that is a model's id or stands for another alias, and the reserved names (provider
// `sandbox`, models and aliases sandbox/… and tollgate/…). An alias may stand for a model that
// nobody offers: it then finds nothing.
Result<std::shared_ptr<const Snapshot>> build_snapshot(Catalogue catalogue,
                                                       Health* health = nullptr);

}  // namespace tollgate
