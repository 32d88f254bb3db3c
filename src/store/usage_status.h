// How usage rows ended, as a filter of what lists them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sql/connection.h"

namespace tollgate::store {

struct UsageStatus {
  enum class Outcome { kAny, kGood, kFailed };  // failed: cut, or answered >= 400
  Outcome outcome = Outcome::kAny;
  int least = 0;
  int most = 999;
  std::string error_code = {};  // empty = any, and none

  bool operator==(const UsageStatus&) const = default;
};

// "ok", "error", a class such as "4xx", a status from 100 to 599, or an error code such as
// "provider_error"; nullopt for anything else.
std::optional<UsageStatus> usage_status_from_name(std::string_view name);

// The condition over columns `status` and `error_code`, and its parameters.
extern const std::string_view kUsageStatusCondition;
inline constexpr int kUsageStatusParameters = 6;
void bind_usage_status(sql::Statement& statement, int first, const UsageStatus& status);

}  // namespace tollgate::store
