// The table of workspaces as they are now: what lists and look-ups read without the store. Memory
// only; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "domain/workspace.h"
#include "ledger/ledger.h"

namespace tollgate {

class WorkspaceTable {
 public:
  // Puts a workspace in, or replaces it whole. One thread at a time: the writer's, or the loading
  // one.
  void put(const Workspace& workspace);

  std::optional<Workspace> find(const WorkspaceId& id) const;
  std::vector<Workspace> all() const;
  std::optional<Workspace> find_by_name(const std::string& name) const;
  // As Ledger::list_workspaces().
  Result<Ledger::WorkspacePage> list(const Ledger::WorkspaceQuery& query) const;

 private:
  mutable Mutex mutex_;
  std::map<WorkspaceId, Workspace> by_id_ TOLLGATE_GUARDED_BY(mutex_);
  std::map<std::string, WorkspaceId> by_name_ TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate
