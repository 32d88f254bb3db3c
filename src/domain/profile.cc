#include "domain/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "domain/model_pattern.h"
#include "domain/text_rules.h"

namespace tollgate {

namespace {

constexpr std::array<std::string_view, 5> kStrategyNames = {"balanced", "cheapest", "fastest",
                                                            "quality", "ordered"};

class ProfileCheck {
 public:
  void add(std::string_view param, std::optional<std::string> wrong) {
    if (wrong) problems_.push_back({std::string(param), std::move(*wrong)});
  }

  void patterns(std::string_view param, const std::vector<std::string>& patterns) {
    if (patterns.size() > kProfileModelsMax) {
      add(param, fmt::format("must list at most {} models", kProfileModelsMax));
      return;
    }
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const Status sound = validate_model_pattern(patterns[i]);
      if (!sound) add(fmt::format("{}[{}]", param, i), "is not a model: " + sound.error().message);
    }
  }

  void strategy(const ProfileRules& rules) {
    if (rules.strategy == Strategy::kOrdered && rules.order.empty()) {
      add("strategy", "must list at least one model, or name a strategy");
    } else if (rules.strategy != Strategy::kOrdered && !rules.order.empty()) {
      add("strategy", "must be either a list of models or a name");
    }
    patterns("strategy", rules.order);
  }

  void numbers(const ProfileRules& rules) {
    if (rules.tier_floor > rules.tier_ceiling) {
      add("tier_floor",
          fmt::format("must not be above the ceiling, which is {}", tier_name(rules.tier_ceiling)));
    }
    if (rules.min_tool_calling < 0 || rules.min_tool_calling > kScoreMax) {
      add("min_tool_calling", fmt::format("must be from 0 to {}", kScoreMax));
    }
    if (rules.cost_cap && *rules.cost_cap < Money()) add("cost_cap", "must not be below 0");
  }

  std::vector<PolicyProblem> finish() { return std::move(problems_); }

 private:
  std::vector<PolicyProblem> problems_;
};

}  // namespace

std::string_view strategy_name(Strategy strategy) {
  const auto index = static_cast<std::size_t>(strategy);
  check(index < kStrategyNames.size(), "a strategy stands in its enum");
  return kStrategyNames[index];
}

std::optional<Strategy> strategy_from_name(std::string_view name) {
  const auto* const at = std::ranges::find(kStrategyNames, name);
  if (at == kStrategyNames.end()) return std::nullopt;
  return static_cast<Strategy>(at - kStrategyNames.begin());
}

std::vector<PolicyProblem> validate_profile(const ProfileRules& rules) {
  ProfileCheck checked;
  checked.add("name", name_problem(rules.name, kProfileNameLengthMax));
  checked.add("description",
              text_problem(rules.description, kProfileDescriptionLengthMax, TextRule::kLines));
  checked.strategy(rules);
  checked.numbers(rules);
  checked.add("region", region_problem(rules.region));
  checked.patterns("models", rules.models);
  return checked.finish();
}

}  // namespace tollgate
