// The rules that hold for one request, taken together: its key's, its profile's, and what its own
// `route` object asks, which can only tighten them (SPEC §6). Pure; worked out by choose for every
// request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/profile.h"
#include "domain/request_needs.h"
#include "domain/route_request.h"

namespace tollgate {

// Who has a say. What is pointed to may be null, and outlives the rules.
struct RuleSources {
  std::string_view key_region = {};       // the key's pin; empty = none
  std::string_view request_region = {};   // X-Tollgate-Region or route.region; empty = none
  const ProfileRules* profile = nullptr;  // a profile key's
  const RouteRequest* request = nullptr;  // its `region` is request_region, or empty
  std::optional<Strategy> named = {};     // tollgate/auto's, -cheap's or -fast's
};

struct RouteRules {
  std::string_view region = {};  // all is served there, or nowhere; empty = anywhere
  Strategy strategy = Strategy::kBalanced;
  Tier tier_floor = Tier::kNano;
  Tier tier_ceiling = Tier::kComplex;
  std::optional<Money> max_cost = {};
  int min_tool_calling = 0;
  const ProfileRules* profile = nullptr;
  const RouteRequest* request = nullptr;
};

// kRegionNotAllowed     the request names another region than the key or its profile is pinned to
// kRegionUnavailable    key and profile are pinned to different regions
// kInvalidRequest       what a route field asks would loosen a rule: a lower floor, a higher
//                       ceiling or cost, another strategy than the profile's or the model name's;
//                       or leaves no tier at all. `param` names the field.
Result<RouteRules> rules_for(const RuleSources& sources);

// kInsufficientScope where the request brings what its profile does not let it bring.
Status check_capability_caps(const CapabilityCaps& caps, const RequestNeeds& needs);

}  // namespace tollgate
