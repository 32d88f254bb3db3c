// The ledger's doubt of itself (SPEC §5): every minute, what each limit counts as used is compared
// with the sum of its rows, and what is held with what is open. A difference is a bug; the log
// names it, and a metric counts it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "domain/limit.h"
#include "domain/money.h"
#include "ledger/ledger_metrics.h"
#include "ledger/limit_use.h"
#include "ledger/live_keys.h"
#include "ledger/settlements.h"
#include "ledger/workspace_table.h"
#include "sql/writer.h"

namespace tollgate {

class SelfCheck {
 public:
  struct Tools {
    const LiveKeys& keys;
    const WorkspaceTable& workspaces;
    Settlements& settlements;
    sql::Writer& writer;
    const Clock& clock;
    const LedgerMetrics& metrics;
  };
  // All of them outlive this. Starts the thread that checks once an `interval`.
  SelfCheck(Tools tools, std::chrono::seconds interval);
  ~SelfCheck();

  // Looks at all workspaces and at kKeysPerPass keys, those that come after the last pass's; gives
  // the number of differences. On a thread that may block, one at a time.
  std::size_t check();
  static constexpr std::size_t kKeysPerPass = 100'000;

 private:
  // The limits of one owner as they are counted, and what their rows say.
  struct Checked {
    LimitOwner owner;
    std::shared_ptr<const LiveKey> key;  // null: a workspace
    std::vector<Limit> limits;
    LimitUse use = {};
    std::optional<Money> charged = {};  // of a workspace in production
  };

  void serve(std::chrono::seconds interval);
  std::vector<Checked> workspaces() const;
  // Some keys older than `before`, which moves on; back to the newest after the oldest.
  std::vector<Checked> some_keys(std::int64_t& before) const;
  std::size_t check_held() const;
  std::size_t check_used(std::vector<Checked> owners);
  Status sum_rows(sql::Connection& connection, Checked& checked) const;
  std::size_t compare(Checked& checked, std::span<const UsageRow* const> unstored) const;
  std::size_t compare_charged(const Checked& checked,
                              std::span<const UsageRow* const> unstored) const;
  Moment now() const { return {.wall = tools_.clock.wall(), .steady = tools_.clock.steady()}; }

  Tools tools_;
  std::int64_t next_key_;  // the checking thread's
  Mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ TOLLGATE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tollgate
