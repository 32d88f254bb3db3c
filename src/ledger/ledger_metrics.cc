#include "ledger/ledger_metrics.h"

namespace tollgate {

LedgerMetrics::LedgerMetrics(Metrics* metrics) {
  if (metrics == nullptr) return;
  rows_written = &metrics->counter("tollgate_ledger_rows_written_total",
                                   "Usage rows committed to the ledger.");
  rows_lost = &metrics->counter("tollgate_ledger_rows_lost_total",
                                "Usage rows that could not be stored at all; must be 0.");
  rows_removed = &metrics->counter("tollgate_ledger_rows_removed_total",
                                   "Usage rows removed because they were past their retention.");
  batches =
      &metrics->counter("tollgate_ledger_batches_total", "Group commits that held usage rows.");
  write_failures = &metrics->counter("tollgate_ledger_write_failures_total",
                                     "Group commits with usage rows that failed and are retried.");
  open_reservations = &metrics->gauge("tollgate_ledger_open_reservations",
                                      "Requests admitted and not yet settled.");
  self_check_differences = &metrics->gauge(
      "tollgate_ledger_self_check_differences",
      "Limits and balances that differ from their rows or open requests; must be 0.");
}

}  // namespace tollgate
