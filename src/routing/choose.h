// Chooses where a request may go: the model it means, and the offers that may serve it, best first
// (SPEC §6). Pure; called by gateway/ for every request, on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "domain/key.h"
#include "domain/offer.h"
#include "routing/snapshot.h"

namespace tollgate {

struct RouteNeeds {
  std::string_view model;                  // as the client wrote it
  const std::vector<std::string>& models;  // the key's allow-list; empty = all
  Environment environment = Environment::kProduction;
  std::string_view key_region = {};      // the key's pin; empty = none
  std::string_view request_region = {};  // X-Tollgate-Region or route.region; empty = none
  // Any number that moves on by one per request: spreads equal offers evenly.
  std::uint64_t turn = 0;
};

struct Route {
  ModelId model;                     // the resolved public id
  std::vector<const Offer*> offers;  // never empty
  // A sandbox key's ordinary model: the offer is the sandbox's lorem, under the asked id.
  bool simulated = false;
  // What keeps the offers alive.
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Offer> own_offer;  // of a model that nobody configured; else null

  const Provider& provider_of(const Offer& offer) const { return snapshot->provider_of(offer); }
};

// Errors: kInvalidModel (unknown, malformed or ambiguous), kModelNotAllowed, kRegionNotAllowed,
// kRegionUnavailable, kNoProviderAvailable.
Result<Route> choose_route(const std::shared_ptr<const Snapshot>& snapshot,
                           const RouteNeeds& needs);

// The offers of `model` in `region` (empty = any; sandbox offers have none and satisfy all), best
// first: cheapest first, those of one price starting at `turn`. May be empty.
std::vector<const Offer*> eligible_offers(const Snapshot& snapshot, const Model& model,
                                          std::string_view region, std::uint64_t turn);

// The one region a request names in its header and its body. kInvalidRequest if they differ or one
// is no region name (1–64 of [A-Za-z0-9._-]).
Result<std::string_view> requested_region(std::string_view header, std::string_view body);

// What GET /v1/models lists: for a production key the configured models it may call; for a sandbox
// key the sandbox's models as well.
std::vector<const Model*> visible_models(const Snapshot& snapshot,
                                         const std::vector<std::string>& allow_list,
                                         Environment environment);

}  // namespace tollgate
