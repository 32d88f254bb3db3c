#include "runtime/io_threads.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <exception>

#include "base/log.h"

namespace tollgate {

namespace {

// An exception that reaches the event loop is a bug in a callback; the loop goes on without it.
void run_loop(IoThread& thread) {
  pthread_setname_np(pthread_self(), "tollgate-io");
  for (;;) {
    try {
      thread.context().run();
      return;
    } catch (const std::exception& exception) {
      log(LogLevel::kError, "an event handler ended with a bug: {}", exception.what());
    }
  }
}

}  // namespace

IoThread::IoThread() : read_buffer_(std::make_unique<std::array<char, kReadBufferSize>>()) {}

IoThreads::IoThreads(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<IoThread>());
}

IoThreads::~IoThreads() { stop(); }

void IoThreads::start() {
  for (auto& thread : threads_) {
    guards_.emplace_back(thread->executor());
    thread->deadlines().start();
    running_.emplace_back([&loop = *thread] { run_loop(loop); });
  }
}

void IoThreads::join() {
  guards_.clear();
  for (auto& thread : threads_) {
    asio::post(thread->context(), [&loop = *thread] { loop.deadlines().stop(); });
  }
  for (auto& thread : running_) thread.join();
  running_.clear();
}

void IoThreads::stop() {
  guards_.clear();
  for (auto& thread : threads_) thread->context().stop();
  for (auto& thread : running_) thread.join();
  running_.clear();
}

}  // namespace tollgate
