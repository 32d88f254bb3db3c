#include "domain/workspace.h"

#include <fmt/format.h>

#include "domain/text_rules.h"

namespace tollgate {

namespace {

constexpr std::string_view kIdPrefix = "ws_";

}  // namespace

std::string_view balance_mode_name(BalanceMode mode) {
  return mode == BalanceMode::kPrepaid ? "prepaid" : "unlimited";
}

std::optional<BalanceMode> balance_mode_from_name(std::string_view name) {
  if (name == "unlimited") return BalanceMode::kUnlimited;
  if (name == "prepaid") return BalanceMode::kPrepaid;
  return std::nullopt;
}

std::optional<std::string> workspace_name_problem(std::string_view name) {
  if (auto wrong = name_problem(name, kWorkspaceNameLengthMax)) return wrong;
  if (!name.starts_with(kIdPrefix)) return std::nullopt;
  return fmt::format("must not begin with {}, as ids of workspaces do", kIdPrefix);
}

WallTime workspace_time(const Workspace& workspace, Environment environment, WallTime now) {
  return environment == Environment::kSandbox ? now + workspace.test_clock_offset : now;
}

Result<Money> Balance::available() const {
  const auto spent = add(charged, held);
  if (!spent) return spent;
  std::int64_t left = 0;
  if (__builtin_sub_overflow(granted.nanos(), spent->nanos(), &left)) {
    return fail(ErrorCode::kInternal, "The balance is too large to count.",
                fmt::format("{} - {} nano-dollars", granted.nanos(), spent->nanos()));
  }
  return Money::from_nanos(left);
}

}  // namespace tollgate
