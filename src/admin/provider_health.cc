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

}  // namespace tollgate
