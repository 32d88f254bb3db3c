#include "ledger/settlements.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"
#include "ledger/limit_use.h"
#include "ledger/stored_events.h"
#include "ledger/usage_record.h"
#include "store/usage_rows.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a recorded row may wait for company on its way to the database, and how many do not
// wait any longer.
constexpr milliseconds kStoreWithin{400};
constexpr std::size_t kStoreAtOnce = 2'000;
// The most rows of one transaction, and of one append to the journal.
constexpr std::size_t kStoredTogether = 8'000;
constexpr std::size_t kRecordedTogether = 512;
// While the journal refuses rows it is tried so often.
constexpr milliseconds kRetry{100};
// How long a row waits for room in the journal before its waiter hears of it.
constexpr milliseconds kRoomWait{400};
constexpr milliseconds kRoomPoll{5};

// Waiters of one thread, resumed there by one post.
struct Wakeup {
  IoContext* context = nullptr;
  std::vector<std::pair<Callback<Status>, Status>> waiters;
};

Error no_room() {
  return {.code = ErrorCode::kServiceUnavailable,
          .message = "Too many requests are running on limited keys. Retry in a few seconds.",
          .detail = "journal: no room for another reservation"};
}

Error unwritten(const Error& error) {
  return {.code = ErrorCode::kServiceUnavailable,
          .message = "The gateway cannot record usage at the moment. Retry in a few seconds.",
          .detail = error.detail.empty() ? error.message : error.detail};
}

class Wakeups {
 public:
  // Tells the waiter, if there is one still, that its record is not on the disk yet.
  void fail(std::optional<Callback<Status>>& waiter, const Error& error) {
    if (!waiter) return;
    add(std::move(*waiter), std::unexpected(unwritten(error)));
    waiter.reset();
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

void make_record(Settlement& settlement) {
  make_storable(settlement.row);
  encode_usage(settlement.row, RecordKind::kSettled, settlement.record);
}

}  // namespace

struct Settlements::Turn {
  Turn(IoContext* of, Settlements* by) : context(of), owner(by) {}

  IoContext* const context;
  Mutex mutex;
  Settlements* owner TOLLGATE_GUARDED_BY(mutex);  // null once it has stopped
  std::vector<Settlement> settlements TOLLGATE_GUARDED_BY(mutex);
};

class Settlements::EndOfTurn {
 public:
  explicit EndOfTurn(std::shared_ptr<Turn> turn) : turn_(std::move(turn)) {}
  EndOfTurn(EndOfTurn&&) = default;
  ~EndOfTurn() {
    if (turn_ == nullptr) return;
    std::vector<Settlement> settlements;
    Settlements* const owner = take(settlements);
    for (Settlement& settlement : settlements) settlement.waiter.reset();
    if (owner != nullptr) owner->leave_to_recorder(settlements);
  }

  void operator()() {
    std::vector<Settlement> settlements;
    Settlements* const owner = take(settlements);
    turn_.reset();
    if (owner != nullptr) owner->record_turn(settlements);
  }

 private:
  Settlements* take(std::vector<Settlement>& settlements) {
    const Lock lock(turn_->mutex);
    settlements.reserve(turn_->settlements.size());
    settlements.swap(turn_->settlements);
    return turn_->owner;
  }

