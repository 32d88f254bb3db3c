#include "admin/provider_health.h"

namespace tollgate {

ProviderStates provider_states(const Snapshot& snapshot, SteadyTime now) {
  std::map<std::string, OfferTally> tallies;
  for (const Provider& provider : snapshot.providers()) tallies[provider.id.get()];
  for (const OfferFigures& figures : snapshot.figures()) {
    const HealthState state =
        figures.health == nullptr ? HealthState::kHealthy : figures.health->figures(now).state;
    tallies[figures.offer->provider.get()].add(state);
  }
  ProviderStates states;
  for (const auto& [id, tally] : tallies) states.emplace(id, tally.state());
  return states;
}

ProviderBoard::Shared ProviderBoard::states(const Snapshot& snapshot, SteadyTime now,
                                            std::chrono::milliseconds age_max) {
  const Lock lock(mutex_);
  if (states_ == nullptr || now - found_at_ >= age_max) {
    states_ = std::make_shared<const ProviderStates>(provider_states(snapshot, now));
    found_at_ = now;
  }
  return states_;
}

}  // namespace tollgate
