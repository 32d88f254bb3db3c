// Figures over time for pages, from the aggregates alone: no row of the ledger is read (SPEC §8).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/latency_histogram.h"
#include "domain/money.h"
#include "sql/connection.h"

namespace tollgate::store {

struct UsageFigures {
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  Money cost;
  LatencyHistogram latencies;

  bool operator==(const UsageFigures&) const = default;
};

enum class UsageStep { kHour, kDay };

struct UsageSeriesQuery {
  std::optional<WorkspaceId> workspace = {};    // nullopt = all
  std::optional<std::int64_t> key_number = {};  // of this key alone
  UsageStep step = UsageStep::kDay;
  std::int64_t first = 0;  // of hours or days since 1970, UTC
  int count = 0;           // >= 1
};

// `count` steps from `first` on, those without requests too.
Result<std::vector<UsageFigures>> usage_series(sql::Connection& connection,
                                               const UsageSeriesQuery& query);

}  // namespace tollgate::store
