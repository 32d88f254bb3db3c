// What a request itself asks of its route: the body's `route` object (SPEC §6), stripped before it
// is sent on. With a profile it can only tighten the profile's rules; routing/ sees to that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/model_facts.h"
#include "domain/money.h"
#include "domain/profile.h"

namespace tollgate {

inline constexpr std::size_t kRouteModelsMax = 64;
inline constexpr std::size_t kRegionLengthMax = 64;

struct RouteRequest {
  std::string region = {};               // empty = none asked
  std::vector<std::string> models = {};  // ids or wildcards; empty = all
  std::optional<Tier> tier_floor = {};
  std::optional<Tier> tier_ceiling = {};
  std::optional<Money> max_cost = {};
  std::optional<Strategy> strategy = {};  // never kOrdered

  bool operator==(const RouteRequest&) const = default;
};

// Reads {"region","models","tier_floor","tier_ceiling","max_cost","strategy"}, all of them
// optional; max_cost is a decimal string of USD. kInvalidRequest, with `param` such as
// "route.tier_floor" and a message that lists every problem, unknown members included.
Result<RouteRequest> read_route_request(std::string_view json);

}  // namespace tollgate
