// How providers do, each by all of its offers together.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"
#include "routing/health.h"
#include "routing/snapshot.h"

namespace tollgate {

// Of a provider's offers, how many are how.
struct OfferTally {
  std::size_t all = 0;
  std::size_t healthy = 0;
  std::size_t down = 0;

  void add(HealthState state) {
    ++all;
    healthy += state == HealthState::kHealthy ? 1 : 0;
    down += state == HealthState::kDown ? 1 : 0;
  }
  // kDown: all of them are. Without offers a provider is healthy.
  HealthState state() const {
    if (healthy == all) return HealthState::kHealthy;
    return down == all ? HealthState::kDown : HealthState::kDegraded;
  }
};

using ProviderStates = std::map<std::string, HealthState>;  // by id
// A few loads for each offer: cheap enough to be asked every second.
ProviderStates provider_states(const Snapshot& snapshot, SteadyTime now);

}  // namespace tollgate
