// What a changing admin request carries: its JSON body and its Idempotency-Key.
#pragma once

#include <optional>
#include <string_view>

#include "admin/admin.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "net/http_message.h"
#include "runtime/task.h"

namespace tollgate {

// kUnsupportedMediaType unless the body is said to be application/json
// (application/merge-patch+json too; without a Content-Type it is taken for JSON) and not
// content-coded.
Status check_json_fields(const net::FieldList& head);

// The body as text, at most kAdminBodyBytesMax, once its fields are right; "" when there is none.
Task<Result<std::string_view>> read_json_body(AdminCall& call);

// nullopt without the header; kInvalidRequest unless it stands once with 1–255 visible characters.
Result<std::optional<Idempotency>> idempotency_of(const net::RequestHead& head, const Principal& by,
                                                  std::string_view body);

}  // namespace tollgate
