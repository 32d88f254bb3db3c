// GET /admin/v1/audit and /admin/v1/audit/verify (SPEC §9): who changed what, and whether the log
// still says so. For admins and operators.
#pragma once

#include <string>

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"
#include "store/audit.h"

namespace tollgate {

Task<Result<net::Response>> list_audit(AdminCall& call);
Task<Result<net::Response>> verify_audit(AdminCall& call);

// Schemas AuditRow and AuditVerdict of api/openapi.yaml.
std::string render_audit_row(const store::AuditRow& row);
std::string render_audit_verdict(const store::AuditVerdict& verdict);

}  // namespace tollgate
