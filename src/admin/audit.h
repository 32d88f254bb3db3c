// GET /admin/v1/audit and /admin/v1/audit/verify (SPEC §9): who changed what, and whether the log
// still says so. For admins and operators.
#pragma once

#include <optional>
#include <string>

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"
#include "store/audit.h"

namespace tollgate {

Task<Result<net::Response>> list_audit(AdminCall& call);
Task<Result<net::Response>> verify_audit(AdminCall& call);

// What is asked for; `actor` is still to be found.
struct AuditRequest {
  store::AuditQuery query;
  std::string actor;  // an id, an e-mail address or the name of a key; empty = all
};
Result<AuditRequest> parse_audit_request(Query& query, std::optional<WorkspaceId> workspace);

// Schemas AuditRow and AuditVerdict of api/openapi.yaml. `actor_name`: what people call who did it;
// empty where nobody knows any more.
std::string render_audit_row(const store::AuditRow& row, const std::string& actor_name);
std::string render_audit_verdict(const store::AuditVerdict& verdict);

}  // namespace tollgate
