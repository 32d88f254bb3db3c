#include "routing/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "domain/limit_json.h"
#include "domain/model_pattern.h"
#include "routing/classifier.h"
#include "routing/decision.h"
#include "routing/eligibility.h"
#include "routing/route_rules.h"
#include "routing/score.h"

namespace tollgate {
namespace {

constexpr std::size_t kShownModelBytesMax = 200;
constexpr std::string_view kReservedPrefix = "tollgate/";
constexpr std::size_t kAhead = 8;
constexpr std::string_view kNamedStrategy = "model";
constexpr std::string_view kLorem = "sandbox/lorem";
constexpr std::chrono::seconds kRetryAfterMax{60};
constexpr double kExpectedCostMax = 1e18;  // nano-dollars
const RequestNeeds kNoNeeds{};

std::unexpected<Error> refuse(ErrorCode code, std::string_view param, std::string message) {
  return std::unexpected(
      Error{.code = code, .message = std::move(message), .param = std::string(param)});
}

std::unexpected<Error> unknown_model(const Snapshot& snapshot, std::string_view asked) {
  const std::string_view shown = asked.substr(0, kShownModelBytesMax);
  if (const std::vector<std::string> meanings = snapshot.meanings(asked); !meanings.empty()) {
    return refuse(ErrorCode::kInvalidModel, "model",
                  fmt::format("The model '{}' could mean {}. Send the full id.", shown,
                              fmt::join(meanings, " or ")));
  }
  return refuse(ErrorCode::kInvalidModel, "model",
                fmt::format("The model '{}' does not exist. GET /v1/models lists the models that "
                            "this key may call.",
                            shown));
}

std::unexpected<Error> not_allowed(std::string_view model) {
  return refuse(ErrorCode::kModelNotAllowed, "model",
                fmt::format("This key may not call the model '{}'. GET /v1/models lists the models "
                            "it may call.",
                            model));
}

// A sandbox key's ordinary model that nobody configured: any name will do that could be an id.
bool may_be_simulated(std::string_view asked) {
  const bool short_name = asked.find('/') == std::string_view::npos;
  const std::string id = short_name ? std::string("any/").append(asked) : std::string(asked);
  return well_formed_model_id(id) && !asked.starts_with(kSandboxPrefix) &&
         !asked.starts_with(kReservedPrefix);
}

// Why none can serve it, of several offers.
std::string_view reason_text(DropReason reason) {
  switch (reason) {
    case DropReason::kKind:
      return "none is of the kind that this route needs";
    case DropReason::kRegion:
      return "none stands there";
    case DropReason::kTierFloor:
      return "their tier is below the floor";
    case DropReason::kTierCeiling:
      return "their tier is above the ceiling";
    case DropReason::kVision:
      return "it holds images, which they do not take";
    case DropReason::kTools:
      return "it offers tools, which they do not call";
    case DropReason::kAudioInput:
      return "it holds audio, which they do not take";
    case DropReason::kFileInput:
      return "it holds files, which they do not take";
    case DropReason::kVideoInput:
      return "it holds video, which they do not take";
    case DropReason::kJsonSchema:
      return "it asks for a JSON schema, which they do not follow";
    case DropReason::kToolCalling:
      return "it offers tools, and they score below the profile's minimum for calling them";
    case DropReason::kContextWindow:
      return "it is longer than their context windows";
    default:
      return "they are down";
  }
}

// 503, by SPEC §4. `model` is empty where several are meant; no reason: there are none at all.
Error no_offer(std::string_view region, std::string_view model, std::optional<DropReason> reason) {
  const std::string offers =
      model.empty() ? "the models that it may go to" : fmt::format("the model '{}'", model);
  const std::string where = region.empty() ? "" : fmt::format(" in the region '{}'", region);
  const std::string_view why = reason ? reason_text(*reason) : "none is configured";
  const std::string_view advice =
      reason == DropReason::kDown ? "Try again later." : "Change the request or what it may go to.";
  return Error{
      .code = region.empty() ? ErrorCode::kNoProviderAvailable : ErrorCode::kRegionUnavailable,
      .message = fmt::format("No offer of {}{} can serve this request: {}. {}", offers, where, why,
                             advice),
      .param = region.empty() ? "model" : "route.region"};
}

// One choice, from what is asked to a Route.
class Choice {
 public:
  Choice(const std::shared_ptr<const Snapshot>& snapshot, const RouteNeeds& needs)
      : snapshot_(snapshot),
        needs_(needs),
        request_(needs.needs == nullptr ? kNoNeeds : *needs.needs) {}

