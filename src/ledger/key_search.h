// Lists of keys, from memory: filtered before anything is copied, in cursor pages. In any order but
// newest first a page looks at every key once and keeps the best, so that 100,000 of them cost one
// walk and no index; callers do that off the I/O threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "ledger/ledger.h"
#include "ledger/live_keys.h"

namespace tollgate {

inline constexpr int kKeyPageLimitMax = 1'000;

// As Ledger::list_keys().
Result<Ledger::KeyPage> search_keys(const LiveKeys& keys, const Ledger::KeyQuery& query);
// As Ledger::count_keys().
Ledger::KeyCounts count_keys(const LiveKeys& keys, const Ledger::KeyQuery& query);

// Of every key that has the name, revoked ones too.
std::vector<std::int64_t> numbers_named(const LiveKeys& keys, const std::string& name,
                                        const std::optional<WorkspaceId>& workspace);

}  // namespace tollgate
