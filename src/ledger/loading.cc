#include "ledger/loading.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "store/grants.h"
#include "store/keys.h"
#include "store/use_counts.h"
#include "store/workspaces.h"

namespace tollgate {

namespace {

bool was_used(std::span<const UseCount> counts) {
  return std::ranges::any_of(counts, [](const UseCount& use) { return use.requests > 0; });
}

}  // namespace

Status load_keys(sql::Connection& connection, LimitLoader& limits, LiveKeys& keys) {
  auto counts = store::load_use_counts(connection);
  if (!counts) return std::unexpected(counts.error());
  std::vector<UseCount> use;
  return store::for_each_key(connection, [&](Key key) -> Status {
    use.clear();
    std::vector<std::pair<std::size_t, WallTime>> admitted;  // by place in key.secrets
    for (const KeySecret& secret : key.secrets) {
      const store::SecretUse& known = (*counts)[secret.number];
      if (known.last_admitted_at) admitted.emplace_back(use.size(), *known.last_admitted_at);
      use.push_back(known.count);
    }
    const KeyId id = key.id;
    Result<LimitUse> used;
    if (was_used(use)) used = limits.use_of(key, keys.test_clock_offset(key.workspace));
    if (!used) return std::unexpected(std::move(used.error()));
    keys.put(std::move(key), use, *used, Inflight::kKeep);
    if (admitted.empty()) return {};
    const auto live = keys.find(id);
    for (const auto& [place, at] : admitted) live->use[place]->note_admitted(at);
    return {};
  });
}

Status load_workspaces(sql::Connection& connection, LimitLoader& limits, WorkspaceTable& table,
                       LiveKeys& keys) {
  Result<std::vector<Workspace>> workspaces = store::list_workspaces(connection);
  if (!workspaces) return std::unexpected(workspaces.error());
  for (const Workspace& workspace : *workspaces) {
    Result<LimitUse> used = limits.use_of(workspace);
    if (!used) return std::unexpected(std::move(used.error()));
    const Result<Balance> balance = store::load_balance(connection, workspace.id);
    if (!balance) return std::unexpected(balance.error());
    table.put(workspace);
    keys.put(workspace, *used);
    keys.set_charged(workspace.id, balance->charged);
  }
  return {};
}

}  // namespace tollgate
