#include "admin/audit.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "base/hash.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "sql/connection.h"

namespace tollgate {

namespace {

// Stored JSON as it is; text that an edit of the database made unreadable, as a string.
std::string stored_json(const std::optional<std::string>& text) {
  if (!text) return "null";
  return parse_json(*text) ? *text : json_string(*text);
}

}  // namespace

std::string render_audit_row(const store::AuditRow& row) {
  const store::AuditEntry& entry = row.entry;
  return JsonFields()
      .number("id", row.number)
      .time("at", entry.at)
      .text("actor", entry.actor)
      .text("action", entry.action)
      .text("object", entry.object)
      .text_or_null("workspace_id", entry.workspace.get())
      .raw("before", stored_json(entry.before))
      .raw("after", stored_json(entry.after))
      .text("from", entry.from_address)
      .text("previous_hash", to_hex(row.previous_hash))
      .text("hash", to_hex(row.hash))
      .finish();
}

std::string render_audit_verdict(const store::AuditVerdict& verdict) {
  return JsonFields()
      .raw("valid", verdict.first_bad ? "false" : "true")
      .number("rows", verdict.rows)
      .number_or_null("first_bad", verdict.first_bad)
      .text_or_null("problem", verdict.problem)
      .finish();
}

Task<Result<net::Response>> list_audit(AdminCall& call) {
  const auto limit = call.query.take_limit();
  if (!limit) co_return std::unexpected(limit.error());
  store::AuditQuery query{.workspace = call.workspace,
                          .object = call.query.take("object").value_or(""),
                          .limit = *limit,
                          .cursor = call.query.take("cursor").value_or("")};
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  std::function<Result<store::AuditPage>(sql::Connection&)> work =
      [query = std::move(query)](sql::Connection& connection) {
        return store::list_audit(connection, query);
      };
  const auto page = co_await call.context.ledger.read(std::move(work));
  if (!page) co_return std::unexpected(page.error());
  std::vector<std::string> rows;
  rows.reserve(page->rows.size());
  for (const auto& row : page->rows) rows.push_back(render_audit_row(row));
  co_return json_answer(page_json(rows, page->next_cursor));
}

Task<Result<net::Response>> verify_audit(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  std::function<Result<store::AuditVerdict>(sql::Connection&)> work =
      [](sql::Connection& connection) { return store::verify_audit(connection); };
  const auto verdict = co_await call.context.ledger.read(std::move(work));
  if (!verdict) co_return std::unexpected(verdict.error());
  co_return json_answer(render_audit_verdict(*verdict));
}

}  // namespace tollgate
