#include "store/grants.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

#include "base/json.h"
#include "store/columns.h"
#include "store/workspaces.h"

namespace tollgate::store {

namespace {

constexpr int kPageRowsMax = 1'000;
constexpr std::int64_t kGrantedMax = 9'000'000'000'000'000'000;  // 9,000,000,000 USD

constexpr std::string_view kSelect =
    "SELECT number, id, workspace_id, at, amount, note, actor FROM grants ";

std::unexpected<Error> refuse(ErrorCode code, std::string param, std::string message) {
  Error error{.code = code, .message = std::move(message)};
  error.param = std::move(param);
  return std::unexpected(std::move(error));
}

Result<Grant> read_grant(sql::Statement& row) {
  Grant grant;
  grant.number = row.integer(0);
  grant.id = row.text(1);
  grant.workspace = WorkspaceId(std::string(row.text(2)));
  grant.at = wall_time(row.integer(3));
  grant.amount = Money::from_nanos(row.integer(4));
  grant.note = row.text(5);
  grant.actor = row.text(6);
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  return grant;
}

Result<std::int64_t> before_number(const std::string& cursor) {
  if (cursor.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t number = 0;
  const char* end = cursor.data() + cursor.size();
  const auto [rest, problem] = std::from_chars(cursor.data(), end, number);
  if (problem == std::errc() && rest == end && number >= 1) return number;
  return refuse(ErrorCode::kInvalidRequest, "cursor", "The cursor is not one that this list gave.");
}

// What the workspace was granted, with this amount.
Result<Money> granted_with(sql::Connection& connection, const Grant& grant) {
  const Result<Workspace> workspace = find_workspace(connection, grant.workspace);
  if (!workspace) return std::unexpected(workspace.error());
  const Result<Money> sum = add(workspace->granted, grant.amount);
  if (sum && sum->nanos() <= kGrantedMax && sum->nanos() >= -kGrantedMax) return sum;
  return refuse(ErrorCode::kUnprocessable, "amount",
                fmt::format("The workspace was granted {} USD: with this amount the sum would be "
                            "beyond 9000000000 USD.",
                            format_money(workspace->granted)));
}

}  // namespace

Status insert_grant(sql::Connection& connection, Grant& grant) {
  const Result<Money> granted = granted_with(connection, grant);
  if (!granted) return std::unexpected(granted.error());
  sql::Statement insert = connection.prepare(
      "INSERT INTO grants (id, workspace_id, at, amount, note, actor) VALUES (?, ?, ?, ?, ?, ?) "
      "RETURNING number");
  insert.bind(1, grant.id)
      .bind(2, grant.workspace.get())
      .bind(3, micros(grant.at))
      .bind(4, grant.amount.nanos())
      .bind(5, grant.note)
      .bind(6, grant.actor);
  const Result<std::optional<std::int64_t>> number = single_integer(insert);
  if (!number) return std::unexpected(number.error());
  if (!*number) return unreadable("no number of a new grant");
  grant.number = **number;
  return connection.prepare("UPDATE workspaces SET granted = ? WHERE id = ?")
      .bind(1, granted->nanos())
      .bind(2, grant.workspace.get())
      .run();
}

Result<Grant> find_grant(sql::Connection& connection, const std::string& id) {
  sql::Statement select = connection.prepare(std::string(kSelect) + "WHERE id = ?");
  select.bind(1, id);
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return not_found("There is no such grant.");
  return read_grant(select);
}

Result<GrantPage> list_grants(sql::Connection& connection, const GrantQuery& query) {
  if (query.limit < 1 || query.limit > kPageRowsMax) {
    return refuse(ErrorCode::kInvalidRequest, "limit",
                  fmt::format("limit must be 1 to {}.", kPageRowsMax));
  }
  const Result<std::int64_t> before = before_number(query.cursor);
  if (!before) return std::unexpected(before.error());
  sql::Statement select = connection.prepare(
      std::string(kSelect) + "WHERE workspace_id = ? AND number < ? ORDER BY number DESC LIMIT ?");
  select.bind(1, query.workspace.get()).bind(2, *before).bind(3, query.limit + 1);
  GrantPage page;
  Result<bool> more = select.step();
  for (; more && *more; more = select.step()) {
    if (static_cast<int>(page.grants.size()) == query.limit) {
      page.next_cursor = std::to_string(page.grants.back().number);
      return page;
    }
    Result<Grant> grant = read_grant(select);
    if (!grant) return std::unexpected(grant.error());
    page.grants.push_back(std::move(*grant));
  }
  if (!more) return std::unexpected(more.error());
  return page;
}

Result<Balance> load_balance(sql::Connection& connection, const WorkspaceId& workspace) {
  const Result<Workspace> found = find_workspace(connection, workspace);
  if (!found) return std::unexpected(found.error());
  // A sum beyond int64 is an error of the engine's, never a rounded number.
  sql::Statement sum = connection.prepare(
      "SELECT coalesce(sum(charged), 0) FROM workspace_days WHERE workspace_id = ?");
  sum.bind(1, workspace.get());
  const Result<std::optional<std::int64_t>> charged = single_integer(sum);
  if (!charged) return std::unexpected(charged.error());
  return Balance{.mode = found->balance_mode,
                 .granted = found->granted,
                 .charged = Money::from_nanos(charged->value_or(0))};
}

std::string grant_json(const Grant& grant) {
  return json::serialize(json::object{{"id", grant.id},
                                      {"workspace", grant.workspace.get()},
                                      {"at", format_time(grant.at)},
                                      {"amount", format_money(grant.amount)},
                                      {"note", grant.note},
                                      {"actor", grant.actor}});
}

}  // namespace tollgate::store
