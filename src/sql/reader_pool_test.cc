#include "sql/reader_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "runtime/task_group.h"
#include "sql/test_database.h"

namespace tollgate::sql {
namespace {

class ReaderPoolTest : public testing::Test {
 protected:
  ReaderPoolTest() : writer_(database_.open()) {
    EXPECT_TRUE(writer_.exec("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (5)"));
  }
  std::unique_ptr<ReaderPool> start(ReaderPoolOptions options = {}) {
    return ReaderPool::start(database_.options(), options).value();
  }

  TestDatabase database_;
  Connection writer_;
};

TEST_F(ReaderPoolTest, ReadsOnAThreadOfItsOwnInsideOneSnapshot) {
  const auto pool = start();
  const std::thread::id caller = std::this_thread::get_id();
  const Result<std::int64_t> difference = pool->read_now<std::int64_t>([&](Connection& connection) {
    EXPECT_TRUE(std::this_thread::get_id() != caller);
    const std::int64_t before = number_of(connection, "SELECT n FROM t");
    EXPECT_TRUE(writer_.exec("UPDATE t SET n = n + 1"));
    return Result<std::int64_t>(number_of(connection, "SELECT n FROM t") - before);
  });
  EXPECT_EQ(difference.value(), 0);
  EXPECT_EQ(number_of(writer_, "SELECT n FROM t"), 6);
}

TEST_F(ReaderPoolTest, CannotWrite) {
  const auto pool = start();
  const Result<int> refused = pool->read_now<int>([](Connection& connection) -> Result<int> {
    const Status done = connection.exec("DELETE FROM t");
    if (!done) return std::unexpected(done.error());
    return 1;
  });
  EXPECT_FALSE(refused);
  EXPECT_EQ(number_of(writer_, "SELECT count(*) FROM t"), 1);
}

TEST_F(ReaderPoolTest, TurnsAThrownExceptionIntoAnErrorAndGoesOn) {
  const auto pool = start({.threads = 1});
  const Result<int> thrown = pool->read_now<int>([](Connection&) -> Result<int> {
    throw std::runtime_error("a bug");  // what the pool has to survive
  });
  EXPECT_EQ(thrown.error().code, ErrorCode::kInternal);
  EXPECT_EQ(pool->read_now<int>([](Connection&) { return Result<int>(3); }).value(), 3);
}

TEST_F(ReaderPoolTest, RefusesBeyondItsQueue) {
  auto pool = start({.threads = 1, .queued_max = 2});
  std::promise<void> started;
  std::promise<void> go;
  pool->submit([&, wait = go.get_future()](Result<Connection*>) mutable {
    started.set_value();
    wait.get();
  });
  started.get_future().get();
  int served = 0;
  for (int i = 0; i < 2; ++i) pool->submit([&](Result<Connection*>) { ++served; });
  std::optional<ErrorCode> refused;
  pool->submit([&](Result<Connection*> connection) { refused = connection.error().code; });
  EXPECT_EQ(refused, ErrorCode::kServiceUnavailable);
  go.set_value();
  pool.reset();
  EXPECT_EQ(served, 2);
}

TEST_F(ReaderPoolTest, ResumesATaskOnItsOwnThread) {
  const auto pool = start();
  IoContext context;
  std::optional<Result<std::int64_t>> result;
  std::thread::id resumed_on;
  auto task = [&]() -> Task<> {
    std::function<Result<std::int64_t>(Connection&)> work = [](Connection& connection) {
      return Result<std::int64_t>(number_of(connection, "SELECT n FROM t"));
    };
    result = co_await pool->read<std::int64_t>(std::move(work));
    resumed_on = std::this_thread::get_id();
  };
  TaskGroup tasks(context);
  tasks.spawn(task());
  context.run();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->value(), 5);
  EXPECT_TRUE(resumed_on == std::this_thread::get_id());
}

TEST(ReaderPoolOpenTest, RefusesAnAbsentDatabase) {
  TestDatabase database;
  EXPECT_FALSE(ReaderPool::start(database.options()));
}

}  // namespace
}  // namespace tollgate::sql
