// The choice against a model of it that knows no shortcut: random catalogues, keys, profiles and
// requests; what is chosen is exactly what the rules of SPEC §6 leave, and nothing else.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "domain/bound.h"
#include "domain/model_pattern.h"
#include "routing/test_catalogue.h"

namespace tollgate {
namespace {

constexpr int kWorlds = 300;
constexpr int kRequestsPerWorld = 20;

// Whether an offer may serve the request, one rule after the other, as the specification words
// them.
class Rules {
 public:
  Rules(const Catalogue& catalogue, const RouteNeeds& needs)
      : catalogue_(catalogue), needs_(needs) {}

  bool may_serve(const Offer& offer, const HealthFigures& health) const {
    return allowed(offer) && in_region(offer) && capable(offer) && in_tiers(offer) &&
           within_cap(offer) && health.may_try(needs_.now);
  }

 private:
  const ModelFacts* facts_of(const Offer& offer) const {
    for (const ModelFacts& one : catalogue_.models) {
      if (one.id == offer.model) return &one;
    }
    return nullptr;
  }
  bool listed(const std::vector<std::string>& patterns, const Offer& offer) const {
    if (patterns.empty()) return true;
    return std::ranges::any_of(
        patterns, [&](const auto& one) { return model_matches(one, offer.model.get()); });
  }
  bool named(const Offer& offer) const {
    if (needs_.profile != nullptr && !needs_.profile->honor_model) return true;
    return needs_.model == kAuto || needs_.model == offer.model.get();
  }
  bool allowed(const Offer& offer) const {
    const ModelFacts* facts = facts_of(offer);
    const bool chat =
        facts == nullptr || facts->kind.value_or(ModelKind::kChat) == ModelKind::kChat;
    return chat && named(offer) && listed(needs_.models, offer) &&
           (needs_.profile == nullptr ||
            (listed(needs_.profile->models, offer) && listed(needs_.profile->order, offer))) &&
           (needs_.route == nullptr || listed(needs_.route->models, offer));
  }
  bool in_region(const Offer& offer) const {
    for (const std::string_view region :
         {needs_.key_region, needs_.request_region,
          needs_.profile == nullptr ? std::string_view()
                                    : std::string_view(needs_.profile->region)}) {
      if (!region.empty() && offer.region != region) return false;
    }
    return true;
  }
  bool capable(const Offer& offer) const {
    const ModelFacts* facts = facts_of(offer);
    const auto has = [&](Capability one) {
      return facts == nullptr || facts->capabilities[one] != Known::kNo;
    };
    const RequestNeeds& needs = *needs_.needs;
    if (needs.images > 0 && !has(Capability::kVision)) return false;
    if (needs.tools && !has(Capability::kTools)) return false;
    if (needs.json_schema && !has(Capability::kJsonSchema)) return false;
    if (needs.file_input && !has(Capability::kFileInput)) return false;
    std::int64_t window = offer.context_window;
    if (window == 0 && facts != nullptr) window = facts->context_window;
    if (window > 0 && needs.text_bytes / 8 > window) return false;
    return !needs.tools || needs_.profile == nullptr ||
           standing(offer).tool_calling >= needs_.profile->min_tool_calling;
  }
  // By the cheapest of the model's offers.
  ModelStanding standing(const Offer& offer) const {
    const Offer* cheapest = &offer;
    for (const Offer& one : catalogue_.offers) {
      if (one.model == offer.model && one.prices.tokens.input < cheapest->prices.tokens.input) {
        cheapest = &one;
      }
    }
    const ModelFacts* facts = facts_of(offer);
    return standing_of(facts == nullptr ? ModelFacts() : *facts, cheapest->prices);
  }
  bool in_tiers(const Offer& offer) const {
    const Tier tier = standing(offer).tier;
    if (needs_.profile != nullptr &&
        (tier < needs_.profile->tier_floor || tier > needs_.profile->tier_ceiling)) {
      return false;
    }
    if (needs_.route == nullptr) return true;
    return tier >= needs_.route->tier_floor.value_or(Tier::kNano) &&
           tier <= needs_.route->tier_ceiling.value_or(Tier::kComplex);
  }
  bool within_cap(const Offer& given) const {
    std::optional<Money> cap;
    if (needs_.profile != nullptr) cap = needs_.profile->cost_cap;
    if (needs_.route != nullptr && needs_.route->max_cost) cap = needs_.route->max_cost;
    if (!cap) return true;
    Offer offer = given;
    const ModelFacts* facts = facts_of(given);
    if (offer.context_window == 0 && facts != nullptr) offer.context_window = facts->context_window;
    const auto tokens = token_bound(offer, *needs_.needs);
    if (!tokens) return false;
    const std::int64_t output = needs_.needs->max_tokens.value_or(1);
    return request_bound(offer, *needs_.needs, *tokens, output).cost <= *cap;
  }

