// The audit row of a change that admin/ makes itself (keys and workspaces are the ledger's), in the
// change's own transaction. Writer only.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/principal.h"
#include "sql/connection.h"

namespace tollgate {

// The texts hold no secret.
struct AuditedChange {
  std::string actor = {};  // "" = the caller
  std::string action;      // "provider.create" …
  std::string object;      // the id
  std::optional<std::string> before = {};
  std::optional<std::string> after = {};
  WorkspaceId workspace = {};  // empty: of the installation
};
Status audit_change(sql::Connection& connection, const Principal& by, AuditedChange change,
                    WallTime now);

}  // namespace tollgate
