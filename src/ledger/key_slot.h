// Where a key lives in the table of live keys (ledger/live_keys.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "domain/key.h"
#include "ledger/budgets.h"
#include "ledger/ledger.h"
#include "ledger/use_counter.h"

namespace tollgate {

// Guarded by LiveKeys' mutex, but for the counters, which are atomic.
struct KeySlot {
  std::int64_t number = 0;
  std::shared_ptr<const LiveKey> live;
  KeyBudget* budget = nullptr;
  std::deque<UseCounter> use;  // oldest secret first: addresses stay
};

// Where the secret of this age (0 = the key's first) stands in key.secrets.
inline std::size_t index_of(const Key& key, std::size_t age) {
  return key.secrets.size() - 1 - age;
}

}  // namespace tollgate
