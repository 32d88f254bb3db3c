// The I/O threads. Each runs one io_context; a connection lives and dies on one of them, so nothing
// in it is locked. What a thread's connections share (read buffer, deadlines, tasks) is here.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "runtime/deadlines.h"
#include "runtime/poller.h"
#include "runtime/task.h"
#include "runtime/task_group.h"

namespace tollgate {

// Large reads cost few system calls; one buffer per thread costs no memory per connection.
inline constexpr std::size_t kReadBufferSize = 64 * 1024;

class IoThread {
 public:
  IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  IoContext& context() { return context_; }
  IoExecutor executor() { return context_.get_executor(); }
  Deadlines& deadlines() { return deadlines_; }
  Poller& poller() { return poller_; }
  TaskGroup& tasks() { return tasks_; }
  // Scratch for one read; its content is anybody's after the next suspension.
  std::span<char> read_buffer() { return *read_buffer_; }

 private:
  IoContext context_{1};
  Deadlines deadlines_{context_};
  Poller poller_{context_};
  TaskGroup tasks_{context_};
  std::unique_ptr<std::array<char, kReadBufferSize>> read_buffer_;
};

class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  ~IoThreads();

  std::size_t size() const { return threads_.size(); }
  IoThread& operator[](std::size_t index) { return *threads_[index]; }

  void start();
  // Lets each event loop run out of work, or stops it at once, and joins.
  void join();
  void stop();

 private:
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::thread> running_;
  std::vector<asio::executor_work_guard<IoExecutor>> guards_;
};

}  // namespace tollgate
