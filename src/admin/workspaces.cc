#include "admin/workspaces.h"

#include <string>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/request_body.h"
#include "admin/workspace_json.h"
#include "admin/workspace_request.h"

namespace tollgate {

namespace {

Result<WorkspaceState> state_of(const Ledger& ledger, const WorkspaceId& id) {
  Result<Balance> balance = ledger.balance(id);
  if (!balance) return std::unexpected(balance.error());
  return WorkspaceState{.balance = *balance,
                        .limits = ledger.workspace_limits(id, Environment::kProduction),
                        .sandbox_limits = ledger.workspace_limits(id, Environment::kSandbox)};
}

// The workspaces with how they stand, in their order.
Result<std::vector<std::string>> render_all(const AdminCall& call,
                                            const std::vector<Workspace>& workspaces) {
  const Money credit_value = call.context.options()->credit_value;
  const WallTime now = call.context.clock.wall();
  std::vector<std::string> rows;
  rows.reserve(workspaces.size());
  for (const Workspace& workspace : workspaces) {
    const Result<WorkspaceState> state = state_of(call.context.ledger, workspace.id);
    if (!state) return std::unexpected(state.error());
    auto row = render_workspace(workspace, *state, credit_value, now);
    if (!row) return std::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
  return rows;
}

Result<net::Response> answer_workspace(const AdminCall& call, Workspace workspace) {
  auto rows = render_all(call, {std::move(workspace)});
  if (!rows) return std::unexpected(rows.error());
  return json_answer(std::move(rows->front()));
}

// `name` stands alone, beside `limit`: the one workspace of this name.
Result<Ledger::WorkspacePage> find_by_name(AdminCall& call, const std::string& name) {
  if (auto known = call.query.finish(); !known) {
    return fail(ErrorCode::kInvalidRequest, "Send `name` alone, or leave it out.");
  }
  Ledger::WorkspacePage page;
  auto found = call.context.ledger.workspace_by_name(name, call.workspace);
  if (found) page.workspaces.push_back(std::move(*found));
  return page;
}

Result<Ledger::WorkspacePage> find_page(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) return std::unexpected(limit.error());
  if (const auto name = call.query.take("name")) return find_by_name(call, *name);
  const Ledger::WorkspaceQuery query{.workspace = call.workspace,
                                     .limit = *limit,
                                     .cursor = call.query.take("cursor").value_or("")};
  if (auto known = call.query.finish(); !known) return std::unexpected(known.error());
  return call.context.ledger.list_workspaces(query);
}

}  // namespace

Result<Workspace> visible_workspace(const AdminCall& call) {
  return call.context.ledger.workspace(WorkspaceId(call.id), call.workspace);
}

Task<Result<net::Response>> list_workspaces(AdminCall& call) {
  auto page = find_page(call);
  if (!page) co_return std::unexpected(page.error());
  const auto rows = render_all(call, page->workspaces);
  if (!rows) co_return std::unexpected(rows.error());
  co_return json_answer(page_json(*rows, page->next_cursor));
}

Task<Result<net::Response>> create_workspace(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  auto name = parse_workspace_create(*body);
  if (!name) co_return std::unexpected(name.error());
  auto made = co_await call.context.ledger.create_workspace(call.by, std::move(*name),
                                                            std::move(*idempotency));
  if (!made) co_return std::unexpected(made.error());
  const std::string location = std::string(kAdminPrefix) + "workspaces/" + made->workspace.id.get();
  auto response = answer_workspace(call, std::move(made->workspace));
  if (!response) co_return response;
  response->status = 201;
  response->fields.emplace_back("Location", location);
  if (made->replayed == Replayed::kYes) {
    response->fields.emplace_back("Idempotent-Replayed", "true");
  }
  co_return response;
}

Task<Result<net::Response>> get_workspace(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  auto workspace = visible_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  co_return answer_workspace(call, std::move(*workspace));
}

Task<Result<net::Response>> update_workspace(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto workspace = visible_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto patch = parse_workspace_patch(*body, call.context.options()->credit_value);
  if (!patch) co_return std::unexpected(patch.error());
  // On the writer thread, over the workspace as it stands then.
  Ledger::WorkspaceEdit edit = [patch = *patch](Workspace& edited) -> Status {
    apply_workspace_patch(patch, edited);
    return {};
  };
  auto changed =
      co_await call.context.ledger.update_workspace(call.by, workspace->id, std::move(edit));
  if (!changed) co_return std::unexpected(changed.error());
  co_return answer_workspace(call, std::move(*changed));
}

Task<Result<net::Response>> advance_test_clock(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto workspace = visible_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto move = parse_test_clock(*body);
  if (!move) co_return std::unexpected(move.error());
  auto changed = co_await call.context.ledger.advance_test_clock(call.by, workspace->id, *move);
  if (!changed) co_return std::unexpected(changed.error());
  co_return answer_workspace(call, std::move(*changed));
}

}  // namespace tollgate
