// Chooses where a request may go: the models it may mean, and the offers that may serve it, best
// first (SPEC §6). Pure; called by gateway/ for every request, on any thread, and by explain.
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
#include "domain/prompt_text.h"
#include "domain/request_needs.h"
#include "domain/route_request.h"
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
  ModelKind kind = ModelKind::kChat;    // what the called route is for
  const RequestNeeds* needs = nullptr;  // null: of nothing but a little text
  // What tollgate/auto and profiles judge the prompt by; null: by its floor alone.
  const PromptText* prompt = nullptr;
  const RouteRequest* route = nullptr;    // the body's `route`; its region is request_region
  const ProfileRules* profile = nullptr;  // a profile key's; null = none
  bool prefer_low_carbon = false;         // the key's
  bool free = false;    // it costs nothing, whatever serves it: caps on its cost are not asked
  SteadyTime now = {};  // for the offers' health
};

struct Route {
  ModelId model;  // the public id of the best offer's model
  // Best first, never empty; of several models where the request leaves the model open: each
  // offer's `model` is the one that it serves.
  std::vector<const Offer*> offers;
  // A sandbox key's ordinary model: the offer is the sandbox's lorem, under the asked id.
  bool simulated = false;
  std::string region;             // all is served there; empty = anywhere
  std::optional<Money> max_cost;  // of one request: the profile's cap or route.max_cost
  bool own_max_cost = false;      // it is the request's own
  // For the usage row (decision_json()); empty where nothing was to be chosen: a model was named,
  // has one offer, and that may serve it, or is simulated for a sandbox key.
  std::string decision;
  // What keeps the offers alive.
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Offer> own_offer;  // of a model that nobody configured; else null

  const Provider& provider_of(const Offer& offer) const { return snapshot->provider_of(offer); }
  OfferHealth* health_of(const Offer& offer) const { return snapshot->health_of(offer); }
};

// Errors: kInvalidModel (unknown, malformed, ambiguous or of another kind), kModelNotAllowed,
// kRegionNotAllowed, kRegionUnavailable, kNoProviderAvailable (with a Retry-After where offers are
// down), kInsufficientScope (the profile's capability caps), kModelNotPriced and kLimitExceeded
// (the cost cap; details name it as a limit on cost per request), kInvalidRequest (route fields
// that would loosen a rule).
Result<Route> choose_route(const std::shared_ptr<const Snapshot>& snapshot,
                           const RouteNeeds& needs);

// The same choice, and all that it looked at, whether it found a route or not.
struct Explanation {
  Result<Route> route;
  std::string decision;  // decision_json() of everything; empty where it did not come to offers
};
Explanation explain_route(const std::shared_ptr<const Snapshot>& snapshot, const RouteNeeds& needs);

// What a route's request is answered when none of its offers could be tried any more, since others
// took them down or are probing them: kRegionUnavailable or kNoProviderAvailable.
Error no_offer_left(const Route& route);

// What a request is answered whose bound is above its route's cost cap: kLimitExceeded, whose
// details name it as a limit on cost per request. REQUIRES: the route has a cap.
Error above_cost_cap(const Route& route, Money bound);

// The one region a request names in its header and its body. kInvalidRequest if they differ or one
// is no region name (1–64 of [A-Za-z0-9._-]).
Result<std::string_view> requested_region(std::string_view header, std::string_view body);

}  // namespace tollgate
