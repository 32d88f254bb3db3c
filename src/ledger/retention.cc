#include "ledger/retention.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "ledger/journal.h"
#include "store/usage_index.h"

namespace tollgate {

namespace {

using std::chrono::steady_clock;

// The first pass is soon after the start; then the day is looked at so often.
constexpr std::chrono::seconds kFirst{1};
constexpr std::chrono::seconds kInterval{60};
// Rows looked at by one job: a few milliseconds, which whoever waits for the writer waits longer.
constexpr int kRowsTogether = 250;
// As in the writer's upkeep: rows above the index's mark cannot go.
constexpr int kIndexedTogether = 2'000;
// A wall clock is believed, whatever it says, that has run evenly for so long.
constexpr std::chrono::days kBelievedAfter{7};
constexpr std::chrono::hours kJump{1};
// More records than a journal holds, of 16 bytes and more each.
constexpr std::int64_t kJournalRecordsMax = 2 * Journal::kFileBytes / 16;

// Runs `work` as a job of the writer, and gives what it gave once that is committed.
template <class T, class Work>
Result<T> run_job(sql::Writer& writer, Work work) {
  std::optional<T> made;
  const Status done = writer.run([&](sql::Connection& connection) -> Status {
    Result<T> result = work(connection);
    if (!result) return std::unexpected(std::move(result.error()));
    made.emplace(std::move(*result));
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return std::move(*made);
}

std::string date_of(std::int64_t day) {
  const WallTime midnight{std::chrono::days(day)};
  return format_time(midnight).substr(0, 10);
}

}  // namespace

Retention::Retention(Tools tools, const Found& found, int months)
    : tools_(tools),
      last_(found.last),
      last_jump_{.wall = tools.clock.wall(), .steady = tools.clock.steady()},
      months_(months) {
  believed_ = last_jump_;
  if (found.newest_row) believed_.wall = std::min(believed_.wall, *found.newest_row);
  thread_ = std::thread([this] { serve(); });
}

Retention::~Retention() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Retention::keep_months(int months) {
  {
    const Lock lock(mutex_);
    if (months == months_) return;
    months_ = months;
    asked_ = true;
  }
  changed_.notify_all();
}

bool Retention::wait_for(steady_clock::duration time) {
  const auto until = steady_clock::now() + time;
  Lock lock(mutex_);
  while (!stopping_ && !asked_ && steady_clock::now() < until) lock.wait_until(changed_, until);
  return !stopping_;
}

bool Retention::is_asked() {
  const Lock lock(mutex_);
  return asked_;
}

void Retention::serve() {
  for (auto pause = kFirst; wait_for(pause); pause = kInterval) {
    const Lock lock(pass_mutex_);
    run(Pace::kBesideTraffic);
  }
}

void Retention::remove_old_rows() {
  const Lock lock(pass_mutex_);
  run(Pace::kAtOnce);
}

bool Retention::leave_room(Pace pace, steady_clock::time_point began) {
  const auto pause =
      pace == Pace::kBesideTraffic ? steady_clock::now() - began : steady_clock::duration(0);
  return wait_for(pause) && !is_asked();
}

bool Retention::index_rows(Pace pace) {
  for (;;) {
    const auto began = steady_clock::now();
    const auto left = run_job<sql::UpkeepLeft>(tools_.writer, [](sql::Connection& connection) {
      return store::index_usage_tail(connection, kIndexedTogether);
    });
    if (!left) return false;
    if (*left != sql::UpkeepLeft::kMore) return true;
    if (!leave_room(pace, began)) return false;
  }
}

WallTime Retention::believed_time() {
  using std::chrono::microseconds;
  const Moment now{.wall = tools_.clock.wall(), .steady = tools_.clock.steady()};
  const auto passed = [&now](const Moment& since) {
    return std::chrono::duration_cast<microseconds>(now.steady - since.steady);
  };
  const microseconds ahead = now.wall - last_jump_.wall - passed(last_jump_);
  if (ahead > kJump || ahead < -kJump) last_jump_ = now;
  if (passed(last_jump_) >= kBelievedAfter) believed_ = now;
  return std::min(now.wall, believed_.wall + passed(believed_));
}

Result<std::optional<store::Removal>> Retention::begin(WallTime now, int months) {
  return run_job<std::optional<store::Removal>>(tools_.writer, [&](sql::Connection& connection) {
    return store::begin_removal(connection, now, months, last_);
  });
}

Result<store::RemovedRows> Retention::remove_some(store::Removal& removal) {
  store::Removal after = removal;
  auto removed = run_job<store::RemovedRows>(tools_.writer, [&](sql::Connection& connection) {
    after = removal;
    return store::remove_rows(connection, after, kRowsTogether);
  });
  if (removed) removal = after;
  return removed;
}

void Retention::run(Pace pace) {
  int months = 0;
  {
    const Lock lock(mutex_);
    months = months_;
    asked_ = false;
  }
  if (months == 0) return;
  const WallTime now = believed_time();
  if (store::day_months_before(now, months) <= done_until_) return;
  auto removal = begin(now, months);
  // While the store is away there is nothing to remove from; the writer says that it is.
  if (!removal || !*removal || (*removal)->first_day <= done_until_) return;
  if (!index_rows(pace)) return;
  std::size_t count = 0;
  Result<store::RemovedRows> removed;
  do {
    const auto began = steady_clock::now();
    removed = remove_some(**removal);
    if (!removed) {
      log(LogLevel::kWarning, "retention: {}", removed.error().detail);
      break;
    }
    if (count == 0 && removed->count > 0) {  // said before the rest goes: it may be killed
      log(LogLevel::kInfo, "retention: removing usage rows of before {} (retention_months {})",
          date_of((*removal)->first_day), months);
    }
    const auto step = static_cast<std::size_t>(removed->count);
    count += step;
    if (tools_.metrics.rows_removed != nullptr) tools_.metrics.rows_removed->Increment(step);
    if (!leave_room(pace, began)) break;
  } while (removed->left == store::RemovedRows::Left::kMore);
  if (removed && removed->left == store::RemovedRows::Left::kNothing) {
    done_until_ = (*removal)->first_day;
  }
  if (count == 0) return;
  log(LogLevel::kInfo, "retention: {} usage rows are removed, their sums stay", count);
  forget_old_removals();
}

void Retention::forget_old_removals() {
  const Status forgotten = tools_.writer.run([](sql::Connection& connection) {
    return store::forget_removed_but(connection, kJournalRecordsMax);
  });
  if (!forgotten) log(LogLevel::kWarning, "retention: {}", forgotten.error().detail);
}

}  // namespace tollgate
