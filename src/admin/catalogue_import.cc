#include "admin/catalogue_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "admin/catalogue_changes.h"
#include "admin/json_fields.h"
#include "admin/offers.h"
#include "admin/request_body.h"
#include "domain/built_in_catalogue.h"
#include "domain/model_facts_json.h"
#include "domain/model_id.h"
#include "domain/offer_json.h"
#include "domain/price_json.h"
#include "domain/provider_json.h"
#include "domain/text_rules.h"
#include "store/catalogue.h"

namespace tollgate {

namespace {

struct ImportedModel {
  ModelFacts facts;
  std::vector<Offer> offers;
};

Offer read_imported_offer(ObjectReader& reader) {
  Provider at;
  at.source = "api";
  at.id = ProviderId(reader.string("provider").value_or(""));
  if (at.id.empty()) {
    reader.problem("provider", "is missing");
  } else if (auto wrong = text_problem(at.id.get(), kProviderIdLengthMax, TextRule::kOneLine)) {
    reader.problem("provider", std::move(*wrong));
  }
  Offer offer = untold_offer(at);
  read_offer(reader, offer);
  if (offer.built_in_prices) reader.problem("prices", "is missing: an import is about prices");
  return offer;
}

ImportedModel read_imported_model(ObjectReader& reader) {
  ImportedModel model;
  model.facts.source = "api";
  model.facts.id = ModelId(reader.string("id").value_or(""));
  if (auto wrong = model_id_problem(model.facts.id.get())) {
    reader.problem("id", std::move(*wrong));
  }
  read_facts(reader, model.facts);
  const json::value* const offers = reader.raw("offers");
  if (offers == nullptr || !offers->is_array()) {
    reader.problem("offers", "must be an array");
    return model;
  }
  for (std::size_t i = 0; i < offers->get_array().size(); ++i) {
    ObjectReader inner(offers->get_array()[i]);
    model.offers.push_back(read_imported_offer(inner));
    model.offers.back().model = model.facts.id;
    inner.finish_into(reader, fmt::format("offers[{}]", i));
  }
  return model;
}

Result<std::vector<ImportedModel>> parse_import(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  std::vector<ImportedModel> models;
  const json::value* const list = reader.raw("models");
  if (list == nullptr || !list->is_array()) reader.problem("models", "must be an array");
  std::size_t offers = 0;
  for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->get_array().size();
       ++i) {
    ObjectReader one(list->get_array()[i]);
    models.push_back(read_imported_model(one));
    one.finish_into(reader, fmt::format("models[{}]", i));
    offers += models.back().offers.size();
  }
  if (offers > kImportOffersMax || models.size() > kImportOffersMax) {
    reader.problem("models",
                   fmt::format("holds more than {} offers: send them in parts", kImportOffersMax));
  }
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return models;
}

struct Counts {
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t unchanged = 0;

  std::string text() const {
    return JsonFields()
        .number("added", added)
        .number("changed", changed)
        .number("unchanged", unchanged)
        .finish();
  }
};

struct Skipped {
  std::string model;
  std::string provider;
  std::string why;
};

// What an import does, and did.
class Import {
 public:
  Import(const AdminContext& context, sql::Connection& connection)
      : context_(context), connection_(connection), now_(context.clock.wall()) {}

  Status load() {
    Result<store::SealedCatalogue> stored = store::load_catalogue(connection_);
    if (!stored) return std::unexpected(stored.error());
    for (Offer& offer : stored->catalogue.offers) {
      told_.emplace(std::pair(offer.provider.get(), offer.model.get()), std::move(offer));
    }
    for (ModelFacts& facts : stored->catalogue.models) {
      stated_.emplace(facts.id.get(), std::move(facts));
    }
    return {};
  }

  Status take(const ImportedModel& model) {
    bool offered = false;
    for (const Offer& offer : model.offers) {
      const Result<bool> taken = take_offer(offer);
      if (!taken) return std::unexpected(taken.error());
      offered = offered || *taken;
    }
    return offered ? take_facts(model.facts) : Status();
  }

  std::string answer() const {
    std::vector<std::string> skipped;
    for (const Skipped& one : skipped_) {
      skipped.push_back(JsonFields()
                            .text("model", one.model)
                            .text("provider", one.provider)
                            .text("why", one.why)
                            .finish());
    }
    return JsonFields()
        .raw("offers", offers_.text())
        .raw("models", models_.text())
        .raw("skipped", json_array(skipped))
        .finish();
  }

  bool changed_anything() const { return !before_.empty() || !after_.empty(); }
  std::string before() const { return json::serialize(before_); }
  std::string after() const { return json::serialize(after_); }

 private:
  void skip(const Offer& offer, std::string why) {
    skipped_.push_back({offer.model.get(), offer.provider.get(), std::move(why)});
  }

