// /admin/v1/models/{id}/offers?provider=…: one model at one provider, made or changed over the API:
// its price, its name there, its sizes (SPEC §1 "offer"). It goes before the built-in offer of the
// same model; taken away, that one holds again.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> put_offer(AdminCall& call);
Task<Result<net::Response>> remove_offer(AdminCall& call);

// The provider as it was defined, whoever defined it; kNotFound.
Result<Provider> defined_provider(const AdminContext& context, sql::Connection& connection,
                                  const ProviderId& id);
// kManagedByFile where the file says what the provider offers of this model.
Status check_offer_changeable(const AdminContext& context, const ProviderId& provider,
                              const ModelId& model);

}  // namespace tollgate
