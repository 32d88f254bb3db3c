#include "ledger/workspace_table.h"

#include <fmt/format.h>

#include <utility>

namespace tollgate {

namespace {

std::unexpected<Error> bad_cursor() {
  return std::unexpected(Error{.code = ErrorCode::kInvalidRequest,
                               .message = "The cursor is not one that this list gave.",
                               .param = "cursor"});
}

}  // namespace

void WorkspaceTable::put(const Workspace& workspace) {
  const Lock lock(mutex_);
  Workspace& kept = by_id_[workspace.id];
  const auto old_name = by_name_.find(kept.name);
  // Another workspace may have taken the old name in the same commit.
  if (old_name != by_name_.end() && old_name->second == workspace.id) by_name_.erase(old_name);
  by_name_[workspace.name] = workspace.id;
  kept = workspace;
}

std::optional<Workspace> WorkspaceTable::find(const WorkspaceId& id) const {
  const Lock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<Workspace> WorkspaceTable::all() const {
  const Lock lock(mutex_);
  std::vector<Workspace> all;
  all.reserve(by_id_.size());
  for (const auto& [id, workspace] : by_id_) all.push_back(workspace);
  return all;
}

std::optional<Workspace> WorkspaceTable::find_by_name(const std::string& name) const {
  const Lock lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return by_id_.at(found->second);
}

Result<Ledger::WorkspacePage> WorkspaceTable::list(const Ledger::WorkspaceQuery& query) const {
  if (query.limit < 1 || query.limit > Ledger::kWorkspacePageMax) {
    return std::unexpected(
        Error{.code = ErrorCode::kInvalidRequest,
              .message = fmt::format("limit must be 1 to {}.", Ledger::kWorkspacePageMax),
              .param = "limit"});
  }
  const Lock lock(mutex_);
  auto at = by_name_.begin();
  if (!query.cursor.empty()) {
    const auto last = by_id_.find(WorkspaceId(query.cursor));
    if (last == by_id_.end()) return bad_cursor();
    at = by_name_.upper_bound(last->second.name);
  }
  Ledger::WorkspacePage page;
  for (; at != by_name_.end(); ++at) {
    if (query.workspace && at->second != *query.workspace) continue;
    if (static_cast<int>(page.workspaces.size()) == query.limit) {
      page.next_cursor = page.workspaces.back().id.get();
      return page;
    }
    page.workspaces.push_back(by_id_.at(at->second));
  }
  return page;
}

}  // namespace tollgate
