// The decision: what a choice looked at, and why it came out as it did (SPEC §6). Kept with the
// usage row and shown by explain; holds no word of the prompt. Filled by choose.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/offer.h"
#include "routing/classifier.h"
#include "routing/eligibility.h"

namespace tollgate {

// A decision in a usage row, as JSON; one with longer names lists fewer of them.
inline constexpr std::size_t kDecisionBytesMax = 1'536;

struct Decision {
  struct Candidate {
    const Offer* offer;
    HealthState health;
    double score;
    // What the score was made of; shown by explain alone.
    std::int64_t expected_cost = 0;       // nano-dollars
    std::chrono::microseconds median{0};  // of its latency; 0 = not measured
    std::int64_t carbon = 0;              // grams per kWh; 0 = unknown
    bool capabilities_known = true;
  };
  struct Dropped {
    const Offer* offer;
    DropReason reason;
  };

  std::string_view strategy;  // "model" where the request named one
  const ProfileRules* profile = nullptr;
  std::optional<Classified> classified = {};
  std::optional<Tier> tier = {};           // wanted, after floor and ceiling
  std::vector<Candidate> candidates = {};  // best first
  std::vector<Dropped> dropped = {};       // the first of them
  std::array<std::uint32_t, kDropReasons> dropped_counts{};
  std::size_t listed_max = 5;  // of candidates and of dropped each
  std::size_t eligible = 0;

  std::size_t dropped_count() const;
  void drop(const Offer& offer, DropReason reason) {
    ++dropped_counts[static_cast<std::size_t>(reason)];
    if (dropped.size() < listed_max) dropped.push_back({&offer, reason});
  }
};

// {"strategy","profile","classified","confidence","tier","eligible",
//  "candidates":[{"model","provider","region","health","score"}…],
//  "dropped_counts":{"region":3…},"dropped":[{"model","provider","region","why"}…]}
// Members that do not apply are left out. At most `bytes_max`; or, at 0, unbounded and with what
// each score was made of: "expected_cost", "latency_ms", "carbon_grams_per_kwh" (null = unknown)
// and "capabilities_known".
std::string decision_json(const Decision& decision, std::size_t bytes_max = kDecisionBytesMax);

}  // namespace tollgate
