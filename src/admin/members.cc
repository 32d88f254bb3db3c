#include "admin/members.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/access.h"
#include "admin/json_fields.h"
#include "admin/people_changes.h"
#include "admin/person_request.h"
#include "admin/request_body.h"
#include "admin/sessions.h"
#include "admin/sign_in.h"
#include "sql/connection.h"
#include "store/people.h"
#include "store/person_sessions.h"

namespace tollgate {

namespace {

template <class T>
using Work = std::function<Result<T>(sql::Connection&)>;

JsonFields person_fields(const Person& person) {
  JsonFields fields;
  fields.text("id", person.id.get())
      .text("email", person.email)
      .text("name", person.name)
      .raw("operator", person.reach == Reach::kInstallation ? "true" : "false")
      .time("created_at", person.created_at);
  return fields;
}

JsonFields member_fields(const store::WorkspaceMember& member) {
  JsonFields fields = person_fields(member.person);
  fields.text("role", role_name(member.role))
      .time("since", member.since)
      .time_or_null("last_seen_at", member.last_seen_at);
  return fields;
}

std::string render_member(const store::WorkspaceMember& member) {
  return member_fields(member).finish();
}

std::string role_json(Role role) { return JsonFields().text("role", role_name(role)).finish(); }

Status no_role_above(const AdminCall& call, Role role) {
  if (role <= call.by.role) return {};
  return std::unexpected(Error{.code = ErrorCode::kInsufficientScope,
                               .message = "Nobody grants or changes a role above their own.",
                               .param = "role"});
}

// A page by address: its cursor is the last one's.
Result<store::PeopleQuery> take_page(Query& query) {
  const auto limit = query.take_limit();
  if (!limit) return std::unexpected(limit.error());
  store::PeopleQuery page{.after = query.take("cursor").value_or(""), .limit = *limit};
  if (auto known = query.finish(); !known) return std::unexpected(known.error());
  return page;
}

template <class Row>
std::string cursor_after(const std::vector<Row>& rows, const store::PeopleQuery& page,
                         const std::string& last) {
  return rows.size() == static_cast<std::size_t>(page.limit) ? last : std::string();
}

}  // namespace

Task<Result<net::Response>> list_members(AdminCall& call) {
  auto page = take_page(call.query);
  if (!page) co_return std::unexpected(page.error());
  Work<std::vector<store::WorkspaceMember>> work = [&call,
                                                    page = *page](sql::Connection& connection) {
    return store::list_members(connection, one_workspace(call), page);
  };
  const auto members = co_await call.context.ledger.read_facts(std::move(work));
  if (!members) co_return std::unexpected(members.error());
  std::vector<std::string> rows;
  rows.reserve(members->size());
  for (const auto& member : *members) rows.push_back(render_member(member));
  const std::string last = members->empty() ? "" : members->back().person.email;
  co_return json_answer(page_json(rows, cursor_after(rows, *page, last)));
}

Task<Result<net::Response>> update_member(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto role = parse_member_patch(*body);
  if (!role) co_return std::unexpected(role.error());
  if (auto allowed = no_role_above(call, *role); !allowed) {
    co_return std::unexpected(allowed.error());
  }
  Work<store::WorkspaceMember> work =
      [&call, role](sql::Connection& connection) -> Result<store::WorkspaceMember> {
    const WorkspaceId workspace = one_workspace(call);
    auto member = store::find_member(connection, workspace, PersonId(call.id));
    if (!member) return member;
    if (auto allowed = no_role_above(call, member->role); !allowed) {
      return std::unexpected(allowed.error());
    }
    const Role before = std::exchange(member->role, *role);
    if (before == *role) return member;
    Status done = store::put_membership(connection, member->person.id, workspace, *role,
                                        call.context.clock.wall());
    const bool is_operator = member->person.reach == Reach::kInstallation;
    // Below an admin nobody invites.
    if (done && *role < before && !is_operator) {
      done = withdraw_invitations(connection, call, member->person.id, workspace);
    }
    if (done) {
      done = audit_people_change(connection, call,
                                 {.action = "member.update",
                                  .object = call.id,
                                  .before = role_json(before),
                                  .after = role_json(*role),
                                  .workspace = workspace});
    }
    if (!done) return std::unexpected(done.error());
    return member;
  };
  const auto member = co_await call.context.ledger.write(std::move(work));
  if (!member) co_return std::unexpected(member.error());
  co_return json_answer(render_member(*member));
}

Task<Result<net::Response>> remove_member(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<store::WorkspaceMember> work =
      [&call](sql::Connection& connection) -> Result<store::WorkspaceMember> {
    const WorkspaceId workspace = one_workspace(call);
    auto member = store::find_member(connection, workspace, PersonId(call.id));
    if (!member) return member;
    Status done = no_role_above(call, member->role);
    if (done) done = store::remove_membership(connection, member->person.id, workspace);
    if (done && member->person.reach != Reach::kInstallation) {
      done = withdraw_invitations(connection, call, member->person.id, workspace);
    }
    if (done) {
      done = audit_people_change(connection, call,
                                 {.action = "member.delete",
                                  .object = call.id,
                                  .before = role_json(member->role),
                                  .workspace = workspace});
    }
    if (!done) return std::unexpected(done.error());
    return member;
  };
  const auto member = co_await call.context.ledger.write(std::move(work));
  if (!member) co_return std::unexpected(member.error());
  const auto keys = co_await management_keys_of(call, member->person.id, one_workspace(call));
  if (!keys) co_return std::unexpected(keys.error());
  co_return json_answer(member_fields(*member).texts("management_keys", *keys).finish());
}

Task<Result<net::Response>> list_people(AdminCall& call) {
  auto page = take_page(call.query);
  if (!page) co_return std::unexpected(page.error());
  using Row = std::pair<Person, std::vector<Membership>>;
  Work<std::vector<Row>> work =
      [page = *page](sql::Connection& connection) -> Result<std::vector<Row>> {
    auto people = store::list_people(connection, page);
    if (!people) return std::unexpected(people.error());
    std::vector<Row> rows;
    for (Person& person : *people) {
      auto memberships = store::memberships_of(connection, person.id);
      if (!memberships) return std::unexpected(memberships.error());
      rows.emplace_back(std::move(person), std::move(*memberships));
    }
    return rows;
  };
  const auto people = co_await call.context.ledger.read_facts(std::move(work));
  if (!people) co_return std::unexpected(people.error());
  std::vector<std::string> rows;
  for (const auto& [person, memberships] : *people) {
    std::vector<std::string> where;
    for (const Membership& one : memberships) {
      where.push_back(JsonFields()
                          .text("workspace_id", one.workspace.get())
                          .text("workspace", one.workspace_name)
                          .text("role", role_name(one.role))
                          .finish());
    }
    rows.push_back(person_fields(person).raw("memberships", json_array(where)).finish());
  }
  const std::string last = people->empty() ? "" : people->back().first.email;
  co_return json_answer(page_json(rows, cursor_after(rows, *page, last)));
}

Task<Result<net::Response>> remove_person(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<Person> work = [&call](sql::Connection& connection) -> Result<Person> {
    auto person = store::find_person(connection, PersonId(call.id));
    if (!person) return person;
    Status done = store::remove_person(connection, person->id);
    if (!done) return std::unexpected(done.error());
    const auto another = store::has_operator(connection);
    if (!another) return std::unexpected(another.error());
    if (person->reach == Reach::kInstallation && !*another) {
      return fail(ErrorCode::kConflict,
                  "This is the last operator: invite another one with the role operator first.");
    }
    done = withdraw_invitations(connection, call, person->id, std::nullopt);
    if (!done) return std::unexpected(done.error());
    done = audit_people_change(
        connection, call,
        {.action = "person.delete", .object = call.id, .before = store::person_json(*person)});
    if (!done) return std::unexpected(done.error());
    return person;
  };
  const auto person = co_await call.context.ledger.write(std::move(work));
  if (!person) co_return std::unexpected(person.error());
  const auto keys = co_await management_keys_of(call, person->id, std::nullopt);
  if (!keys) co_return std::unexpected(keys.error());
  co_return json_answer(person_fields(*person).texts("management_keys", *keys).finish());
}

}  // namespace tollgate
