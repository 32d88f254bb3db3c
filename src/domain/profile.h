// Routing profiles (SPEC §6): named rules that choose the model for a key. Kept by store/, edited
// through admin/, applied by routing/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/model_facts.h"
#include "domain/money.h"
#include "domain/policy_problem.h"

namespace tollgate {

// What goes first among the models and offers that may serve a request.
enum class Strategy {
  kBalanced,  // price, latency and health together
  kCheapest,
  kFastest,
  kQuality,  // the best model
  kOrdered   // a list of models, in its order
};
std::string_view strategy_name(Strategy strategy);  // "balanced" … "ordered"
std::optional<Strategy> strategy_from_name(std::string_view name);

// What requests may bring along. A request that brings what is false is refused; the models' own
// capabilities are another matter.
struct CapabilityCaps {
  bool vision = true;
  bool file = true;
  bool tools = true;
  bool audio = true;  // in or out
  bool video = true;

  bool operator==(const CapabilityCaps&) const = default;
};

// What an operator may set on a profile.
struct ProfileRules {
  std::string name;
  std::string description;
  Strategy strategy = Strategy::kBalanced;
  std::vector<std::string> order;  // kOrdered: ids or wildcards, the best first; no other serves
  Tier tier_floor = Tier::kNano;
  Tier tier_ceiling = Tier::kComplex;
  CapabilityCaps capabilities;
  std::optional<Money> cost_cap;    // what one request may cost at most
  int min_tool_calling = 0;         // of a model that is offered tools, 0..kScoreMax
  std::string region;               // a pin; empty = none
  std::vector<std::string> models;  // ids or wildcards; empty = all
  bool honor_model = false;         // the request's `model` narrows the choice, else it is ignored

  bool operator==(const ProfileRules&) const = default;
};

struct Profile {
  ProfileId id;
  WorkspaceId workspace;
  ProfileRules rules;
  WallTime created_at;
  std::string created_by;
  std::string source = "api";  // or "file"

  bool operator==(const Profile&) const = default;
};

inline constexpr std::size_t kProfileNameLengthMax = 128;  // characters, not bytes
inline constexpr std::size_t kProfileDescriptionLengthMax = 1'024;
inline constexpr std::size_t kProfileModelsMax = 256;  // of `models` and of the ordered list

// Every problem at once; empty when the rules are sound. A name is as a key's; the floor is not
// above the ceiling; kOrdered has a list, and nothing else has one; a region is empty or 1–64 of
// [a-z0-9-]; models and the list hold sound patterns; a cost cap may be 0, which leaves what is
// free.
std::vector<PolicyProblem> validate_profile(const ProfileRules& rules);

}  // namespace tollgate
