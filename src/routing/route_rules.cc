#include "routing/route_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tollgate {

namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string_view param, std::string message) {
  return std::unexpected(
      Error{.code = code, .message = std::move(message), .param = std::string(param)});
}

std::unexpected<Error> loosens(std::string_view param, std::string_view rule) {
  return refuse(ErrorCode::kInvalidRequest, param,
                fmt::format("{} may only tighten the rules of this key's profile, {}. Leave it "
                            "out, or ask for less.",
                            param, rule));
}

Result<std::string_view> region_of(const RuleSources& sources) {
  const std::string_view profile =
      sources.profile == nullptr ? std::string_view() : std::string_view(sources.profile->region);
  const std::string_view key = sources.key_region;
  if (!key.empty() && !profile.empty() && key != profile) {
    return refuse(ErrorCode::kRegionUnavailable, "route.region",
                  fmt::format("This key is pinned to the region '{}' and its profile to '{}': no "
                              "provider serves both. Change one of them.",
                              key, profile));
  }
  const std::string_view pin = key.empty() ? profile : key;
  const std::string_view asked = sources.request_region;
  if (pin.empty() || asked.empty() || asked == pin) return pin.empty() ? asked : pin;
  return refuse(
      ErrorCode::kRegionNotAllowed, "route.region",
      fmt::format("This key is pinned to the region '{}'. Name that region or none.", pin));
}

Result<Strategy> strategy_of(const RuleSources& sources) {
  const auto asked = sources.request == nullptr ? std::nullopt : sources.request->strategy;
  if (sources.profile != nullptr) {
    const Strategy fixed = sources.profile->strategy;
    if (!asked || *asked == fixed) return fixed;
    return refuse(ErrorCode::kInvalidRequest, "route.strategy",
                  fmt::format("The strategy is this key's profile's to choose: {}. Leave "
                              "route.strategy out.",
                              strategy_name(fixed)));
  }
  if (!asked) return sources.named.value_or(Strategy::kBalanced);
  // tollgate/auto leaves the strategy open; -cheap and -fast name one.
  const bool open = !sources.named || *sources.named == Strategy::kBalanced;
  if (open || *sources.named == *asked) return *asked;
  return refuse(ErrorCode::kInvalidRequest, "route.strategy",
                fmt::format("The model asks for the strategy {} and route.strategy for {}. Use "
                            "tollgate/auto, or leave route.strategy out.",
                            strategy_name(*sources.named), strategy_name(*asked)));
}

Status tighten_tiers(const RouteRequest& asked, RouteRules& rules) {
  if (asked.tier_floor && *asked.tier_floor < rules.tier_floor) {
    return loosens("route.tier_floor",
                   fmt::format("whose floor is {}", tier_name(rules.tier_floor)));
  }
  if (asked.tier_ceiling && *asked.tier_ceiling > rules.tier_ceiling) {
    return loosens("route.tier_ceiling",
                   fmt::format("whose ceiling is {}", tier_name(rules.tier_ceiling)));
  }
  rules.tier_floor = asked.tier_floor.value_or(rules.tier_floor);
  rules.tier_ceiling = asked.tier_ceiling.value_or(rules.tier_ceiling);
  if (rules.tier_floor <= rules.tier_ceiling) return {};
  return refuse(ErrorCode::kInvalidRequest,
                asked.tier_floor ? "route.tier_floor" : "route.tier_ceiling",
                fmt::format("No model is of a tier from {} to {}. Ask for a floor that is not "
                            "above the ceiling.",
                            tier_name(rules.tier_floor), tier_name(rules.tier_ceiling)));
}

Status tighten_cost(const RouteRequest& asked, RouteRules& rules) {
  if (!asked.max_cost) return {};
  if (rules.max_cost && *asked.max_cost > *rules.max_cost) {
    return loosens("route.max_cost", fmt::format("whose cost cap is {} USD a request",
                                                 format_money(*rules.max_cost)));
  }
  rules.max_cost = asked.max_cost;
  return {};
}

}  // namespace

Result<RouteRules> rules_for(const RuleSources& sources) {
  RouteRules rules{.profile = sources.profile, .request = sources.request};
  const auto region = region_of(sources);
  if (!region) return std::unexpected(region.error());
  rules.region = *region;
  const auto strategy = strategy_of(sources);
  if (!strategy) return std::unexpected(strategy.error());
  rules.strategy = *strategy;
  if (const ProfileRules* profile = sources.profile) {
    rules.tier_floor = profile->tier_floor;
    rules.tier_ceiling = profile->tier_ceiling;
    rules.max_cost = profile->cost_cap;
    rules.min_tool_calling = profile->min_tool_calling;
  }
  if (sources.request == nullptr) return rules;
  if (Status tighter = tighten_tiers(*sources.request, rules); !tighter) {
    return std::unexpected(tighter.error());
  }
  if (Status tighter = tighten_cost(*sources.request, rules); !tighter) {
    return std::unexpected(tighter.error());
  }
  return rules;
}

Status check_capability_caps(const CapabilityCaps& caps, const RequestNeeds& needs) {
  const auto refused = [](std::string_view param, std::string_view what) {
    return refuse(ErrorCode::kInsufficientScope, param,
                  fmt::format("The routing profile of this key does not let requests bring {}. "
                              "Leave {} out, or use another key.",
                              what, what));
  };
  if (!caps.vision && needs.images > 0) return refused("messages", "images");
  if (!caps.file && needs.file_input) return refused("messages", "files");
  // A provider's own tools, too, and whatever else it may do beside answering.
  if (!caps.tools && (needs.tools || needs.hosted_fees)) return refused("tools", "tools");
  const bool speech = needs.output == OutputBound::kByOffer;
  if (!caps.audio && (needs.audio_input || (needs.audio_output && !speech)))
    return refused("messages", "audio");
  if (!caps.video && needs.video_input) return refused("messages", "video");
  return {};
}

}  // namespace tollgate
