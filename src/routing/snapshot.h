// Snapshot: the immutable catalogue that all threads share: models, their offers, providers, and
// the built-in sandbox. Made on start and on reload from what config/ read; a request keeps the one
// it began with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "domain/offer.h"

namespace tollgate {

inline constexpr std::string_view kSandboxProvider = "sandbox";
inline constexpr std::string_view kSandboxPrefix = "sandbox/";

struct Model {
  ModelId id;
  std::vector<const Offer*> offers;  // cheapest first, then as configured
  // What a sandbox key gets for this model: lorem under its id, at its first offer's prices. For a
  // sandbox model, its own offer.
  const Offer* simulated = nullptr;
  std::int64_t context_window = 0;     // the largest of its offers; 0 = unknown
  std::int64_t max_output_tokens = 0;  // likewise
  bool sandbox = false;                // one of the built-in sandbox/ models

  // The price people are shown: the first offer's.
  const Prices& prices() const { return offers.front()->prices; }
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

  // By public id or by short name (what follows the first '/') where only one model has it; an
  // ordinary model's short name goes before a sandbox one's. nullptr if unknown or ambiguous.
  const Model* find(std::string_view text) const;
  // The public ids that an ambiguous short name could mean; empty if it is not ambiguous.
  std::vector<std::string> meanings(std::string_view short_name) const;
  // Ordinary models as configured, then the sandbox's.
  const std::vector<Model>& models() const { return models_; }

  const Provider* provider(const ProviderId& id) const;
  const Provider& provider_of(const Offer& offer) const;
  // Configured ones in order, then the sandbox.
  const std::vector<Provider>& providers() const { return providers_; }
  // The offer that simulates models nobody configured.
  const Offer& lorem() const { return *lorem_; }

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
  ByText<std::size_t> model_by_id_;
  ByText<std::vector<std::size_t>> models_by_short_name_;
  ByText<std::size_t> provider_by_id_;
  const Offer* lorem_ = nullptr;
};

// kInvalidRequest naming the culprit for: a provider or an offer (model at provider) given twice,
// an offer at an unknown provider, a malformed model id, and the reserved names (provider
// `sandbox`, models sandbox/… and tollgate/…).
Result<std::shared_ptr<const Snapshot>> build_snapshot(Catalogue catalogue);

// A public model id: creator/model, of [A-Za-z0-9._:/@+-], at most 200 characters.
bool well_formed_model_id(std::string_view id);

}  // namespace tollgate
