#include "admin/catalogue_changes.h"

#include <fmt/format.h>

#include "admin/json_fields.h"
#include "runtime/async.h"

namespace tollgate {

Task<Status> bring_into_force(const AdminCall& call, store::SealedCatalogue stored) {
  const CatalogueHooks& hooks = call.context.catalogue;
  auto start = [&hooks, &stored](Callback<Status> done) {
    hooks.use(std::move(stored),
              [done = std::move(done)](Status status) mutable { done(std::move(status)); });
  };
  co_return co_await from_callback<Status>(std::move(start));
}

Result<store::SealedCatalogue> checked_catalogue(sql::Connection& connection,
                                                 const CatalogueHooks& hooks) {
  Result<store::SealedCatalogue> stored = store::load_catalogue(connection);
  if (!stored) return stored;
  if (Status sound = hooks.check(*stored); !sound) return std::unexpected(sound.error());
  return stored;
}

net::Response deleted_answer(std::string_view id) {
  return json_answer(JsonFields().text("id", id).raw("deleted", "true").finish());
}

std::unexpected<Error> managed_by_file(std::string_view what) {
  return fail(ErrorCode::kManagedByFile,
              fmt::format("{} is defined in tollgate.yaml: change it there, and reload.", what));
}

}  // namespace tollgate
