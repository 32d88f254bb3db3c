#include "sql/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <limits>

#include "sql/test_database.h"

namespace tollgate::sql {
namespace {

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() : connection_(database_.open()) {
    EXPECT_TRUE(
        connection_.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT UNIQUE, "
                         "b BLOB) STRICT"));
  }

  Status insert(std::int64_t id, std::string_view text) {
    return connection_.prepare("INSERT INTO t (id, s) VALUES (?, ?)")
        .bind(1, id)
        .bind(2, text)
        .run();
  }
  std::int64_t count() { return number_of(connection_, "SELECT count(*) FROM t"); }

  TestDatabase database_;
  Connection connection_;
};

TEST_F(ConnectionTest, GivesBackWhatWasBoundAtItsExtremes) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::array<std::uint8_t, 3> kBytes{0, 255, 7};
  ASSERT_TRUE(connection_.prepare("INSERT INTO t (id, n, s, b) VALUES (?, ?, ?, ?)")
                  .bind(1, std::numeric_limits<std::int64_t>::max())
                  .bind(2, kLeast)
                  .bind(3, "é\n'\"; DROP TABLE t")
                  .bind_blob(4, kBytes)
                  .run());
  Statement select = connection_.prepare("SELECT id, n, s, b FROM t");
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.integer(0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(select.integer(1), kLeast);
  EXPECT_EQ(select.text(2), "é\n'\"; DROP TABLE t");
  EXPECT_THAT(select.blob(3), testing::ElementsAreArray(kBytes));
  EXPECT_FALSE(select.step().value());
}

TEST_F(ConnectionTest, TellsEmptyFromNull) {
  ASSERT_TRUE(connection_.prepare("INSERT INTO t (id, s, b, n) VALUES (1, ?, ?, ?)")
                  .bind(1, std::string_view())
                  .bind_blob(2, {})
                  .bind(3, std::optional<std::int64_t>())
                  .run());
  Statement select = connection_.prepare("SELECT s, b, n FROM t");
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.optional_text(0), "");
  EXPECT_FALSE(select.is_null(1));
  EXPECT_TRUE(select.blob(1).empty());
  EXPECT_EQ(select.optional_integer(2), std::nullopt);
  EXPECT_TRUE(select.status());
}

TEST_F(ConnectionTest, RefusesTextWithNul) {
  using namespace std::string_view_literals;
  const Status refused = insert(1, "a\0b"sv);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_EQ(count(), 0);
}

TEST_F(ConnectionTest, RefusesIntegerBeyondInt64) {
  const Status refused = connection_.prepare("INSERT INTO t (id) VALUES (?)")
                             .bind(1, std::numeric_limits<std::uint64_t>::max())
                             .run();
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_EQ(count(), 0);
}

TEST_F(ConnectionTest, RefusesSumBeyondInt64InsteadOfRounding) {
  ASSERT_TRUE(connection_.exec("INSERT INTO t (id, n) VALUES (1, 9223372036854775807)"));
  const Status refused = connection_.prepare("UPDATE t SET n = n + ?").bind(1, 1).run();
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_EQ(number_of(connection_, "SELECT n FROM t"), std::numeric_limits<std::int64_t>::max());
}

TEST_F(ConnectionTest, CallsUniqueViolationsConflicts) {
  ASSERT_TRUE(insert(1, "same"));
  EXPECT_EQ(insert(2, "same").error().code, ErrorCode::kConflict);
  EXPECT_EQ(insert(1, "other").error().code, ErrorCode::kConflict);
  EXPECT_FALSE(connection_.take_fault());
}

TEST_F(ConnectionTest, NeverPutsBoundValuesIntoErrors) {
  ASSERT_TRUE(insert(1, "confidential"));
  const Error error = insert(2, "confidential").error();
  EXPECT_EQ((error.message + error.detail).find("confidential"), std::string::npos);
}

TEST_F(ConnectionTest, ReportsColumnOfAnotherType) {
  ASSERT_TRUE(insert(1, "text"));
  Statement select = connection_.prepare("SELECT s FROM t");
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.integer(0), 0);
  EXPECT_EQ(select.status().error().code, ErrorCode::kInternal);
  EXPECT_FALSE(select.step());
}

TEST_F(ConnectionTest, ReportsColumnThatIsNotThere) {
  Statement select = connection_.prepare("SELECT s FROM t");
  ASSERT_FALSE(select.step().value());
  EXPECT_EQ(select.text(0), "");
  EXPECT_FALSE(select.status());
}

