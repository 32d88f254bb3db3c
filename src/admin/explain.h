// POST /admin/v1/route/explain: what would become of a request of a key, and why. It takes the very
// steps of the data plane (intake/, Ledger::trial(), upstream's encode()); nothing is sent, held,
// counted or kept, and no word of the prompt is logged.
#pragma once

#include "admin/admin.h"
#include "base/error.h"
#include "net/http_message.h"
#include "runtime/task.h"

namespace tollgate {

// What a request to explain may be: as large as a prompt may well be.
inline constexpr std::size_t kExplainBodyBytesMax = 8 * 1024 * 1024;

// POST /admin/v1/route/explain
Task<Result<net::Response>> explain_request(AdminCall& call);

}  // namespace tollgate
