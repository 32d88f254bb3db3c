#include "sql/checkpointer.h"

#include "base/log.h"

namespace tollgate::sql {

Checkpointer::Checkpointer(OpenOptions database, int pages)
    : database_(std::move(database)), pages_(pages), thread_([this] { serve(); }) {}

Checkpointer::~Checkpointer() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Checkpointer::request_after(int wal_pages) {
  // Fewer than at the last pass: the log has started anew.
  if (wal_pages < pages_at_last_) pages_at_last_ = 0;
  if (wal_pages - pages_at_last_ < pages_) return;
  pages_at_last_ = wal_pages;
  {
    const Lock lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

void Checkpointer::serve() {
  while (true) {
    {
      Lock lock(mutex_);
      while (!wanted_ && !stopping_) lock.wait(changed_);
      if (stopping_) return;
      wanted_ = false;
    }
    run_pass();
  }
}

void Checkpointer::run_pass() {
  if (!connection_) {
    Result<Connection> opened = Connection::open(database_);
    if (!opened) {
      log(LogLevel::kWarning, "checkpoint: {}", opened.error().detail);
      return;
    }
    connection_.emplace(std::move(*opened));
  }
  if (const Result<Checkpoint> done = connection_->checkpoint_passive(); !done) {
    log(LogLevel::kWarning, "checkpoint: {}", done.error().detail);
    connection_.reset();
  }
}

}  // namespace tollgate::sql
