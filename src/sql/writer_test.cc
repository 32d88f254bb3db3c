#include "sql/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "runtime/task_group.h"
#include "sql/test_database.h"
#include "sql/test_faulty_disk.h"

namespace tollgate::sql {
namespace {

using namespace std::chrono_literals;

constexpr int kRefused = 7;

Status insert(Connection& connection, std::int64_t n) {
  return connection.prepare("INSERT INTO t (n) VALUES (?)").bind(1, n).run();
}

// Until `condition` holds; a failure after 10 s. The writer's own clock is real.
template <class Condition>
void wait_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::yield();
  }
}

class WriterTest : public testing::Test {
 protected:
  std::unique_ptr<Writer> start(WriterOptions options = {}) {
    options.retry_interval = 5ms;
    Connection connection = database_.open();
    EXPECT_TRUE(connection.exec("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY) STRICT"));
    return Writer::start(std::move(connection), options).value();
  }
  std::int64_t count() {
    Connection connection = database_.open(Access::kReadOnly);
    return number_of(connection, "SELECT count(*) FROM t");
  }
  // Holds the writer inside a job until the promise is set, so that others queue behind it.
  static void hold(Writer& writer, std::promise<void>& go) {
    std::promise<void> inside;
    std::future<void> reached = inside.get_future();
    writer.submit({.work = [&inside, wait = go.get_future()](Connection&) mutable -> Status {
                     inside.set_value();
                     wait.get();
                     return {};
                   },
                   .done = [](Status) {}});
    reached.get();
  }

  TestDatabase database_;
};

// What a batch's owner keeps: a queue that is emptied when it is told of the commit.
struct RowQueue {
  Mutex mutex;
  std::vector<std::int64_t> rows TOLLGATE_GUARDED_BY(mutex);
  std::vector<std::int64_t> written;
  std::atomic<int> committed{0};
  std::atomic<int> failed{0};

  Batch batch() {
    return {.pending =
                [this] {
                  const Lock lock(mutex);
                  return !rows.empty();
                },
            .write = [this](Connection& connection) -> Result<std::size_t> {
              {
                const Lock lock(mutex);
                written = rows;
              }
              for (const std::int64_t row : written) {
                if (Status stored = insert(connection, row); !stored) {
                  return std::unexpected(stored.error());
                }
              }
              return written.size();
            },
            .done =
                [this](const Status& status) {
                  if (!status) {
                    ++failed;
                    return;
                  }
                  const Lock lock(mutex);
                  rows.erase(rows.begin(),
                             rows.begin() + static_cast<std::ptrdiff_t>(written.size()));
                  committed += static_cast<int>(written.size());
                }};
  }
  void push(Writer& writer, std::int64_t row) {
    {
      const Lock lock(mutex);
      rows.push_back(row);
    }
    writer.wake();
  }
};

TEST_F(WriterTest, TellsAJobAfterItsCommit) {
  const auto writer = start();
  std::promise<std::int64_t> seen;
  writer->submit({.work = [](Connection& connection) { return insert(connection, 1); },
                  .done = [&](Status status) { seen.set_value(status ? count() : -1); }});
  EXPECT_EQ(seen.get_future().get(), 1);
}