  Result<Route> choose() {
    if (auto status = prepare(); !status) return std::unexpected(status.error());
    if (needs_.environment == Environment::kSandbox) return for_sandbox_key();
    return for_production_key();
  }

  void explain() {
    explained_ = true;
    decision_.listed_max = snapshot_->figures().size();
  }
  // Whether it looked at offers.
  bool decided() const { return decided_; }
  const Decision& decision() const { return decision_; }

 private:
  bool names_model() const { return meaning_.model != nullptr; }
  bool ignores_model() const { return needs_.profile != nullptr && !needs_.profile->honor_model; }
  // Nothing was to be decided but at which offer; and where there was only one, not even that.
  bool plain() const { return names_model() && needs_.profile == nullptr; }
  bool nothing_to_choose() const {
    return plain() && decision_.eligible == 1 && decision_.dropped.empty();
  }
  bool in_sandbox() const { return needs_.environment == Environment::kSandbox; }

  // What the model's name means, and the rules.
  Status prepare() {
    if (ignores_model()) {
      meaning_.automatic = needs_.profile->strategy;
    } else {
      meaning_ = snapshot_->resolve(needs_.model);
    }
    if (meaning_.nothing() && !simulates_unknown()) {
      return unknown_model(*snapshot_, needs_.model);
    }
    auto rules = rules_for({.key_region = needs_.key_region,
                            .request_region = needs_.request_region,
                            .profile = needs_.profile,
                            .request = needs_.route,
                            .named = meaning_.automatic});
    if (!rules) return refused_by_rules(std::move(rules.error()));
    rules_ = *rules;
    if (needs_.free) rules_.max_cost.reset();
    if (needs_.profile == nullptr) return {};
    return check_capability_caps(needs_.profile->capabilities, request_);
  }

  // A model that the key may not call is that first, whatever else is wrong.
  Status refused_by_rules(Error error) const {
    if (names_model() && !model_allowed(needs_.models, meaning_.model->id.get())) {
      return not_allowed(meaning_.model->id.get());
    }
    return std::unexpected(std::move(error));
  }

  bool simulates_unknown() const {
    return in_sandbox() && snapshot_->meanings(needs_.model).empty() &&
           may_be_simulated(needs_.model);
  }

  Result<Route> for_production_key() {
    if (!names_model()) return among(snapshot_->ordinary_figures());
    if (meaning_.model->sandbox) {
      return refuse(ErrorCode::kModelNotAllowed, "model",
                    fmt::format("The model '{}' answers sandbox keys only. Use a key of the "
                                "sandbox environment, or another model.",
                                meaning_.model->id.get()));
    }
    return among(meaning_.model->figures);
  }

  // What a production key would get, simulated; wherever it is, and however it does.
  Result<Route> for_sandbox_key() {
    rules_.region = {};
    if (meaning_.nothing()) return simulate_unknown();
    if (names_model()) return simulate(*meaning_.model);
    if (snapshot_->ordinary_figures().empty()) return simulate(*snapshot_->find(kLorem));
    auto route = among(snapshot_->ordinary_figures());
    if (!route) return route;
    // Each model once: which of them the request can pay decides as it does for a production key.
    std::vector<const Offer*> simulated;
    for (const Offer* offer : route->offers) {
      const Offer* stand_in = snapshot_->find(offer->model.get())->simulated;
      if (simulated.size() == kRankedMax) break;
      if (std::ranges::find(simulated, stand_in) == simulated.end()) simulated.push_back(stand_in);
    }
    route->offers = std::move(simulated);
    route->simulated = true;
    return route;
  }

  // A model that is named, known or not, is simulated whatever it is capable of.
  Status listed(std::string_view model) const {
    const auto within = [&](const std::vector<std::string>& patterns) {
      return model_allowed(patterns, model);
    };
    const bool allowed = within(needs_.models) &&
                         (needs_.profile == nullptr ||
                          (within(needs_.profile->models) && within(needs_.profile->order))) &&
                         (needs_.route == nullptr || within(needs_.route->models));
    if (!allowed) return not_allowed(model);
    return {};
  }

  Result<Route> simulate(const Model& model) const {
    if (auto status = listed(model.id.get()); !status) return std::unexpected(status.error());
    Route route = empty_route();
    route.model = model.id;
    route.simulated = !model.sandbox;
    route.offers = {model.simulated};
    return route;
  }

  Result<Route> simulate_unknown() const {
    if (auto status = listed(needs_.model); !status) return std::unexpected(status.error());
    auto offer = std::make_shared<Offer>(snapshot_->lorem());
    offer->model = ModelId(std::string(needs_.model));
    Route route = empty_route();
    route.model = offer->model;
    route.simulated = true;
    route.offers = {offer.get()};
    route.own_offer = std::move(offer);
    return route;
  }

