// What the feed tells of usage rows that were stored.
#pragma once

#include <span>

#include "domain/usage_row.h"
#include "ledger/live_feed.h"
#include "ledger/live_keys.h"
#include "ledger/stored_rows.h"

namespace tollgate {

// Of `rows` without the `lost` ones, those that somebody is to hear of. Both are in the order of
// their settling.
void tell_stored(LiveFeed& live, const LiveKeys& keys, std::span<const UsageRow* const> rows,
                 std::span<const LostRow> lost);

}  // namespace tollgate
