// What the feed tells of usage rows that were stored.
#pragma once

#include <span>

#include "domain/usage_row.h"
#include "ledger/live_feed.h"
#include "ledger/live_keys.h"

namespace tollgate {

// The newest of them: at most LiveFeed::kTogetherMax. `rows` are in the order of their settling.
void tell_stored(LiveFeed& live, const LiveKeys& keys, std::span<const UsageRow* const> rows);

}  // namespace tollgate
