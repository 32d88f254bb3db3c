// Lists of keys, from memory: filtered before anything is copied, newest first, in cursor pages.
#pragma once

#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/live_keys.h"

namespace tollgate {

inline constexpr int kKeyPageLimitMax = 1'000;

// As Ledger::list_keys().
Result<Ledger::KeyPage> search_keys(const LiveKeys& keys, const Ledger::KeyQuery& query);

}  // namespace tollgate
