#include "routing/callable_models.h"

#include <array>

#include "domain/model_pattern.h"

namespace tollgate {

namespace {

constexpr std::array kChoosing = {kAuto, kAutoCheap, kAutoFast};

bool callable(const CallableBy& by, const Model& model) {
  if (model.sandbox && by.environment == Environment::kProduction) return false;
  const std::string& id = model.id.get();
  return model_allowed(by.models, id) &&
         (by.profile == nullptr ||
          (model_allowed(by.profile->models, id) && model_allowed(by.profile->order, id)));
}

bool ignores_model(const CallableBy& by) {
  return by.profile != nullptr && !by.profile->honor_model;
}

}  // namespace

std::vector<CallableModel> callable_models(const Snapshot& snapshot, const CallableBy& by) {
  std::vector<CallableModel> out;
  bool ordinary = false;
  for (const Model& model : snapshot.models()) {
    if (!callable(by, model)) continue;
    out.push_back({.id = model.id.get(), .model = &model, .alias_of = {}});
    ordinary = ordinary || !model.sandbox;
  }
  if (ignores_model(by)) return out;
  if (ordinary) {
    for (const std::string_view id : kChoosing) out.push_back({.id = id, .alias_of = {}});
  }
  for (const auto& [alias, target] : snapshot.aliases()) {
    const Meaning meaning = snapshot.resolve(alias);
    if (meaning.nothing()) continue;
    if (meaning.model == nullptr ? !ordinary : !callable(by, *meaning.model)) continue;
    out.push_back({.id = alias, .model = meaning.model, .alias_of = target});
  }
  return out;
}

}  // namespace tollgate
