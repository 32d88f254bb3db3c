// Requests and errors per secret: what `request_count`, `error_count` and `last_used_at` are made
// of. Admitted requests are counted with their usage rows; the others here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/key.h"
#include "sql/connection.h"

namespace tollgate::store {

// Authenticated requests that were not admitted, of one secret, UTC hour and code.
struct RequestCount {
  std::int64_t secret_number = 0;
  std::int64_t hour = 0;  // since 1970 UTC: hour_of(time)
  std::string code;       // error_code_name(); empty = answered well (GET /v1/models …)
  std::int64_t count = 0;
  WallTime last_at;
};

std::int64_t hour_of(WallTime time);
std::int64_t day_of(WallTime time);

// Adds to what is there.
Status add_request_counts(sql::Connection& connection, std::span<const RequestCount> counts);
// By hour, of one secret from `from_hour` on: for pages.
Result<std::vector<RequestCount>> list_request_counts(sql::Connection& connection,
                                                      std::int64_t secret_number,
                                                      std::int64_t from_hour);
struct SecretUse {
  UseCount count;
  std::uint64_t admitted_on =
      0;  // bit n: n days before today; count.last_used_at is of refused ones, too
};
inline constexpr int kDaysKnown = 62;
// Everything counted so far, by secret number: admitted (usage rows) and not (request counts). The
// days are those of the last kDaysKnown up to `today`, since 1970, UTC.
Result<std::unordered_map<std::int64_t, SecretUse>> load_use_counts(sql::Connection& connection,
                                                                    std::int64_t today);

}  // namespace tollgate::store
