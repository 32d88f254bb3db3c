#include "ledger/workspace_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "ledger/replays.h"
#include "runtime/async.h"
#include "store/audit.h"
#include "store/grants.h"
#include "store/workspaces.h"

namespace tollgate {
namespace {

std::unexpected<Error> no_such_workspace() {
  return fail(ErrorCode::kNotFound,
              "There is no such workspace that you may see: list them to find its id.");
}

std::unexpected<Error> unprocessable(std::string param, std::string message) {
  Error error{.code = ErrorCode::kUnprocessable, .message = std::move(message)};
  error.param = std::move(param);
  return std::unexpected(std::move(error));
}

// The workspace, if `by` may see it.
Result<Workspace> visible(sql::Connection& connection, const Principal& by, const WorkspaceId& id) {
  if (by.workspace && *by.workspace != id) return no_such_workspace();
  Result<Workspace> workspace = store::find_workspace(connection, id);
  if (!workspace && workspace.error().code == ErrorCode::kNotFound) return no_such_workspace();
  return workspace;
}

struct AuditTexts {
  std::optional<std::string> before;
  std::string after;
};

Status audit(sql::Connection& connection, const Principal& by, std::string action,
             const WorkspaceId& id, AuditTexts texts, WallTime now) {
  store::AuditEntry entry{.at = now,
                          .actor = by.actor,
                          .action = std::move(action),
                          .object = id.get(),
                          .before = std::move(texts.before),
                          .after = std::move(texts.after),
                          .from_address = by.from,
                          .workspace = id};
  Result<store::AuditRow> row = store::append_audit(connection, entry);
  if (!row) return std::unexpected(row.error());
  return {};
}

// A deduction takes no more than is there, beside what running requests may still cost.
std::unexpected<Error> too_much(const std::optional<Balance>& balance) {
  const Result<Money> left = balance.value_or(Balance()).available();
  if (!left) return std::unexpected(left.error());
  return unprocessable("amount",
                       fmt::format("The balance has {} USD left beside what running requests hold: "
                                   "deduct at most what there is.",
                                   format_money(std::max(*left, Money()))));
}

// How far ahead the clock runs after the move.
Result<std::chrono::microseconds> moved_offset(const Workspace& workspace,
                                               const TestClockMove& move, WallTime now) {
  const auto* by = std::get_if<std::chrono::microseconds>(&move);
  const std::string_view param = by != nullptr ? "advance" : "now";
  const std::chrono::microseconds offset =
      by != nullptr ? workspace.test_clock_offset + *by : std::get<WallTime>(move) - now;
  if (offset <= workspace.test_clock_offset) {
    return unprocessable(std::string(param),
                         fmt::format("The test clock stands at {} and moves forward only.",
                                     format_time(now + workspace.test_clock_offset)));
  }
  if (offset > kTestClockOffsetMax) {
    return unprocessable(std::string(param),
                         "The test clock runs at most 36500 days ahead of the real one.");
  }
  return offset;
}

}  // namespace

Task<Result<CreatedWorkspace>> WorkspaceChanges::create(Principal by, std::string name,
                                                        std::optional<Idempotency> idempotency) {
  Work work = [this, by = std::move(by), name = std::move(name),
               idempotency = std::move(idempotency)](sql::Connection& connection) {
    return create_now(connection, by, name, idempotency);
  };
  Result<Outcome> made = co_await run(std::move(work));
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_return CreatedWorkspace{.workspace = std::move(made->workspace), .replayed = made->replayed};
}

Task<Result<Workspace>> WorkspaceChanges::update(Principal by, WorkspaceId id,
                                                 Ledger::WorkspaceEdit edit) {
  Work work = [this, by = std::move(by), id = std::move(id), edit = std::move(edit)](
                  sql::Connection& connection) { return update_now(connection, by, id, edit); };
  return workspace_of(run(std::move(work)));
}

Task<Result<CreatedGrant>> WorkspaceChanges::grant(Principal by, WorkspaceId id,
                                                   Ledger::GrantRequest request,
                                                   std::optional<Idempotency> idempotency) {
  Work work = [this, by = std::move(by), id = std::move(id), request = std::move(request),
               idempotency = std::move(idempotency)](sql::Connection& connection) {
    return grant_now(connection, by, id, request, idempotency);
  };
  Result<Outcome> made = co_await run(std::move(work));
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_return CreatedGrant{.grant = std::move(*made->grant), .replayed = made->replayed};
}

Task<Result<Workspace>> WorkspaceChanges::advance_test_clock(Principal by, WorkspaceId id,
                                                             TestClockMove move) {
  Work work = [this, by = std::move(by), id = std::move(id), move](sql::Connection& connection) {
    return advance_now(connection, by, id, move);
  };
  return workspace_of(run(std::move(work)));
}

Task<Result<Workspace>> WorkspaceChanges::workspace_of(Task<Result<Outcome>> changed) {
  Result<Outcome> outcome = co_await std::move(changed);
  if (!outcome) co_return std::unexpected(std::move(outcome.error()));
  co_return std::move(outcome->workspace);
}

Task<Result<WorkspaceChanges::Outcome>> WorkspaceChanges::run(Work work) {
  using Waiter = Callback<Result<Outcome>>;
  // Lives in this frame, which stays until the job is done and the waiter resumed.
  std::optional<Outcome> outcome;
  auto start = [this, &outcome, &work](Waiter waiter) {
    sql::Job job;
    job.work = [this, &outcome, &work](sql::Connection& connection) -> Status {
      Result<Outcome> result = work(connection);
      if (!result) return std::unexpected(std::move(result.error()));
      outcome.emplace(std::move(*result));
      return learn_limits(connection, *outcome);
    };
    job.done = [this, &outcome, waiter = std::move(waiter)](Status status) mutable {
      if (outcome && outcome->deducted > Money()) {
        tools_.keys.end_deduction(
            outcome->workspace.id, outcome->deducted,
            status ? LiveKeys::Deduction::kStored : LiveKeys::Deduction::kFailed);
      }
      if (!status) return waiter(std::unexpected(std::move(status.error())));
      // Where nothing changed, too: a commit whose outcome was unclear is learnt of so.
      put(*outcome);
      waiter(std::move(*outcome));
    };
    tools_.writer.submit(std::move(job));
  };
  co_return co_await from_callback<Result<Outcome>>(std::move(start));
}

Status WorkspaceChanges::learn_limits(sql::Connection& connection, Outcome& outcome) {
  const std::optional<Workspace> before = tools_.table.find(outcome.workspace.id);
  if (!before) return {};  // a new one has used nothing
  const Workspace& after = outcome.workspace;
  const Moment now{.wall = tools_.clock.wall(), .steady = tools_.clock.steady()};
  Result<FreshLimits> fresh = FreshLimits::learn(connection,
                                                 {limit_owner(after, Environment::kProduction, now),
                                                  limit_owner(after, Environment::kSandbox, now)},
                                                 before->limits, after.limits);
  if (!fresh) return std::unexpected(std::move(fresh.error()));
  outcome.fresh = std::move(*fresh);
  return {};
}

void WorkspaceChanges::put(Outcome& outcome) {
  const Workspace& workspace = outcome.workspace;
  tools_.table.put(workspace);
  if (outcome.fresh.empty()) return tools_.keys.put(workspace, {});
  tools_.settlements.with_unstored([&](std::span<const UsageRow* const> rows) {
    outcome.fresh.add_unstored(rows);
    tools_.keys.put(workspace, outcome.fresh.use());
  });
}

Result<WorkspaceChanges::Outcome> WorkspaceChanges::create_now(
    sql::Connection& connection, const Principal& by, const std::string& name,
    const std::optional<Idempotency>& idempotency) {
  const WallTime now = tools_.clock.wall();
  const auto made = replayed_object(connection, idempotency, now);
  if (!made) return std::unexpected(made.error());
  if (*made) {
    Result<Workspace> before = visible(connection, by, WorkspaceId((*made)->id));
    if (!before) return std::unexpected(before.error());
    return Outcome{.workspace = std::move(*before), .replayed = Replayed::kYes};
  }
  const Workspace workspace{
      .id = WorkspaceId(random_id(tools_.random, "ws_")), .name = name, .created_at = now};
  Status status = store::insert_workspace(connection, workspace);
  if (status) {
    status = audit(connection, by, "workspace.create", workspace.id,
                   {.before = std::nullopt, .after = store::workspace_json(workspace)}, now);
  }
  if (status) status = remember_object(connection, idempotency, workspace.id.get(), now);
  if (!status) return std::unexpected(status.error());
  return Outcome{.workspace = workspace};
}

Result<WorkspaceChanges::Outcome> WorkspaceChanges::update_now(sql::Connection& connection,
                                                               const Principal& by,
                                                               const WorkspaceId& id,
                                                               const Ledger::WorkspaceEdit& edit) {
  Result<Workspace> before = visible(connection, by, id);
  if (!before) return std::unexpected(before.error());
  Workspace edited = *before;
  Status status = edit(edited);
  if (!status) return std::unexpected(status.error());
  Workspace after = *before;  // what an edit may not touch stays
  after.name = std::move(edited.name);
  after.limits = std::move(edited.limits);
  after.balance_mode = edited.balance_mode;
  if (after == *before) return Outcome{.workspace = std::move(after)};
  status = store::update_workspace(connection, after);
  if (status) {
    status =
        audit(connection, by, "workspace.update", id,
              {.before = store::workspace_json(*before), .after = store::workspace_json(after)},
              tools_.clock.wall());
  }
  if (!status) return std::unexpected(status.error());
  return Outcome{.workspace = std::move(after)};
}

Result<WorkspaceChanges::Outcome> WorkspaceChanges::grant_now(
    sql::Connection& connection, const Principal& by, const WorkspaceId& id,
    const Ledger::GrantRequest& request, const std::optional<Idempotency>& idempotency) {
  const WallTime now = tools_.clock.wall();
  Result<Workspace> workspace = visible(connection, by, id);
  if (!workspace) return std::unexpected(workspace.error());
  const auto made = replayed_object(connection, idempotency, now);
  if (!made) return std::unexpected(made.error());
  if (*made) {
    Result<Grant> before = store::find_grant(connection, (*made)->id);
    if (!before) return std::unexpected(before.error());
    return Outcome{.workspace = std::move(*workspace),
                   .grant = std::move(*before),
                   .replayed = Replayed::kYes};
  }
  Grant grant{.id = random_id(tools_.random, "grant_"),
              .workspace = id,
              .at = now,
              .amount = request.amount,
              .note = request.note,
              .actor = by.actor};
  if (grant.amount == Money()) return unprocessable("amount", "The amount must not be zero.");
  Status status = store::insert_grant(connection, grant);
  if (status) {
    status = audit(connection, by, "workspace.grant", id,
                   {.before = std::nullopt, .after = store::grant_json(grant)}, now);
  }
  if (status) status = remember_object(connection, idempotency, grant.id, now);
  if (!status) return std::unexpected(status.error());
  Result<Workspace> granted = store::find_workspace(connection, id);
  if (!granted) return std::unexpected(granted.error());
  Outcome outcome{.workspace = std::move(*granted), .grant = std::move(grant)};
  if (request.amount >= Money()) return outcome;
  // The last step that may refuse: from here on done() ends it.
  const Money deducted = Money::from_nanos(-request.amount.nanos());
  if (!tools_.keys.begin_deduction(id, deducted)) return too_much(tools_.keys.balance(id));
  outcome.deducted = deducted;
  return outcome;
}

Result<WorkspaceChanges::Outcome> WorkspaceChanges::advance_now(sql::Connection& connection,
                                                                const Principal& by,
                                                                const WorkspaceId& id,
                                                                const TestClockMove& move) {
  const WallTime now = tools_.clock.wall();
  Result<Workspace> workspace = visible(connection, by, id);
  if (!workspace) return std::unexpected(workspace.error());
  const Result<std::chrono::microseconds> offset = moved_offset(*workspace, move, now);
  if (!offset) return std::unexpected(offset.error());
  const std::string before = store::workspace_json(*workspace);
  workspace->test_clock_offset = *offset;
  Status status = store::set_test_clock_offset(connection, id, *offset);
  if (status) {
    status = audit(connection, by, "workspace.test_clock", id,
                   {.before = before, .after = store::workspace_json(*workspace)}, now);
  }
  if (!status) return std::unexpected(status.error());
  return Outcome{.workspace = std::move(*workspace)};
}

}  // namespace tollgate
