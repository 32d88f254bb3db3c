// The ledger's rows (SPEC §8): written on the hot path, read by id, page or total.
//
// In one transaction: the row and its aggregates, by model (usage_hours and usage_days per secret,
// workspace_hours and workspace_days per workspace and environment). The hour and the day are those
// of `admitted_at`. The index by key is filled later and in order, up to a mark (index_usage_tail):
// rows above the mark are found by scanning them, a row that commits late below the mark is indexed
// at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/money.h"
#include "domain/usage_row.h"
#include "sql/connection.h"
#include "store/usage_status.h"

namespace tollgate::store {

// Cut or answered >= 400.
bool is_error(const UsageRow& row);

// Writer only. A row whose id is stored already, or was and is removed, is left alone, aggregates
// too: a retry after a commit whose outcome was unclear counts once, and so does a journal. Text is
// cut at a NUL byte. Needs id, admitted_at, finished_at, numbers, workspace.
Status insert_usage(sql::Connection& connection, std::span<const UsageRow* const> rows);

struct UsageQuery {
  std::optional<std::vector<std::int64_t>> keys = {};  // key numbers; nullopt = all
  std::optional<WorkspaceId> workspace = {};
  std::string model = {};             // that served; empty = all
  UsageStatus status = {};            // not of totals, whose aggregates know no status
  std::optional<WallTime> from = {};  // admitted_at >= from
  std::optional<WallTime> to = {};    // admitted_at < to
  int limit = 100;                    // 1..1000
  std::string cursor = {};            // kInvalidRequest when not one of ours
};

struct UsagePage {
  std::vector<UsageRow> rows;  // newest id first; key, key_name, secret and workspace joined
  std::string next_cursor;     // empty at the end
};

Result<UsagePage> list_usage(sql::Connection& connection, const UsageQuery& query);
// kNotFound.
Result<UsageRow> get_usage(sql::Connection& connection, GenerationNumber id);

enum class UsageGroup { kKey, kModel, kDay };

struct UsageTotal {
  std::string group;     // key id, model, or "2026-11-21"
  std::string key_name;  // by key only
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  std::int64_t input_tokens = 0;
  std::int64_t cached_input_tokens = 0;
  std::int64_t output_tokens = 0;
  Money cost;
  Money charged;
};

// Of the query's rows (limit and cursor are ignored); days newest first, keys and models dearest
// first. Whole UTC days and hours come from the aggregates, the ends that are neither from the
// rows, so that totals always equal the rows. Of rows that are removed (store/retention.h), whole
// hours stay exact, and a part of an hour is left out, as its rows are from every list.
Result<std::vector<UsageTotal>> usage_totals(sql::Connection& connection, const UsageQuery& query,
                                             UsageGroup group);

}  // namespace tollgate::store
