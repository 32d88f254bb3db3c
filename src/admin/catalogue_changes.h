// How the admin API changes the catalogue: one transaction for the change and its audit row, then
// the new catalogue comes into force, and only then the call returns (SPEC §2 "Every change holds
// from the next request on").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/admin.h"
#include "admin/audited_change.h"
#include "admin/catalogue_hooks.h"
#include "base/clock.h"
#include "base/error.h"
#include "domain/principal.h"
#include "net/exchange.h"
#include "runtime/task.h"
#include "sql/connection.h"
#include "store/catalogue.h"

namespace tollgate {

// One change: `change` runs on the writer thread, in the transaction, and refuses or gives what the
// call answers. What it leaves behind must be a sound catalogue, or all of it is rolled back.
template <class T>
using CatalogueChange = std::function<Result<T>(sql::Connection& connection)>;

// Brings what was stored into force, for the caller whose transaction gave it.
Task<Status> bring_into_force(const AdminCall& call, store::SealedCatalogue stored);
// Loads what the transaction leaves, and checks it.
Result<store::SealedCatalogue> checked_catalogue(sql::Connection& connection,
                                                 const CatalogueHooks& hooks);

// {"id": …, "deleted": true}
net::Response deleted_answer(std::string_view id);

// 409 managed_by_file: who changes it, and where.
std::unexpected<Error> managed_by_file(std::string_view what);

template <class T>
Task<Result<T>> change_catalogue(const AdminCall& call, CatalogueChange<T> change) {
  using Changed = std::pair<T, store::SealedCatalogue>;
  const CatalogueHooks* hooks = &call.context.catalogue;
  std::function<Result<Changed>(sql::Connection&)> work =
      [hooks, change = std::move(change)](sql::Connection& connection) -> Result<Changed> {
    Result<T> answer = change(connection);
    if (!answer) return std::unexpected(std::move(answer.error()));
    Result<store::SealedCatalogue> stored = checked_catalogue(connection, *hooks);
    if (!stored) return std::unexpected(std::move(stored.error()));
    return Changed(std::move(*answer), std::move(*stored));
  };
  Result<Changed> changed = co_await call.context.ledger.write<Changed>(std::move(work));
  if (!changed) co_return std::unexpected(std::move(changed.error()));
  Status in_force = co_await bring_into_force(call, std::move(changed->second));
  if (!in_force) co_return std::unexpected(std::move(in_force.error()));
  co_return std::move(changed->first);
}

}  // namespace tollgate
