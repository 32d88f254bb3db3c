// For tests: a database file in a fresh directory, opened.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "sql/connection.h"

namespace tollgate::sql {

class TestDatabase {
 public:
  TestDatabase() {
    std::string pattern = testing::TempDir() + "tollgate_sql_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TestDatabase() { std::filesystem::remove_all(folder_); }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  std::string path() const { return folder_ + "/test.db"; }
  OpenOptions options(Access access = Access::kReadWrite) const {
    return {.path = path(), .access = access, .synchronous = Synchronous::kNormal};
  }
  Connection open(Access access = Access::kReadWrite) const {
    Result<Connection> opened = Connection::open(options(access));
    if (!opened) ADD_FAILURE() << opened.error().detail;
    return std::move(opened).value();
  }

 private:
  std::string folder_;
};

// The number that a query of one row and column gives; -1 after a failure.
inline std::int64_t number_of(Connection& connection, std::string_view sql) {
  Statement select = connection.prepare(sql);
  const Result<bool> row = select.step();
  if (!row || !*row) {
    ADD_FAILURE() << (row ? "no row" : row.error().detail);
    return -1;
  }
  return select.integer(0);
}

}  // namespace tollgate::sql
