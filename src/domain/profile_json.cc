#include "domain/profile_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace tollgate {

namespace {

constexpr std::string_view kTierChoices = "must be one of NANO, SIMPLE, LIGHT, STANDARD, COMPLEX";

struct CapMember {
  std::string_view name;
  bool CapabilityCaps::* allowed;
};
constexpr std::array<CapMember, 5> kCapMembers = {{{"vision", &CapabilityCaps::vision},
                                                   {"file", &CapabilityCaps::file},
                                                   {"tools", &CapabilityCaps::tools},
                                                   {"audio", &CapabilityCaps::audio},
                                                   {"video", &CapabilityCaps::video}}};

json::array texts_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::object capabilities_json(const CapabilityCaps& caps) {
  json::object out;
  for (const CapMember& member : kCapMembers) out[member.name] = caps.*member.allowed;
  return out;
}

// A member of the object `capabilities`.
void read_cap(ObjectReader& reader, std::string_view name, const json::value& value,
              CapabilityCaps& caps) {
  const auto* const member = std::ranges::find(kCapMembers, name, &CapMember::name);
  if (member == kCapMembers.end()) {
    reader.problem("capabilities", "must hold nothing but vision, file, tools, audio and video");
  } else if (!value.is_bool()) {
    reader.problem(fmt::format("capabilities.{}", name), "must be true or false");
  } else {
    caps.*member->allowed = value.get_bool();
  }
}

void read_capabilities(ObjectReader& reader, CapabilityCaps& caps) {
  const json::value* const value = reader.raw("capabilities");
  if (value == nullptr) return;
  const auto* const object = value->if_object();
  if (object == nullptr) {
    reader.problem("capabilities", "must be an object of true and false");
    return;
  }
  for (const auto& member : *object) read_cap(reader, member.key(), member.value(), caps);
}

// A name or the ordered list.
void read_strategy(ObjectReader& reader, ProfileRules& rules) {
  const json::value* const value = reader.raw("strategy");
  if (value == nullptr) return;
  if (value->is_array()) {
    if (auto order = reader.strings("strategy")) {
      rules.strategy = Strategy::kOrdered;
      rules.order = std::move(*order);
    }
    return;
  }
  const auto* const text = value->if_string();
  const auto named = text == nullptr ? std::nullopt : strategy_from_name(*text);
  if (!named || *named == Strategy::kOrdered) {
    reader.problem("strategy",
                   "must be balanced, cheapest, fastest, quality, or an array of models");
    return;
  }
  rules.strategy = *named;
  rules.order.clear();
}

void read_tier(ObjectReader& reader, std::string_view name, Tier& tier) {
  const auto written = reader.string(name);
  if (!written) return;
  const auto named = tier_from_name(*written);
  if (!named) return reader.problem(name, std::string(kTierChoices));
  tier = *named;
}

void read_cost_cap(ObjectReader& reader, std::optional<Money>& cost_cap) {
  if (reader.is_null("cost_cap")) {
    cost_cap.reset();
    return;
  }
  const auto written = reader.string("cost_cap");
  if (!written) return;
  const auto money = parse_money(*written);
  if (!money) return reader.problem("cost_cap", "must be an amount of USD such as \"0.05\"");
  cost_cap = *money;
}

void read_min_tool_calling(ObjectReader& reader, int& score) {
  const auto number = reader.integer("min_tool_calling");
  if (!number) return;
  // What is out of bounds stays out of bounds: validate_profile() says so.
  score = static_cast<int>(std::clamp<std::int64_t>(*number, -1, kScoreMax + 1));
}

template <class T>
void take(std::optional<T> value, T& into) {
  if (value) into = std::move(*value);
}

}  // namespace

json::object profile_rules_json(const ProfileRules& rules) {
  json::object out{{"name", rules.name}, {"description", rules.description}};
  if (rules.strategy == Strategy::kOrdered) {
    out["strategy"] = texts_json(rules.order);
  } else {
    out["strategy"] = strategy_name(rules.strategy);
  }
  out["tier_floor"] = tier_name(rules.tier_floor);
  out["tier_ceiling"] = tier_name(rules.tier_ceiling);
  out["capabilities"] = capabilities_json(rules.capabilities);
  out["cost_cap"] = rules.cost_cap ? json::value(format_money(*rules.cost_cap)) : nullptr;
  out["min_tool_calling"] = rules.min_tool_calling;
  out["region"] = rules.region;
  out["models"] = texts_json(rules.models);
  out["honor_model"] = rules.honor_model;
  return out;
}

void read_profile_rules(ObjectReader& reader, ProfileRules& rules) {
  take(reader.string("name"), rules.name);
  take(reader.string("description"), rules.description);
  read_strategy(reader, rules);
  read_tier(reader, "tier_floor", rules.tier_floor);
  read_tier(reader, "tier_ceiling", rules.tier_ceiling);
  read_capabilities(reader, rules.capabilities);
  read_cost_cap(reader, rules.cost_cap);
  read_min_tool_calling(reader, rules.min_tool_calling);
  take(reader.string("region"), rules.region);
  take(reader.strings("models"), rules.models);
  take(reader.boolean("honor_model"), rules.honor_model);
}

}  // namespace tollgate
