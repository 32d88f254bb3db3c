// Idempotent calls (SPEC §2 "Life"): what an earlier call with the same Idempotency-Key made. Used
// by the jobs that change things, on the writer thread, in their transaction.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "sql/connection.h"

namespace tollgate {

// What the call made before.
struct MadeBefore {
  std::string id;
  WallTime at;
};
// nullopt: this is the first, or it is no such call. kIdempotencyKeyReused when the key was used
// for another request.
Result<std::optional<MadeBefore>> replayed_object(sql::Connection& connection,
                                                  const std::optional<Idempotency>& idempotency,
                                                  WallTime now);

// From now on a replay finds the object. Nothing to do without an Idempotency-Key.
Status remember_object(sql::Connection& connection, const std::optional<Idempotency>& idempotency,
                       const std::string& object_id, WallTime now);

}  // namespace tollgate
