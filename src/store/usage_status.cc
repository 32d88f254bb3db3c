#include "store/usage_status.h"

#include <algorithm>
#include <charconv>

namespace tollgate::store {

namespace {

constexpr std::size_t kErrorCodeLengthMax = 64;

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// What binds to the two places that ask for the outcome.
std::string_view outcome_text(UsageStatus::Outcome outcome) {
  switch (outcome) {
    case UsageStatus::Outcome::kAny:
      return "";
    case UsageStatus::Outcome::kGood:
      return "good";
    case UsageStatus::Outcome::kFailed:
      return "failed";
  }
  return "";
}

}  // namespace

std::optional<UsageStatus> usage_status_from_name(std::string_view name) {
  if (name == "ok") return UsageStatus{.outcome = UsageStatus::Outcome::kGood};
  if (name == "error") return UsageStatus{.outcome = UsageStatus::Outcome::kFailed};
  constexpr int kHundred = 100;
  if (name.size() == 3 && name.ends_with("xx") && name[0] >= '1' && name[0] <= '5') {
    const int least = (name[0] - '0') * kHundred;
    return UsageStatus{.least = least, .most = least + kHundred - 1};
  }
  if (const auto number = number_in(name)) {
    if (name.size() != 3 || *number < kHundred || *number >= 6 * kHundred) return std::nullopt;
    return UsageStatus{.least = *number, .most = *number};
  }
  const bool word = !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
                    name.size() <= kErrorCodeLengthMax && std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                    });
  if (!word) return std::nullopt;
  return UsageStatus{.error_code = std::string(name)};
}

const std::string_view kUsageStatusCondition =
    "status BETWEEN ? AND ? AND (? = '' OR error_code = ?) AND "
    "(? = '' OR (status >= 400 OR error_code <> '') = (? = 'failed'))";

void bind_usage_status(sql::Statement& statement, int first, const UsageStatus& status) {
  const std::string_view outcome = outcome_text(status.outcome);
  statement.bind(first, status.least)
      .bind(first + 1, status.most)
      .bind(first + 2, status.error_code)
      .bind(first + 3, status.error_code)
      .bind(first + 4, outcome)
      .bind(first + 5, outcome);
}

}  // namespace tollgate::store
