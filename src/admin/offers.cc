#include "admin/offers.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "admin/catalogue_changes.h"
#include "admin/catalogue_json.h"
#include "admin/request_body.h"
#include "domain/offer_json.h"
#include "domain/provider_json.h"
#include "store/catalogue.h"

namespace tollgate {

namespace {

struct OfferName {
  ProviderId provider;
  ModelId model;
};

// What the call is about. Takes `provider` of the query.
Result<OfferName> name_of(AdminCall& call) {
  const auto provider = call.query.take("provider");
  if (auto known = call.query.finish(); !known) return std::unexpected(known.error());
  if (!provider) {
    return std::unexpected(Query::bad_parameter("provider", "is missing: say at which provider"));
  }
  OfferName name{.provider = ProviderId(*provider), .model = ModelId(call.id)};
  if (auto free = check_offer_changeable(call.context, name.provider, name.model); !free) {
    return std::unexpected(free.error());
  }
  return name;
}

// What stands there now; nullopt: nothing was told.
Result<std::optional<Offer>> told_offer(sql::Connection& connection, const OfferName& name) {
  Result<std::vector<Offer>> offers = store::offers_of(connection, name.provider);
  if (!offers) return std::unexpected(offers.error());
  const auto found = std::ranges::find(*offers, name.model, &Offer::model);
  if (found == offers->end()) return std::optional<Offer>();
  return std::optional(std::move(*found));
}

std::optional<std::string> audit_text(const std::optional<Offer>& offer) {
  if (!offer) return std::nullopt;
  json::object out{{"provider", offer->provider.get()}, {"model", offer->model.get()}};
  for (const auto& [name, value] : offer_json(*offer)) out[name] = value;
  return json::serialize(out);
}

Status put_now(sql::Connection& connection, const AdminContext& context, const Principal& by,
               const OfferName& name, const json::value& body) {
  Result<Provider> provider = defined_provider(context, connection, name.provider);
  if (!provider) return std::unexpected(provider.error());
  Offer offer = untold_offer(*provider);
  offer.model = name.model;
  offer.source = "api";
  ObjectReader reader(body);
  read_offer(reader, offer);
  for (PolicyProblem& problem : validate_provider(*provider, {offer})) {
    constexpr std::string_view kPlace = "models[0].";
    if (!problem.param.starts_with(kPlace)) continue;  // of the provider itself: not asked here
    reader.problem(problem.param.substr(kPlace.size()), std::move(problem.message));
  }
  if (Status sound = reader.finish(); !sound) return sound;
  const auto before = told_offer(connection, name);
  if (!before) return std::unexpected(before.error());
  if (Status done = store::put_offer(connection, offer); !done) return done;
  return audit_change(connection, by,
                      {.action = *before ? "offer.update" : "offer.create",
                       .object = name.model.get(),
                       .before = audit_text(*before),
                       .after = audit_text(offer)},
                      context.clock.wall());
}

Status remove_now(sql::Connection& connection, const AdminContext& context, const Principal& by,
                  const OfferName& name) {
  const auto before = told_offer(connection, name);
  if (!before) return std::unexpected(before.error());
  Status done = store::remove_offer(connection, name.provider, name.model);
  if (!done) return done;
  return audit_change(
      connection, by,
      {.action = "offer.delete", .object = name.model.get(), .before = audit_text(*before)},
      context.clock.wall());
}

}  // namespace

Result<Provider> defined_provider(const AdminContext& context, sql::Connection& connection,
                                  const ProviderId& id) {
  const std::shared_ptr<const Catalogue> file = context.catalogue.file();
  const auto in_file = std::ranges::find(file->providers, id, &Provider::id);
  if (in_file != file->providers.end()) return *in_file;
  Result<Provider> stored = store::find_provider(connection, id, *context.catalogue.master_key);
  if (stored || stored.error().code != ErrorCode::kNotFound) return stored;
  return fail(ErrorCode::kNotFound, "There is no such provider: list them to find its id.");
}

Status check_offer_changeable(const AdminContext& context, const ProviderId& provider,
                              const ModelId& model) {
  if (provider.get() == kSandboxProvider) {
    return fail(ErrorCode::kConflict, "The sandbox is built in, and stays as it is.");
  }
  const std::shared_ptr<const Catalogue> file = context.catalogue.file();
  const auto at = std::ranges::find(file->providers, provider, &Provider::id);
  if (at == file->providers.end()) return {};
  const bool told = std::ranges::any_of(file->offers, [&](const Offer& offer) {
    return offer.provider == provider && offer.model == model;
  });
  if (!told && at->model_list == ModelList::kOfPreset) return {};
  return managed_by_file(fmt::format("What provider {} offers", provider.get()));
}

Task<Result<net::Response>> put_offer(AdminCall& call) {
  const auto name = name_of(call);
  if (!name) co_return std::unexpected(name.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto value = parse_json(*body);
  if (!value) co_return std::unexpected(value.error());
  CatalogueChange<int> change =
      [&context = call.context, by = call.by, name = *name,
       value = std::move(*value)](sql::Connection& connection) -> Result<int> {
    if (Status done = put_now(connection, context, by, name, value); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  const Model* const model = call.context.snapshot()->find(name->model.get());
  if (model == nullptr) {
    co_return fail(ErrorCode::kConflict,
                   "The offer is stored, and left out of the catalogue: the log says why.");
  }
  co_return json_answer(render_model(*model, call.by.role));
}

Task<Result<net::Response>> remove_offer(AdminCall& call) {
  const auto name = name_of(call);
  if (!name) co_return std::unexpected(name.error());
  CatalogueChange<int> change = [&context = call.context, by = call.by,
                                 name = *name](sql::Connection& connection) -> Result<int> {
    if (Status done = remove_now(connection, context, by, name); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return deleted_answer(name->model.get());
}

}  // namespace tollgate
