// /admin/v1/providers: list, create, look, edit, remove, test (SPEC §9, §10). Changes are an
// operator's; what the file defines answers them with 409 managed_by_file. Never a credential.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_providers(AdminCall& call);
Task<Result<net::Response>> create_provider(AdminCall& call);
Task<Result<net::Response>> get_provider(AdminCall& call);
Task<Result<net::Response>> update_provider(AdminCall& call);
Task<Result<net::Response>> remove_provider(AdminCall& call);
// Says what is wrong with it, if anything.
Task<Result<net::Response>> test_provider(AdminCall& call);

}  // namespace tollgate
