// What server/ gives the admin API to change the catalogue with: its keeper.
#pragma once

#include <functional>
#include <memory>

#include "base/error.h"
#include "base/master_key.h"
#include "domain/offer.h"
#include "store/catalogue.h"

namespace tollgate {

// Told, once and on any thread, that a catalogue is in force, or why not.
using CatalogueInForce = std::move_only_function<void(Status)>;

// All of them may be called on any thread.
struct CatalogueHooks {
  const MasterKey* master_key = nullptr;
  // What the file defines, which no call changes.
  std::function<std::shared_ptr<const Catalogue>()> file = {};
  // Whether the whole catalogue would be sound with this part of the API's; kUnprocessable.
  std::function<Status(const store::SealedCatalogue& stored)> check = {};
  // Brings it into force, unless a newer one is.
  std::function<void(store::SealedCatalogue stored, CatalogueInForce in_force)> use = {};
};

}  // namespace tollgate
