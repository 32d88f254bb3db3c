// Changes to workspaces and their balances: jobs on the writer thread that store the change with
// its audit row, and make it true in memory after COMMIT and before the caller hears of it.
//
// Each job reads the workspace from the store, not from memory: an earlier job of the same group
// commit may have changed it already.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "domain/principal.h"
#include "domain/workspace.h"
#include "ledger/ledger.h"
#include "runtime/task.h"
#include "sql/connection.h"
#include "sql/writer.h"

namespace tollgate {

class WorkspaceChanges {
 public:
  struct Tools {
    sql::Writer& writer;
    const Clock& clock;
    Random& random;
    // Learns the workspace as it is now, its sum of grants and test clock included. On the writer
    // thread, after COMMIT, in the order of the changes; must be quick and must not block.
    std::function<void(const Workspace&)> on_workspace_changed;
  };
  // All of them outlive this.
  explicit WorkspaceChanges(Tools tools) : tools_(std::move(tools)) {}

  // As Ledger's functions of the same names.
  Task<Result<CreatedWorkspace>> create(Principal by, std::string name,
                                        std::optional<Idempotency> idempotency);
  Task<Result<Workspace>> update(Principal by, WorkspaceId id, Ledger::WorkspaceEdit edit);
  Task<Result<CreatedGrant>> grant(Principal by, WorkspaceId id, Ledger::GrantRequest request,
                                   std::optional<Idempotency> idempotency);
  Task<Result<Workspace>> advance_test_clock(Principal by, WorkspaceId id, TestClockMove move);

 private:
  struct Outcome {
    Workspace workspace;
    std::optional<Grant> grant = {};
    Replayed replayed = Replayed::kNo;
  };
  using Work = std::function<Result<Outcome>(sql::Connection&)>;

  // Runs as a job; after COMMIT tells who has to know.
  Task<Result<Outcome>> run(Work work);
  static Task<Result<Workspace>> workspace_of(Task<Result<Outcome>> changed);

  // The jobs, on the writer thread.
  Result<Outcome> create_now(sql::Connection& connection, const Principal& by,
                             const std::string& name,
                             const std::optional<Idempotency>& idempotency);
  Result<Outcome> update_now(sql::Connection& connection, const Principal& by,
                             const WorkspaceId& id, const Ledger::WorkspaceEdit& edit);
  Result<Outcome> grant_now(sql::Connection& connection, const Principal& by, const WorkspaceId& id,
                            const Ledger::GrantRequest& request,
                            const std::optional<Idempotency>& idempotency);
  Result<Outcome> advance_now(sql::Connection& connection, const Principal& by,
                              const WorkspaceId& id, const TestClockMove& move);

  Tools tools_;
};

}  // namespace tollgate
