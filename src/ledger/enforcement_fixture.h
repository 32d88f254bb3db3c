// For tests: keys with limits, what they reserve and settle, and a ledger that crashes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger_fixture.h"

namespace tollgate {

inline Limit cost_limit(std::int64_t amount, WindowKind kind = WindowKind::kMonth) {
  return {.metric = Metric::kCost, .window = {.kind = kind}, .amount = amount};
}
inline Limit requests_limit(std::int64_t amount, WindowKind kind) {
  return {.metric = Metric::kRequests, .window = {.kind = kind}, .amount = amount};
}

class EnforcementTest : public LedgerTest {
 protected:
  static KeyPolicy limited(std::string name, std::vector<Limit> limits) {
    KeyPolicy policy = named(std::move(name));
    policy.limits = std::move(limits);
    return policy;
  }

  // A row that charges `cost`, as it is to be should the request never be settled.
  static UsageRow row_of(const Identity& identity, std::int64_t cost) {
    Reservation none;
    UsageRow row = row_for(identity, none);
    row.cost = Money::from_nanos(cost);
    const bool sandbox = row.environment == Environment::kSandbox;
    row.charged = sandbox ? Money() : row.cost;
    return row;
  }

  Guard guard_of(const Identity& identity, std::int64_t bound) {
    Guard guard{.ask = {.cost = bound, .tokens = 15, .token_rate = 15},
                .interrupted = row_of(identity, bound)};
    guard.interrupted.metering = Metering::kInterrupted;
    return guard;
  }

  Result<std::optional<Reservation>> reserve_guarded(const KeyWithSecret& made,
                                                     std::int64_t bound) {
    Result<Identity> identity = authenticate(made);
    if (!identity) return std::unexpected(identity.error());
    return await(
        ledger_->reserve(*identity, ledger_->next_generation(), [] {}, guard_of(*identity, bound)));
  }

  Reservation admitted(const KeyWithSecret& made, std::int64_t bound) {
    auto reserved = reserve_guarded(made, bound);
    EXPECT_TRUE(reserved && *reserved) << (reserved ? "needs a guard" : reserved.error().message);
    if (!reserved || !*reserved) std::abort();
    return std::move(**reserved);
  }

  Error refusal_of(const KeyWithSecret& made, std::int64_t bound) {
    auto reserved = reserve_guarded(made, bound);
    EXPECT_FALSE(reserved);
    return reserved ? Error() : reserved.error();
  }

  Status settle(const KeyWithSecret& made, Reservation reservation, std::int64_t cost) {
    UsageRow row = row_of(*authenticate(made), cost);
    row.id = reservation.id();
    row.admitted_at = reservation.admitted_at();
    row.finished_at = clock_.wall();
    return await(ledger_->settle(std::move(reservation), std::move(row)));
  }

  Status spend(const KeyWithSecret& made, std::int64_t cost) {
    return settle(made, admitted(made, cost), cost);
  }

  LimitState limit_of(const KeyWithSecret& made, std::size_t index = 0) {
    return view(made).limits.at(index);
  }

  Result<Key> set_limits(const KeyWithSecret& made, std::vector<Limit> limits) {
    return await(ledger_->update_key(owner(), made.key.id, [&](KeyPolicy& policy) -> Status {
      policy.limits = limits;
      return {};
    }));
  }

  Result<Workspace> edit_workspace(const Ledger::WorkspaceEdit& edit) {
    return await(ledger_->update_workspace(owner(), store::default_workspace_id(), edit));
  }
  Status grant(std::int64_t nanos) {
    auto made = await(ledger_->grant(owner(), store::default_workspace_id(),
                                     {.amount = Money::from_nanos(nanos)}, std::nullopt));
    return made ? Status() : std::unexpected(made.error());
  }
  void make_prepaid() {
    ASSERT_TRUE(edit_workspace([](Workspace& workspace) -> Status {
      workspace.balance_mode = BalanceMode::kPrepaid;
      return {};
    }));
  }
  Balance balance() { return *ledger_->balance(store::default_workspace_id()); }

  // The data directory as a crash at this moment would leave it: the path of a copy.
  std::string data_as_of_now() {
    std::string copy = dir_.path() + "/crash" + std::to_string(++crashes_);
    std::filesystem::copy(data_dir_, copy);
    std::filesystem::remove(copy + "/lock");
    return copy;
  }
  // Another ledger, on what data_as_of_now() kept.
  void open_data(std::string kept) {
    ledger_.reset();
    LedgerOptions found = options();
    found.data_dir = data_dir_ = std::move(kept);
    found.metrics = nullptr;
    auto opened = Ledger::open(found);
    ASSERT_TRUE(opened) << opened.error().message << " " << opened.error().detail;
    ledger_ = std::move(*opened);
  }
  void crash() { open_data(data_as_of_now()); }

  std::string data_dir_ = options().data_dir;
  int crashes_ = 0;
};

}  // namespace tollgate
