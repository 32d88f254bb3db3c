#include "routing/eligibility.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "domain/model_pattern.h"

namespace tollgate {

namespace {

constexpr std::array<std::string_view, kDropReasons> kReasonNames = {
    "key_models",   "profile_models", "route_models",   "kind",        "region",     "tier_floor",
    "tier_ceiling", "vision",         "tools",          "audio_input", "file_input", "video_input",
    "json_schema",  "tool_calling",   "context_window", "down",        "not_priced", "cost_cap"};

// Text is hardly ever fewer tokens than an eighth of its bytes: what is above the window by that
// count is certainly too large. By likelier counts a request that fits might be refused.
constexpr std::int64_t kBytesPerTokenMax = 8;

struct NeededCapability {
  Capability capability;
  DropReason reason;
};
constexpr std::array<NeededCapability, 6> kNeeded = {
    {{Capability::kVision, DropReason::kVision},
     {Capability::kTools, DropReason::kTools},
     {Capability::kAudioInput, DropReason::kAudioInput},
     {Capability::kFileInput, DropReason::kFileInput},
     {Capability::kVideoInput, DropReason::kVideoInput},
     {Capability::kJsonSchema, DropReason::kJsonSchema}}};

std::uint8_t needed_bits(const RequestNeeds& needs) {
  std::uint8_t bits = 0;
  const auto add = [&](bool needed, Capability capability) {
    if (needed) bits |= capability_bit(capability);
  };
  add(needs.images > 0, Capability::kVision);
  add(needs.tools, Capability::kTools);
  add(needs.audio_input, Capability::kAudioInput);
  add(needs.file_input, Capability::kFileInput);
  add(needs.video_input, Capability::kVideoInput);
  add(needs.json_schema, Capability::kJsonSchema);
  return bits;
}

// tollgate/auto finds a model of unknown kind where a chat is asked for, which most models are.
bool of_kind(const std::optional<ModelKind>& kind, const EligibilityNeeds& needs) {
  if (kind) return *kind == needs.kind;
  return needs.named || needs.kind == ModelKind::kChat;
}

}  // namespace

std::string_view drop_reason_name(DropReason reason) {
  const auto index = static_cast<std::size_t>(reason);
  check(index < kReasonNames.size(), "a reason stands in its enum");
  return kReasonNames[index];
}

PatternList::PatternList(const std::vector<std::string>& patterns) {
  patterns_.reserve(patterns.size());
  for (std::string_view text : patterns) {
    const std::size_t star = text.find('*');
    if (star == std::string_view::npos) {
      patterns_.push_back({text, Shape::kExact});
    } else if (star + 1 == text.size()) {
      patterns_.push_back({text.substr(0, star), Shape::kPrefix});
    } else {
      patterns_.push_back({text, Shape::kAny});
    }
  }
}

std::optional<std::size_t> PatternList::place_of(std::string_view model) const {
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const Pattern& pattern = patterns_[i];
    const bool matched = pattern.shape == Shape::kExact    ? model == pattern.text
                         : pattern.shape == Shape::kPrefix ? model.starts_with(pattern.text)
                                                           : model_matches(pattern.text, model);
    if (matched) return i;
  }
  return std::nullopt;
}

Eligibility::Eligibility(const Snapshot& snapshot, const EligibilityNeeds& needs)
    : needs_(needs),
      key_models_(needs.key_models),
      region_(snapshot.region_number(needs.rules.region)),
      needed_(needed_bits(needs.needs)),
      input_tokens_min_(needs.needs.text_bytes / kBytesPerTokenMax /
                        std::max<std::int64_t>(needs.needs.inputs, 1)) {
  if (const ProfileRules* profile = needs.rules.profile) {
    profile_models_ = PatternList(profile->models);
    order_ = PatternList(profile->order);
  }
  if (needs.rules.request != nullptr) route_models_ = PatternList(needs.rules.request->models);
}