TEST_F(ConnectionTest, StaysAtTheEndOnceThere) {
  ASSERT_TRUE(insert(1, "a"));
  Statement select = connection_.prepare("SELECT s FROM t");
  ASSERT_TRUE(select.step().value());
  ASSERT_FALSE(select.step().value());
  EXPECT_FALSE(select.step().value());
  select.reset();
  EXPECT_TRUE(select.step().value());
}

TEST_F(ConnectionTest, LendsTheSameSqlTwiceAtOnce) {
  ASSERT_TRUE(insert(1, "a"));
  ASSERT_TRUE(insert(2, "b"));
  Statement outer = connection_.prepare("SELECT id FROM t ORDER BY id");
  Statement inner = connection_.prepare("SELECT id FROM t ORDER BY id");
  ASSERT_TRUE(outer.step().value());
  ASSERT_TRUE(inner.step().value());
  ASSERT_TRUE(inner.step().value());
  EXPECT_EQ(outer.integer(0), 1);
  EXPECT_EQ(inner.integer(0), 2);
}

TEST_F(ConnectionTest, ForgetsBindingsBetweenLoans) {
  ASSERT_TRUE(insert(1, "a"));
  ASSERT_TRUE(connection_.prepare("UPDATE t SET s = ? WHERE id = 1").bind(1, "kept").run());
  ASSERT_TRUE(connection_.prepare("UPDATE t SET s = ? WHERE id = 1").run());
  EXPECT_EQ(number_of(connection_, "SELECT s IS NULL FROM t"), 1);
}

TEST_F(ConnectionTest, PreparesMoreStatementsThanItKeeps) {
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(number_of(connection_, "SELECT " + std::to_string(i)), i);
  }
}

TEST_F(ConnectionTest, RefusesWhatIsNotExactlyOneStatement) {
  EXPECT_EQ(connection_.prepare("DELETE FROM t; DELETE FROM t").run().error().code,
            ErrorCode::kInternal);
  EXPECT_EQ(connection_.prepare("").run().error().code, ErrorCode::kInternal);
  EXPECT_EQ(connection_.prepare("SELEC").bind(1, 5).run().error().code, ErrorCode::kInternal);
}

TEST_F(ConnectionTest, RollsBackASavepointAlone) {
  ASSERT_TRUE(connection_.begin_write());
  ASSERT_TRUE(insert(1, "kept"));
  {
    Savepoint savepoint(connection_);
    ASSERT_TRUE(savepoint.status());
    ASSERT_TRUE(insert(2, "dropped"));
  }
  {
    Savepoint savepoint(connection_);
    ASSERT_TRUE(insert(3, "kept too"));
    ASSERT_TRUE(savepoint.release());
  }
  ASSERT_TRUE(connection_.commit());
  EXPECT_EQ(number_of(connection_, "SELECT sum(id) FROM t"), 4);
}

TEST_F(ConnectionTest, SecondWriterIsBusyWithoutAFault) {
  Connection other = database_.open();
  ASSERT_TRUE(connection_.begin_write());
  const Status refused = other.begin_write();
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_FALSE(other.take_fault());
}

TEST_F(ConnectionTest, ReaderSeesOneSnapshotAndCannotWrite) {
  Connection reader = database_.open(Access::kReadOnly);
  ASSERT_TRUE(reader.begin_read());
  EXPECT_EQ(number_of(reader, "SELECT count(*) FROM t"), 0);
  ASSERT_TRUE(insert(1, "a"));
  EXPECT_EQ(number_of(reader, "SELECT count(*) FROM t"), 0);
  reader.rollback();
  EXPECT_EQ(number_of(reader, "SELECT count(*) FROM t"), 1);
  EXPECT_FALSE(reader.exec("DELETE FROM t"));
}

TEST_F(ConnectionTest, HoldsForeignKeys) {
  ASSERT_TRUE(connection_.exec("CREATE TABLE child (t INTEGER REFERENCES t (id)) STRICT"));
  EXPECT_FALSE(connection_.exec("INSERT INTO child (t) VALUES (77)"));
}

TEST(ConnectionOpenTest, RefusesAFileThatIsNoDatabase) {
  TestDatabase database;
  std::ofstream(database.path()) << std::string(4'096, 'x');
  const Result<Connection> refused = Connection::open(database.options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kServiceUnavailable);
}

TEST(ConnectionOpenTest, RefusesReadOnlyWhereNothingIs) {
  TestDatabase database;
  EXPECT_FALSE(Connection::open(database.options(Access::kReadOnly)));
}

}  // namespace
}  // namespace tollgate::sql
