#include "config/catalogue_settings.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "config/yaml_json.h"
#include "domain/model_facts_json.h"
#include "domain/model_id.h"

namespace tollgate::config {
namespace {

std::string read_id(ObjectReader& reader) {
  auto id = reader.string("id");
  if (!id) {
    if (!reader.has("id")) reader.problem("", "`id` is missing: the public id, e.g. acme/large");
    return {};
  }
  if (auto wrong = model_id_problem(*id)) reader.problem("id", std::move(*wrong));
  return std::move(*id);
}

// Whether the file offers a model of this id.
bool offered(const Settings& settings, const std::string& id) {
  for (const Offer& offer : settings.catalogue.offers) {
    if (offer.model.get() == id) return true;
  }
  return false;
}

}  // namespace

void read_model_facts(MappingReader& document, Settings& settings) {
  std::map<std::string, int> lines;
  for (const auto& [node, path] : document.list("models")) {
    const YamlJson json(node, path, document.source());
    ObjectReader reader(json.value());
    ModelFacts facts;
    facts.source = "file";
    facts.id = ModelId(read_id(reader));
    read_facts(reader, facts);
    const int line = document.source().place(node).line;
    const auto [known, added] = lines.emplace(facts.id.get(), line);
    if (!added && !facts.id.empty()) {
      reader.problem("id", fmt::format("stands in line {} already", known->second));
    }
    json.report(reader);
    settings.catalogue.models.push_back(std::move(facts));
  }
}

void read_aliases(MappingReader& document, Settings& settings) {
  const auto node = document.child("aliases");
  if (!node) return;
  MappingReader reader(*node, "aliases", document.source());
  std::map<std::string, std::string>& aliases = settings.catalogue.aliases;
  for (auto& [alias, target] : reader.entries()) {
    auto wrong = alias_problem(alias);
    if (!wrong && offered(settings, alias)) wrong = "is the id of a model";
    if (!wrong) wrong = alias_target_problem(target.text);
    if (wrong) {
      document.source().problem(target.node, target.path, *wrong);
    } else {
      aliases.emplace(alias, std::move(target.text));
    }
  }
  for (const auto& [alias, target] : aliases) {
    if (aliases.contains(target)) {
      document.source().problem(*node, reader.path_of(alias),
                                fmt::format("stands for '{}', which is an alias itself", target));
    }
  }
}

}  // namespace tollgate::config
