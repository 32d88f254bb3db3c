// A walk of all live keys, for reader threads: it takes milliseconds in a large installation.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "ledger/live_keys.h"

namespace tollgate {

inline constexpr std::int64_t kNewestKey = std::numeric_limits<std::int64_t>::max();

enum class Walk { kGoOn, kStop };

// Calls `take` with every key whose number is below `before`, revoked ones too, newest first, until
// it says kStop.
template <class Take>
void walk_keys(const LiveKeys& keys, std::int64_t before, Take take) {
  constexpr std::size_t kChunk = 256;  // fetched under one lock
  std::vector<std::shared_ptr<const LiveKey>> chunk;
  for (keys.copy_older(before, kChunk, chunk); !chunk.empty();
       keys.copy_older(before, kChunk, chunk)) {
    for (const std::shared_ptr<const LiveKey>& live : chunk) {
      if (take(live) == Walk::kStop) return;
    }
    before = chunk.back()->key.number;
  }
}

}  // namespace tollgate
