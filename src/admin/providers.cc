#include "admin/providers.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/catalogue_changes.h"
#include "admin/catalogue_json.h"
#include "admin/json_fields.h"
#include "admin/provider_request.h"
#include "admin/request_body.h"
#include "store/catalogue.h"
#include "upstream/probe.h"

namespace tollgate {

namespace {

std::unexpected<Error> no_such_provider() {
  return fail(ErrorCode::kNotFound, "There is no such provider: list them to find its id.");
}

// Refuses what no call may change.
Status check_changeable(const AdminCall& call, const ProviderId& id) {
  if (id.get() == kSandboxProvider) {
    return fail(ErrorCode::kConflict, "The sandbox is built in, and stays as it is.");
  }
  const std::shared_ptr<const Catalogue> file = call.context.catalogue.file();
  const auto in_file = std::ranges::find(file->providers, id, &Provider::id);
  if (in_file != file->providers.end())
    return managed_by_file(fmt::format("Provider {}", id.get()));
  return {};
}

// As it stands by now.
Result<net::Response> answer_provider(const AdminCall& call, const ProviderId& id) {
  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  const Provider* const provider = snapshot->provider(id);
  if (provider == nullptr) return no_such_provider();
  return json_answer(render_provider(*snapshot, *provider, call.by.role, call.context.clock));
}

Result<ProviderDefinition> stored_definition(sql::Connection& connection, const ProviderId& id,
                                             const MasterKey& key) {
  ProviderDefinition definition;
  Result<Provider> provider = store::find_provider(connection, id, key);
  if (!provider && provider.error().code == ErrorCode::kNotFound) return no_such_provider();
  if (!provider) return std::unexpected(provider.error());
  Result<std::vector<Offer>> offers = store::offers_of(connection, id);
  if (!offers) return std::unexpected(offers.error());
  definition.provider = std::move(*provider);
  definition.offers = std::move(*offers);
  return definition;
}

// What the jobs on the writer thread work with; outlived by the context.
struct Tools {
  AdminContext& context;
  Principal by;
  WallTime now;

  const MasterKey& key() const { return *context.catalogue.master_key; }
};

Tools tools_of(const AdminCall& call) {
  return {.context = call.context, .by = call.by, .now = call.context.clock.wall()};
}

Status create_now(sql::Connection& connection, const Tools& tools,
                  const ProviderDefinition& definition) {
  const Provider& provider = definition.provider;
  Status done =
      store::insert_provider(connection, provider, tools.now, tools.key(), tools.context.random);
  if (done) done = store::replace_offers(connection, provider.id, definition.offers);
  if (!done) return done;
  return audit_change(connection, tools.by,
                      {.action = "provider.create",
                       .object = provider.id.get(),
                       .after = store::provider_audit_json(provider, definition.offers)},
                      tools.now);
}

Status update_now(sql::Connection& connection, const Tools& tools, const ProviderId& id,
                  const json::value& edit) {
  Result<ProviderDefinition> before = stored_definition(connection, id, tools.key());
  if (!before) return std::unexpected(before.error());
  const std::string shown_before = store::provider_audit_json(before->provider, before->offers);
  Result<ProviderDefinition> after = apply_provider_edit(edit, std::move(*before));
  if (!after) return std::unexpected(after.error());
  Status done = store::update_provider(connection, after->provider, tools.now, tools.key(),
                                       tools.context.random);
  if (done) done = store::replace_offers(connection, id, after->offers);
  if (!done) return done;
  return audit_change(connection, tools.by,
                      {.action = "provider.update",
                       .object = id.get(),
                       .before = shown_before,
                       .after = store::provider_audit_json(after->provider, after->offers)},
                      tools.now);
}

Status remove_now(sql::Connection& connection, const Tools& tools, const ProviderId& id) {
  Result<ProviderDefinition> before = stored_definition(connection, id, tools.key());
  if (!before) return std::unexpected(before.error());
  if (Status removed = store::remove_provider(connection, id); !removed) return removed;
  return audit_change(connection, tools.by,
                      {.action = "provider.delete",
                       .object = id.get(),
                       .before = store::provider_audit_json(before->provider, before->offers)},
                      tools.now);
}

std::string render_probe(const ProbeResult& result) {
  return JsonFields()
      .raw("ok", result.verdict == ProbeVerdict::kOk ? "true" : "false")
      .text("verdict", probe_verdict_name(result.verdict))
      .text("message", result.message)
      .number_or_null("status",
                      result.status > 0 ? std::optional<std::int64_t>(result.status) : std::nullopt)
      .number_or_null("latency_ms", result.status > 0
                                        ? std::optional<std::int64_t>(result.latency.count())
                                        : std::nullopt)
      .texts("missing_models", result.missing)
      .finish();
}

// The offers of one provider, those that somebody told apart from the built-in ones.
ProbeOffers offers_at(const Snapshot& snapshot, const Provider& provider) {
  ProbeOffers offers;
  for (const OfferFigures& figures : snapshot.figures()) {
    if (figures.offer->provider != provider.id) continue;
    (figures.offer->source == "built-in" ? offers.others : offers.told).push_back(figures.offer);
  }
  return offers;
}

Result<const Offer*> offer_to_try(const Snapshot& snapshot, const Provider& provider,
                                  const std::string& name) {
  const Model* const model = snapshot.find(name);
  if (model != nullptr) {
    for (const Offer* offer : model->offers) {
      if (offer->provider == provider.id) return offer;
    }
  }
  return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                               .message = "This provider offers no such model: name one of those "
                                          "that it offers.",
                               .param = "model"});
}

}  // namespace

