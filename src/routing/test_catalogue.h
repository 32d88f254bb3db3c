// A catalogue that tests put together model by model, and the choice from it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "routing/choose.h"
#include "routing/decision.h"

namespace tollgate {

constexpr Money usd(double amount) {
  return Money::from_nanos(static_cast<std::int64_t>(amount * 1e9));
}

struct TestOffer {
  std::string model;
  std::string provider = "p";
  std::string region = {};
  double price = 1;  // USD per million tokens, of input and output
  std::int64_t context_window = 0;
  std::int64_t carbon = 0;
};

class ChoiceTest : public testing::Test {
 protected:
  ChoiceTest() { now_ = SteadyTime(std::chrono::hours(1)); }

  void add(const TestOffer& given) {
    const bool known = std::ranges::any_of(
        catalogue_.providers, [&](const Provider& one) { return one.id.get() == given.provider; });
    if (!known) {
      Provider& provider = catalogue_.providers.emplace_back();
      provider.id = ProviderId(given.provider);
    }
    Offer& offer = catalogue_.offers.emplace_back();
    offer.model = ModelId(given.model);
    offer.provider = ProviderId(given.provider);
    offer.upstream_model = "up";
    offer.region = given.region;
    offer.prices.tokens.input = offer.prices.tokens.output = usd(given.price);
    offer.context_window = given.context_window;
    offer.grid_carbon_grams_per_kwh = given.carbon;
  }
  ModelFacts& facts(const std::string& model) {
    for (ModelFacts& one : catalogue_.models) {
      if (one.id.get() == model) return one;
    }
    catalogue_.models.emplace_back().id = ModelId(model);
    return catalogue_.models.back();
  }
  void tier(const std::string& model, Tier of) { facts(model).tier = of; }
  void capable(const std::string& model, Capability of, Known known) {
    facts(model).capabilities.set(of, known);
  }

  const std::shared_ptr<const Snapshot>& snapshot() {
    if (!snapshot_) {
      auto built = build_snapshot(catalogue_, &health_);
      EXPECT_TRUE(built.has_value()) << built.error().message;
      snapshot_ = *built;
    }
    return snapshot_;
  }
  OfferHealth& health(const std::string& model, const std::string& provider = "p") {
    return health_.of(ProviderId(provider), ModelId(model));
  }
  void take_down(const std::string& model, const std::string& provider = "p") {
    for (int i = 0; i < kDownInARow; ++i) health(model, provider).begin(now_)->fail(now_);
  }
  void measure(const std::string& model, const std::string& provider,
               std::chrono::milliseconds latency) {
    health(model, provider).begin(now_)->succeed(latency, now_);
  }

  RouteNeeds needs(std::string_view model) {
    RouteNeeds out{.model = model, .models = allow_list_};
    out.environment = environment_;
    out.key_region = key_region_;
    out.request_region = request_region_;
    out.turn = turn_;
    out.kind = kind_;
    out.needs = &request_;
    if (prompt_.messages > 0) out.prompt = &prompt_;
    if (route_ != RouteRequest()) out.route = &route_;
    if (!profile_.name.empty()) out.profile = &profile_;
    out.prefer_low_carbon = prefer_low_carbon_;
    out.now = now_;
    return out;
  }
  Result<Route> choose(std::string_view model = kAuto) {
    return choose_route(snapshot(), needs(model));
  }
  // "model@provider" of each offer, best first, or the error's code.
  std::string chosen(std::string_view model = kAuto) {
    const auto route = choose(model);
    if (!route) return std::string(error_code_name(route.error().code));
    std::string out;
    for (const Offer* one : route->offers) {
      out += (out.empty() ? "" : " ") + one->model.get() + "@" + one->provider.get();
    }
    EXPECT_EQ(route->model, route->offers.front()->model);
    return out;
  }
  std::string first(std::string_view model = kAuto) {
    const std::string all = chosen(model);
    return all.substr(0, all.find(' '));
  }
  json::object decision(std::string_view model = kAuto) {
    const auto route = choose(model);
    EXPECT_TRUE(route.has_value());
    if (!route || route->decision.empty()) return {};
    return parse_json(route->decision).value().as_object();
  }
  void ask(std::string text) {
    prompt_ = {.system = {}, .last_user = std::move(text), .messages = 1, .user_turns = 1};
    prompt_.text_bytes = static_cast<std::int64_t>(prompt_.last_user.size());
  }

  Catalogue catalogue_;
  Health health_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::string> allow_list_;
  Environment environment_ = Environment::kProduction;
  std::string key_region_;
  std::string request_region_;
  std::uint64_t turn_ = 0;
  ModelKind kind_ = ModelKind::kChat;
  RequestNeeds request_{.text_bytes = 400};
  PromptText prompt_;
  RouteRequest route_;
  ProfileRules profile_;
  bool prefer_low_carbon_ = false;
  SteadyTime now_;
};

}  // namespace tollgate