  Route empty_route() const {
    Route route;
    route.region = rules_.region;
    route.max_cost = rules_.max_cost;
    route.own_max_cost = needs_.route != nullptr && needs_.route->max_cost.has_value();
    route.snapshot = snapshot_;
    return route;
  }

  // The tier that a model should have: the prompt's, raised to the floor, lowered to the ceiling.
  Tier wanted_tier() {
    Tier tier = rules_.tier_floor;
    if (names_model()) return tier;
    if (needs_.prompt != nullptr) {
      decision_.classified = classify(*needs_.prompt, request_);
      tier = decision_.classified->tier;
    }
    decision_.tier = std::clamp(tier, rules_.tier_floor, rules_.tier_ceiling);
    return *decision_.tier;
  }

  Result<Route> among(std::span<const OfferFigures> figures) {
    decided_ = true;
    decision_.profile = needs_.profile;
    decision_.strategy = plain() ? kNamedStrategy : strategy_name(rules_.strategy);
    const Tier tier = wanted_tier();

    const EligibilityNeeds wanted{.key_models = needs_.models,
                                  .rules = rules_,
                                  .needs = request_,
                                  .kind = needs_.kind,
                                  .named = names_model(),
                                  .heed_health = !in_sandbox(),
                                  .now = needs_.now};
    Eligibility eligibility(*snapshot_, wanted);
    std::vector<Scored> eligible;
    eligible.reserve(figures.size());
    for (std::size_t i = 0; i < figures.size(); ++i) {
      // Where its health stands is far from where the figures do.
      if (i + kAhead < figures.size()) __builtin_prefetch(figures[i + kAhead].health);
      const auto why = eligibility.why_dropped(figures[i], eligible.emplace_back().offer);
      if (!why) continue;
      eligible.pop_back();
      decision_.drop(*figures[i].offer, *why);
    }
    if (eligible.empty()) return std::unexpected(nothing_left(eligibility));
    rank_offers(eligible, {.needs = request_,
                           .strategy = rules_.strategy,
                           .tier = tier,
                           .prefer_low_carbon = needs_.prefer_low_carbon,
                           .any_region = rules_.region.empty(),
                           .turn = needs_.turn});
    return route_of(eligible);
  }

  Route route_of(const std::vector<Scored>& eligible) {
    Route route = empty_route();
    route.model = eligible.front().offer.figures->offer->model;
    route.offers.reserve(eligible.size());
    for (const Scored& one : eligible) route.offers.push_back(one.offer.figures->offer);
    decision_.eligible = eligible.size();
    if (!explained_ && nothing_to_choose()) return route;
    for (const Scored& one : eligible) {
      if (decision_.candidates.size() == decision_.listed_max) break;
      decision_.candidates.push_back(
          {.offer = one.offer.figures->offer,
           .health = one.offer.health,
           .score = one.score,
           .expected_cost = static_cast<std::int64_t>(std::min(one.cost, kExpectedCostMax)),
           .median = one.offer.median,
           .carbon = one.offer.figures->carbon,
           .capabilities_known = one.offer.capabilities_known});
    }
    route.decision = decision_json(decision_);
    return route;
  }

  // The last reason for which any offer was dropped says what to do about it.
  Error nothing_left(const Eligibility& eligibility) const {
    std::optional<DropReason> last;
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      if (decision_.dropped_counts[i] > 0) last = static_cast<DropReason>(i);
    }
    switch (last.value_or(DropReason::kDown)) {
      case DropReason::kKeyModels:
      case DropReason::kProfileModels:
      case DropReason::kRouteModels:
        return no_model_allowed(*last);
      case DropReason::kKind:
        return wrong_kind();
      case DropReason::kNotPriced:
        if (!rules_.max_cost) {
          return Error{.code = ErrorCode::kModelNotPriced,
                       .message =
                           "Nothing that this route is billed by has a price here. Use "
                           "another model, or ask the operator to set its price.",
                       .param = "model"};
        }
        return Error{.code = ErrorCode::kModelNotPriced,
                     .message =
                         "A cost cap holds for this request, and nothing bounds what it may "
                         "cost. Leave out what is priced by other units than tokens, or use "
                         "another model.",
                     .param = "model"};
      case DropReason::kCostCap:
        return above_cost_cap(empty_route(), eligibility.smallest_bound().value_or(kMoneyMax));
      default:
        return unavailable(last, eligibility.soonest_probe());
    }
  }

