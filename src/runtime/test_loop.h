// TestLoop: an I/O thread that runs on the test's own thread, step by step: nothing happens between
// two calls of run_until(), so a test says exactly what comes after what. Every wait is bounded.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "runtime/io_threads.h"

namespace tollgate {

class TestLoop {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  TestLoop() { thread_.deadlines().start(); }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;
  // What was spawned has to end by itself: a Task that waits for ever is a leak.
  ~TestLoop() {
    EXPECT_TRUE(run_until([this] { return tasks().running() == 0; })) << "a Task never ended";
    thread_.deadlines().stop();
    context().restart();
    context().poll();
  }

  IoThread& thread() { return thread_; }
  IoContext& context() { return thread_.context(); }
  TaskGroup& tasks() { return thread_.tasks(); }

  // Runs events until `done`. False when it took too long.
  [[nodiscard]] bool run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      context().restart();
      context().run_one_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  // Runs what is ready now, and what that makes ready.
  void settle() {
    context().restart();
    while (context().poll_one() > 0) {
    }
  }
  // Until the deadlines' clock has moved on by `by`.
  void pass(std::chrono::milliseconds by) {
    const auto until = std::chrono::steady_clock::now() + by;
    wait_until([&] { return thread_.deadlines().now() >= until; });
  }

  // The Task's value, once it has ended.
  template <class T>
  T run(Task<T> task) {
    const std::shared_ptr<std::optional<T>> value = start(std::move(task));
    wait_until([&] { return value->has_value(); });
    return std::move(**value);
  }
  void run(Task<> task) {
    const std::size_t before = tasks().running();
    tasks().spawn(std::move(task));
    wait_until([&] { return tasks().running() == before; });
  }
  // Where the Task's value will be.
  template <class T>
  std::shared_ptr<std::optional<T>> start(Task<T> task) {
    auto value = std::make_shared<std::optional<T>>();
    tasks().spawn(keep(std::move(task), value));
    return value;
  }

 private:
  template <class T>
  static Task<> keep(Task<T> task, std::shared_ptr<std::optional<T>> into) {
    into->emplace(co_await std::move(task));
  }
  void wait_until(const std::function<bool()>& done) {
    if (!run_until(done)) throw std::runtime_error("what the test waits for did not come");
  }

  IoThread thread_;
};

}  // namespace tollgate
