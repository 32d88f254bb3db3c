#include "routing/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace tollgate {
namespace {

// Small and honest, so that a sandbox row has a cost: USD 1 and 2 per million tokens.
constexpr Money kSandboxInputPrice = Money::from_nanos(1'000'000'000);
constexpr Money kSandboxOutputPrice = Money::from_nanos(2'000'000'000);
constexpr std::int64_t kSandboxContextWindow = 128'000;
constexpr std::int64_t kSandboxMaxOutputTokens = 16'384;
constexpr std::string_view kLoremName = "lorem";
// Beyond any grid's; what a mistyped figure stands at.
constexpr std::int64_t kCarbonMax = 100'000;

// The part after "sandbox/": the scripts that dialects/ knows.
constexpr std::array<std::string_view, 9> kSandboxModelNames = {
    "echo", kLoremName,   "slow",     "error-429", "error-500",
    "hang", "cut-stream", "no-usage", "overrun"};

std::string_view short_name(std::string_view id) { return id.substr(id.find('/') + 1); }

Offer sandbox_offer(std::string_view name) {
  Offer offer;
  offer.model = ModelId(std::string(kSandboxPrefix).append(name));
  offer.provider = ProviderId(std::string(kSandboxProvider));
  offer.upstream_model = name;
  offer.context_window = kSandboxContextWindow;
  offer.max_output_tokens = kSandboxMaxOutputTokens;
  offer.prices.tokens.input = kSandboxInputPrice;
  offer.prices.tokens.output = kSandboxOutputPrice;
  offer.price_version = price_version(offer.prices);
  offer.source = "built-in";
  return offer;
}

Status check_model_id(std::string_view id) {
  if (!well_formed_model_id(id)) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("model '{}': a model id is creator/model, at most {} characters of "
                            "letters, digits and . _ : / @ + -",
                            id, kModelIdLengthMax));
  }
  if (const std::string_view prefix = reserved_prefix(id); !prefix.empty()) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("model '{}': ids that begin with {} are built in", id, prefix));
  }
  return {};
}

std::optional<Strategy> automatic(std::string_view id) {
  if (id == kAuto) return Strategy::kBalanced;
  if (id == kAutoCheap) return Strategy::kCheapest;
  if (id == kAutoFast) return Strategy::kFastest;
  return std::nullopt;
}

std::uint8_t score_byte(int score) {
  return static_cast<std::uint8_t>(std::clamp(score, 0, kScoreMax));
}

}  // namespace

class SnapshotBuilder {
 public:
  SnapshotBuilder(Catalogue catalogue, Health* health)
      : catalogue_(std::move(catalogue)), health_(health) {}

  Result<std::shared_ptr<const Snapshot>> build() {
    for (const auto step : {&SnapshotBuilder::add_providers, &SnapshotBuilder::add_facts,
                            &SnapshotBuilder::add_offers, &SnapshotBuilder::add_models,
                            &SnapshotBuilder::add_aliases, &SnapshotBuilder::add_profiles}) {
      if (Status status = (this->*step)(); !status) return std::unexpected(status.error());
    }
    add_figures();
    add_simulated();
    add_short_names();
    return std::move(snapshot_);
  }

 private:
  Status add_providers() {
    for (Provider& provider : catalogue_.providers) {
      const std::string& id = provider.id.get();
      if (id == kSandboxProvider) {
        return fail(ErrorCode::kInvalidRequest,
                    "provider 'sandbox' is built in: choose another id");
      }
      if (!snapshot_->provider_by_id_.emplace(id, snapshot_->providers_.size()).second) {
        return fail(ErrorCode::kInvalidRequest, fmt::format("provider '{}' is given twice", id));
      }
      snapshot_->providers_.push_back(std::move(provider));
    }
    Provider sandbox;
    sandbox.id = ProviderId(std::string(kSandboxProvider));
    sandbox.dialect = Dialect::kSandbox;
    sandbox.source = "built-in";
    snapshot_->provider_by_id_.emplace(sandbox.id.get(), snapshot_->providers_.size());
    snapshot_->providers_.push_back(std::move(sandbox));
    return {};
  }

  Status add_facts() {
    for (const ModelFacts& facts : catalogue_.models) {
      if (Status status = check_model_id(facts.id.get()); !status) return status;
      if (!facts_by_id_.emplace(facts.id.get(), &facts).second) {
        return fail(ErrorCode::kInvalidRequest,
                    fmt::format("model '{}' is given twice", facts.id.get()));
      }
    }
    return {};
  }

  const ModelFacts* facts_of(const ModelId& id) const {
    const auto at = facts_by_id_.find(id.get());
    return at == facts_by_id_.end() ? nullptr : at->second;
  }

