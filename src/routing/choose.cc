#include "routing/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "domain/model_pattern.h"

namespace tollgate {
namespace {

constexpr std::size_t kRegionLengthMax = 64;
constexpr std::size_t kShownModelBytesMax = 200;
constexpr std::string_view kAutoPrefix = "tollgate/";

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
         !asked.starts_with(kAutoPrefix);
}

// Sandbox offers have no region and need none: nothing leaves the process.
bool in_region(const Snapshot& snapshot, const Offer& offer, std::string_view region) {
  return region.empty() || offer.region == region ||
         snapshot.provider_of(offer).dialect == Dialect::kSandbox;
}

bool same_price(const Offer* a, const Offer* b) {
  return a->prices.tokens.input == b->prices.tokens.input &&
         a->prices.tokens.output == b->prices.tokens.output;
}

// The region the request is held to, empty if none.
Result<std::string_view> pinned_region(const RouteNeeds& needs) {
  if (needs.key_region.empty()) return needs.request_region;
  if (!needs.request_region.empty() && needs.request_region != needs.key_region) {
    return refuse(ErrorCode::kRegionNotAllowed, "route.region",
                  fmt::format("This key is pinned to the region '{}'. Name that region or none.",
                              needs.key_region));
  }
  return needs.key_region;
}

Route simulate_unknown(const std::shared_ptr<const Snapshot>& snapshot, std::string_view asked) {
  auto offer = std::make_shared<Offer>(snapshot->lorem());
  offer->model = ModelId(std::string(asked));
  Route route;
  route.model = offer->model;
  route.simulated = true;
  route.snapshot = snapshot;
  route.offers = {offer.get()};
  route.own_offer = std::move(offer);
  return route;
}

Result<Route> choose_for_sandbox_key(const std::shared_ptr<const Snapshot>& snapshot,
                                     const RouteNeeds& needs) {
  const Model* model = snapshot->find(needs.model);
  if (model == nullptr &&
      (!snapshot->meanings(needs.model).empty() || !may_be_simulated(needs.model))) {
    return unknown_model(*snapshot, needs.model);
  }
  const std::string_view id = model == nullptr ? needs.model : std::string_view(model->id.get());
  if (!model_allowed(needs.models, id)) return not_allowed(id);
  if (auto region = pinned_region(needs); !region) return std::unexpected(region.error());
  if (model == nullptr) return simulate_unknown(snapshot, needs.model);
  Route route;
  route.model = model->id;
  route.simulated = !model->sandbox;
  route.snapshot = snapshot;
  route.offers = {model->simulated};
  return route;
}

Result<Route> choose_for_production_key(const std::shared_ptr<const Snapshot>& snapshot,
                                        const RouteNeeds& needs) {
  const Model* model = snapshot->find(needs.model);
  if (model == nullptr) return unknown_model(*snapshot, needs.model);
  if (model->sandbox) {
    return refuse(ErrorCode::kModelNotAllowed, "model",
                  fmt::format("The model '{}' answers sandbox keys only. Use a key of the sandbox "
                              "environment, or another model.",
                              model->id.get()));
  }
  if (!model_allowed(needs.models, model->id.get())) return not_allowed(model->id.get());
  auto region = pinned_region(needs);
  if (!region) return std::unexpected(region.error());
  Route route;
  route.model = model->id;
  route.snapshot = snapshot;
  route.offers = eligible_offers(*snapshot, *model, *region, needs.turn);
  if (!route.offers.empty()) return route;
  if (region->empty()) {
    return refuse(ErrorCode::kNoProviderAvailable, "model",
                  fmt::format("No provider serves the model '{}' now. Try again later, or choose "
                              "another model.",
                              model->id.get()));
  }
  return refuse(ErrorCode::kRegionUnavailable, "route.region",
                fmt::format("The model '{}' is not served in the region '{}'. Choose another model "
                            "or, where the key allows it, another region.",
                            model->id.get(), *region));
}

}  // namespace

Result<Route> choose_route(const std::shared_ptr<const Snapshot>& snapshot,
                           const RouteNeeds& needs) {
  if (needs.environment == Environment::kSandbox) return choose_for_sandbox_key(snapshot, needs);
  return choose_for_production_key(snapshot, needs);
}

std::vector<const Offer*> eligible_offers(const Snapshot& snapshot, const Model& model,
                                          std::string_view region, std::uint64_t turn) {
  std::vector<const Offer*> out;
  out.reserve(model.offers.size());
  std::ranges::copy_if(model.offers, std::back_inserter(out),
                       [&](const Offer* offer) { return in_region(snapshot, *offer, region); });
  for (auto group = out.begin(); group != out.end();) {
    const auto end = std::find_if_not(
        group, out.end(), [&](const Offer* offer) { return same_price(*group, offer); });
    const auto size = static_cast<std::uint64_t>(end - group);
    std::rotate(group, group + static_cast<std::ptrdiff_t>(turn % size), end);
    group = end;
  }
  return out;
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

std::vector<const Model*> visible_models(const Snapshot& snapshot,
                                         const std::vector<std::string>& allow_list,
                                         Environment environment) {
  std::vector<const Model*> out;
  for (const Model& model : snapshot.models()) {
    if (model.sandbox && environment == Environment::kProduction) continue;
    if (model_allowed(allow_list, model.id.get())) out.push_back(&model);
  }
  return out;
}

}  // namespace tollgate
