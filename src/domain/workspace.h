// The workspace: one tenant with its limits, its balance and its test clock (SPEC §1, §5, §7).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "domain/money.h"

namespace tollgate {

inline constexpr std::size_t kWorkspaceNameLengthMax = 128;  // characters, not bytes
inline constexpr std::size_t kGrantNoteLengthMax = 1'024;
// How far a test clock may run ahead: further than any window of a limit.
inline constexpr std::chrono::microseconds kTestClockOffsetMax = std::chrono::days(36'500);

enum class BalanceMode { kUnlimited, kPrepaid };
std::string_view balance_mode_name(BalanceMode mode);
std::optional<BalanceMode> balance_mode_from_name(std::string_view name);

struct Workspace {
  WorkspaceId id;
  std::string name;
  WallTime created_at;
  std::vector<Limit> limits = {};
  BalanceMode balance_mode = BalanceMode::kUnlimited;
  Money granted = {};  // the sum of its grants, deductions taken off
  // How far the test clock of its sandbox keys runs ahead of the real one; never shrinks.
  std::chrono::microseconds test_clock_offset{0};

  bool operator==(const Workspace&) const = default;
};

// What is wrong with a name, as it follows "name"; nullopt: it is a name as keys have them, and
// does not look like the id of a workspace, so that either can stand where one of both is asked.
std::optional<std::string> workspace_name_problem(std::string_view name);

// The time in which a key of the environment lives: sandbox keys by the workspace's test clock,
// all others in real time.
WallTime workspace_time(const Workspace& workspace, Environment environment, WallTime now);

// What moves the balance of a workspace besides usage: an append-only row of money.
struct Grant {
  std::string id;           // grant_…
  std::int64_t number = 0;  // row number in the store: later ones are larger
  WorkspaceId workspace;
  WallTime at;
  Money amount;  // below zero: a deduction
  std::string note;
  std::string actor;  // Principal::actor

  bool operator==(const Grant&) const = default;
};

struct Balance {
  BalanceMode mode = BalanceMode::kUnlimited;
  Money granted = {};
  Money charged = {};  // by settled requests, those made while it was unlimited too
  Money held = {};     // by open reservations

  // granted − charged − held: what the next request may be charged; below zero after an overrun.
  // kInternal when it cannot be counted.
  Result<Money> available() const;

  bool operator==(const Balance&) const = default;
};

}  // namespace tollgate
