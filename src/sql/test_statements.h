// For tests: what a Connection asks of its database, and what that costs.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sql/connection.h"

namespace tollgate::sql {

// From its making until its end, each statement that the connection runs: how often, and how many
// steps of the engine's machine it took, which is a measure of the work that does not depend on the
// machine. The connection outlives it.
class StatementLog {
 public:
  struct Cost {
    std::int64_t runs = 0;
    std::int64_t steps = 0;
  };

  explicit StatementLog(Connection& connection) : connection_(connection) {
    sqlite3_trace_v2(connection_.handle(), SQLITE_TRACE_PROFILE, note, this);
  }
  ~StatementLog() { sqlite3_trace_v2(connection_.handle(), 0, nullptr, nullptr); }
  StatementLog(const StatementLog&) = delete;
  StatementLog& operator=(const StatementLog&) = delete;

  const std::map<std::string, Cost>& costs() const { return costs_; }
  std::int64_t steps() const {
    std::int64_t sum = 0;
    for (const auto& [sql, cost] : costs_) sum += cost.steps;
    return sum;
  }

 private:
  static int note(unsigned, void* log, void* statement, void*) {
    auto* handle = static_cast<sqlite3_stmt*>(statement);
    Cost& cost = static_cast<StatementLog*>(log)->costs_[sqlite3_sql(handle)];
    ++cost.runs;
    cost.steps += sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 1);
    return 0;
  }

  Connection& connection_;
  std::map<std::string, Cost> costs_;
};

// The lines of the engine's plan, such as "SEARCH u USING INTEGER PRIMARY KEY (rowid>?)".
inline std::vector<std::string> query_plan(Connection& connection, const std::string& sql) {
  Statement select = connection.prepare("EXPLAIN QUERY PLAN " + sql);
  std::vector<std::string> lines;
  Result<bool> row = select.step();
  for (; row && *row; row = select.step()) lines.emplace_back(select.text(3));
  if (!row) ADD_FAILURE() << row.error().detail;
  return lines;
}

}  // namespace tollgate::sql
