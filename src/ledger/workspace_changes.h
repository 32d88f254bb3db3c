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
#include "ledger/limit_use.h"
#include "ledger/live_keys.h"
#include "ledger/settlements.h"
#include "ledger/workspace_table.h"
#include "runtime/task.h"
#include "sql/connection.h"
#include "sql/writer.h"

namespace tollgate {

class WorkspaceChanges {
 public:
  struct Tools {
    LiveKeys& keys;
    WorkspaceTable& table;
    Settlements& settlements;
    sql::Writer& writer;
    const Clock& clock;
    Random& random;
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
    FreshLimits fresh = {};
    Money deducted = {};  // held in the budgets until it is stored
  };
  using Work = std::function<Result<Outcome>(sql::Connection&)>;

  Status learn_limits(sql::Connection& connection, Outcome& outcome);
  void put(Outcome& outcome);
  // Runs as a job; after COMMIT puts the workspace, as it is now, into the tables.
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
