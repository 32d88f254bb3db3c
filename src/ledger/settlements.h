// Usage rows on their way to the disk: first the journal, then the database.
//
// A request is settled when the journal has its row: its reservation ends, its use is counted, and
// its answer may end. What one turn of an I/O thread's event loop settles goes together. Under
// Durability::kProcess that is one append on that thread. Under kFull, and whenever the journal
// cannot take rows at once, they wait for the recorder: a thread that appends all that waits,
// syncs once, and wakes the waiters with one post for each of their threads. When that fails the
// waiters hear of it at once and the rows stay, first in line, until they are recorded.
//
// A request that guards money or tokens has been in the journal before that: reserve() leaves the
// row that it is to have should it never be settled, as a note that matters until it is. It goes
// the same ways, but a note that cannot be written is refused rather than kept.
//
// From the journal's mouth the rows go to the writer's batch, which stores them in a transaction
// soon after. What reads the database for rows waits for stored(recorded()) first.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "domain/usage_row.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"
#include "ledger/ledger_metrics.h"
#include "ledger/live_feed.h"
#include "ledger/live_keys.h"
#include "ledger/stored_rows.h"
#include "ledger/use_counter.h"
#include "runtime/async.h"
#include "sql/connection.h"
#include "sql/writer.h"

namespace tollgate {

struct Settlement {
  UsageRow row;
  LiveKeys::Place place = 0;
  UseCounter* use = nullptr;               // of the secret that was used
  std::optional<Callback<Status>> waiter;  // gone once it has heard of a failure
  // Settlements' own: the row as the journal has it, and what is left of it when it has gone on.
  std::string record = {};
  bool error = false;
  WallTime admitted_at = {};
};

// A reservation that is to be durable before its request is sent.
struct Promise {
  GenerationNumber id = 0;
  std::string record;
  std::optional<Callback<Status>> waiter;
};

class Settlements {
 public:
  Settlements(LiveKeys& keys, const LedgerMetrics& metrics, LiveFeed& live, Durability durability)
      : keys_(keys), metrics_(metrics), live_(live), durability_(durability) {}
  // stop(), if nobody called it.
  ~Settlements();

  // Once, before the first settlement: makes this the batch of `writer`, and starts the recorder.
  // `journal` is cleared. `this` outlives the writer's threads.
  void start(sql::Writer& writer, std::unique_ptr<Journal> journal);
  // Records what waits, if it can, and ends the recorder. Before the writer stops. Idempotent.
  void stop();
  // When everything is in the database, the journal needs nothing. After the writer has stopped.
  void clear_journal();

  // The row's texts are made storable: no NUL bytes, at most kRowTextLengthMax.
  // The waiter's thread. The settlement's waiter hears when it is settled.
  void settle(Settlement settlement);
  // Any thread. At once, or by the recorder.
  void settle_unwaited(Settlement settlement);

  // Any thread. `row` is what the request leaves should it never be settled; a later one of the
  // same id takes its place. True: it is durable. False: push() is due, of the record that is made.
  bool promise_now(UsageRow& row, Promise& promise);
  void push(Promise promise);
  // The row of an open promise; nullopt: there is none.
  std::optional<UsageRow> promised(GenerationNumber id) const;

  // False while the journal refuses rows.
  bool healthy() const { return healthy_; }
  // The last row that is recorded, and whether the database has it.
  Journal::Serial recorded() const;
  bool stored(Journal::Serial serial) const { return stored_ >= serial; }

  // Writer thread, in a job's done(): calls `look` with every settled row that the job's work()
  // could not see in the database. No row settles meanwhile.
  void with_unstored(const std::function<void(std::span<const UsageRow* const> rows)>& look);

 private:
  // A row that the journal has and the database does not.
  struct Recorded {
    UsageRow row;
    Journal::Serial serial = 0;
  };

  // What one turn of an I/O thread's event loop settles; and what ends it: a handler, which leaves
  // it to the recorder if its loop is destroyed before.
  struct Turn;
  class EndOfTurn;
  std::shared_ptr<Turn> turn_of(IoContext& context);
  void record_turn(std::span<Settlement> settlements);

