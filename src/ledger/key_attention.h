// Which keys somebody should look at, from memory: found by a walk of all of them, for reader
// threads.
#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "ledger/ledger.h"
#include "ledger/live_keys.h"

namespace tollgate {

// As Ledger::keys_of_concern().
Ledger::KeysOfConcern keys_of_concern(const LiveKeys& keys,
                                      const std::optional<WorkspaceId>& workspace, WallTime now,
                                      std::size_t max);

}  // namespace tollgate
