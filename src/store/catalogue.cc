#include "store/catalogue.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "domain/model_facts_json.h"
#include "domain/offer_json.h"
#include "domain/provider_json.h"
#include "store/columns.h"
#include "store/profiles.h"

namespace tollgate::store {

namespace {

constexpr std::string_view kSelectProvider =
    "SELECT id, settings, sealed, created_at, updated_at FROM providers ";

std::unexpected<Error> no_such_provider() { return not_found("There is no such provider."); }

// What sealed bytes are bound to.
std::string row_name(const ProviderId& id) { return "provider/" + id.get(); }

std::string sealed_secrets(const Provider& provider, const MasterKey& key, Random& random) {
  const Secret text(json::serialize(provider_secrets_json(provider)));
  return key.seal(text.expose(), row_name(provider.id), random);
}

std::string settings_text(const Provider& provider) {
  json::object settings = provider_json(provider);
  settings["models_of_preset"] = provider.model_list == ModelList::kOfPreset;
  return json::serialize(settings);
}

struct ProviderRow {
  Provider provider;  // without what is secret
  json::value settings;
  std::string sealed;
};

Result<ProviderRow> read_provider_row(sql::Statement& row) {
  ProviderRow out;
  const ProviderId id{std::string(row.text(0))};
  auto settings = parse_json(row.text(1));
  const std::span<const std::uint8_t> sealed = row.blob(2);
  out.sealed.assign(sealed.begin(), sealed.end());
  const WallTime created = wall_time(row.integer(3));
  const WallTime updated = wall_time(row.integer(4));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!settings || !settings->is_object()) return unreadable("provider " + id.get());
  out.settings = std::move(*settings);
  auto provider = provider_from_json(out.settings);
  if (!provider) return unreadable("provider " + id.get());
  out.provider = std::move(*provider);
  out.provider.id = id;
  out.provider.source = "api";
  const json::value* of_preset = out.settings.get_object().if_contains("models_of_preset");
  const bool all = of_preset != nullptr && of_preset->is_bool() && of_preset->get_bool();
  out.provider.model_list = all ? ModelList::kOfPreset : ModelList::kTold;
  out.provider.created_at = created;
  out.provider.updated_at = updated;
  return out;
}

// Puts what `sealed` holds into the provider.
Status open_secrets(Provider& provider, std::string_view sealed, const MasterKey& key) {
  Result<Secret> text = key.open(sealed, row_name(provider.id));
  if (!text) return std::unexpected(text.error());
  const auto secrets = parse_json(text->expose());
  if (!secrets) return unreadable("a provider's credential");
  return read_provider_secrets(*secrets, provider);
}

Result<Offer> read_offer_row(sql::Statement& row) {
  Provider at;
  at.id = ProviderId(std::string(row.text(0)));
  at.source = "api";
  Offer offer = untold_offer(at);
  offer.model = ModelId(std::string(row.text(1)));
  const auto settings = parse_json(row.text(2));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!settings) return unreadable("the offer of " + offer.model.get());
  ObjectReader reader(*settings);
  read_offer(reader, offer);
  if (!reader.finish()) return unreadable("the offer of " + offer.model.get());
  return offer;
}

// Reads every row of `select` with `read` into `into`.
template <class T, class Read>
Status read_all(sql::Statement select, Read read, std::vector<T>& into) {
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) {
    Result<T> one = read(select);
    if (!one) return std::unexpected(one.error());
    into.push_back(std::move(*one));
  }
  if (!row) return std::unexpected(row.error());
  return {};
}

Result<ModelFacts> read_facts_row(sql::Statement& row) {
  ModelFacts facts;
  facts.id = ModelId(std::string(row.text(0)));
  facts.source = "api";
  const auto stated = parse_json(row.text(1));
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!stated) return unreadable("the facts about " + facts.id.get());
  ObjectReader reader(*stated);
  read_facts(reader, facts);
  if (!reader.finish()) return unreadable("the facts about " + facts.id.get());
  return facts;
}

using Alias = std::pair<std::string, std::string>;
Result<Alias> read_alias_row(sql::Statement& row) {
  Alias alias{row.text(0), row.text(1)};
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  return alias;
}