  // True: settled. False: they are as they were.
  bool record_now(std::span<Settlement> settlements);
  void leave_to_recorder(std::span<Settlement> settlements);

  // The recorder.
  void serve();
  bool take_waiting();
  std::span<Settlement> unrecorded() { return std::span(taken_).subspan(taken_done_); }
  void record_taken();
  // With nothing to record and the journal away: whether it is back. Without this, a refused
  // request would be the last, because none is admitted until the journal takes rows.
  void probe_journal();
  void set_healthy();
  // How many settlements and promises one append took.
  struct Appended {
    std::size_t settlements = 0;
    std::size_t promises = 0;
  };
  Result<Appended> append_some();
  Appended choose_some(std::size_t bytes_max);
  // Those for which there is no room.
  void refuse_promises();
  void tell_promised(std::size_t count);
  void retry_later(const Error& error);
  Status sync_journal() TOLLGATE_NO_THREAD_SAFETY_ANALYSIS;
  bool has_room(const Promise& promise) const TOLLGATE_REQUIRES(journal_mutex_);
  // Of promises that are durable.
  void keep(std::span<Promise> promises) TOLLGATE_REQUIRES(journal_mutex_);
  void forget(GenerationNumber id) TOLLGATE_REQUIRES(journal_mutex_);
  // Of settlements that are recorded: what they used is counted, in one step with their place in
  // the line to the database.
  void hand_over(std::span<Settlement> settled, Journal::Serial last, LiveKeys::Answers& answers)
      TOLLGATE_REQUIRES(journal_mutex_);
  void count_ended(std::span<Settlement> settled, LiveKeys::Answers& answers);
  void finish(std::span<Settlement> settled, LiveKeys::Answers& answers);

  // The writer's batch.
  bool pending();
  std::vector<const UsageRow*> storing_rows() const;
  Result<std::size_t> write(sql::Connection& connection);
  void done(const Status& status);

  LiveKeys& keys_;
  const LedgerMetrics& metrics_;
  LiveFeed& live_;
  const Durability durability_;
  sql::Writer* writer_ = nullptr;
  std::atomic<bool> healthy_{true};
  std::atomic<Journal::Serial> stored_{0};

  // Also guards the order of hand-overs: a row is handed over before any later one is appended.
  // Taken before the mutex of LiveKeys.
  mutable Mutex journal_mutex_;
  // Under kFull the recorder syncs and rewinds without the mutex: it alone appends.
  std::unique_ptr<Journal> journal_ TOLLGATE_GUARDED_BY(journal_mutex_);
  std::vector<Recorded> recorded_ TOLLGATE_GUARDED_BY(journal_mutex_);
  std::unordered_map<GenerationNumber, std::string> promised_ TOLLGATE_GUARDED_BY(journal_mutex_);
  std::size_t promised_bytes_ TOLLGATE_GUARDED_BY(journal_mutex_) = 0;

  Mutex turns_mutex_;
  // One for each I/O thread.
  std::vector<std::shared_ptr<Turn>> turns_ TOLLGATE_GUARDED_BY(turns_mutex_);

  Mutex queue_mutex_;
  std::condition_variable changed_;
  std::vector<Settlement> queue_ TOLLGATE_GUARDED_BY(queue_mutex_);
  std::vector<Promise> promise_queue_ TOLLGATE_GUARDED_BY(queue_mutex_);
  bool stopping_ TOLLGATE_GUARDED_BY(queue_mutex_) = false;

  std::vector<Settlement> taken_;          // the recorder's alone
  std::size_t taken_done_ = 0;             // likewise: the first of them that are recorded
  std::vector<Promise> promises_taken_;    // likewise
  std::vector<std::string_view> records_;  // likewise
  std::vector<std::string_view> notes_;    // likewise
  std::vector<Recorded> storing_;          // the writer thread's alone
  std::vector<LostRow> lost_;              // likewise: those of them that can never be stored
  std::thread recorder_;
};

inline constexpr std::size_t kRowTextLengthMax = 1'024;

}  // namespace tollgate
