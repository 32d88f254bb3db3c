#include "admin/password_resets.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "admin/json_fields.h"
#include "admin/link_makers.h"
#include "admin/people_changes.h"
#include "admin/person_request.h"
#include "admin/request_body.h"
#include "admin/sessions.h"
#include "admin/sign_in.h"
#include "base/hash.h"
#include "store/password_resets.h"
#include "store/people.h"
#include "store/person_identities.h"
#include "store/person_sessions.h"

namespace tollgate {

namespace {

constexpr int kLinkTokenLength = 32;  // 165 bits
constexpr std::chrono::hours kResetLife{1};

template <class T>
using Work = std::function<Result<T>(sql::Connection&)>;

std::unexpected<Error> useless_link() {
  return fail(ErrorCode::kNotFound,
              "This link was used, has expired, or was replaced by a newer one: ask for another.");
}

// The workspace that is all a person may do things in; nullopt: there is none, or more.
Result<std::optional<WorkspaceId>> only_workspace_of(sql::Connection& connection,
                                                     const Person& person) {
  const auto memberships = store::memberships_of(connection, person.id);
  if (!memberships) return std::unexpected(memberships.error());
  if (person.reach == Reach::kInstallation || memberships->size() != 1) return std::nullopt;
  return memberships->front().workspace;
}

// An account is given by somebody who answers for it: a key, which programs hold and whose owner is
// not asked, would make its maker's own account out of a session that was left open, and outlive
// its own revocation in somebody's name.
Status somebody_asks(const AdminCall& call) {
  if (call.person || call.by.actor == kCliActor) return {};
  return fail(ErrorCode::kInsufficientScope,
              "A management key makes no links to passwords: sign in to the dashboard, or use the "
              "command line beside the server.");
}

// Whether the caller may: an operator anybody, an admin who has no right beyond the admin's own;
// nobody themselves, or a session that was left open would be as good as the account.
Status may_reset(sql::Connection& connection, const AdminCall& call, const Person& person) {
  if (person.id.get() == call.by.actor) {
    return fail(ErrorCode::kInsufficientScope,
                "This account is your own: change its password under Settings.");
  }
  if (call.by.role == Role::kOperator) return {};
  const auto only = only_workspace_of(connection, person);
  if (!only) return std::unexpected(only.error());
  if (*only) return {};
  return fail(ErrorCode::kInsufficientScope,
              "This person may do things outside of your workspace: an operator makes their link.");
}

// Whether who made the link may still make it.
Result<bool> maker_still_may(sql::Connection& connection, const store::PasswordReset& reset) {
  if (reset.created_by == kCliActor) return true;
  const auto person = store::find_person(connection, reset.person);
  if (!person) return std::unexpected(person.error());
  const auto only = only_workspace_of(connection, *person);
  if (!only) return std::unexpected(only.error());
  const auto role = role_of_person(connection, PersonId(reset.created_by), *only);
  if (!role) return std::unexpected(role.error());
  return *role == Role::kOperator || (*role == Role::kAdmin && *only);
}

// The link of the person that `find` gives.
Task<Result<net::Response>> make_link(AdminCall& call, Work<Person> find, WorkspaceId workspace) {
  if (auto asks = somebody_asks(call); !asks) co_return std::unexpected(asks.error());
  const Secret token(random_id(call.context.random, "reset_", kLinkTokenLength));
  const WallTime ends = call.context.clock.wall() + kResetLife;
  Work<Person> work = [&](sql::Connection& connection) -> Result<Person> {
    auto person = find(connection);
    if (!person) return person;
    Status done = may_reset(connection, call, *person);
    if (done) {
      done = store::put_reset(
          connection, {.person = person->id, .created_by = call.by.actor, .expires_at = ends},
          sha256(token.expose()));
    }
    if (done) {
      done = audit_people_change(connection, call,
                                 {.action = "person.reset",
                                  .object = person->id.get(),
                                  .after = JsonFields().time("expires_at", ends).finish(),
                                  .workspace = workspace});
    }
    if (!done) return std::unexpected(done.error());
    return person;
  };
  const auto person = co_await call.context.ledger.write(std::move(work));
  if (!person) co_return std::unexpected(person.error());
  net::Response response = json_answer(JsonFields()
                                           .text("id", person->id.get())
                                           .text("email", person->email)
                                           .time("expires_at", ends)
                                           .text("link", "/reset#" + std::string(token.expose()))
                                           .finish());
  response.status = 201;
  co_return response;
}

Status unlink_all(sql::Connection& connection, const AdminCall& call, const PersonId& person) {
  const auto removed = store::remove_identities(connection, person);
  if (!removed) return std::unexpected(removed.error());
  for (const store::PersonIdentity& one : *removed) {
    Status done = audit_people_change(connection, call,
                                      {.actor = person.get(),
                                       .action = "person.unlink",
                                       .object = person.get(),
                                       .before = store::identity_json(one)});
    if (!done) return done;
  }
  return {};
}

// Everything that signed in before ends: whoever had the account may have left a way in.
Status replace_password(sql::Connection& connection, const AdminCall& call, const PersonId& person,
                        const std::string& hash) {
  Status done = store::set_password(connection, person, hash);
  if (done) done = store::remove_reset(connection, person);
  if (done) done = withdraw_invitations(connection, call, person, std::nullopt, person.get());
  if (done) done = unlink_all(connection, call, person);
  if (done) done = store::remove_sessions_except(connection, person, "");
  if (!done) return done;
  return audit_people_change(
      connection, call,
      {.actor = person.get(), .action = "person.password", .object = person.get()});
}

}  // namespace

Task<Result<net::Response>> reset_member(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const WorkspaceId workspace = one_workspace(call);
  Work<Person> find = [&call, workspace](sql::Connection& connection) -> Result<Person> {
    auto member = store::find_member(connection, workspace, PersonId(call.id));
    if (!member) return std::unexpected(member.error());
    return std::move(member->person);
  };
  co_return co_await make_link(call, std::move(find), workspace);
}

Task<Result<net::Response>> reset_person(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<Person> find = [&call](sql::Connection& connection) {
    return store::find_person(connection, PersonId(call.id));
  };
  co_return co_await make_link(call, std::move(find), WorkspaceId());
}

Task<Result<net::Response>> use_reset(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto request = parse_reset(*body);
  if (!request) co_return std::unexpected(request.error());
  const Sha256 token = sha256(request->token);
  using Found = std::optional<store::PasswordReset>;
  Work<Found> look = [&call, token](sql::Connection& connection) {
    return store::find_reset(connection, token, call.context.clock.wall());
  };
  // Before anything is hashed, which costs time and memory.
  const auto found = co_await call.context.ledger.read_facts(std::move(look));
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return useless_link();
  auto hash = co_await call.context.people.passwords.hash(std::move(request->password));
  if (!hash) co_return std::unexpected(hash.error());
  Work<store::Account> work = [&](sql::Connection& connection) -> Result<store::Account> {
    // Another may have used the link meanwhile.
    const auto reset = store::find_reset(connection, token, call.context.clock.wall());
    if (!reset) return std::unexpected(reset.error());
    if (!*reset) return useless_link();
    const auto allowed = maker_still_may(connection, **reset);
    if (!allowed) return std::unexpected(allowed.error());
    if (!*allowed) return useless_link();
    const PersonId person = (*reset)->person;
    Status done = replace_password(connection, call, person, *hash);
    if (!done) return std::unexpected(done.error());
    auto account = store::find_account(connection, person);
    if (!account) return std::unexpected(account.error());
    if (!*account) return useless_link();
    return std::move(**account);
  };
  auto account = co_await call.context.ledger.write(std::move(work));
  if (!account) co_return std::unexpected(account.error());
  co_return co_await begin_session(call, std::move(*account));
}

}  // namespace tollgate