Task<Result<net::Response>> list_providers(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  const std::string cursor = call.query.take("cursor").value_or("");
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());

  const std::shared_ptr<const Snapshot> snapshot = call.context.snapshot();
  const std::vector<Provider>& providers = snapshot->providers();
  std::vector<std::string> ids;
  ids.reserve(providers.size());
  for (const auto& provider : providers) ids.push_back(provider.id.get());
  const auto range = page_range(ids, cursor, *limit);
  if (!range) co_return std::unexpected(range.error());
  std::vector<std::string> rows;
  for (std::size_t i = range->first; i < range->end; ++i) {
    rows.push_back(render_provider(*snapshot, providers[i], call.by.role, call.context.clock));
  }
  co_return json_answer(page_json(rows, range->next_cursor));
}

Task<Result<net::Response>> get_provider(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  co_return answer_provider(call, ProviderId(call.id));
}

Task<Result<net::Response>> create_provider(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto definition = parse_provider_create(*body);
  if (!definition) co_return std::unexpected(definition.error());
  const ProviderId id = definition->provider.id;
  if (auto free = check_changeable(call, id); !free) co_return std::unexpected(free.error());
  CatalogueChange<int> change = [tools = tools_of(call), definition = std::move(*definition)](
                                    sql::Connection& connection) -> Result<int> {
    if (Status done = create_now(connection, tools, definition); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  auto response = answer_provider(call, id);
  if (!response) co_return response;
  response->status = 201;
  response->fields.emplace_back("Location", std::string(kAdminPrefix) + "providers/" + id.get());
  co_return response;
}

Task<Result<net::Response>> update_provider(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ProviderId id(call.id);
  if (auto free = check_changeable(call, id); !free) co_return std::unexpected(free.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto edit = parse_provider_edit(*body);
  if (!edit) co_return std::unexpected(edit.error());
  // On the writer thread, over the provider as it stands then.
  CatalogueChange<int> change = [tools = tools_of(call), id, edit = std::move(*edit)](
                                    sql::Connection& connection) -> Result<int> {
    if (Status done = update_now(connection, tools, id, edit); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return answer_provider(call, id);
}

Task<Result<net::Response>> remove_provider(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ProviderId id(call.id);
  if (auto free = check_changeable(call, id); !free) co_return std::unexpected(free.error());
  CatalogueChange<int> change = [tools = tools_of(call),
                                 id](sql::Connection& connection) -> Result<int> {
    if (Status done = remove_now(connection, tools, id); !done) {
      return std::unexpected(done.error());
    }
    return 0;
  };
  const auto changed = co_await change_catalogue<int>(call, std::move(change));
  if (!changed) co_return std::unexpected(changed.error());
  co_return deleted_answer(id.get());
}

Task<Result<net::Response>> test_provider(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto model = parse_provider_test(*body);
  if (!model) co_return std::unexpected(model.error());
  const std::shared_ptr<const Targets> targets = call.context.targets();
  const Snapshot& snapshot = *targets->snapshot();
  const Provider* const provider = snapshot.provider(ProviderId(call.id));
  if (provider == nullptr) co_return no_such_provider();
  ProbeResult result;
  result.message = "The sandbox is built in, and always answers.";
  if (provider->dialect != Dialect::kSandbox && *model) {
    const auto offer = offer_to_try(snapshot, *provider, **model);
    if (!offer) co_return std::unexpected(offer.error());
    result = co_await probe_model(call.http_client, targets->of(*provider), **offer);
  } else if (provider->dialect != Dialect::kSandbox) {
    const ProbeOffers offers = offers_at(snapshot, *provider);
    result = co_await probe_provider(call.http_client, targets->of(*provider), offers);
  }
  co_return json_answer(render_probe(result));
}

}  // namespace tollgate
