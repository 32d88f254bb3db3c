#include "ledger/retention.h"

#include <string>
#include <utility>

#include "base/log.h"
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

Retention::Retention(Tools tools, GenerationNumber last, int months)
    : tools_(tools), last_(last), months_(months), thread_([this] { serve(); }) {}

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

Status Retention::index_rows() {
  Result<sql::UpkeepLeft> left;
  do {
    left = run_job<sql::UpkeepLeft>(tools_.writer, [](sql::Connection& connection) {
      return store::index_usage_tail(connection, kIndexedTogether);
    });
  } while (left && *left == sql::UpkeepLeft::kMore);
  return left ? Status() : std::unexpected(left.error());
}

Result<std::optional<store::Removal>> Retention::begin(int months) {
  const WallTime now = tools_.clock.wall();
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
  if (store::day_months_before(tools_.clock.wall(), months) <= done_until_) return;
  auto removal = begin(months);
  // While the store is away there is nothing to remove from; the writer says that it is.
  if (!removal || !*removal || (*removal)->first_day <= done_until_) return;
  if (!index_rows()) return;
  std::size_t count = 0;
  Result<store::RemovedRows> removed;
  do {
    const auto began = steady_clock::now();
    removed = remove_some(**removal);
    if (!removed) {
      log(LogLevel::kWarning, "retention: {}", removed.error().detail);
      break;
    }
    count += static_cast<std::size_t>(removed->count);
    const auto pause =
        pace == Pace::kBesideTraffic ? steady_clock::now() - began : steady_clock::duration(0);
    if (!wait_for(pause) || is_asked()) break;
  } while (removed->left == store::RemovedRows::Left::kMore);
  if (removed && removed->left == store::RemovedRows::Left::kNothing) {
    done_until_ = (*removal)->first_day;
  }
  if (count > 0) {
    if (tools_.metrics.rows_removed != nullptr) tools_.metrics.rows_removed->Increment(count);
    log(LogLevel::kInfo,
        "retention: {} usage rows of before {} are removed, their sums stay (retention_months {})",
        count, date_of((*removal)->first_day), months);
  }
}

}  // namespace tollgate
