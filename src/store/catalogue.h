// What was made over the API of the catalogue: providers, offers, facts about models, aliases
// (SPEC §6, §9). The file's part is never stored. Credentials are sealed; what is loaded says
// nothing of them until it is opened with the master key.
//
// Every change counts the catalogue's version up, by which those who load it tell what is newer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/master_key.h"
#include "base/random.h"
#include "domain/offer.h"
#include "sql/connection.h"

namespace tollgate::store {

struct SealedCatalogue {
  std::int64_t version = 0;
  Catalogue catalogue;              // its providers without what is secret; with the profiles
  std::vector<std::string> sealed;  // parallel to catalogue.providers
};

// Of every table, at one moment. kInternal naming the row that holds what this binary never writes.
Result<SealedCatalogue> load_catalogue(sql::Connection& connection);
// The catalogue with its credentials. kConflict, naming every provider whose credential another key
// sealed; kInternal naming those that are damaged.
Result<Catalogue> open_catalogue(SealedCatalogue sealed, const MasterKey& key);

// With its credential; kNotFound. kConflict, kInternal as above.
Result<Provider> find_provider(sql::Connection& connection, const ProviderId& id,
                               const MasterKey& key);
// Its offers, by model.
Result<std::vector<Offer>> offers_of(sql::Connection& connection, const ProviderId& id);

// Writer only, all that follow. Sealing binds to the provider's id.
Status insert_provider(sql::Connection& connection, const Provider& provider, WallTime now,
                       const MasterKey& key, Random& random);  // kConflict: it is there
Status update_provider(sql::Connection& connection, const Provider& provider, WallTime now,
                       const MasterKey& key, Random& random);  // kNotFound
// With its offers; kNotFound.
Status remove_provider(sql::Connection& connection, const ProviderId& id);
// These instead of all that the provider had.
Status replace_offers(sql::Connection& connection, const ProviderId& id,
                      const std::vector<Offer>& offers);
Status put_offer(sql::Connection& connection, const Offer& offer);
Status remove_offer(sql::Connection& connection, const ProviderId& id, const ModelId& model);
Status put_facts(sql::Connection& connection, const ModelFacts& facts);
Status remove_facts(sql::Connection& connection, const ModelId& model);
Status put_alias(sql::Connection& connection, const std::string& alias, const std::string& target);
Status remove_alias(sql::Connection& connection, const std::string& alias);
// Of another part of the catalogue (store/profiles.h).
Status count_change(sql::Connection& connection);

// Of a provider, with its offers, for audit rows: never a credential or a header's value.
std::string provider_audit_json(const Provider& provider, const std::vector<Offer>& offers);

}  // namespace tollgate::store
