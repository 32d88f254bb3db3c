#include "ledger/loading.h"

#include <algorithm>
#include <bit>
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

// `days`: bit n of n days before today.
void note_admitted(UseCounter& counter, std::int64_t today, std::uint64_t days) {
  for (; days != 0; days &= days - 1) counter.note_admitted_on(today - std::countr_zero(days));
}

}  // namespace

Status load_keys(sql::Connection& connection, std::int64_t today, LimitLoader& limits,
                 LiveKeys& keys) {
  auto counts = store::load_use_counts(connection, today);
  if (!counts) return std::unexpected(counts.error());
  std::vector<UseCount> use;
  return store::for_each_key(connection, [&](Key key) -> Status {
    use.clear();
    std::vector<std::uint64_t> admitted;  // as `use`, by day
    for (const KeySecret& secret : key.secrets) {
      const store::SecretUse& known = (*counts)[secret.number];
      admitted.push_back(known.admitted_on);
      use.push_back(known.count);
    }
    const KeyId id = key.id;
    Result<LimitUse> used;
    if (was_used(use)) used = limits.use_of(key, keys.test_clock_offset(key.workspace));
    if (!used) return std::unexpected(std::move(used.error()));
    keys.put(std::move(key), use, *used, Inflight::kKeep);
    const auto live = keys.find(id);
    for (std::size_t place = 0; place < admitted.size(); ++place) {
      note_admitted(*live->use[place], today, admitted[place]);
    }
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
