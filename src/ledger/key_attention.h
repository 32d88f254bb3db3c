// Which keys somebody should look at, from memory: found by a walk of all of them, for reader
// threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "ledger/ledger.h"
#include "ledger/live_keys.h"

namespace tollgate {

struct AttentionQuery {
  std::optional<WorkspaceId> workspace = {};
  WallTime now;
  std::chrono::days secret_age{90};  // a secret that is older is old
};

// As Ledger::keys_of_concern().
Ledger::KeysOfConcern keys_of_concern(const LiveKeys& keys, const AttentionQuery& query,
                                      std::size_t max);

}  // namespace tollgate