  const Catalogue& catalogue_;
  const RouteNeeds& needs_;
};

class ChoiceProperty : public ChoiceTest {
 protected:
  std::uint64_t below(std::uint64_t bound) {
    return random_.below(static_cast<std::uint32_t>(bound));
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class List>
  auto any_of(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }

  std::string any_region() { return any_of(std::vector<std::string>{"", "eu", "us", "ap"}); }
  Known any_known() { return static_cast<Known>(below(3)); }

  void make_world() {
    catalogue_ = Catalogue();
    snapshot_.reset();
    const auto models = 1 + below(12);
    for (std::uint64_t m = 0; m < models; ++m) {
      const std::string id =
          std::string(1, static_cast<char>('a' + below(3))) + "/m" + std::to_string(m);
      const auto offers = 1 + below(4);
      for (std::uint64_t o = 0; o < offers; ++o) {
        add({.model = id,
             .provider = "p" + std::to_string(o),
             .region = any_region(),
             .price = 0.05 * static_cast<double>(1 + below(400)),
             .context_window = one_in(3) ? 0 : static_cast<std::int64_t>(1 + below(5'000)),
             .carbon = static_cast<std::int64_t>(below(900))});
      }
      if (one_in(3)) continue;
      ModelFacts& known = facts(id);
      for (Capability one : kCapabilities) known.capabilities.set(one, any_known());
      if (one_in(2)) known.tier = any_of(kTiers);
      if (one_in(2)) known.tool_calling = static_cast<int>(below(101));
      if (one_in(3)) known.context_window = static_cast<std::int64_t>(1 + below(5'000));
      if (one_in(6)) known.kind = ModelKind::kEmbedding;
    }
    for (const Offer& offer : catalogue_.offers) make_health(offer);
  }
  void make_health(const Offer& offer) {
    OfferHealth& kept = health(offer.model.get(), offer.provider.get());
    const auto failures = one_in(5) ? 5 : one_in(3) ? 4 : below(3);
    for (std::uint64_t i = 0; i < failures; ++i) {
      if (auto attempt = kept.begin(now_)) attempt->fail(now_);
    }
    if (auto attempt = kept.begin(now_); attempt && one_in(2)) {
      attempt->succeed(std::chrono::milliseconds(1 + below(4'000)), now_);
    }
  }

  std::vector<std::string> any_patterns() {
    if (one_in(2)) return {};
    std::vector<std::string> out{
        any_of(std::vector<std::string>{"a/*", "b/*", "*", "*/m1", "c/*"})};
    if (one_in(2)) out.push_back(any_of(catalogue_.offers).model.get());
    return out;
  }
  void make_request() {
    now_ += std::chrono::seconds(below(3));
    turn_ = below(1'000'000);
    allow_list_ = any_patterns();
    key_region_ = one_in(2) ? any_region() : "";
    request_region_ = one_in(4) ? any_region() : "";
    prefer_low_carbon_ = one_in(2);
    request_ = {.text_bytes = static_cast<std::int64_t>(below(40'000)),
                .images = static_cast<std::int64_t>(below(2)),
                .tools = one_in(3),
                .json_schema = one_in(4),
                .file_input = one_in(5)};
    if (one_in(2)) request_.max_tokens = static_cast<std::int64_t>(1 + below(4'000));
    ask(std::string(below(300), 'x'));
    profile_ = ProfileRules();
    if (one_in(2)) make_profile();
    route_ = RouteRequest();
    if (one_in(3)) route_.models = any_patterns();
    if (one_in(4)) route_.tier_floor = any_of(kTiers);
    if (one_in(4)) route_.tier_ceiling = any_of(kTiers);
    if (one_in(6)) route_.max_cost = usd(0.001 * static_cast<double>(below(60)));
  }
  void make_profile() {
    profile_.name = "x";
    profile_.strategy = static_cast<Strategy>(below(4));
    if (one_in(4)) {
      profile_.strategy = Strategy::kOrdered;
      profile_.order = {"b/*", any_of(catalogue_.offers).model.get()};
    }
    profile_.models = any_patterns();
    profile_.tier_floor = any_of(kTiers);
    profile_.tier_ceiling = std::max(profile_.tier_floor, any_of(kTiers));
    profile_.min_tool_calling = static_cast<int>(below(80));
    if (one_in(3)) profile_.region = any_region();
    if (one_in(3)) profile_.cost_cap = usd(0.001 * static_cast<double>(below(100)));
    profile_.honor_model = one_in(2);
  }

  std::string any_model() {
    return one_in(2) ? std::string(kAuto) : any_of(catalogue_.offers).model.get();
  }

  SeededRandom random_{20'260'731};
};

using OfferNames = std::set<std::pair<std::string, std::string>>;

// Codes that refuse a request before any offer is looked at.
bool refused_by_rule(ErrorCode code) {
  return code == ErrorCode::kInvalidRequest || code == ErrorCode::kRegionNotAllowed ||
         code == ErrorCode::kInsufficientScope;
}

TEST_F(ChoiceProperty, ARouteHoldsExactlyWhatTheRulesLeave) {
  int routes = 0;
  int refusals = 0;
  for (int world = 0; world < kWorlds; ++world) {
    make_world();
    for (int i = 0; i < kRequestsPerWorld; ++i) {
      make_request();
      const std::string model = any_model();
      const RouteNeeds asked = needs(model);
      const Rules rules(catalogue_, asked);
      OfferNames expected;
      for (const Offer& offer : catalogue_.offers) {
        const auto figures = health(offer.model.get(), offer.provider.get()).figures(now_);
        if (rules.may_serve(offer, figures))
          expected.emplace(offer.model.get(), offer.provider.get());
      }
      const auto route = choose_route(snapshot(), asked);
      if (!route) {
        ++refusals;
        if (!refused_by_rule(route.error().code))
          EXPECT_TRUE(expected.empty()) << world << " " << i;
        continue;
      }
      ++routes;
      OfferNames chosen;
      for (const Offer* one : route->offers) chosen.emplace(one->model.get(), one->provider.get());
      EXPECT_EQ(chosen, expected) << world << " " << i;
      EXPECT_EQ(chosen.size(), route->offers.size()) << "no offer twice";
    }
  }
  // Both must be common, or nothing was tried.
  EXPECT_GT(routes, kWorlds * kRequestsPerWorld / 20);
  EXPECT_GT(refusals, kWorlds * kRequestsPerWorld / 20);
}

TEST_F(ChoiceProperty, ExplainingAgreesWithChoosing) {
  for (int world = 0; world < kWorlds / 3; ++world) {
    make_world();
    for (int i = 0; i < 10; ++i) {
      make_request();
      const std::string model = any_model();
      const RouteNeeds asked = needs(model);
      const auto route = choose_route(snapshot(), asked);
      const Explanation explained = explain_route(snapshot(), asked);
      ASSERT_EQ(route.has_value(), explained.route.has_value());
      if (route) {
        EXPECT_EQ(route->offers, explained.route->offers);
        const json::value told = parse_json(explained.decision).value();
        EXPECT_EQ(told.at("candidates").as_array().size(), route->offers.size());
        const bool chose = route->offers.size() > 1 || !told.at("dropped").as_array().empty();
        EXPECT_TRUE(!chose || !route->decision.empty()) << explained.decision;
      } else {
        EXPECT_EQ(route.error().message, explained.route.error().message);
      }
    }
  }
}

TEST_F(ChoiceProperty, APinnedRequestNeverLeavesItsRegion) {
  for (int world = 0; world < kWorlds / 3; ++world) {
    make_world();
    for (int i = 0; i < 10; ++i) {
      make_request();
      key_region_ = "eu";
      const std::string model = any_model();
      const auto route = choose_route(snapshot(), needs(model));
      if (!route) continue;
      for (const Offer* one : route->offers) EXPECT_EQ(one->region, "eu");
    }
  }
}

}  // namespace
}  // namespace tollgate
