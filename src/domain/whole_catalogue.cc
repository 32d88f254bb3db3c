#include "domain/whole_catalogue.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "domain/model_facts_json.h"
#include "domain/presets.h"

namespace tollgate {
namespace {

using OfferName = std::pair<std::string, std::string>;  // provider, model
OfferName name_of(const Offer& offer) { return {offer.provider.get(), offer.model.get()}; }

class Layers {
 public:
  Layers(const Catalogue& file, const Catalogue& stored, const BuiltInCatalogue& built_in,
         WallTime now)
      : file_(file), stored_(stored), built_in_(built_in), now_(now) {}

  WholeCatalogue whole() {
    add_providers();
    add_facts();
    add_offers();
    add_aliases();
    whole_.catalogue.profiles = file_.profiles;
    whole_.catalogue.profiles.insert(whole_.catalogue.profiles.end(), stored_.profiles.begin(),
                                     stored_.profiles.end());
    return std::move(whole_);
  }

 private:
  void leave_out(std::string why) { whole_.left_out.push_back(std::move(why)); }

  void add_providers() {
    std::vector<Provider>& providers = whole_.catalogue.providers;
    providers = file_.providers;
    std::set<std::string> taken;
    for (const Provider& provider : providers) taken.insert(provider.id.get());
    for (const Provider& provider : stored_.providers) {
      if (taken.contains(provider.id.get())) {
        leave_out(fmt::format("provider {}: the file defines one of this id", provider.id.get()));
        hidden_.insert(provider.id.get());
      } else {
        providers.push_back(provider);
      }
    }
    for (const Provider& provider : providers) by_id_.emplace(provider.id.get(), &provider);
  }

  void add_facts() {
    std::map<std::string, const ModelFacts*> stated;
    for (const ModelFacts& facts : stored_.models) stated[facts.id.get()] = &facts;
    for (const ModelFacts& facts : file_.models) stated[facts.id.get()] = &facts;
    for (const ModelFacts& beneath : built_in_.models()) {
      const auto own = stated.find(beneath.id.get());
      if (own == stated.end()) {
        whole_.catalogue.models.push_back(beneath);
        continue;
      }
      whole_.catalogue.models.push_back(layered_facts(*own->second, beneath));
      stated.erase(own);
    }
    for (const auto& [id, facts] : stated) whole_.catalogue.models.push_back(*facts);
  }

  void add_offers() {
    for (const Offer& offer : file_.offers) add_told(offer);
    for (const Offer& offer : stored_.offers) {
      if (told_.contains(name_of(offer))) {
        leave_out(fmt::format("model {} at provider {}: the file defines it", offer.model.get(),
                              offer.provider.get()));
      } else if (!hidden_.contains(offer.provider.get())) {
        add_told(offer);
      }
    }
    for (const Provider& provider : whole_.catalogue.providers) {
      if (provider.model_list == ModelList::kOfPreset) add_of_preset(provider);
    }
  }

  void add_told(const Offer& offer) {
    const auto at = by_id_.find(offer.provider.get());
    if (at == by_id_.end()) {
      return leave_out(fmt::format("model {}: its provider {} is not configured", offer.model.get(),
                                   offer.provider.get()));
    }
    const Provider& provider = *at->second;
    const BuiltInOffer* const known = built_in_.offer(provider.preset, offer.model);
    if (offer.built_in_prices && known == nullptr) {
      return leave_out(
          fmt::format("model {} at provider {}: no price was told, and none is built "
                      "in",
                      offer.model.get(), offer.provider.get()));
    }
    told_.insert(name_of(offer));
    whole_.catalogue.offers.push_back(filled(offer, provider, known));
  }

  void add_of_preset(const Provider& provider) {
    for (const BuiltInOffer& known : built_in_.offers()) {
      if (known.preset != provider.preset) continue;
      Offer offer;
      offer.model = known.model;
      offer.provider = provider.id;
      offer.max_tokens_field.clear();
      offer.built_in_prices = true;
      offer.source = "built-in";
      if (!told_.contains(name_of(offer))) {
        whole_.catalogue.offers.push_back(filled(offer, provider, &known));
      }
    }
  }

  // With what the provider and the preset say where the offer says nothing.
  Offer filled(Offer offer, const Provider& provider, const BuiltInOffer* known) const {
    if (offer.region.empty()) offer.region = provider.region;
    if (offer.grid_carbon_grams_per_kwh == 0) {
      offer.grid_carbon_grams_per_kwh = provider.grid_carbon_grams_per_kwh;
    }
    if (offer.max_tokens_field.empty()) {
      const Preset* const preset = find_preset(provider.preset);
      offer.max_tokens_field = preset == nullptr ? "max_tokens" : preset->max_tokens_field;
    }
    if (offer.upstream_model.empty()) {
      offer.upstream_model = known == nullptr ? offer.model.get() : known->upstream_model;
    }
    if (known != nullptr) {
      if (offer.context_window == 0) offer.context_window = known->context_window;
      if (offer.max_output_tokens == 0) offer.max_output_tokens = known->max_output_tokens;
      if (offer.built_in_prices) offer.prices = known->prices_at(now_);
    }
    offer.price_version = price_version(offer.prices);
    return offer;
  }

  void add_aliases() {
    std::map<std::string, std::string>& aliases = whole_.catalogue.aliases;
    aliases = file_.aliases;
    std::set<std::string> models;
    for (const Offer& offer : whole_.catalogue.offers) models.insert(offer.model.get());
    std::set<std::string> meant;  // by the file's
    for (const auto& [alias, target] : file_.aliases) meant.insert(target);
    for (const auto& [alias, target] : stored_.aliases) {
      if (file_.aliases.contains(alias)) {
        leave_out(fmt::format("alias {}: the file defines it", alias));
      } else if (models.contains(alias)) {
        leave_out(fmt::format("alias {}: it is the id of a model", alias));
      } else if (file_.aliases.contains(target) || meant.contains(alias)) {
        leave_out(fmt::format("alias {}: it stands for another alias, or one for it", alias));
      } else {
        aliases.emplace(alias, target);
      }
    }
  }

  const Catalogue& file_;
  const Catalogue& stored_;
  const BuiltInCatalogue& built_in_;
  WallTime now_;
  WholeCatalogue whole_;
  std::set<std::string> hidden_;  // providers of the API that the file stands before
  std::map<std::string, const Provider*> by_id_;
  std::set<OfferName> told_;
};

}  // namespace

WholeCatalogue whole_catalogue(const Catalogue& file, const Catalogue& stored,
                               const BuiltInCatalogue& built_in, WallTime now) {
  return Layers(file, stored, built_in, now).whole();
}

}  // namespace tollgate
