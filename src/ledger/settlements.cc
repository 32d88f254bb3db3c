#include "ledger/settlements.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "store/usage_rows.h"

namespace tollgate {
namespace {

// Waiters of one thread, resumed there by one post.
struct Wakeup {
  IoContext* context = nullptr;
  std::vector<std::pair<Callback<Status>, Status>> waiters;
};

Error unwritten(const Error& error) {
  return {.code = ErrorCode::kServiceUnavailable,
          .message = "The gateway cannot record usage at the moment. Retry in a few seconds.",
          .detail = error.detail.empty() ? error.message : error.detail};
}

class Wakeups {
 public:
  // Tells the waiter, if there is one still, that its row is not on the disk yet.
  void fail(Settlement& settlement, const Error& error) {
    if (!settlement.waiter) return;
    add(std::move(*settlement.waiter), std::unexpected(unwritten(error)));
    settlement.waiter.reset();
  }

  void add(Callback<Status> waiter, Status status) {
    IoContext* context = &waiter.context();
    auto found = std::ranges::find(wakeups_, context, &Wakeup::context);
    if (found == wakeups_.end()) {
      wakeups_.push_back({.context = context, .waiters = {}});
      found = wakeups_.end() - 1;
    }
    found->waiters.emplace_back(std::move(waiter), std::move(status));
  }

  void post() {
    for (Wakeup& wakeup : wakeups_) {
      asio::post(*wakeup.context, [waiters = std::move(wakeup.waiters)]() mutable {
        for (auto& [waiter, status] : waiters) waiter.resume_here(std::move(status));
      });
    }
  }

 private:
  std::vector<Wakeup> wakeups_;  // as many as there are I/O threads
};

void make_storable(std::string& text) {
  if (text.size() > kRowTextLengthMax) text.resize(kRowTextLengthMax);
  std::ranges::replace(text, '\0', '?');
}

void make_storable(UsageRow& row) {
  for (std::string* text :
       {&row.request_id, &row.requested_model, &row.model, &row.provider, &row.region,
        &row.price_version, &row.error_code, &row.client, &row.ip}) {
    make_storable(*text);
  }
}

// The store is there, but will never take this.
bool for_good(const Error& error) { return error.code != ErrorCode::kServiceUnavailable; }

}  // namespace

void Settlements::attach(sql::Writer& writer) {
  writer_ = &writer;
  writer.set_batch({.pending = [this] { return pending(); },
                    .write = [this](sql::Connection& connection) { return write(connection); },
                    .done = [this](const Status& status) { done(status); }});
}

void Settlements::push(Settlement settlement) {
  make_storable(settlement.row);
  {
    Lock lock(mutex_);
    queue_.push_back(std::move(settlement));
  }
  writer_->wake();
}

bool Settlements::pending() {
  if (!taken_.empty()) return true;
  Lock lock(mutex_);
  return !queue_.empty();
}

void Settlements::take_queue() {
  Lock lock(mutex_);
  if (taken_.empty()) {
    taken_.swap(queue_);
  } else {
    std::ranges::move(queue_, std::back_inserter(taken_));
    queue_.clear();
  }
}

Result<std::size_t> Settlements::write(sql::Connection& connection) {
  take_queue();
  lost_.clear();
  rows_.clear();
  for (const Settlement& settlement : taken_) rows_.push_back(&settlement.row);
  Status written = write_together(connection);
  if (written) return taken_.size();
  if (!for_good(written.error())) return std::unexpected(written.error());
  return write_apart(connection);
}

Status Settlements::write_together(sql::Connection& connection) {
  sql::Savepoint together(connection);
  if (!together.status()) return together.status();
  Status written = store::insert_usage(connection, rows_);
  if (!written) return written;
  return together.release();
}

Result<std::size_t> Settlements::write_apart(sql::Connection& connection) {
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    sql::Savepoint alone(connection);
    if (!alone.status()) return std::unexpected(alone.status().error());
    Status written = store::insert_usage(connection, std::span(&rows_[i], 1));
    if (written) written = alone.release();
    if (written) continue;
    if (!for_good(written.error())) return std::unexpected(written.error());
    lost_.push_back({.settlement = &taken_[i], .error = written.error()});
  }
  return taken_.size() - lost_.size();
}

void Settlements::done(const Status& status) {
  if (status) {
    committed();
  } else {
    failed(status.error());
  }
}

void Settlements::count_use() const {
  for (const Settlement& settlement : taken_) {
    if (std::ranges::count(lost_, &settlement, &Lost::settlement) != 0) continue;
    if (store::is_error(settlement.row)) {
      settlement.use->count_error(settlement.row.admitted_at);
    } else {
      settlement.use->count_good(settlement.row.admitted_at);
    }
  }
}

void Settlements::committed() {
  count_use();
  std::vector<LiveKeys::Place> places;
  places.reserve(taken_.size());
  for (const Settlement& settlement : taken_) places.push_back(settlement.place);
  keys_.release(places);
  if (metrics_.batches != nullptr) {
    metrics_.batches->Increment();
    metrics_.rows_written->Increment(taken_.size() - lost_.size());
    metrics_.rows_lost->Increment(lost_.size());
    metrics_.open_reservations->Decrement(places.size());
  }

  Wakeups wakeups;
  for (const Lost& lost : lost_) {
    log(LogLevel::kError, "usage row {} cannot be stored: {}",
        generation_id(lost.settlement->row.id), lost.error.detail);
    if (!lost.settlement->waiter) continue;
    wakeups.add(std::move(*lost.settlement->waiter), std::unexpected(lost.error));
    lost.settlement->waiter.reset();
  }
  for (Settlement& settlement : taken_) {
    if (settlement.waiter) wakeups.add(std::move(*settlement.waiter), {});
  }
  lost_.clear();
  taken_.clear();
  wakeups.post();
}

void Settlements::failed(const Error& error) {
  if (metrics_.write_failures != nullptr) metrics_.write_failures->Increment();
  take_queue();
  Wakeups wakeups;
  for (Settlement& settlement : taken_) wakeups.fail(settlement, error);
  wakeups.post();
}

}  // namespace tollgate
