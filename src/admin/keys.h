// /admin/v1/keys: list, create, look, edit, rotate, revoke (SPEC §2), secrets for the playground
// (SPEC §10). Each answers what api/openapi.yaml says; a change is answered when it holds for every
// later request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

Task<Result<net::Response>> list_keys(AdminCall& call);
// GET /admin/v1/key-counts: how many there are in each status.
Task<Result<net::Response>> count_keys(AdminCall& call);
Task<Result<net::Response>> create_key(AdminCall& call);
Task<Result<net::Response>> get_key(AdminCall& call);
Task<Result<net::Response>> update_key(AdminCall& call);
Task<Result<net::Response>> rotate_key(AdminCall& call);
Task<Result<net::Response>> mint_key_secret(AdminCall& call);
Task<Result<net::Response>> revoke_key(AdminCall& call);

// The unrevoked keys of this name: it is unique in a workspace, so who may look into several
// (nullopt: all) may find several. On a reader thread where it may be all.
Result<std::vector<KeyView>> keys_named(const Ledger& ledger,
                                        const std::optional<WorkspaceId>& workspace,
                                        const std::string& name);

// The filters and the order of a list, all of them taken from `query`; kInvalidRequest for values
// that are none. Names go up unless `order` says otherwise, all else goes down.
// `name` is apart: it stands alone, beside `limit`.
struct KeyListRequest {
  Ledger::KeyQuery query;
  std::string name;  // empty = a list
};
Result<KeyListRequest> parse_key_list(Query& query, std::optional<WorkspaceId> workspace);

}  // namespace tollgate
