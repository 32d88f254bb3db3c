// `tollgate models import FILE`: a price list, mapped to the providers that are configured.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/catalogue_document.h"
#include "cli/litellm_prices.h"
#include "cli/models_commands.h"
#include "cli/table.h"
#include "config/file_check.h"
#include "domain/model_id.h"
#include "domain/presets.h"

namespace tollgate::cli {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024 * 1024;
// The server takes 256 KiB at a time.
constexpr std::size_t kPartBytesMax = 200 * 1024;
constexpr std::int64_t kProvidersMax = 100'000;
constexpr std::size_t kExamplesShown = 3;

// The providers that a list's name stands for.
using ProvidersByList = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Installed {
  ProvidersByList providers;
  std::map<std::string, const Preset*> presets;                       // by provider
  std::map<std::pair<std::string, std::string>, std::string> models;  // provider, upstream → id
};

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void note_provider(const json::object& provider, const std::optional<std::string>& only,
                   Installed& installed) {
  const std::string id = text_of(provider, "id");
  if (only && *only != id) return;
  const Preset* const preset = find_preset(text_of(provider, "preset"));
  if (preset == nullptr) return;
  installed.presets[id] = preset;
  installed.providers[std::string(preset->listed_as)].push_back(id);
  // The same company under another name in the list.
  if (preset->name == "cohere") installed.providers["cohere"].push_back(id);
}

void note_model(const json::object& model, Installed& installed) {
  const json::value* offers = model.if_contains("offers");
  if (offers == nullptr || !offers->is_array()) return;
  for (const json::value& one : offers->get_array()) {
    const json::object* offer = one.if_object();
    if (offer == nullptr) continue;
    installed.models[{text_of(*offer, "provider"), text_of(*offer, "upstream_model")}] =
        text_of(model, "id");
  }
}

Outcome<Installed> read_installed(const AdminSession& session,
                                  const std::optional<std::string>& only) {
  const auto providers = session.list("/admin/v1/providers", {}, kProvidersMax);
  if (!providers) return std::unexpected(providers.error());
  const auto models = session.list("/admin/v1/models", {}, kProvidersMax);
  if (!models) return std::unexpected(models.error());
  Installed installed;
  for (const json::value& one : providers->at("data").get_array()) {
    if (one.is_object()) note_provider(one.get_object(), only, installed);
  }
  for (const json::value& one : models->at("data").get_array()) {
    if (one.is_object()) note_model(one.get_object(), installed);
  }
  return installed;
}

// What the list's model is called here: as it is called already, or creator/name.
std::string model_id(const ListedModel& model, const std::string& provider,
                     const Installed& installed) {
  const auto known = installed.models.find({provider, model.upstream});
  if (known != installed.models.end()) return known->second;
  if (model.upstream.find('/') != std::string::npos) return model.upstream;
  return fmt::format("{}/{}", installed.presets.at(provider)->creator, model.upstream);
}

class Parts {
 public:
  void add(json::object model) {
    const std::size_t bytes = json::serialize(model).size();
    if (parts_.empty() || bytes_ + bytes > kPartBytesMax) {
      parts_.emplace_back();
      bytes_ = 0;
    }
    bytes_ += bytes;
    parts_.back().push_back(std::move(model));
  }
  const std::vector<json::array>& parts() const { return parts_; }

