// Which offers may serve a request, and why not (SPEC §6 "Eligible offers"): the one place where
// the intersection is taken. What is dropped here is seen by explain and in the usage row; asking
// costs some nanoseconds an offer. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/bound.h"
#include "domain/model_facts.h"
#include "domain/request_needs.h"
#include "routing/route_rules.h"
#include "routing/snapshot.h"

namespace tollgate {

// In the order in which they are asked: where nothing is left, the last that dropped any offer is
// what the refusal speaks of.
enum class DropReason : std::uint8_t {
  kKeyModels,      // not of the key's models
  kProfileModels,  // not of the profile's models, or of its ordered list
  kRouteModels,    // not of route.models
  kKind,           // another kind of model than the route is for
  kRegion,
  kTierFloor,
  kTierCeiling,
  kVision,
  kTools,
  kAudioInput,
  kFileInput,
  kVideoInput,
  kJsonSchema,
  kToolCalling,    // below the profile's minimum
  kContextWindow,  // the prompt alone is certainly larger
  kDown,
  kNotPriced,  // no price of what it is billed by; or no bound on what it may charge, under a cap
  kCostCap     // the least that it may have to hold is above the cap
};
inline constexpr std::size_t kDropReasons = 18;
std::string_view drop_reason_name(DropReason reason);  // "key_models" …

// Model patterns, looked at once and matched often.
class PatternList {
 public:
  PatternList() = default;  // matches all
  // Borrows the patterns. An empty list matches all, too.
  explicit PatternList(const std::vector<std::string>& patterns);

  bool matches_all() const { return patterns_.empty(); }
  // Of the first pattern that matches; nullopt if none does.
  std::optional<std::size_t> place_of(std::string_view model) const;
  bool matches(std::string_view model) const { return matches_all() || place_of(model); }

 private:
  enum class Shape : std::uint8_t { kExact, kPrefix, kAny };
  struct Pattern {
    std::string_view text;  // kPrefix: without its star
    Shape shape;
  };
  std::vector<Pattern> patterns_;
};

struct EligibilityNeeds {
  const std::vector<std::string>& key_models;
  const RouteRules& rules;
  const RequestNeeds& needs;
  ModelKind kind = ModelKind::kChat;  // of the route
  // The request named the model: whoever names a model of unknown kind knows what it is.
  bool named = false;
  bool heed_health = true;  // not where the sandbox stands in
  SteadyTime now;
};

// What an eligible offer brings to the choice.
struct Eligible {
  const OfferFigures* figures = nullptr;
  std::chrono::microseconds median{0};  // of its latency; 0 = not measured
  std::uint32_t place = 0;              // in the profile's ordered list; 0 without one
  HealthState health = HealthState::kHealthy;
  bool capabilities_known = true;  // all that are needed
};

class Eligibility {
 public:
  // Borrows all of them.
  Eligibility(const Snapshot& snapshot, const EligibilityNeeds& needs);

  // Fills `eligible`, or says why the offer is dropped. Quickest when the offers of a model come
  // one after the other.
  std::optional<DropReason> why_dropped(const OfferFigures& offer, Eligible& eligible);

  // Of what the cost cap dropped: the smallest bound.
  std::optional<Money> smallest_bound() const { return smallest_bound_; }
  // Of what is down: when the first probe is due.
  std::optional<SteadyTime> soonest_probe() const { return soonest_probe_; }

 private:
  // What is the same for all offers of a model.
  struct ModelVerdict {
    const Model* model = nullptr;
    std::optional<DropReason> list = {};  // asked before the region
    std::optional<DropReason> fit = {};   // asked after it
    std::uint32_t place = 0;
    bool capabilities_known = true;
  };
  void judge(const OfferFigures& offer);
  std::optional<DropReason> why_not_listed(std::string_view model);
  std::optional<DropReason> why_unfit(const OfferFigures& offer) const;
  std::optional<DropReason> why_too_dear(const Offer& offer);

  const EligibilityNeeds& needs_;
  PatternList key_models_;
  PatternList profile_models_;
  PatternList order_;
  PatternList route_models_;
  std::optional<std::uint32_t> region_;  // the number; nullopt: no offer stands there
  std::uint8_t needed_ = 0;              // capability_bit()s
  std::int64_t input_tokens_min_ = 0;    // of the longest of the request's inputs
  ModelVerdict verdict_;
  std::optional<Money> smallest_bound_;
  std::optional<SteadyTime> soonest_probe_;
};

}  // namespace tollgate
