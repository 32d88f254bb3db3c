#include "admin/audited_change.h"

#include <utility>

#include "store/audit.h"

namespace tollgate {

Status audit_change(sql::Connection& connection, const Principal& by, AuditedChange change,
                    WallTime now) {
  const store::AuditEntry entry{.at = now,
                                .actor = change.actor.empty() ? by.actor : std::move(change.actor),
                                .action = std::move(change.action),
                                .object = std::move(change.object),
                                .before = std::move(change.before),
                                .after = std::move(change.after),
                                .from_address = by.from,
                                .workspace = std::move(change.workspace)};
  const auto row = store::append_audit(connection, entry);
  if (!row) return std::unexpected(row.error());
  return {};
}

}  // namespace tollgate
