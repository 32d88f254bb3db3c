#include "admin/audit.h"

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/sessions.h"
#include "base/hash.h"
#include "base/json.h"
#include "domain/person.h"
#include "ledger/ledger.h"
#include "sql/connection.h"
#include "store/people.h"

namespace tollgate {

namespace {

// Stored JSON as it is; text that an edit of the database made unreadable, as a string.
std::string stored_json(const std::optional<std::string>& text) {
  if (!text) return "null";
  return parse_json(*text) ? *text : json_string(*text);
}

constexpr std::string_view kCliName = "local CLI";
// Rows of one piece of a verification: some ten milliseconds of a reader.
constexpr int kVerifiedAtOnce = 5'000;

// What people call the actor: a person's e-mail address, a management key's name. Empty for one who
// is not there any more.
Result<std::string> name_of(sql::Connection& connection, const Ledger& ledger,
                            const std::string& actor) {
  if (actor == kCliActor) return std::string(kCliName);
  const auto person = store::find_person(connection, PersonId(actor));
  if (person) return person->email;
  if (person.error().code != ErrorCode::kNotFound) return std::unexpected(person.error());
  const auto key = ledger.key(KeyId(actor), std::nullopt);
  return key ? key->key.policy.name : std::string();
}

// Whoever the text may mean: an id as it stands in rows, or the name of somebody.
Result<std::vector<std::string>> actors_of(sql::Connection& connection, const Ledger& ledger,
                                           const std::optional<WorkspaceId>& workspace,
                                           const std::string& text) {
  std::vector<std::string> actors{text == kCliName ? std::string(kCliActor) : text};
  if (const auto email = normal_email(text)) {
    const auto account = store::find_account(connection, *email);
    if (!account) return std::unexpected(account.error());
    if (*account) actors.push_back((*account)->person.id.get());
  }
  if (!workspace) return actors;
  const auto key = ledger.key_by_name(*workspace, text);
  if (key) actors.push_back(key->key.id.get());
  return actors;
}

// A page with the names of those who stand in it, as text.
Result<std::string> read_page(sql::Connection& connection, const Ledger& ledger,
                              AuditRequest request) {
  store::AuditQuery& query = request.query;
  if (!request.actor.empty()) {
    auto actors = actors_of(connection, ledger, query.workspace, request.actor);
    if (!actors) return std::unexpected(actors.error());
    query.actors = std::move(*actors);
  }
  const auto page = store::list_audit(connection, query);
  if (!page) return std::unexpected(page.error());
  std::map<std::string, std::string> names;  // by actor
  std::vector<std::string> rows;
  rows.reserve(page->rows.size());
  for (const store::AuditRow& row : page->rows) {
    const auto [place, added] = names.try_emplace(row.entry.actor);
    if (added) {
      auto name = name_of(connection, ledger, row.entry.actor);
      if (!name) return std::unexpected(name.error());
      place->second = std::move(*name);
    }
    rows.push_back(render_audit_row(row, place->second));
  }
  return page_json(rows, page->next_cursor);
}

}  // namespace

Result<AuditRequest> parse_audit_request(Query& query, std::optional<WorkspaceId> workspace) {
  AuditRequest request;
  const auto limit = query.take_limit();
  if (!limit) return std::unexpected(limit.error());
  const auto from = query.take_time("from", Query::Bound::kFrom);
  if (!from) return std::unexpected(from.error());
  const auto to = query.take_time("to", Query::Bound::kTo);
  if (!to) return std::unexpected(to.error());
  request.query = {.workspace = std::move(workspace),
                   .object = query.take("object").value_or(""),
                   .action = query.take("action").value_or(""),
                   .from = *from,
                   .to = *to,
                   .limit = *limit,
                   .cursor = query.take("cursor").value_or("")};
  request.actor = query.take("actor").value_or("");
  if (auto known = query.finish(); !known) return std::unexpected(known.error());
  if (*from && *to && **from > **to) {
    return std::unexpected(Query::bad_parameter("from", "must not lie after `to`"));
  }
  return request;
}

std::string render_audit_row(const store::AuditRow& row, const std::string& actor_name) {
  const store::AuditEntry& entry = row.entry;
  return JsonFields()
      .number("id", row.number)
      .time("at", entry.at)
      .text("actor", entry.actor)
      .text_or_null("actor_name", actor_name)
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
  auto request = parse_audit_request(call.query, call.workspace);
  if (!request) co_return std::unexpected(request.error());
  // A long page is no work for the thread that relays requests.
  std::function<Result<std::string>(sql::Connection&)> work =
      [&ledger = call.context.ledger, asked = std::move(*request)](sql::Connection& connection) {
        return read_page(connection, ledger, asked);
      };
  auto text = co_await call.context.ledger.read_facts(std::move(work));
  if (!text) co_return std::unexpected(text.error());
  co_return json_answer(std::move(*text));
}

Task<Result<net::Response>> verify_audit(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  store::AuditWalk walk;
  for (;;) {
    using Verdict = std::optional<store::AuditVerdict>;
    std::function<Result<Verdict>(sql::Connection&)> work = [&walk](sql::Connection& connection) {
      return store::verify_audit(connection, walk, kVerifiedAtOnce);
    };
    const auto verdict = co_await call.context.ledger.read_facts(std::move(work));
    if (!verdict) co_return std::unexpected(verdict.error());
    if (*verdict) co_return json_answer(render_audit_verdict(**verdict));
  }
}

}  // namespace tollgate