TEST_F(WriterTest, CommitsWhateverIsQueuedTogetherAndTellsInOrder) {
  const auto writer = start();
  std::promise<void> go;
  int commits = 0;
  ASSERT_TRUE(writer->run([&](Connection& connection) -> Status {
    sqlite3_commit_hook(
        connection.handle(), [](void* counter) { return ++*static_cast<int*>(counter), 0; },
        &commits);
    return {};
  }));
  hold(*writer, go);
  commits = 0;
  std::vector<int> told;
  for (int i = 0; i < 50; ++i) {
    writer->submit({.work = [i](Connection& connection) { return insert(connection, i); },
                    .done = [&told, i](Status status) { told.push_back(status ? i : -1); }});
  }
  go.set_value();
  writer->stop();
  ASSERT_EQ(told.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(count(), 50);
  // One for the job that held the writer, one for all others.
  EXPECT_EQ(commits, 2);
}

TEST_F(WriterTest, RollsBackAFailingJobAlone) {
  const auto writer = start();
  std::promise<void> go;
  hold(*writer, go);
  std::vector<Status> told;
  const auto keep = [&told](Status status) { told.push_back(std::move(status)); };
  writer->submit({.work = [](Connection& c) { return insert(c, 1); }, .done = keep});
  writer->submit({.work = [](Connection& c) -> Status {
                    EXPECT_TRUE(insert(c, kRefused));
                    return fail(ErrorCode::kNotFound, "no");
                  },
                  .done = keep});
  writer->submit({.work = [](Connection& c) -> Status {
                    EXPECT_TRUE(insert(c, kRefused + 1));
                    throw std::runtime_error("a bug");  // what the writer has to survive
                  },
                  .done = keep});
  writer->submit({.work = [](Connection& c) { return insert(c, 1); }, .done = keep});
  writer->submit({.work = [](Connection& c) { return insert(c, 2); }, .done = keep});
  go.set_value();
  writer->stop();
  ASSERT_EQ(told.size(), 5u);
  EXPECT_TRUE(told[0]);
  EXPECT_EQ(told[1].error().code, ErrorCode::kNotFound);
  EXPECT_EQ(told[2].error().code, ErrorCode::kInternal);
  EXPECT_EQ(told[3].error().code, ErrorCode::kConflict);
  EXPECT_TRUE(told[4]);
  EXPECT_EQ(count(), 2);
}

TEST_F(WriterTest, AJobThatEndsTheTransactionIsNotCommittedInPart) {
  const auto writer = start();
  const Status refused = writer->run([](Connection& connection) -> Status {
    EXPECT_TRUE(insert(connection, 1));
    connection.rollback();
    return {};
  });
  EXPECT_FALSE(refused);
  wait_until([&] { return writer->healthy(); });
  EXPECT_EQ(count(), 0);
}

TEST_F(WriterTest, WritesTheBatchInTheJobsTransaction) {
  RowQueue queue;
  const auto writer = start();
  writer->set_batch(queue.batch());
  std::promise<void> go;
  hold(*writer, go);
  queue.push(*writer, 1);
  queue.push(*writer, 2);
  std::promise<int> told;
  writer->submit({.work = [](Connection& c) { return insert(c, 3); },
                  .done = [&](Status) { told.set_value(0); }});
  go.set_value();
  told.get_future().get();
  writer->stop();
  EXPECT_EQ(queue.committed, 2);
  EXPECT_EQ(count(), 3);
}

TEST_F(WriterTest, AsksTheBatchAgainUntilItIsStored) {
  RowQueue queue;
  const auto writer = start();
  writer->set_batch(queue.batch());
  // Stands in the row's way: the batch fails, the jobs beside it do not.
  ASSERT_TRUE(writer->run([](Connection& c) { return insert(c, 1); }));
  queue.push(*writer, 1);
  wait_until([&] { return queue.failed > 0; });
  EXPECT_FALSE(writer->healthy());
  ASSERT_TRUE(writer->run([](Connection& c) { return c.exec("DELETE FROM t"); }));
  wait_until([&] { return queue.committed == 1 && writer->healthy(); });
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, FailsEverythingWhileTheDiskIsFullAndHealsByItself) {
  FaultyDisk disk;
  RowQueue queue;
  const auto writer = start();
  writer->set_batch(queue.batch());
  ASSERT_TRUE(writer->run([](Connection& c) { return insert(c, 1); }));

  disk.break_writes(SQLITE_FULL);
  const Status refused = writer->run([](Connection& c) { return insert(c, 2); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_FALSE(writer->healthy());
  queue.push(*writer, 3);
  wait_until([&] { return queue.failed >= 3; });
  EXPECT_FALSE(writer->healthy());

  disk.heal();
  wait_until([&] { return queue.committed == 1 && writer->healthy(); });
  ASSERT_TRUE(writer->run([](Connection& c) { return insert(c, 2); }));
  EXPECT_EQ(count(), 3);
}

TEST_F(WriterTest, HealsWithNothingQueued) {
  FaultyDisk disk;
  const auto writer = start();
  disk.break_writes(SQLITE_IOERR_WRITE);
  EXPECT_FALSE(writer->run([](Connection& c) { return insert(c, 1); }));
  EXPECT_FALSE(writer->healthy());
  disk.heal();
  wait_until([&] { return writer->healthy(); });
  EXPECT_EQ(count(), 0);
}

// Ten rows, each tried until it is acknowledged, with the n-th write or sync failing.
TEST_F(WriterTest, KeepsWhatItAcknowledgedWhicheverWriteFails) {
  int n = 1;
  for (bool reached = true; reached && n < 400; n += 1) {
    FaultyDisk disk;
    TestDatabase database;
    OpenOptions options = database.options();
    options.synchronous = Synchronous::kFull;
    Connection connection = Connection::open(options).value();
    ASSERT_TRUE(connection.exec("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"));
    const auto writer =
        Writer::start(std::move(connection), {.retry_interval = 0ms, .checkpoint_pages = 2})
            .value();
    disk.break_nth(n, n % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
    for (std::int64_t row = 0; row < 10; ++row) {
      Status stored = fail(ErrorCode::kInternal, "");
      for (int tries = 0; !stored && tries < 20; ++tries) {
        stored = writer->run([row](Connection& c) { return insert(c, row); });
        // A commit that was told to have failed may be found after all.
        if (!stored && stored.error().code == ErrorCode::kConflict) stored = {};
      }
      ASSERT_TRUE(stored) << "n = " << n << ": " << stored.error().detail;
    }
    writer->stop();
    reached = disk.operations_seen() >= n;
    disk.heal();
    Connection reader = Connection::open(options).value();
    EXPECT_EQ(number_of(reader, "SELECT count(*) FROM t"), 10) << n;
    Statement sound = reader.prepare("PRAGMA integrity_check");
    ASSERT_TRUE(sound.step().value());
    EXPECT_EQ(sound.text(0), "ok") << n;
  }
  EXPECT_GT(n, 20);
}

TEST_F(WriterTest, DrainsWhenStoppedAndRefusesAfterwards) {
  RowQueue queue;
  const auto writer = start();
  writer->set_batch(queue.batch());
  std::promise<void> go;
  hold(*writer, go);
  int told = 0;
  for (int i = 0; i < 20; ++i) {
    writer->submit({.work = [i](Connection& c) { return insert(c, i); },
                    .done = [&told](Status status) { told += status ? 1 : 0; }});
  }
  queue.push(*writer, 100);
  go.set_value();
  writer->stop();
  EXPECT_EQ(told, 20);
  EXPECT_EQ(queue.committed, 1);
  EXPECT_EQ(writer->run([](Connection&) { return Status(); }).error().code,
            ErrorCode::kServiceUnavailable);
}

TEST_F(WriterTest, RefusesJobsBeyondItsQueue) {
  const auto writer = start({.jobs_queued_max = 3});
  std::promise<void> go;
  hold(*writer, go);
  int stored = 0;
  for (int i = 0; i < 3; ++i) {
    writer->submit({.work = [](Connection&) { return Status(); },
                    .done = [&stored](Status status) { stored += status ? 1 : 0; }});
  }
  EXPECT_EQ(writer->run([](Connection&) { return Status(); }).error().code,
            ErrorCode::kServiceUnavailable);
  go.set_value();
  writer->stop();
  EXPECT_EQ(stored, 3);
}

TEST_F(WriterTest, KeepsTheLogShortUnderSteadyWriting) {
  OpenOptions database = database_.options();
  // A commit costs as much as a checkpoint's sync, so that the bound holds on any disk.
  database.synchronous = Synchronous::kFull;
  Connection connection = Connection::open(database).value();
  ASSERT_TRUE(connection.exec("CREATE TABLE big (payload BLOB) STRICT"));
  const auto writer = Writer::start(std::move(connection), {.checkpoint_pages = 20}).value();
  std::uintmax_t longest = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(writer->run(
        [](Connection& c) { return c.exec("INSERT INTO big (payload) VALUES (zeroblob(8000))"); }));
    longest = std::max(longest, std::filesystem::file_size(database_.path() + "-wal"));
  }
  // 1,500 pages and more are written; the log holds four times 20, and what comes during one pass.
  EXPECT_LT(longest, 500u * 4'120u);
}

TEST_F(WriterTest, DoesUpkeepAfterEnoughRowsAndWhenIdle) {
  RowQueue queue;
  const auto writer = start();
  std::atomic<int> runs{0};
  writer->set_batch(queue.batch());
  writer->set_upkeep({.work = [&](Connection& connection) -> Result<UpkeepLeft> {
                        EXPECT_TRUE(connection.in_transaction());
                        return ++runs == 1 ? UpkeepLeft::kMore : UpkeepLeft::kNothing;
                      },
                      .rows = 1'000,
                      .idle = 1ms});
  queue.push(*writer, 1);
  wait_until([&] { return runs >= 2; });  // idle, and again because more was left
}

TEST_F(WriterTest, DoesUpkeepWhileBusy) {
  RowQueue queue;
  const auto writer = start();
  std::atomic<int> runs{0};
  writer->set_batch(queue.batch());
  writer->set_upkeep({.work = [&](Connection&) -> Result<UpkeepLeft> {
                        ++runs;
                        return UpkeepLeft::kNothing;
                      },
                      .rows = 10,
                      .idle = 1h});
  for (int i = 0; i < 10; ++i) queue.push(*writer, i);
  wait_until([&] { return runs == 1; });
}

TEST_F(WriterTest, ResumesATaskWithWhatTheWorkGave) {
  const auto writer = start();
  IoContext context;
  std::vector<Result<int>> results;
  auto task = [&]() -> Task<> {
    std::function<Result<int>(Connection&)> good = [](Connection& c) -> Result<int> {
      if (Status stored = insert(c, 5); !stored) return std::unexpected(stored.error());
      return 5;
    };
    results.push_back(co_await writer->write<int>(good));
    results.push_back(co_await writer->write<int>(good));
  };
  TaskGroup tasks(context);
  tasks.spawn(task());
  context.run();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].value(), 5);
  EXPECT_EQ(results[1].error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace tollgate::sql
