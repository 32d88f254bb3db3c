#include "domain/route_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "domain/model_pattern.h"

namespace tollgate {

namespace {

void read_region(ObjectReader& reader, std::string& region) {
  auto written = reader.string("region");
  if (!written) return;
  const bool control =
      std::ranges::any_of(*written, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (written->empty() || written->size() > kRegionLengthMax || control) {
    reader.problem("region",
                   fmt::format("must be a name of 1 to {} printable characters", kRegionLengthMax));
  }
  region = std::move(*written);
}

void read_models(ObjectReader& reader, std::vector<std::string>& models) {
  auto listed = reader.strings("models");
  if (!listed) return;
  if (listed->empty() || listed->size() > kRouteModelsMax) {
    return reader.problem("models", fmt::format("must list 1 to {} models", kRouteModelsMax));
  }
  for (std::size_t i = 0; i < listed->size(); ++i) {
    const Status sound = validate_model_pattern((*listed)[i]);
    if (!sound) {
      reader.problem(fmt::format("models[{}]", i), "is not a model: " + sound.error().message);
    }
  }
  models = std::move(*listed);
}

template <class T>
std::optional<T> read_named(ObjectReader& reader, std::string_view name,
                            std::optional<T> (*from_name)(std::string_view),
                            std::string_view choices) {
  const auto written = reader.string(name);
  if (!written) return std::nullopt;
  const auto value = from_name(*written);
  if (!value) reader.problem(name, fmt::format("must be one of {}", choices));
  return value;
}

std::optional<Strategy> requestable_strategy(std::string_view name) {
  const auto strategy = strategy_from_name(name);
  return strategy == Strategy::kOrdered ? std::nullopt : strategy;
}

std::optional<Money> read_money(ObjectReader& reader, std::string_view name) {
  const auto written = reader.string(name);
  if (!written) return std::nullopt;
  const auto money = parse_money(*written);
  if (money) return *money;
  reader.problem(name, "must be an amount of USD such as \"0.05\"");
  return std::nullopt;
}

}  // namespace

Result<RouteRequest> read_route_request(std::string_view json) {
  constexpr std::string_view kTiersToChoose = "NANO, SIMPLE, LIGHT, STANDARD, COMPLEX";
  const auto document = parse_json(json);
  if (!document) return std::unexpected(document.error());
  if (!document->is_object()) {
    return std::unexpected(Error{.code = ErrorCode::kInvalidRequest,
                                 .message = "`route` must be an object.",
                                 .param = "route"});
  }
  ObjectReader reader(*document);
  RouteRequest route;
  read_region(reader, route.region);
  read_models(reader, route.models);
  route.tier_floor = read_named(reader, "tier_floor", tier_from_name, kTiersToChoose);
  route.tier_ceiling = read_named(reader, "tier_ceiling", tier_from_name, kTiersToChoose);
  route.max_cost = read_money(reader, "max_cost");
  route.strategy =
      read_named(reader, "strategy", requestable_strategy, "balanced, cheapest, fastest, quality");
  if (const Status sound = reader.finish(); !sound) {
    Error error = sound.error();
    error.code = ErrorCode::kInvalidRequest;
    error.message.insert(std::string_view("Correct the request").size(), "'s `route`");
    error.param = "route." + error.param.value_or("");
    return std::unexpected(std::move(error));
  }
  return route;
}

}  // namespace tollgate
