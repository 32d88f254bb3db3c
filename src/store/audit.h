// The audit log: every change, who and from where, hash-chained from row one (SPEC §9).
//
// hash = SHA-256(previous_hash || canonical text of the row), the first previous_hash is 32 zero
// bytes. The last number and hash also stand apart (table audit_head), so that removing the newest
// rows is found too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "sql/connection.h"

namespace tollgate::store {

struct AuditEntry {
  WallTime at;
  std::string actor;                       // Principal::actor
  std::string action;                      // "key.create", "key.update" …
  std::string object;                      // the id of what was changed
  std::optional<std::string> before = {};  // JSON texts without secrets
  std::optional<std::string> after = {};
  std::string from_address;  // Principal::from
  WorkspaceId workspace;     // empty: of the installation
};

struct AuditRow {
  std::int64_t number = 0;  // 1, 2, 3 … without gaps
  AuditEntry entry;
  Sha256 previous_hash{};
  Sha256 hash{};
};

struct AuditQuery {
  std::optional<WorkspaceId> workspace = {};
  std::string object = {};               // empty = all
  std::string action = {};               // "key.update", or "key" for every change of keys
  std::vector<std::string> actors = {};  // any of them; empty = all
  std::optional<WallTime> from = {};     // at >= from
  std::optional<WallTime> to = {};       // at < to
  int limit = 100;                       // 1..1000
  std::string cursor = {};               // kInvalidRequest when not one of ours
};

struct AuditPage {
  std::vector<AuditRow> rows;  // newest first
  std::string next_cursor;     // empty at the end
};

struct AuditVerdict {
  std::int64_t rows = 0;                       // that are sound, from row one on
  std::optional<std::int64_t> first_bad = {};  // the first number that is edited or missing
  std::string problem = {};
};

// Writer only. Gives the row with its number and hashes.
Result<AuditRow> append_audit(sql::Connection& connection, const AuditEntry& entry);
Result<AuditPage> list_audit(sql::Connection& connection, const AuditQuery& query);
// How far a walk along the chain has come.
struct AuditWalk {
  std::int64_t rows = 0;  // that are sound, from row one on
  Sha256 hash{};          // of the last of them
};
// Goes on with the walk, by at most `rows_max` rows: a log of years is walked in pieces, so that
// nobody waits long for a reader. nullopt: there is more. Rows never change, so each piece may see
// a newer log than the one before.
Result<std::optional<AuditVerdict>> verify_audit(sql::Connection& connection, AuditWalk& walk,
                                                 int rows_max);
// Walks the whole chain.
Result<AuditVerdict> verify_audit(sql::Connection& connection);

}  // namespace tollgate::store