  Error no_model_allowed(DropReason reason) const {
    if (names_model() && reason == DropReason::kKeyModels) {
      return not_allowed(meaning_.model->id.get()).error();
    }
    const std::string_view whose = reason == DropReason::kKeyModels ? "this key's models"
                                   : reason == DropReason::kRouteModels
                                       ? "route.models"
                                       : "the models of this key's routing profile";
    return Error{.code = ErrorCode::kModelNotAllowed,
                 .message = fmt::format(
                     "{} not among {}. GET /v1/models lists what is served here.",
                     names_model() ? fmt::format("The model '{}' is", meaning_.model->id.get())
                                   : "What is served here is",
                     whose),
                 .param = reason == DropReason::kRouteModels ? "route.models" : "model"};
  }

  Error wrong_kind() const {
    if (!names_model()) return unavailable(DropReason::kKind, std::nullopt);
    const ModelFacts& facts = meaning_.model->facts;
    const std::string why = facts.kind && *facts.kind != needs_.kind
                                ? fmt::format("is of kind {}", model_kind_name(*facts.kind))
                                : "is served by providers that have no such route";
    return Error{
        .code = ErrorCode::kInvalidModel,
        .message = fmt::format("The model '{}' {}, and this route needs one of kind {}. Choose "
                               "another model.",
                               facts.id.get(), why, model_kind_name(needs_.kind)),
        .param = "model"};
  }

  Error unavailable(std::optional<DropReason> reason, std::optional<SteadyTime> probe) const {
    Error error = no_offer(rules_.region, names_model() ? meaning_.model->id.get() : "", reason);
    const bool soon = reason == DropReason::kDown && error.code == ErrorCode::kNoProviderAvailable;
    if (soon) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(
          std::min(probe.value_or(needs_.now), needs_.now + kRetryAfterMax) - needs_.now);
      error.retry_after = std::max(wait, std::chrono::seconds(1));
    }
    return error;
  }

  const std::shared_ptr<const Snapshot>& snapshot_;
  const RouteNeeds& needs_;
  const RequestNeeds& request_;
  Meaning meaning_;
  RouteRules rules_;
  Decision decision_;
  bool decided_ = false;
  bool explained_ = false;
};

}  // namespace

Result<Route> choose_route(const std::shared_ptr<const Snapshot>& snapshot,
                           const RouteNeeds& needs) {
  return Choice(snapshot, needs).choose();
}

Explanation explain_route(const std::shared_ptr<const Snapshot>& snapshot,
                          const RouteNeeds& needs) {
  Choice choice(snapshot, needs);
  choice.explain();
  Explanation explanation{.route = choice.choose(), .decision = {}};
  if (choice.decided()) explanation.decision = decision_json(choice.decision(), 0);
  return explanation;
}

// As a limit on what one request may cost.
Error above_cost_cap(const Route& route, Money bound) {
  const bool own = route.own_max_cost;
  const Money cap = route.max_cost.value_or(Money());
  const Limit limit{
      .metric = Metric::kCost, .window = {.kind = WindowKind::kRequest}, .amount = cap.nanos()};
  const LimitState state{.limit = limit, .id = limit_id(own ? "route" : "profile", limit)};
  return Error{.code = ErrorCode::kLimitExceeded,
               .message = fmt::format(
                   "This request may cost {} USD or more, and {} lets one request cost {} USD at "
                   "most. Send less, or ask for fewer max_tokens.",
                   format_money(bound), own ? "route.max_cost" : "the routing profile of this key",
                   format_money(cap)),
               .param = own ? std::optional<std::string>("route.max_cost") : std::nullopt,
               .details_json = json::serialize(limit_json(state, bound.nanos()))};
}

Error no_offer_left(const Route& route) {
  Error error = no_offer(route.region, route.model.get(), DropReason::kDown);
  if (error.code == ErrorCode::kNoProviderAvailable) error.retry_after = std::chrono::seconds(1);
  return error;
}

Result<std::string_view> requested_region(std::string_view header, std::string_view body) {
  const auto is_name_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").contains(c);
  };
  for (std::string_view region : {header, body}) {
    if (region.size() > kRegionLengthMax || !std::ranges::all_of(region, is_name_character)) {
      return refuse(ErrorCode::kInvalidRequest, "route.region",
                    fmt::format("A region is 1 to {} letters, digits and . _ - characters.",
                                kRegionLengthMax));
    }
  }
  if (!header.empty() && !body.empty() && header != body) {
    return refuse(ErrorCode::kInvalidRequest, "route.region",
                  "X-Tollgate-Region and route.region name different regions. Send one of them.");
  }
  return header.empty() ? body : header;
}

}  // namespace tollgate