  // Providers are looked up once.
  Result<const Provider*> provider_of(const ProviderId& id) {
    const auto known = providers_.find(id.get());
    if (known != providers_.end()) return known->second ? &*known->second : nullptr;
    Result<Provider> found = defined_provider(context_, connection_, id);
    if (!found && found.error().code != ErrorCode::kNotFound) {
      return std::unexpected(found.error());
    }
    auto& kept = providers_[id.get()];
    if (found) kept = std::move(*found);
    return kept ? &*kept : nullptr;
  }

  // Whether the provider has this offer in the end.
  Result<bool> take_offer(Offer offer) {
    const Result<const Provider*> provider = provider_of(offer.provider);
    if (!provider) return std::unexpected(provider.error());
    if (*provider == nullptr) {
      skip(offer, "no such provider");
      return false;
    }
    if (Status free = check_offer_changeable(context_, offer.provider, offer.model); !free) {
      skip(offer, "defined in tollgate.yaml");
      return false;
    }
    const auto told = told_.find({offer.provider.get(), offer.model.get()});
    const BuiltInOffer* const known = built_in_catalogue().offer((*provider)->preset, offer.model);
    const bool listed = (*provider)->model_list == ModelList::kTold;
    if (told == told_.end() && listed) {
      skip(offer, "not among the models that this provider lists");
      return false;
    }
    const auto wrong = validate_provider(**provider, {offer});
    const auto of_offer = std::ranges::find_if(
        wrong, [](const PolicyProblem& problem) { return problem.param.starts_with("models[0]"); });
    if (of_offer != wrong.end()) {
      skip(offer, of_offer->message);
      return false;
    }
    if (told != told_.end()) return replace(told->second, std::move(offer));
    if (known != nullptr && price_version(known->prices_at(now_)) == price_version(offer.prices)) {
      ++offers_.unchanged;
      return true;
    }
    return store(nullptr, offer);
  }

  // What was told beside the price stays.
  Result<bool> replace(const Offer& before, Offer offer) {
    Offer after = before;
    after.prices = std::move(offer.prices);
    after.built_in_prices = false;
    if (offer_json(after) == offer_json(before)) {
      ++offers_.unchanged;
      return true;
    }
    return store(&before, after);
  }

  Result<bool> store(const Offer* before, const Offer& after) {
    if (Status done = store::put_offer(connection_, after); !done) {
      return std::unexpected(done.error());
    }
    const std::string name = after.provider.get() + " " + after.model.get();
    if (before != nullptr) before_[name] = prices_json(before->prices);
    after_[name] = prices_json(after.prices);
    ++(before == nullptr ? offers_.added : offers_.changed);
    return true;
  }

  // What is built in, or was stated by somebody, is known better.
  Status take_facts(const ModelFacts& facts) {
    const bool known = built_in_catalogue().facts(facts.id) != nullptr;
    if (known || stated_.contains(facts.id.get())) {
      ++models_.unchanged;
      return {};
    }
    const auto file = context_.catalogue.file();
    if (std::ranges::find(file->models, facts.id, &ModelFacts::id) != file->models.end()) {
      ++models_.unchanged;
      return {};
    }
    if (Status done = store::put_facts(connection_, facts); !done) return done;
    stated_.emplace(facts.id.get(), facts);
    after_[facts.id.get()] = facts_json(facts);
    ++models_.added;
    return {};
  }

  const AdminContext& context_;
  sql::Connection& connection_;
  WallTime now_;
  std::map<std::pair<std::string, std::string>, Offer> told_;
  std::map<std::string, ModelFacts> stated_;
  std::map<std::string, std::optional<Provider>> providers_;
  Counts offers_;
  Counts models_;
  std::vector<Skipped> skipped_;
  json::object before_;
  json::object after_;
};

Result<std::string> import_now(sql::Connection& connection, const AdminContext& context,
                               const Principal& by, const std::vector<ImportedModel>& models) {
  Import import(context, connection);
  if (Status loaded = import.load(); !loaded) return std::unexpected(loaded.error());
  for (const ImportedModel& model : models) {
    if (Status taken = import.take(model); !taken) return std::unexpected(taken.error());
  }
  if (!import.changed_anything()) return import.answer();
  Status audited = audit_change(connection, by,
                                {.action = "catalogue.import",
                                 .object = "models",
                                 .before = import.before(),
                                 .after = import.after()},
                                context.clock.wall());
  if (!audited) return std::unexpected(audited.error());
  return import.answer();
}

}  // namespace

Task<Result<net::Response>> import_models(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto models = parse_import(*body);
  if (!models) co_return std::unexpected(models.error());
  CatalogueChange<std::string> change =
      [&context = call.context, by = call.by,
       models = std::make_shared<const std::vector<ImportedModel>>(std::move(*models))](
          sql::Connection& connection) { return import_now(connection, context, by, *models); };
  auto answer = co_await change_catalogue<std::string>(call, std::move(change));
  if (!answer) co_return std::unexpected(answer.error());
  co_return json_answer(std::move(*answer));
}

}  // namespace tollgate
