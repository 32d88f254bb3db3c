#include "ledger/replays.h"

#include <utility>

#include "store/idempotency.h"

namespace tollgate {

Result<std::optional<MadeBefore>> replayed_object(sql::Connection& connection,
                                                  const std::optional<Idempotency>& idempotency,
                                                  WallTime now) {
  if (!idempotency) return std::nullopt;
  auto record = store::find_idempotency(connection, idempotency->caller, idempotency->key, now);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  if ((*record)->fingerprint != idempotency->fingerprint) {
    return fail(ErrorCode::kIdempotencyKeyReused,
                "This Idempotency-Key was used for another request: send a new one.");
  }
  return MadeBefore{.id = std::move((*record)->object_id), .at = (*record)->created_at};
}

Status remember_object(sql::Connection& connection, const std::optional<Idempotency>& idempotency,
                       const std::string& object_id, WallTime now) {
  if (!idempotency) return {};
  Status status = store::remove_old_idempotency(connection, now);
  if (!status) return status;
  return store::insert_idempotency(connection, {.caller = idempotency->caller,
                                                .key = idempotency->key,
                                                .fingerprint = idempotency->fingerprint,
                                                .object_id = object_id,
                                                .created_at = now});
}

}  // namespace tollgate
