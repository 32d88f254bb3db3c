// How providers do, each by all of its offers together.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
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

// The same for many who ask: found out once, and given to all for a while. Any thread.
class ProviderBoard {
 public:
  using Shared = std::shared_ptr<const ProviderStates>;
  // At most `age_max` old.
  Shared states(const Snapshot& snapshot, SteadyTime now, std::chrono::milliseconds age_max);

 private:
  Mutex mutex_;
  Shared states_ TOLLGATE_GUARDED_BY(mutex_);
  SteadyTime found_at_ TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate
