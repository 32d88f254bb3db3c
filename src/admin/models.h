// /admin/v1/models: every model with its offers and prices, from the Snapshot; and what operators
// state of models: facts that go before the built-in ones (SPEC §1 "model").
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_models(AdminCall& call);
Task<Result<net::Response>> get_model(AdminCall& call);
// PUT: these facts instead of all that was stated; PATCH: these beside them.
Task<Result<net::Response>> replace_facts(AdminCall& call);
Task<Result<net::Response>> update_facts(AdminCall& call);
// Takes back what was stated.
Task<Result<net::Response>> remove_facts(AdminCall& call);

}  // namespace tollgate