 private:
  std::vector<json::array> parts_;
  std::size_t bytes_ = 0;
};

json::object imported(const ListedModel& model, const std::string& id,
                      const std::string& provider) {
  json::object offer{
      {"provider", provider}, {"upstream_model", model.upstream}, {"prices", model.prices}};
  if (model.context_window > 0) offer["context_window"] = model.context_window;
  if (model.max_output_tokens > 0) offer["max_output_tokens"] = model.max_output_tokens;
  json::object out = model.facts;
  out["id"] = id;
  out["offers"] = json::array{std::move(offer)};
  return out;
}

// Which of the list's models are for which provider; the rest is skipped, and why.
Parts sorted(const PriceList& list, const Installed& installed, const ModelFlags& flags,
             std::vector<ListSkipped>& skipped) {
  Parts parts;
  for (const ListedModel& model : list.models) {
    const auto at = installed.providers.find(model.listed_as);
    if (at == installed.providers.end()) {
      skipped.push_back({model.name, model.listed_as,
                         "no provider of its preset is configured (or it has none)"});
      continue;
    }
    for (const std::string& provider : at->second) {
      const std::string id = model_id(model, provider, installed);
      const bool known = installed.models.contains({provider, model.upstream});
      if (!well_formed_model_id(id)) {
        skipped.push_back({model.name, model.listed_as, "its name cannot be a model's id"});
      } else if (flags.only_known && !known) {
        skipped.push_back({model.name, model.listed_as, "it is not offered here (--only-known)"});
      } else {
        parts.add(imported(model, id, provider));
      }
    }
  }
  return parts;
}

struct Sums {
  json::object offers{{"added", 0}, {"changed", 0}, {"unchanged", 0}};
  json::object models{{"added", 0}, {"changed", 0}, {"unchanged", 0}};
};

void add_sums(json::object& sums, const json::object& answer, std::string_view name) {
  const json::value* part = answer.if_contains(name);
  if (part == nullptr || !part->is_object()) return;
  for (auto& member : sums) {
    const json::value* count = part->get_object().if_contains(member.key());
    if (count != nullptr && count->is_int64()) {
      member.value() = member.value().as_int64() + count->as_int64();
    }
  }
}

void take_skipped(const json::object& answer, std::vector<ListSkipped>& skipped) {
  const json::value* list = answer.if_contains("skipped");
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& one : list->get_array()) {
    if (!one.is_object()) continue;
    const json::object& entry = one.get_object();
    skipped.push_back({text_of(entry, "model"), text_of(entry, "provider"), text_of(entry, "why")});
  }
}

json::object document_of(const Sums& sums, const std::vector<ListSkipped>& skipped) {
  json::array left;
  for (const ListSkipped& one : skipped) {
    left.push_back(
        json::object{{"model", one.name}, {"provider", one.listed_as}, {"why", one.why}});
  }
  return {{"offers", sums.offers}, {"models", sums.models}, {"skipped", std::move(left)}};
}

std::string summary(const Sums& sums, const std::vector<ListSkipped>& skipped) {
  std::string out =
      fmt::format("Prices: {} new, {} changed, {} as they were. Models not known before: {}.\n",
                  sums.offers.at("added").as_int64(), sums.offers.at("changed").as_int64(),
                  sums.offers.at("unchanged").as_int64(), sums.models.at("added").as_int64());
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const ListSkipped& one : skipped) by_reason[one.why].push_back(one.name);
  if (!by_reason.empty()) out += fmt::format("Skipped {}:\n", skipped.size());
  for (const auto& [why, names] : by_reason) {
    const std::size_t shown = std::min(names.size(), kExamplesShown);
    std::string examples;
    for (std::size_t i = 0; i < shown; ++i) {
      examples += (i > 0 ? ", " : "") + printable(names[i]);
    }
    if (shown < names.size()) examples += ", …";
    out += fmt::format("  {:5}  {} ({})\n", names.size(), why, examples);
  }
  return out;
}

Result<PriceList> read_list(const std::string& path, const Terminal& terminal) {
  std::string text;
  if (path == "-") {
    text = terminal.in ? terminal.in() : std::string();
  } else {
    auto read = config::read_file(path, kFileBytesMax);
    if (!read) {
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("The file {} {}.", path, read.error().message));
    }
    text = std::move(*read);
  }
  return read_litellm_prices(text);
}

}  // namespace

Outcome<void> import_models(const Invocation& invocation) {
  const ModelFlags& flags = invocation.flags.model;
  auto list = read_list(flags.file, invocation.terminal);
  if (!list) return failed(list.error());
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto installed = read_installed(*session, flags.provider);
  if (!installed) return std::unexpected(installed.error());
  std::vector<ListSkipped> skipped = std::move(list->skipped);
  const Parts parts = sorted(*list, *installed, flags, skipped);
  Sums sums;
  for (const json::array& part : parts.parts()) {
    const auto answer =
        session->call("POST", "/admin/v1/models/import", json::object{{"models", part}});
    if (!answer) return std::unexpected(answer.error());
    add_sums(sums.offers, *answer, "offers");
    add_sums(sums.models, *answer, "models");
    take_skipped(*answer, skipped);
  }
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(document_of(sums, skipped));
  } else {
    invocation.terminal.out(summary(sums, skipped));
  }
  return {};
}

}  // namespace tollgate::cli
