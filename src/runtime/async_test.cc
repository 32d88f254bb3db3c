#include "runtime/async.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "runtime/test_loop.h"

namespace tollgate {
namespace {

using Text = std::unique_ptr<std::string>;  // moves, and does not copy

Task<std::thread::id> thread_after_answer_from(std::thread& other) {
  auto start = [&other](Callback<int> callback) {
    other = std::thread([answer = std::move(callback)]() mutable { answer(1); });
  };
  co_await from_callback<int>(start);
  co_return std::this_thread::get_id();
}

Task<Text> answered_at_once() {
  auto start = [](Callback<Text> callback) { callback(std::make_unique<std::string>("at once")); };
  co_return co_await from_callback<Text>(start);
}

Task<Text> answered_when_told(std::optional<Callback<Text>>& told) {
  auto start = [&told](Callback<Text> callback) { told.emplace(std::move(callback)); };
  co_return co_await from_callback<Text>(start);
}

TEST(FromCallback, ResumesOnTheWaitersOwnThread) {
  TestLoop loop;
  std::thread other;
  EXPECT_EQ(loop.run(thread_after_answer_from(other)), std::this_thread::get_id());
  other.join();
}

TEST(FromCallback, MayBeAnsweredBeforeStartReturns) {
  TestLoop loop;
  EXPECT_EQ(*loop.run(answered_at_once()), "at once");
}

TEST(FromCallback, DoesNotResumeWithinTheAnsweringCall) {
  TestLoop loop;
  std::optional<Callback<Text>> told;
  const auto value = loop.start(answered_when_told(told));
  loop.settle();
  ASSERT_TRUE(told);
  (*told)(std::make_unique<std::string>("later"));
  EXPECT_FALSE(value->has_value());
  ASSERT_TRUE(loop.run_until([&] { return value->has_value(); }));
  EXPECT_EQ(***value, "later");
}

TEST(FromCallback, ResumeHereResumesWithinTheCallOnTheContextItNames) {
  TestLoop loop;
  std::optional<Callback<Text>> told;
  const auto value = loop.start(answered_when_told(told));
  loop.settle();
  ASSERT_TRUE(told);
  EXPECT_EQ(&told->context(), &loop.context());
  asio::post(told->context(), [&] {
    told->resume_here(std::make_unique<std::string>("here"));
    EXPECT_TRUE(value->has_value());
  });
  ASSERT_TRUE(loop.run_until([&] { return value->has_value(); }));
  EXPECT_EQ(***value, "here");
}

TEST(FromCallback, KeepsTheLoopAliveUntilItIsAnswered) {
  IoContext context;
  TaskGroup tasks(context);
  std::optional<Callback<int>> told;
  const auto value = std::make_shared<std::optional<int>>();
  struct Waiting {
    static Task<> wait(std::optional<Callback<int>>& told,
                       std::shared_ptr<std::optional<int>> value) {
      auto start = [&told](Callback<int> callback) { told.emplace(std::move(callback)); };
      *value = co_await from_callback<int>(start);
    }
  };
  tasks.spawn(Waiting::wait(told, value));
  while (!told) context.run_one();
  context.poll();
  EXPECT_FALSE(context.stopped());  // nothing is ready, and yet it has work
  std::thread other([&] {
    (*told)(7);
    told.reset();
  });
  context.run();  // ends because the answer came, and only then
  other.join();
  EXPECT_EQ(*value, 7);
}

TEST(FromCallback, OnceAnsweredIsLetGoOfAfterTheLoop) {
  // As a reader of the store does that answers, and is late to drop what it was given.
  std::optional<Callback<Text>> told;
  {
    TestLoop loop;
    const auto value = loop.start(answered_when_told(told));
    loop.settle();
    ASSERT_TRUE(told);
    (*told)(std::make_unique<std::string>("in time"));
    ASSERT_TRUE(loop.run_until([&] { return value->has_value(); }));
  }
  told.reset();  // the sanitizer would see it touch the loop
}

TEST(FromCallback, AnswerNobodyGaveFreesTheWaiter) {
  // The frame is freed with its Callback, as a queue does that is dropped: the sanitizer would see
  // it leak.
  IoContext context;
  TaskGroup tasks(context);
  std::optional<Callback<int>> told;
  const auto alive = std::make_shared<int>(1);
  struct Waiting {
    static Task<> wait(std::optional<Callback<int>>& told, std::shared_ptr<int> held) {
      auto start = [&told](Callback<int> callback) { told.emplace(std::move(callback)); };
      *held = co_await from_callback<int>(start);
    }
  };
  tasks.spawn(Waiting::wait(told, alive));
  while (!told) context.run_one();
  EXPECT_EQ(alive.use_count(), 2);
  std::thread other([&] { told.reset(); });
  other.join();
  EXPECT_EQ(alive.use_count(), 2);  // what its frame holds is let go of on its own thread
  context.poll();
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace tollgate
