// Moves the write-ahead log into the database on a thread and connection of its own, so that no
// commit waits for it. The Writer's.
#pragma once

#include <condition_variable>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/mutex.h"
#include "sql/connection.h"

namespace tollgate::sql {

class Checkpointer {
 public:
  // `database` as the writer opened it. One pass for each request_after() that finds `pages` more
  // in the log than at the last pass.
  Checkpointer(OpenOptions database, int pages);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Writer thread, after a commit that left `wal_pages` in the log.
  void request_after(int wal_pages);

 private:
  void serve();
  void run_pass();

  const OpenOptions database_;
  const int pages_;
  int pages_at_last_ = 0;                 // the writer thread's
  std::optional<Connection> connection_;  // the checkpointing thread's
  Mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ TOLLGATE_GUARDED_BY(mutex_) = false;
  bool stopping_ TOLLGATE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tollgate::sql
