// What routing costs a request, by itself: the classifier, the choice of a named model, and the
// choice among a catalogue of 1,000 offers (script/bench routing).

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "routing/choose.h"
#include "routing/classifier.h"

namespace tollgate {
namespace {

constexpr int kModels = 250;
constexpr int kOffersPerModel = 4;
constexpr std::array<std::string_view, kOffersPerModel> kRegions = {"eu-west", "eu-north",
                                                                    "us-east", "ap-south"};
const SteadyTime kNow{std::chrono::hours(1)};

Offer offer_of(int model, int place) {
  Offer offer;
  offer.model = ModelId(fmt::format("creator{}/model-{}-instruct", model % 20, model));
  offer.provider = ProviderId(fmt::format("provider-{}-{}", model % 10, place));
  offer.upstream_model = "model";
  offer.region = kRegions[static_cast<std::size_t>(place)];
  const std::int64_t cents = 5 + (model * 37) % 1'500 + place * 3;
  offer.prices.tokens.input = Money::from_nanos(cents * 10'000'000);
  offer.prices.tokens.output = Money::from_nanos(cents * 40'000'000);
  offer.context_window = 128'000;
  offer.max_output_tokens = 16'384;
  offer.grid_carbon_grams_per_kwh = 50 + (model * 13) % 600;
  return offer;
}

// A busy installation: every offer has been measured, some are down, most capabilities are known.
struct World {
  Health health;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::string> everything;

  static Catalogue catalogue() {
    Catalogue out;
    for (int i = 0; i < 10 * kOffersPerModel; ++i) {
      out.providers.emplace_back().id =
          ProviderId(fmt::format("provider-{}-{}", i / kOffersPerModel, i % kOffersPerModel));
    }
    for (int model = 0; model < kModels; ++model) {
      for (int place = 0; place < kOffersPerModel; ++place) {
        out.offers.push_back(offer_of(model, place));
      }
      ModelFacts& facts = out.models.emplace_back();
      facts.id = out.offers.back().model;
      facts.kind = ModelKind::kChat;
      facts.capabilities.set(Capability::kTools, model % 5 == 0 ? Known::kNo : Known::kYes);
      facts.capabilities.set(Capability::kVision, model % 2 == 0 ? Known::kNo : Known::kYes);
    }
    return out;
  }

  World() {
    auto built = build_snapshot(catalogue(), &health);
    check(built.has_value(), "the catalogue is sound");
    snapshot = *built;
    int number = 0;
    for (const OfferFigures& one : snapshot->ordinary_figures()) {
      ++number;
      const auto latency = std::chrono::milliseconds(100 + number * 53 % 4'000);
      for (int i = 0; i < 30; ++i) one.health->begin(kNow)->succeed(latency, kNow);
      for (int i = 0; number % 50 == 0 && i < kDownInARow; ++i) one.health->begin(kNow)->fail(kNow);
    }
  }
};

const World& world() {
  static const World made;
  return made;
}

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += text;
  out.resize(bytes);
  return out;
}

PromptText prompt_of(std::string text) {
  PromptText prompt;
  prompt.system = "You are a helpful assistant of a company that sells tools.";
  prompt.text_bytes = static_cast<std::int64_t>(text.size() + prompt.system.size());
  prompt.last_user = std::move(text);
  prompt.messages = prompt.user_turns = 1;
  return prompt;
}

PromptText usual_prompt() {
  return prompt_of(
      repeated("Write a short e-mail to a customer whose order is late, explain why, "
               "and offer a discount on the next one, please. ",
               360));
}
// As much as the classifier ever looks at.
PromptText long_prompt() {
  return prompt_of(
      repeated("The pump at the north gate was replaced in spring, and it has run ever "
               "since; design what comes next. ",
               64 * 1'024));
}
PromptText ideogram_prompt() {
  return prompt_of(repeated("请设计一个支持千万用户的分布式消息系统架构并讨论一致性容错和迁移方案",
                            8'192 / 3 * 3));
}

void classify_one(benchmark::State& state, const PromptText& prompt) {
  const RequestNeeds needs{.text_bytes = prompt.text_bytes};
  for (auto _ : state) benchmark::DoNotOptimize(classify(prompt, needs));
}

// What differs between the cases of a choice.
struct Asked {
  std::string_view model = kAuto;
  std::vector<std::string> key_models = {};
  const ProfileRules* profile = nullptr;
  const PromptText* prompt = nullptr;
  RequestNeeds needs = {.text_bytes = 1'500, .tools = true};
  bool prefer_low_carbon = false;
};

void choose_one(benchmark::State& state, const Asked& asked) {
  RouteNeeds needs{.model = asked.model, .models = asked.key_models};
  needs.needs = &asked.needs;
  needs.prompt = asked.prompt;
  needs.profile = asked.profile;
  needs.prefer_low_carbon = asked.prefer_low_carbon;
  needs.now = kNow;
  for (auto _ : state) {
    ++needs.turn;
    const auto route = choose_route(world().snapshot, needs);
    check(route.has_value(), "the request has a route");
    benchmark::DoNotOptimize(route->offers.data());
  }
}

ProfileRules strict_profile() {
  ProfileRules rules;
  rules.name = "support";
  rules.tier_floor = Tier::kSimple;
  rules.tier_ceiling = Tier::kStandard;
  rules.min_tool_calling = 20;
  rules.cost_cap = Money::from_nanos(500'000'000);
  rules.models = {"creator1*", "creator2/*", "creator3/*"};
  return rules;
}

void record_outcome(benchmark::State& state) {
  OfferHealth offer;
  for (auto _ : state) offer.begin(kNow)->succeed(std::chrono::milliseconds(250), kNow);
}

void make_snapshot(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Catalogue catalogue = World::catalogue();
    Health health;
    state.ResumeTiming();
    benchmark::DoNotOptimize(build_snapshot(std::move(catalogue), &health));
  }
}

void add_cases() {
  static const PromptText usual = usual_prompt();
  static const PromptText longest = long_prompt();
  static const PromptText ideograms = ideogram_prompt();
  static const ProfileRules profile = strict_profile();
  static const std::vector<std::string> patterns = {"creator1/*", "creator4/*", "creator7/*",
                                                    "*-instruct", "creator3/model-3-instruct"};
  using benchmark::RegisterBenchmark;
  RegisterBenchmark("classifier, usual prompt", classify_one, usual);
  RegisterBenchmark("classifier, 64 KB prompt", classify_one, longest);
  RegisterBenchmark("classifier, 8 KB of ideograms", classify_one, ideograms);
  RegisterBenchmark("named model, 4 offers", choose_one,
                    Asked{.model = "creator1/model-1-instruct"});
  RegisterBenchmark("whole choice, auto", choose_one, Asked{.prompt = &usual});
  RegisterBenchmark("whole choice, auto, 64 KB prompt", choose_one, Asked{.prompt = &longest});
  RegisterBenchmark("whole choice, auto, 5 key patterns", choose_one,
                    Asked{.key_models = patterns, .prompt = &usual});
  RegisterBenchmark("whole choice, auto, low carbon", choose_one,
                    Asked{.prompt = &usual, .prefer_low_carbon = true});
  RegisterBenchmark("whole choice, profile with a cost cap", choose_one,
                    Asked{.profile = &profile, .prompt = &usual});
  RegisterBenchmark("health, one outcome", record_outcome);
  RegisterBenchmark("snapshot of 1,000 offers", make_snapshot)->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace tollgate

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  tollgate::add_cases();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