std::optional<DropReason> Eligibility::why_dropped(const OfferFigures& offer, Eligible& eligible) {
  if (offer.model != verdict_.model) judge(offer);
  if (verdict_.list) return verdict_.list;
  if (offer.converses_only && needs_.kind != ModelKind::kChat) return DropReason::kKind;
  if (!needs_.rules.region.empty() && (!region_ || offer.region != *region_)) {
    return DropReason::kRegion;
  }
  if (verdict_.fit) return verdict_.fit;
  if (needs_.kind != ModelKind::kChat && !has_price_for(offer.offer->prices, needs_.needs)) {
    return DropReason::kNotPriced;
  }
  // A reranker splits what does not fit.
  const bool splits = needs_.needs.query_bytes > 0;
  if (!splits && offer.context_window > 0 && input_tokens_min_ > offer.context_window) {
    return DropReason::kContextWindow;
  }
  eligible.figures = &offer;
  if (offer.health != nullptr && needs_.heed_health) {
    const HealthFigures health = offer.health->figures(needs_.now);
    if (!health.may_try(needs_.now)) {
      soonest_probe_ = std::min(health.probe_at, soonest_probe_.value_or(health.probe_at));
      return DropReason::kDown;
    }
    eligible.health = health.state;
    eligible.median = health.median;
  }
  eligible.place = verdict_.place;
  eligible.capabilities_known = verdict_.capabilities_known;
  if (!needs_.rules.max_cost) return std::nullopt;
  return why_too_dear(*offer.offer);
}

void Eligibility::judge(const OfferFigures& offer) {
  verdict_ = ModelVerdict{.model = offer.model};
  verdict_.list = why_not_listed(offer.model->id.get());
  if (!verdict_.list && !of_kind(offer.model->facts.kind, needs_)) {
    verdict_.list = DropReason::kKind;
  }
  verdict_.fit = why_unfit(offer);
  verdict_.capabilities_known = (needed_ & ~offer.has) == 0;
}

std::optional<DropReason> Eligibility::why_not_listed(std::string_view model) {
  if (!key_models_.matches(model)) return DropReason::kKeyModels;
  if (!profile_models_.matches(model)) return DropReason::kProfileModels;
  if (!order_.matches_all()) {
    const auto place = order_.place_of(model);
    if (!place) return DropReason::kProfileModels;
    verdict_.place = static_cast<std::uint32_t>(*place);
  }
  if (!route_models_.matches(model)) return DropReason::kRouteModels;
  return std::nullopt;
}

std::optional<DropReason> Eligibility::why_unfit(const OfferFigures& offer) const {
  if (offer.tier < needs_.rules.tier_floor) return DropReason::kTierFloor;
  if (offer.tier > needs_.rules.tier_ceiling) return DropReason::kTierCeiling;
  if ((needed_ & offer.lacks) != 0) {
    for (const NeededCapability& one : kNeeded) {
      if ((needed_ & offer.lacks & capability_bit(one.capability)) != 0) return one.reason;
    }
  }
  const bool calls_tools = (needed_ & capability_bit(Capability::kTools)) != 0;
  if (calls_tools && offer.tool_calling < needs_.rules.min_tool_calling) {
    return DropReason::kToolCalling;
  }
  return std::nullopt;
}

// As a limit of the cap's amount on one request would find it (SPEC §5, rule 1).
std::optional<DropReason> Eligibility::why_too_dear(const Offer& offer) {
  const RequestNeeds& needs = needs_.needs;
  const Money cap = *needs_.rules.max_cost;
  const auto tokens = token_bound(offer, needs);
  const auto known = known_max_tokens(offer, needs);
  if (!tokens || !known || !check_fees(offer, needs)) return DropReason::kNotPriced;
  std::optional<std::int64_t> output = *known;
  if (!output) output = fill_max_tokens(offer, needs, *tokens, {.cost = cap}).value_or(1);
  const Money bound = request_bound(offer, needs, *tokens, *output).cost;
  if (bound <= cap) return std::nullopt;
  smallest_bound_ = std::min(bound, smallest_bound_.value_or(bound));
  return DropReason::kCostCap;
}

}  // namespace tollgate
