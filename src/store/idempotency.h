// Answers to creates and rotations that carried an Idempotency-Key, kept for 24 hours (SPEC §2).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "sql/connection.h"

namespace tollgate::store {

inline constexpr std::chrono::hours kIdempotencyKept{24};

struct IdempotencyRecord {
  std::string caller;     // Principal::actor
  std::string key;        // the header's value
  Sha256 fingerprint{};   // of method, path and body
  std::string object_id;  // what was made
  WallTime created_at;
};

// nullopt when there is none, or it is 24 hours old at `now`.
Result<std::optional<IdempotencyRecord>> find_idempotency(sql::Connection& connection,
                                                          const std::string& caller,
                                                          const std::string& key, WallTime now);
// Replaces one that is too old; kConflict when a live one is there.
Status insert_idempotency(sql::Connection& connection, const IdempotencyRecord& record);
// Removes what is 24 hours old at `now`, at most 1,000 at a time.
Status remove_old_idempotency(sql::Connection& connection, WallTime now);

}  // namespace tollgate::store