  Status add_offers() {
    std::vector<std::pair<std::string_view, std::string_view>> given;
    for (Offer& offer : catalogue_.offers) {
      if (Status status = check_model_id(offer.model.get()); !status) return status;
      if (!snapshot_->provider_by_id_.contains(offer.provider.get())) {
        return fail(ErrorCode::kInvalidRequest,
                    fmt::format("model '{}' is offered by provider '{}', which is not configured",
                                offer.model.get(), offer.provider.get()));
      }
      given.emplace_back(offer.model.get(), offer.provider.get());
      if (const ModelFacts* facts = facts_of(offer.model)) {
        if (offer.context_window == 0) offer.context_window = facts->context_window;
        if (offer.max_output_tokens == 0) offer.max_output_tokens = facts->max_output_tokens;
      }
    }
    std::ranges::sort(given);
    if (const auto twice = std::ranges::adjacent_find(given); twice != given.end()) {
      return fail(
          ErrorCode::kInvalidRequest,
          fmt::format("model '{}' is given twice at provider '{}'", twice->first, twice->second));
    }
    snapshot_->offers_ = std::move(catalogue_.offers);
    for (std::string_view name : kSandboxModelNames) {
      snapshot_->offers_.push_back(sandbox_offer(name));
    }
    return {};
  }

  // From here on offers_ stays where it is.
  Status add_models() {
    for (const Offer& offer : snapshot_->offers_) {
      const auto [at, is_new] =
          snapshot_->model_by_id_.emplace(offer.model.get(), snapshot_->models_.size());
      if (is_new) add_model(offer.model);
      Model& model = snapshot_->models_[at->second];
      model.offers.push_back(&offer);
      model.context_window = std::max(model.context_window, offer.context_window);
      model.max_output_tokens = std::max(model.max_output_tokens, offer.max_output_tokens);
    }
    // A request mostly pays for input, then for output; of equals the one configured first.
    const auto order = [](const Offer* offer) {
      return std::tuple(offer->prices.tokens.input, offer->prices.tokens.output, offer);
    };
    for (Model& model : snapshot_->models_) {
      std::ranges::sort(model.offers, {}, order);
      model.standing = standing_of(model.facts, model.prices());
      if (Status priced = check_priced(model); !priced) return priced;
    }
    return {};
  }

  // What has no price by the token must never be asked for what is metered in tokens.
  static Status check_priced(const Model& model) {
    const bool by_token = std::ranges::all_of(
        model.offers, [](const Offer* offer) { return offer->prices.by_token; });
    if (by_token) return {};
    const auto kind = model.facts.kind;
    if (kind == ModelKind::kImage || kind == ModelKind::kSpeech ||
        kind == ModelKind::kTranscription || kind == ModelKind::kRerank) {
      return {};
    }
    return fail(
        ErrorCode::kInvalidRequest,
        fmt::format("model '{}' has no prices of tokens: give it `input` and `output`, or, "
                    "if it takes no tokens, the kind image, speech, transcription or rerank",
                    model.id.get()));
  }

  void add_model(const ModelId& id) {
    Model& model = snapshot_->models_.emplace_back();
    model.id = id;
    model.sandbox = id.get().starts_with(kSandboxPrefix);
    if (const ModelFacts* facts = facts_of(id)) model.facts = *facts;
    model.facts.id = id;
    if (model.sandbox) model.facts.kind = ModelKind::kChat;
  }

  Status add_aliases() {
    for (const auto& [alias, target] : catalogue_.aliases) {
      if (Status status = check_alias(alias, target); !status) return status;
    }
    snapshot_->aliases_.insert(catalogue_.aliases.begin(), catalogue_.aliases.end());
    return {};
  }

  Status check_alias(const std::string& alias, const std::string& target) const {
    const auto refuse = [&](std::string_view why) {
      return fail(ErrorCode::kInvalidRequest, fmt::format("alias '{}' {}", alias, why));
    };
    if (auto wrong = alias_problem(alias)) return refuse(*wrong);
    if (snapshot_->model_by_id_.contains(alias)) return refuse("is the id of a model");
    if (catalogue_.aliases.contains(target)) {
      return refuse(fmt::format("stands for '{}', which is an alias itself", target));
    }
    if (auto wrong = alias_target_problem(target)) return refuse(*wrong);
    return {};
  }

  Status add_profiles() {
    snapshot_->profiles_ = std::move(catalogue_.profiles);
    for (std::size_t i = 0; i < snapshot_->profiles_.size(); ++i) {
      const std::string& id = snapshot_->profiles_[i].id.get();
      if (!snapshot_->profile_by_id_.emplace(id, i).second) {
        return fail(ErrorCode::kInvalidRequest, fmt::format("profile '{}' is given twice", id));
      }
    }
    return {};
  }

  void add_figures() {
    snapshot_->region_numbers_.emplace("", 0);
    snapshot_->health_.resize(snapshot_->offers_.size());
    snapshot_->figures_.reserve(snapshot_->offers_.size());
    for (Model& model : snapshot_->models_) {
      for (const Offer* offer : model.offers) {
        snapshot_->figures_.push_back(figures_of(model, *offer));
      }
      const std::span<const OfferFigures> all = snapshot_->figures_;
      model.figures = all.last(model.offers.size());
      if (!model.sandbox) snapshot_->ordinary_figures_ = all.size();
    }
  }

