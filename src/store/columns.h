// How the types of domain/ stand in columns: times as microseconds, flags as 0 and 1, short lists
// as JSON arrays of text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sql/connection.h"

namespace tollgate::store {

inline std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime wall_time(std::int64_t micros) {
  return WallTime(std::chrono::microseconds(micros));
}
std::optional<std::int64_t> optional_micros(const std::optional<WallTime>& time);
std::optional<WallTime> optional_time(const std::optional<std::int64_t>& micros);

std::string list_text(const std::vector<std::string>& values);
// kInternal when the column does not hold such a list.
Result<std::vector<std::string>> list_values(std::string_view text);

// What the caller asked for is not there.
std::unexpected<Error> not_found(std::string message);
// A column holds what this binary never writes.
std::unexpected<Error> unreadable(std::string_view what);
// The statement's first column of its only row; nullopt when there is no row.
Result<std::optional<std::int64_t>> single_integer(sql::Statement& statement);

}  // namespace tollgate::store
