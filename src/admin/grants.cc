#include "admin/grants.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/request_body.h"
#include "admin/workspace_json.h"
#include "admin/workspace_request.h"
#include "admin/workspaces.h"
#include "sql/connection.h"
#include "store/grants.h"

namespace tollgate {

Task<Result<net::Response>> list_grants(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  const std::string cursor = call.query.take("cursor").value_or("");
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto workspace = visible_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  std::function<Result<store::GrantPage>(sql::Connection&)> work =
      [query = store::GrantQuery{.workspace = workspace->id, .limit = *limit, .cursor = cursor}](
          sql::Connection& connection) { return store::list_grants(connection, query); };
  const auto page = co_await call.context.ledger.read(std::move(work));
  if (!page) co_return std::unexpected(page.error());
  const Money credit_value = call.context.options()->credit_value;
  std::vector<std::string> rows;
  rows.reserve(page->grants.size());
  for (const Grant& grant : page->grants) rows.push_back(render_grant(grant, credit_value));
  co_return json_answer(page_json(rows, page->next_cursor));
}

Task<Result<net::Response>> create_grant(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto workspace = visible_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  const Money credit_value = call.context.options()->credit_value;
  auto request = parse_grant(*body, credit_value);
  if (!request) co_return std::unexpected(request.error());
  const auto made = co_await call.context.ledger.grant(call.by, workspace->id, std::move(*request),
                                                       std::move(*idempotency));
  if (!made) co_return std::unexpected(made.error());
  net::Response response = json_answer(render_grant(made->grant, credit_value));
  response.status = 201;
  if (made->replayed == Replayed::kYes) {
    response.fields.emplace_back("Idempotent-Replayed", "true");
  }
  co_return response;
}

}  // namespace tollgate