  OfferFigures figures_of(const Model& model, const Offer& offer) {
    OfferHealth*& kept =
        snapshot_->health_[static_cast<std::size_t>(&offer - snapshot_->offers_.data())];
    if (health_ != nullptr && !model.sandbox) kept = &health_->of(offer.provider, offer.model);
    OfferFigures figures{.offer = &offer, .model = &model, .health = kept};
    figures.input = offer.prices.tokens.input;
    figures.output = offer.prices.tokens.output;
    figures.per_request = offer.prices.per_request.value_or(Money());
    if (!offer.prices.tiers.empty()) {
      figures.tier_above = offer.prices.tiers.front().above_input_tokens;
    }
    figures.context_window = offer.context_window;
    const auto next = static_cast<std::uint32_t>(snapshot_->region_numbers_.size());
    figures.region = snapshot_->region_numbers_.emplace(offer.region, next).first->second;
    figures.carbon = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(offer.grid_carbon_grams_per_kwh, 0, kCarbonMax));
    for (Capability capability : kCapabilities) {
      const Known known = model.facts.capabilities[capability];
      if (known == Known::kNo) figures.lacks |= capability_bit(capability);
      if (known == Known::kYes) figures.has |= capability_bit(capability);
    }
    figures.quality = score_byte(model.standing.quality);
    figures.tool_calling = score_byte(model.standing.tool_calling);
    figures.tier = model.standing.tier;
    figures.converses_only = snapshot_->provider_of(offer).dialect == Dialect::kAnthropic;
    return figures;
  }

  void add_simulated() {
    snapshot_->simulated_.reserve(snapshot_->models_.size());
    for (Model& model : snapshot_->models_) {
      if (model.sandbox) {
        model.simulated = model.offers.front();
        if (model.simulated->upstream_model == kLoremName) snapshot_->lorem_ = model.simulated;
        continue;
      }
      Offer& offer = snapshot_->simulated_.emplace_back(*model.offers.front());
      offer.provider = ProviderId(std::string(kSandboxProvider));
      offer.upstream_model = kLoremName;
      offer.region.clear();
      model.simulated = &offer;
    }
    check(snapshot_->lorem_ != nullptr, "the sandbox has lorem");
  }

  void add_short_names() {
    for (std::size_t i = 0; i < snapshot_->models_.size(); ++i) {
      const Model& model = snapshot_->models_[i];
      std::vector<std::size_t>& same =
          snapshot_->models_by_short_name_[std::string(short_name(model.id.get()))];
      // Sandbox models come last: an ordinary one that is there goes before them.
      if (!model.sandbox || same.empty()) same.push_back(i);
    }
  }

  Catalogue catalogue_;
  Health* health_;
  std::unordered_map<std::string_view, const ModelFacts*> facts_by_id_;
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>(Snapshot::ForBuilder{});
};

Meaning Snapshot::resolve(std::string_view text) const {
  if (const auto at = model_by_id_.find(text); at != model_by_id_.end()) {
    return {.model = &models_[at->second]};
  }
  if (const auto strategy = automatic(text)) return {.automatic = strategy};
  if (const auto alias = aliases_.find(text); alias != aliases_.end()) {
    const auto target = model_by_id_.find(alias->second);
    if (target != model_by_id_.end()) return {.model = &models_[target->second]};
    return {.automatic = automatic(alias->second)};
  }
  const auto at = models_by_short_name_.find(text);
  if (at == models_by_short_name_.end() || at->second.size() != 1) return {};
  return {.model = &models_[at->second.front()]};
}

std::vector<std::string> Snapshot::meanings(std::string_view name) const {
  std::vector<std::string> out;
  const auto at = models_by_short_name_.find(name);
  if (at == models_by_short_name_.end() || at->second.size() < 2) return out;
  for (std::size_t index : at->second) out.push_back(models_[index].id.get());
  return out;
}

std::optional<std::uint32_t> Snapshot::region_number(std::string_view region) const {
  if (region.empty()) return 0;
  const auto at = region_numbers_.find(region);
  if (at == region_numbers_.end()) return std::nullopt;
  return at->second;
}

const Provider* Snapshot::provider(const ProviderId& id) const {
  const auto at = provider_by_id_.find(id.get());
  return at == provider_by_id_.end() ? nullptr : &providers_[at->second];
}

const Provider& Snapshot::provider_of(const Offer& offer) const {
  const Provider* found = provider(offer.provider);
  check(found != nullptr, "an offer's provider stands in its snapshot");
  return *found;
}

const Profile* Snapshot::profile(const ProfileId& id) const {
  const auto at = profile_by_id_.find(id.get());
  return at == profile_by_id_.end() ? nullptr : &profiles_[at->second];
}

OfferHealth* Snapshot::health_of(const Offer& offer) const {
  const auto at = std::less<>();
  const Offer* const first = offers_.data();
  if (at(&offer, first) || !at(&offer, first + offers_.size())) return nullptr;
  return health_[static_cast<std::size_t>(&offer - first)];
}

Result<std::shared_ptr<const Snapshot>> build_snapshot(Catalogue catalogue, Health* health) {
  return SnapshotBuilder(std::move(catalogue), health).build();
}

}  // namespace tollgate
