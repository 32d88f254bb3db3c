// What every limit has used when the ledger opens (SPEC §5): read once, while nothing is admitted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "domain/key.h"
#include "domain/workspace.h"
#include "ledger/admission.h"
#include "ledger/limit_use.h"
#include "sql/connection.h"
#include "store/window_use.h"

namespace tollgate {

class LimitLoader {
 public:
  // Both outlive this. `now` is real time.
  LimitLoader(sql::Connection& connection, const Moment& now)
      : connection_(connection), now_(now) {}

  Result<LimitUse> use_of(const Key& key, std::chrono::microseconds test_clock_offset);
  Result<LimitUse> use_of(const Workspace& workspace);

 private:
  using Rows = std::vector<store::RecentUse>;

  Status add_use(const LimitOwner& of, std::span<const Limit> limits, LimitUse& use);
  // The rows of the last minute, by whose they are; read when the first rolling limit asks.
  Status read_recent();
  const Rows& recent_of(const store::UseOwner& owner) const;

  sql::Connection& connection_;
  Moment now_;
  bool read_ = false;
  std::unordered_map<std::int64_t, Rows> by_key_;
  std::map<std::pair<WorkspaceId, Environment>, Rows> by_workspace_;
  Rows none_;
};

}  // namespace tollgate
