#include "ledger/self_check.h"

#include <algorithm>
#include <future>
#include <limits>
#include <utility>

#include "base/log.h"
#include "store/grants.h"

namespace tollgate {

namespace {

// Looked at under one lock, and summed in one job of the writer.
constexpr std::size_t kKeysTogether = 256;
constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

}  // namespace

SelfCheck::SelfCheck(Tools tools, std::chrono::seconds interval)
    : tools_(tools), next_key_(kNewest), thread_([this, interval] { serve(interval); }) {}

SelfCheck::~SelfCheck() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SelfCheck::serve(std::chrono::seconds interval) {
  for (;;) {
    {
      const auto next = std::chrono::steady_clock::now() + interval;
      Lock lock(mutex_);
      while (!stopping_ && std::chrono::steady_clock::now() < next) {
        lock.wait_until(changed_, next);
      }
      if (stopping_) return;
    }
    check();
  }
}

std::size_t SelfCheck::check() {
  std::size_t differences = check_used(workspaces());
  for (std::size_t seen = 0; seen < kKeysPerPass; seen += kKeysTogether) {
    differences += check_used(some_keys(next_key_));
    if (next_key_ == kNewest) break;
  }
  differences += check_held();
  if (tools_.metrics.self_check_differences != nullptr) {
    tools_.metrics.self_check_differences->Set(static_cast<std::int64_t>(differences));
  }
  return differences;
}

std::vector<SelfCheck::Checked> SelfCheck::workspaces() const {
  std::vector<Checked> list;
  for (Workspace& workspace : tools_.workspaces.all()) {
    for (const Environment environment : {Environment::kProduction, Environment::kSandbox}) {
      list.push_back({.owner = limit_owner(workspace, environment, now()),
                      .key = nullptr,
                      .limits = workspace.limits});
    }
  }
  return list;
}

std::vector<SelfCheck::Checked> SelfCheck::some_keys(std::int64_t& before) const {
  std::vector<std::shared_ptr<const LiveKey>> chunk;
  tools_.keys.copy_older(before, kKeysTogether, chunk);
  before = chunk.empty() ? kNewest : chunk.back()->key.number;
  std::vector<Checked> list;
  for (const auto& live : chunk) {
    const Key& key = live->key;
    if (key.policy.limits.empty()) continue;
    const auto offset = tools_.keys.test_clock_offset(key.workspace);
    list.push_back(
        {.owner = limit_owner(key, offset, now()), .key = live, .limits = key.policy.limits});
  }
  return list;
}

std::size_t SelfCheck::check_held() const {
  std::size_t differences = 0;
  std::size_t next = 0;
  do {
    const Budgets::SelfCheck held = tools_.keys.self_check(next, kKeysTogether);
    for (const HeldDifference& difference : held.differences) {
      log(LogLevel::kError, "bug: limit {} of {} should hold {}, and holds {}",
          difference.limit_number, difference.owner.empty() ? "a balance" : difference.owner,
          difference.expected, difference.held);
    }
    differences += held.differences.size();
    next = held.next;
  } while (next != 0);
  return differences;
}

Status SelfCheck::sum_rows(sql::Connection& connection, Checked& checked) const {
  const bool paying =
      checked.key == nullptr && checked.owner.owner.environment == Environment::kProduction;
  if (paying) {
    const auto balance = store::load_balance(connection, checked.owner.owner.workspace);
    if (!balance) return std::unexpected(balance.error());
    checked.charged = balance->charged;
  }
  return add_stored_periods(connection, checked.owner, checked.limits, checked.use);
}

std::size_t SelfCheck::check_used(std::vector<Checked> owners) {
  if (owners.empty()) return 0;
  std::promise<std::size_t> found;
  sql::Job job;
  job.work = [this, &owners](sql::Connection& connection) -> Status {
    for (Checked& checked : owners) {
      if (Status summed = sum_rows(connection, checked); !summed) return summed;
    }
    return {};
  };
  // While the store is away there is nothing to compare with.
  job.done = [this, &owners, &found](const Status& status) {
    std::size_t differences = 0;
    if (status) {
      tools_.settlements.with_unstored([&](std::span<const UsageRow* const> rows) {
        for (Checked& checked : owners) differences += compare(checked, rows);
      });
    }
    found.set_value(differences);
  };
  tools_.writer.submit(std::move(job));
  return found.get_future().get();
}

// No row settles meanwhile. Limits that were changed since are left for the next time.
std::size_t SelfCheck::compare(Checked& checked, std::span<const UsageRow* const> unstored) const {
  std::vector<LimitState> counted;
  if (checked.key != nullptr) {
    if (tools_.keys.find(checked.key->key.id) != checked.key) return 0;
    counted = tools_.keys.view_of(*checked.key).limits;
  } else {
    counted = tools_.keys.limits(checked.owner.owner.workspace, checked.owner.owner.environment);
  }
  for (const UsageRow* row : unstored) {
    add_unstored(checked.owner, *row, checked.limits, checked.use);
  }
  const WallTime local = tools_.clock.wall() + checked.owner.clock_offset;
  std::size_t differences = compare_charged(checked, unstored);
  for (const LimitState& state : counted) {
    if (!has_periods(state.limit.window)) continue;
    const auto known = std::ranges::find(checked.limits, state.limit);
    if (known == checked.limits.end()) continue;
    const Period period = period_of(state.limit.window, local, checked.owner.created_at);
    std::int64_t right = 0;
    for (const PeriodUse& use : checked.use.periods) {
      const bool own =
          use.limit_number == numbered(*known).number && use.period_start == period.start;
      if (own) right += use.settled;
    }
    if (right == state.used) continue;
    ++differences;
    log(LogLevel::kError, "bug: {} has used {} by its rows, and counts {}", state.id, right,
        state.used);
  }
  return differences;
}

std::size_t SelfCheck::compare_charged(const Checked& checked,
                                       std::span<const UsageRow* const> unstored) const {
  if (!checked.charged) return 0;
  const WorkspaceId& workspace = checked.owner.owner.workspace;
  std::int64_t right = checked.charged->nanos();
  for (const UsageRow* row : unstored) {
    if (row->workspace == workspace) right += row->charged.nanos();
  }
  const std::optional<Balance> balance = tools_.keys.balance(workspace);
  if (!balance || balance->charged.nanos() == right) return 0;
  log(LogLevel::kError, "bug: {} is charged {} by its rows, and counts {}", workspace.get(), right,
      balance->charged.nanos());
  return 1;
}

}  // namespace tollgate
