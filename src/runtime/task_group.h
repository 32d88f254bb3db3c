// TaskGroup: the only way to spawn a Task. It knows how many run and tells when the last one has
// ended, so that shutdown can wait for them. One thread's; spawn takes Tasks whose arguments are
// values or outlive the group.
#pragma once

#include <cstddef>

#include "runtime/task.h"
#include "runtime/wait_slot.h"

namespace tollgate {

class TaskGroup {
 public:
  explicit TaskGroup(IoContext& context) : context_(context) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts the Task: at once where the event loop calls, else as soon as it runs. An exception out
  // of it is a bug: logged, the group goes on.
  void spawn(Task<> task);
  std::size_t running() const { return running_; }
  // Resumes when none runs any more (at once if none does).
  Task<> wait_idle();

 private:
  struct Spawned;
  Spawned run(Task<> task);
  void ended();
  IoContext& context_;
  std::size_t running_ = 0;
  WaitSlot idle_;
};

}  // namespace tollgate