Status expect_one(sql::Connection& connection, Status done, std::string_view what) {
  if (!done) return done;
  if (connection.changes() != 1) return not_found(fmt::format("There is no such {}.", what));
  return count_change(connection);
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Status count_change(sql::Connection& connection) {
  return connection.exec("UPDATE catalogue SET version = version + 1");
}

Result<SealedCatalogue> load_catalogue(sql::Connection& connection) {
  SealedCatalogue out;
  sql::Statement version = connection.prepare("SELECT version FROM catalogue");
  const auto number = single_integer(version);
  if (!number) return std::unexpected(number.error());
  out.version = number->value_or(0);
  std::vector<ProviderRow> rows;
  std::vector<Alias> aliases;
  Status read =
      read_all(connection.prepare(std::string(kSelectProvider) + "ORDER BY created_at, id"),
               read_provider_row, rows);
  if (read) {
    read =
        read_all(connection.prepare(
                     "SELECT provider_id, model, settings FROM offers ORDER BY provider_id, model"),
                 read_offer_row, out.catalogue.offers);
  }
  if (read) {
    read = read_all(connection.prepare("SELECT model, facts FROM model_facts ORDER BY model"),
                    read_facts_row, out.catalogue.models);
  }
  if (read) {
    read =
        read_all(connection.prepare("SELECT alias, target FROM aliases"), read_alias_row, aliases);
  }
  if (!read) return std::unexpected(read.error());
  auto profiles = list_profiles(connection);
  if (!profiles) return std::unexpected(profiles.error());
  out.catalogue.profiles = std::move(*profiles);
  out.catalogue.aliases.insert(aliases.begin(), aliases.end());
  for (ProviderRow& row : rows) {
    out.catalogue.providers.push_back(std::move(row.provider));
    out.sealed.push_back(std::move(row.sealed));
  }
  return out;
}

Result<Catalogue> open_catalogue(SealedCatalogue sealed, const MasterKey& key) {
  std::vector<std::string> foreign;
  std::vector<std::string> damaged;
  for (std::size_t i = 0; i < sealed.sealed.size(); ++i) {
    Provider& provider = sealed.catalogue.providers[i];
    const Status opened = open_secrets(provider, sealed.sealed[i], key);
    if (opened) continue;
    const bool other_key = opened.error().code == ErrorCode::kConflict;
    (other_key ? foreign : damaged).push_back(provider.id.get());
  }
  if (!foreign.empty()) {
    return fail(ErrorCode::kConflict,
                fmt::format("The credentials of these providers were sealed with another master "
                            "key and cannot be read: {}.",
                            joined(foreign)));
  }
  if (!damaged.empty()) {
    return fail(
        ErrorCode::kInternal,
        fmt::format("The stored credentials of these providers are damaged: {}.", joined(damaged)));
  }
  return std::move(sealed.catalogue);
}

Result<Provider> find_provider(sql::Connection& connection, const ProviderId& id,
                               const MasterKey& key) {
  sql::Statement select = connection.prepare(std::string(kSelectProvider) + "WHERE id = ?");
  select.bind(1, id.get());
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return no_such_provider();
  Result<ProviderRow> read = read_provider_row(select);
  if (!read) return std::unexpected(read.error());
  if (Status opened = open_secrets(read->provider, read->sealed, key); !opened) {
    return std::unexpected(opened.error());
  }
  return std::move(read->provider);
}

Result<std::vector<Offer>> offers_of(sql::Connection& connection, const ProviderId& id) {
  sql::Statement select = connection.prepare(
      "SELECT provider_id, model, settings FROM offers WHERE provider_id = ? ORDER BY model");
  select.bind(1, id.get());
  std::vector<Offer> offers;
  if (Status read = read_all(std::move(select), read_offer_row, offers); !read) {
    return std::unexpected(read.error());
  }
  return offers;
}

Status insert_provider(sql::Connection& connection, const Provider& provider, WallTime now,
                       const MasterKey& key, Random& random) {
  Status inserted = connection
                        .prepare(
                            "INSERT INTO providers (id, settings, sealed, created_at, updated_at) "
                            "VALUES (?, ?, ?, ?, ?)")
                        .bind(1, provider.id.get())
                        .bind(2, settings_text(provider))
                        .bind_blob(3, bytes_of(sealed_secrets(provider, key, random)))
                        .bind(4, micros(now))
                        .bind(5, micros(now))
                        .run();
  if (inserted) return count_change(connection);
  if (inserted.error().code != ErrorCode::kConflict) return inserted;
  Error error{.code = ErrorCode::kConflict,
              .message = "There is a provider of this id already: choose another id."};
  error.param = "id";
  return std::unexpected(std::move(error));
}

Status update_provider(sql::Connection& connection, const Provider& provider, WallTime now,
                       const MasterKey& key, Random& random) {
  Status updated =
      connection
          .prepare("UPDATE providers SET settings = ?, sealed = ?, updated_at = ? WHERE id = ?")
          .bind(1, settings_text(provider))
          .bind_blob(2, bytes_of(sealed_secrets(provider, key, random)))
          .bind(3, micros(now))
          .bind(4, provider.id.get())
          .run();
  return expect_one(connection, std::move(updated), "provider");
}

Status remove_provider(sql::Connection& connection, const ProviderId& id) {
  Status offers =
      connection.prepare("DELETE FROM offers WHERE provider_id = ?").bind(1, id.get()).run();
  if (!offers) return offers;
  Status removed = connection.prepare("DELETE FROM providers WHERE id = ?").bind(1, id.get()).run();
  return expect_one(connection, std::move(removed), "provider");
}

Status replace_offers(sql::Connection& connection, const ProviderId& id,
                      const std::vector<Offer>& offers) {
  Status done =
      connection.prepare("DELETE FROM offers WHERE provider_id = ?").bind(1, id.get()).run();
  for (const Offer& offer : offers) {
    if (done) done = put_offer(connection, offer);
  }
  return done ? count_change(connection) : done;
}

Status put_offer(sql::Connection& connection, const Offer& offer) {
  Status done =
      connection
          .prepare(
              "INSERT INTO offers (provider_id, model, settings) VALUES (?, ?, ?) "
              "ON CONFLICT (provider_id, model) DO UPDATE SET settings = excluded.settings")
          .bind(1, offer.provider.get())
          .bind(2, offer.model.get())
          .bind(3, json::serialize(offer_json(offer)))
          .run();
  return done ? count_change(connection) : done;
}

Status remove_offer(sql::Connection& connection, const ProviderId& id, const ModelId& model) {
  Status done = connection.prepare("DELETE FROM offers WHERE provider_id = ? AND model = ?")
                    .bind(1, id.get())
                    .bind(2, model.get())
                    .run();
  return expect_one(connection, std::move(done), "offer made over the API");
}

Status put_facts(sql::Connection& connection, const ModelFacts& facts) {
  Status done = connection
                    .prepare(
                        "INSERT INTO model_facts (model, facts) VALUES (?, ?) "
                        "ON CONFLICT (model) DO UPDATE SET facts = excluded.facts")
                    .bind(1, facts.id.get())
                    .bind(2, json::serialize(facts_json(facts)))
                    .run();
  return done ? count_change(connection) : done;
}

Status remove_facts(sql::Connection& connection, const ModelId& model) {
  Status done =
      connection.prepare("DELETE FROM model_facts WHERE model = ?").bind(1, model.get()).run();
  return expect_one(connection, std::move(done), "model of which facts were stated over the API");
}

Status put_alias(sql::Connection& connection, const std::string& alias, const std::string& target) {
  Status done = connection
                    .prepare(
                        "INSERT INTO aliases (alias, target) VALUES (?, ?) "
                        "ON CONFLICT (alias) DO UPDATE SET target = excluded.target")
                    .bind(1, alias)
                    .bind(2, target)
                    .run();
  return done ? count_change(connection) : done;
}

Status remove_alias(sql::Connection& connection, const std::string& alias) {
  Status done = connection.prepare("DELETE FROM aliases WHERE alias = ?").bind(1, alias).run();
  return expect_one(connection, std::move(done), "alias made over the API");
}

std::string provider_audit_json(const Provider& provider, const std::vector<Offer>& offers) {
  json::object out{{"id", provider.id.get()}};
  for (const auto& [name, value] : provider_json(provider)) out[name] = value;
  out["models_of_preset"] = provider.model_list == ModelList::kOfPreset;
  json::array models;
  for (const Offer& offer : offers) {
    json::object one{{"id", offer.model.get()}};
    for (const auto& [name, value] : offer_json(offer)) one[name] = value;
    models.push_back(std::move(one));
  }
  out["models"] = std::move(models);
  return json::serialize(out);
}

}  // namespace tollgate::store
