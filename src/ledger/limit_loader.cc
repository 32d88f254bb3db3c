#include "ledger/limit_loader.h"

#include <algorithm>

namespace tollgate {

Result<LimitUse> LimitLoader::use_of(const Key& key, std::chrono::microseconds test_clock_offset) {
  LimitUse use;
  Status added = add_use(limit_owner(key, test_clock_offset, now_), key.policy.limits, use);
  if (!added) return std::unexpected(std::move(added.error()));
  return use;
}

Result<LimitUse> LimitLoader::use_of(const Workspace& workspace) {
  LimitUse use;
  for (const Environment environment : {Environment::kProduction, Environment::kSandbox}) {
    Status added = add_use(limit_owner(workspace, environment, now_), workspace.limits, use);
    if (!added) return std::unexpected(std::move(added.error()));
  }
  return use;
}

Status LimitLoader::add_use(const LimitOwner& of, std::span<const Limit> limits, LimitUse& use) {
  if (limits.empty()) return {};
  if (Status added = add_stored_periods(connection_, of, limits, use); !added) return added;
  const bool rolling = std::ranges::any_of(
      limits, [](const Limit& limit) { return limit.window.kind == WindowKind::kRolling60s; });
  if (!rolling) return {};
  if (Status read = read_recent(); !read) return read;
  add_recent(of, recent_of(of.owner), limits, use);
  return {};
}

Status LimitLoader::read_recent() {
  if (read_) return {};
  auto rows = store::recent_use(connection_, 0, rolling_since(now_.wall));
  if (!rows) return std::unexpected(std::move(rows.error()));
  for (const store::RecentUse& row : *rows) {
    by_key_[row.key_number].push_back(row);
    by_workspace_[{row.workspace, row.environment}].push_back(row);
  }
  read_ = true;
  return {};
}

const LimitLoader::Rows& LimitLoader::recent_of(const store::UseOwner& owner) const {
  if (owner.key_number != 0) {
    const auto found = by_key_.find(owner.key_number);
    return found == by_key_.end() ? none_ : found->second;
  }
  const auto found = by_workspace_.find({owner.workspace, owner.environment});
  return found == by_workspace_.end() ? none_ : found->second;
}

}  // namespace tollgate
