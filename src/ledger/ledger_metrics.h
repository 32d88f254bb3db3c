// The ledger's metric handles, fetched once; none of them when there is no Metrics.
#pragma once

#include "base/metrics.h"

namespace tollgate {

struct LedgerMetrics {
  explicit LedgerMetrics(Metrics* metrics);

  prometheus::Counter* rows_written = nullptr;
  prometheus::Counter* rows_lost = nullptr;
  prometheus::Counter* rows_removed = nullptr;
  prometheus::Counter* batches = nullptr;
  prometheus::Counter* write_failures = nullptr;
  prometheus::Gauge* open_reservations = nullptr;
  prometheus::Gauge* self_check_differences = nullptr;
};

}  // namespace tollgate