  std::shared_ptr<Turn> turn_;
};

Settlements::~Settlements() { stop(); }

void Settlements::start(sql::Writer& writer, std::unique_ptr<Journal> journal) {
  writer_ = &writer;
  {
    const Lock lock(journal_mutex_);
    journal_ = std::move(journal);
    journal_->keep_notes([this](std::vector<std::string_view>& notes)
                             TOLLGATE_NO_THREAD_SAFETY_ANALYSIS {
                               for (const auto& [id, record] : promised_) notes.push_back(record);
                             });
  }
  writer.set_batch({.pending = [this] { return pending(); },
                    .write = [this](sql::Connection& connection) { return write(connection); },
                    .done = [this](const Status& status) { done(status); }});
  recorder_ = std::thread([this] { serve(); });
}

void Settlements::stop() {
  std::vector<std::shared_ptr<Turn>> turns;
  {
    const Lock lock(turns_mutex_);
    turns.swap(turns_);
  }
  for (const std::shared_ptr<Turn>& turn : turns) {
    const Lock lock(turn->mutex);
    turn->owner = nullptr;
    leave_to_recorder(turn->settlements);
    turn->settlements.clear();
  }
  {
    const Lock lock(queue_mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (recorder_.joinable()) recorder_.join();
}

void Settlements::clear_journal() {
  const Lock lock(journal_mutex_);
  if (stored_ != journal_->last() || !promised_.empty()) return;
  if (Status cleared = journal_->clear(); !cleared) {
    log(LogLevel::kWarning, "{}", cleared.error().detail);
  }
}

Journal::Serial Settlements::recorded() const {
  const Lock lock(journal_mutex_);
  return journal_->last();
}

// --- to the journal ---

void Settlements::settle(Settlement settlement) {
  make_record(settlement);
  if (!healthy_) return leave_to_recorder({&settlement, 1});
  IoContext& context = settlement.waiter->context();
  const std::shared_ptr<Turn> turn = turn_of(context);
  {
    const Lock lock(turn->mutex);
    turn->settlements.push_back(std::move(settlement));
    if (turn->settlements.size() > 1) return;
  }
  asio::post(context, EndOfTurn(turn));
}

std::shared_ptr<Settlements::Turn> Settlements::turn_of(IoContext& context) {
  const Lock lock(turns_mutex_);
  for (const std::shared_ptr<Turn>& turn : turns_) {
    if (turn->context == &context) return turn;
  }
  return turns_.emplace_back(std::make_shared<Turn>(&context, this));
}

// On the waiters' own thread: they go on from here.
void Settlements::record_turn(std::span<Settlement> settlements) {
  if (durability_ == Durability::kFull) return leave_to_recorder(settlements);
  std::vector<Callback<Status>> waiters;
  waiters.reserve(settlements.size());
  while (!settlements.empty()) {
    const auto some = settlements.first(std::min(settlements.size(), kRecordedTogether));
    if (!record_now(some)) {
      leave_to_recorder(settlements);
      break;
    }
    for (Settlement& settled : some) waiters.push_back(std::move(*settled.waiter));
    settlements = settlements.subspan(some.size());
  }
  for (Callback<Status>& waiter : waiters) waiter.resume_here({});
}

void Settlements::settle_unwaited(Settlement settlement) {
  make_record(settlement);
  const std::span<Settlement> one(&settlement, 1);
  if (durability_ == Durability::kFull || !healthy_ || !record_now(one)) leave_to_recorder(one);
}

bool Settlements::record_now(std::span<Settlement> settlements) {
  std::vector<std::string_view> records;
  records.reserve(settlements.size());
  std::size_t bytes = 0;
  for (const Settlement& settlement : settlements) {
    bytes += Journal::framed_size(settlement.record);
    records.emplace_back(settlement.record);
  }
  LiveKeys::Answers answers;
  {
    const Lock lock(journal_mutex_);
    if (bytes > journal_->append_bytes_max() / 4) return false;
    const auto serial = journal_->append(records);
    if (!serial) return false;
    hand_over(settlements, *serial, answers);
  }
  count_ended(settlements, answers);
  return true;
}

void Settlements::leave_to_recorder(std::span<Settlement> settlements) {
  {
    const Lock lock(queue_mutex_);
    std::ranges::move(settlements, std::back_inserter(queue_));
  }
  changed_.notify_one();
}

bool Settlements::promise_now(UsageRow& row, Promise& promise) {
  make_storable(row);
  promise.id = row.id;
  encode_usage(row, RecordKind::kReserved, promise.record);
  if (durability_ == Durability::kFull || !healthy_) return false;
  const std::string_view note = promise.record;
  const Lock lock(journal_mutex_);
  if (!has_room(promise) || !journal_->append({}, std::span(&note, 1))) return false;
  keep(std::span(&promise, 1));
  return true;
}

void Settlements::push(Promise promise) {
  {
    const Lock lock(queue_mutex_);
    promise_queue_.push_back(std::move(promise));
  }
  changed_.notify_one();
}

std::optional<UsageRow> Settlements::promised(GenerationNumber id) const {
  const Lock lock(journal_mutex_);
  const auto found = promised_.find(id);
  if (found == promised_.end()) return std::nullopt;
  auto read = decode_usage(found->second);
  if (!read) return std::nullopt;
  return std::move(read->row);
}

// Notes are written anew at every turn: half a file is theirs.
bool Settlements::has_room(const Promise& promise) const {
  const std::size_t wanted = promised_bytes_ + Journal::framed_size(promise.record);
  return wanted <= journal_->append_bytes_max() / 2;
}

void Settlements::keep(std::span<Promise> promises) {
  for (Promise& promise : promises) {
    forget(promise.id);
    promised_bytes_ += Journal::framed_size(promise.record);
    promised_.emplace(promise.id, std::move(promise.record));
  }
}

void Settlements::forget(GenerationNumber id) {
  const auto found = promised_.find(id);
  if (found == promised_.end()) return;
  promised_bytes_ -= Journal::framed_size(found->second);
  promised_.erase(found);
}

void Settlements::serve() {
  while (take_waiting()) {
    if (unrecorded().empty() && promises_taken_.empty()) {
      probe_journal();
    } else {
      record_taken();
    }
  }
}

// Waits until there is something to record, or, while the journal is away, until it is to be tried
// again. False: there is nothing, and never will be.
bool Settlements::take_waiting() {
  Lock lock(queue_mutex_);
  while (queue_.empty() && promise_queue_.empty() && taken_.empty() && !stopping_) {
    if (!healthy_) {
      lock.wait_until(changed_, steady_clock::now() + kRetry);
      break;
    }
    lock.wait(changed_);
  }
  std::ranges::move(queue_, std::back_inserter(taken_));
  queue_.clear();
  std::ranges::move(promise_queue_, std::back_inserter(promises_taken_));
  promise_queue_.clear();
  return !taken_.empty() || !promises_taken_.empty() || !stopping_;
}

void Settlements::probe_journal() {
  {
    const Lock lock(journal_mutex_);
    if (!journal_->probe()) return;
  }
  if (durability_ == Durability::kFull && !sync_journal()) return;
  set_healthy();
}

void Settlements::set_healthy() {
  if (!healthy_.exchange(true)) log(LogLevel::kInfo, "the journal takes rows again");
}

void Settlements::record_taken() {
  const auto give_up_at = steady_clock::now() + kRoomWait;
  while (!unrecorded().empty() || !promises_taken_.empty()) {
    const Result<Appended> count = append_some();
    if (count) {
      set_healthy();
      continue;
    }
    const bool full = count.error().code == ErrorCode::kConflict;
    if (!full || steady_clock::now() >= give_up_at) return retry_later(count.error());
    writer_->wake();
    Lock lock(queue_mutex_);
    lock.wait_until(changed_, steady_clock::now() + kRoomPoll);
  }
  taken_.clear();
  taken_done_ = 0;
}

// The first of those taken that go into one append, in records_ and notes_. A promise beyond the
// room for them is refused.
Settlements::Appended Settlements::choose_some(std::size_t bytes_max) {
  records_.clear();
  notes_.clear();
  std::size_t bytes = 0;
  for (const Promise& promise : promises_taken_) {
    bytes += Journal::framed_size(promise.record);
    if (!notes_.empty() && (bytes > bytes_max || notes_.size() == kRecordedTogether)) break;
    notes_.emplace_back(promise.record);
  }
  for (const Settlement& settlement : unrecorded()) {
    bytes += Journal::framed_size(settlement.record);
    const bool some = !records_.empty() || !notes_.empty();
    if (some && (bytes > bytes_max || records_.size() == kRecordedTogether)) break;
    records_.emplace_back(settlement.record);
  }
  return {.settlements = records_.size(), .promises = notes_.size()};
}

void Settlements::refuse_promises() {
  Wakeups wakeups;
  {
    const Lock lock(journal_mutex_);
    std::size_t room = journal_->append_bytes_max() / 2;
    room -= std::min(room, promised_bytes_);
    std::erase_if(promises_taken_, [&](Promise& promise) {
      const std::size_t size = Journal::framed_size(promise.record);
      if (size <= room) {
        room -= size;
        return false;
      }
      wakeups.fail(promise.waiter, no_room());
      return true;
    });
  }
  wakeups.post();
}

// Appends the first of those taken.
Result<Settlements::Appended> Settlements::append_some() {
  refuse_promises();
  Appended some;
  Result<Journal::Serial> serial = 0;
  LiveKeys::Answers answers;
  {
    const Lock lock(journal_mutex_);
    some = choose_some(journal_->append_bytes_max() / 4);
    serial = journal_->append(records_, notes_);
    if (!serial) return std::unexpected(serial.error());
    if (durability_ == Durability::kProcess) {
      hand_over(unrecorded().first(some.settlements), *serial, answers);
      keep(std::span(promises_taken_).first(some.promises));
    }
  }
  if (durability_ == Durability::kFull) {
    // Nobody else appends under kFull, so that the order of hand-overs is that of the journal.
    if (Status synced = sync_journal(); !synced) return std::unexpected(synced.error());
    const Lock lock(journal_mutex_);
    hand_over(unrecorded().first(some.settlements), *serial, answers);
    keep(std::span(promises_taken_).first(some.promises));
  }
  finish(unrecorded().first(some.settlements), answers);
  taken_done_ += some.settlements;
  tell_promised(some.promises);
  return some;
}

// That the first of those taken are kept.
void Settlements::tell_promised(std::size_t count) {
  Wakeups wakeups;
  const auto end = promises_taken_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto promise = promises_taken_.begin(); promise != end; ++promise) {
    if (promise->waiter) wakeups.add(std::move(*promise->waiter), {});
  }
  promises_taken_.erase(promises_taken_.begin(), end);
  wakeups.post();
}

Status Settlements::sync_journal() {
  Status synced = journal_->sync();
  if (!synced) journal_->rewind();
  return synced;
}

// Moves the rows on to the writer; `last` is the serial of the last one.
void Settlements::hand_over(std::span<Settlement> settled, Journal::Serial last,
                            LiveKeys::Answers& answers) {
  if (settled.empty()) return;
  Journal::Serial serial = last - settled.size();
  for (Settlement& settlement : settled) {
    settlement.error = store::is_error(settlement.row);
    settlement.admitted_at = settlement.row.admitted_at;
    keys_.settle(settlement.place, actual_of(settlement.row), answers);
    if (!promised_.empty()) forget(settlement.row.id);
    recorded_.push_back({.row = std::move(settlement.row), .serial = ++serial});
  }
  if (recorded_.size() >= kStoreAtOnce) {
    writer_->wake();
  } else {
    writer_->wake_within(kStoreWithin);
  }
}

void Settlements::retry_later(const Error& error) {
  if (healthy_.exchange(false)) {
    log(LogLevel::kError, "the journal takes no rows: {}", error.detail);
  }
  if (metrics_.write_failures != nullptr) metrics_.write_failures->Increment();
  Wakeups wakeups;
  for (Settlement& settlement : unrecorded()) wakeups.fail(settlement.waiter, error);
  for (Promise& promise : promises_taken_) wakeups.fail(promise.waiter, error);
  promises_taken_.clear();
  wakeups.post();
  Lock lock(queue_mutex_);
  if (stopping_) {
    log(LogLevel::kError, "{} usage rows could not be recorded", unrecorded().size());
    taken_.clear();
    taken_done_ = 0;
    return;
  }
  lock.wait_until(changed_, steady_clock::now() + kRetry);
}

// What the end of a request is to everyone else.
void Settlements::count_ended(std::span<Settlement> settled, LiveKeys::Answers& answers) {
  for (const Settlement& settlement : settled) {
    if (settlement.error) {
      settlement.use->count_error(settlement.admitted_at);
    } else {
      settlement.use->count_good(settlement.admitted_at);
    }
    settlement.use->note_admitted(settlement.admitted_at);
  }
  if (metrics_.open_reservations != nullptr) {
    metrics_.open_reservations->Decrement(settled.size());
  }
  answers.tell();
}

void Settlements::finish(std::span<Settlement> settled, LiveKeys::Answers& answers) {
  count_ended(settled, answers);
  Wakeups wakeups;
  for (Settlement& settlement : settled) {
    if (settlement.waiter) wakeups.add(std::move(*settlement.waiter), {});
  }
  wakeups.post();
}

// --- to the database ---

bool Settlements::pending() {
  if (!storing_.empty()) return true;
  const Lock lock(journal_mutex_);
  return !recorded_.empty();
}

std::vector<const UsageRow*> Settlements::storing_rows() const {
  std::vector<const UsageRow*> rows;
  rows.reserve(storing_.size());
  for (const Recorded& recorded : storing_) rows.push_back(&recorded.row);
  return rows;
}

Result<std::size_t> Settlements::write(sql::Connection& connection) {
  if (storing_.empty()) {
    const Lock lock(journal_mutex_);
    const auto count = std::min(recorded_.size(), kStoredTogether);
    const auto end = recorded_.begin() + static_cast<std::ptrdiff_t>(count);
    storing_.assign(std::make_move_iterator(recorded_.begin()), std::make_move_iterator(end));
    recorded_.erase(recorded_.begin(), end);
  }
  const std::vector<const UsageRow*> rows = storing_rows();
  auto lost = store_rows(connection, rows);
  if (!lost) return std::unexpected(lost.error());
  lost_ = std::move(*lost);
  log_lost(rows, lost_);
  return rows.size() - lost_.size();
}

void Settlements::with_unstored(
    const std::function<void(std::span<const UsageRow* const> rows)>& look) {
  std::vector<const UsageRow*> rows;
  const Lock lock(journal_mutex_);
  for (const Recorded& recorded : storing_) rows.push_back(&recorded.row);
  for (const Recorded& recorded : recorded_) rows.push_back(&recorded.row);
  look(rows);
}

void Settlements::done(const Status& status) {
  if (!status) {
    if (metrics_.write_failures != nullptr) metrics_.write_failures->Increment();
    return;
  }
  if (storing_.empty()) return;
  if (metrics_.batches != nullptr) {
    metrics_.batches->Increment();
    metrics_.rows_written->Increment(storing_.size() - lost_.size());
    metrics_.rows_lost->Increment(lost_.size());
  }
  if (live_.watched()) tell_stored(live_, keys_, storing_rows(), lost_);
  const Journal::Serial serial = storing_.back().serial;
  storing_.clear();
  bool more = false;
  {
    const Lock lock(journal_mutex_);
    journal_->applied(serial);
    more = !recorded_.empty();
  }
  stored_ = serial;
  if (more) writer_->wake();
  changed_.notify_one();  // the recorder may wait for room
}

}  // namespace tollgate
