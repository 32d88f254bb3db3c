#include "routing/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace tollgate {
namespace {

constexpr std::size_t kModelIdLengthMax = 200;
// Small and honest, so that a sandbox row has a cost: USD 1 and 2 per million tokens.
constexpr Money kSandboxInputPrice = Money::from_nanos(1'000'000'000);
constexpr Money kSandboxOutputPrice = Money::from_nanos(2'000'000'000);
constexpr std::int64_t kSandboxContextWindow = 128'000;
constexpr std::int64_t kSandboxMaxOutputTokens = 16'384;
constexpr std::string_view kLoremName = "lorem";

// The part after "sandbox/": the scripts that dialects/ knows.
constexpr std::array<std::string_view, 9> kSandboxModelNames = {
    "echo", kLoremName,   "slow",     "error-429", "error-500",
    "hang", "cut-stream", "no-usage", "overrun"};

constexpr std::array<std::string_view, 2> kReservedPrefixes = {kSandboxPrefix, "tollgate/"};

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:/@+-").contains(c);
}

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
  return offer;
}

Status check_model_id(std::string_view id) {
  if (!well_formed_model_id(id)) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("model '{}': a model id is creator/model, at most {} characters of "
                            "letters, digits and . _ : / @ + -",
                            id, kModelIdLengthMax));
  }
  for (std::string_view prefix : kReservedPrefixes) {
    if (id.starts_with(prefix)) {
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("model '{}': ids that begin with {} are built in", id, prefix));
    }
  }
  return {};
}

}  // namespace

class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(Catalogue catalogue) : catalogue_(std::move(catalogue)) {}

  Result<std::shared_ptr<const Snapshot>> build() {
    if (Status status = add_providers(); !status) return std::unexpected(status.error());
    if (Status status = add_offers(); !status) return std::unexpected(status.error());
    add_models();
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

  Status add_offers() {
    std::vector<std::pair<std::string_view, std::string_view>> given;
    for (const Offer& offer : catalogue_.offers) {
      if (Status status = check_model_id(offer.model.get()); !status) return status;
      if (!snapshot_->provider_by_id_.contains(offer.provider.get())) {
        return fail(ErrorCode::kInvalidRequest,
                    fmt::format("model '{}' is offered by provider '{}', which is not configured",
                                offer.model.get(), offer.provider.get()));
      }
      given.emplace_back(offer.model.get(), offer.provider.get());
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
  void add_models() {
    for (const Offer& offer : snapshot_->offers_) {
      const auto [at, is_new] =
          snapshot_->model_by_id_.emplace(offer.model.get(), snapshot_->models_.size());
      if (is_new) {
        Model& model = snapshot_->models_.emplace_back();
        model.id = offer.model;
        model.sandbox = offer.model.get().starts_with(kSandboxPrefix);
      }
      Model& model = snapshot_->models_[at->second];
      model.offers.push_back(&offer);
      model.context_window = std::max(model.context_window, offer.context_window);
      model.max_output_tokens = std::max(model.max_output_tokens, offer.max_output_tokens);
    }
    // A request mostly pays for input, then for output; of equals the one configured first.
    const auto order = [](const Offer* offer) {
      return std::tuple(offer->prices.tokens.input, offer->prices.tokens.output, offer);
    };
    for (Model& model : snapshot_->models_) std::ranges::sort(model.offers, {}, order);
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
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>(Snapshot::ForBuilder{});
};

const Model* Snapshot::find(std::string_view text) const {
  if (const auto at = model_by_id_.find(text); at != model_by_id_.end()) {
    return &models_[at->second];
  }
  const auto at = models_by_short_name_.find(text);
  if (at == models_by_short_name_.end() || at->second.size() != 1) return nullptr;
  return &models_[at->second.front()];
}

std::vector<std::string> Snapshot::meanings(std::string_view name) const {
  std::vector<std::string> out;
  const auto at = models_by_short_name_.find(name);
  if (at == models_by_short_name_.end() || at->second.size() < 2) return out;
  for (std::size_t index : at->second) out.push_back(models_[index].id.get());
  return out;
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

Result<std::shared_ptr<const Snapshot>> build_snapshot(Catalogue catalogue) {
  return SnapshotBuilder(std::move(catalogue)).build();
}

bool well_formed_model_id(std::string_view id) {
  const std::size_t slash = id.find('/');
  return id.size() <= kModelIdLengthMax && slash != std::string_view::npos && slash > 0 &&
         slash + 1 < id.size() && std::ranges::all_of(id, is_id_character);
}

}  // namespace tollgate
