#include "sql/migrations.h"

#include <gtest/gtest.h>

#include <array>

#include "sql/test_database.h"

namespace tollgate::sql {
namespace {

constexpr std::array kThree{
    Migration{.version = 1,
              .name = "one",
              .sql = "CREATE TABLE a (n INTEGER); "
                     "INSERT INTO a VALUES (1)"},
    Migration{.version = 2, .name = "two", .sql = "UPDATE a SET n = n + 10"},
    Migration{.version = 3, .name = "three", .sql = "UPDATE a SET n = n * 2"},
};

class MigrationsTest : public testing::Test {
 protected:
  TestDatabase database_;
  Connection connection_ = database_.open();
};

TEST_F(MigrationsTest, AppliesEachOnceInOrder) {
  EXPECT_EQ(schema_version(connection_).value(), 0);
  ASSERT_TRUE(migrate(connection_, std::span(kThree).first(1)));
  ASSERT_TRUE(migrate(connection_, kThree));
  ASSERT_TRUE(migrate(connection_, kThree));
  EXPECT_EQ(number_of(connection_, "SELECT n FROM a"), 22);
  EXPECT_EQ(schema_version(connection_).value(), 3);
}

TEST_F(MigrationsTest, RefusesADatabaseNewerThanTheBinary) {
  ASSERT_TRUE(migrate(connection_, kThree));
  const Status refused = migrate(connection_, std::span(kThree).first(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("version 3"), std::string::npos);
  EXPECT_EQ(schema_version(connection_).value(), 3);
}

TEST_F(MigrationsTest, LeavesNothingOfAMigrationThatFails) {
  constexpr std::array kBroken{
      kThree[0],
      Migration{.version = 2,
                .name = "broken",
                .sql = "UPDATE a SET n = 99; INSERT INTO nowhere VALUES (1)"},
  };
  EXPECT_FALSE(migrate(connection_, kBroken));
  EXPECT_EQ(number_of(connection_, "SELECT n FROM a"), 1);
  EXPECT_EQ(schema_version(connection_).value(), 1);
  EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(MigrationsTest, RefusesNumbersWithGaps) {
  constexpr std::array kGap{kThree[0], kThree[2]};
  EXPECT_EQ(migrate(connection_, kGap).error().code, ErrorCode::kInternal);
  EXPECT_EQ(schema_version(connection_).value(), 0);
}

}  // namespace
}  // namespace tollgate::sql
