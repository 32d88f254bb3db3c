#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/link_makers.h"
#include "admin/members.h"
#include "admin/people_changes.h"
#include "admin/person_request.h"
#include "admin/request_body.h"
#include "admin/sessions.h"
#include "admin/sign_in.h"
#include "base/hash.h"
#include "domain/text_rules.h"
#include "ledger/replays.h"
#include "sql/connection.h"
#include "store/invitations.h"
#include "store/people.h"
#include "store/workspaces.h"

namespace tollgate {

namespace {

constexpr int kLinkTokenLength = 32;      // 165 bits
constexpr std::int64_t kOpenMax = 1'000;  // of one workspace: lists have them all

template <class T>
using Work = std::function<Result<T>(sql::Connection&)>;

// What the holder of a link sees of it.
struct Invited {
  Invitation invitation;
  std::string workspace_name;
  std::optional<store::Account> account = {};  // of the address, if it has one
};

Status no_role_above(const AdminCall& call, Role role) {
  if (role <= call.by.role) return {};
  return std::unexpected(
      Error{.code = ErrorCode::kInsufficientScope,
            .message = "Nobody grants a role above their own, or takes such an invitation back.",
            .param = "role"});
}

// Ends one that stands, if the caller could have made it.
Status withdraw(sql::Connection& connection, const AdminCall& call, const Invitation& invitation) {
  if (Status allowed = no_role_above(call, invitation.role); !allowed) return allowed;
  auto removed = store::remove_invitation(connection, invitation.workspace, invitation.id);
  if (!removed) return std::unexpected(removed.error());
  return audit_people_change(connection, call,
                             {.action = "invitation.delete",
                              .object = removed->id,
                              .before = store::invitation_json(*removed),
                              .workspace = removed->workspace});
}

// Whether the workspace may have one more. Those that nobody can take any more are in nobody's way.
Status has_room(sql::Connection& connection, const WorkspaceId& workspace, WallTime now) {
  const auto count = store::count_invitations(connection, workspace, now);
  if (!count) return std::unexpected(count.error());
  if (*count < kOpenMax) return {};
  auto open = store::list_invitations(connection, workspace, now);
  if (open) open = those_that_hold(connection, std::move(*open), now);
  if (!open) return std::unexpected(open.error());
  if (std::ssize(*open) < kOpenMax) return {};
  return fail(
      ErrorCode::kConflict,
      fmt::format("This workspace has {} open invitations: take some back first.", open->size()));
}

JsonFields invitation_fields(const Invitation& invitation) {
  JsonFields fields;
  fields.text("id", invitation.id)
      .text("workspace_id", invitation.workspace.get())
      .text("email", invitation.email)
      .text("role", role_name(invitation.role))
      .text("created_by", invitation.created_by)
      .time("created_at", invitation.created_at)
      .time("expires_at", invitation.expires_at);
  return fields;
}

Result<Invited> find_invited(sql::Connection& connection, const Sha256& hash, WallTime now) {
  auto invitation = store::find_invitation(connection, hash, now);
  if (!invitation) return std::unexpected(invitation.error());
  bool holds = false;
  if (*invitation) {
    const auto asked = invitation_holds(connection, **invitation, now);
    if (!asked) return std::unexpected(asked.error());
    holds = *asked;
  }
  if (!holds) {
    return fail(ErrorCode::kNotFound,
                "This invitation was used, taken back, or has expired: ask for a new one.");
  }
  auto workspace = store::find_workspace(connection, (*invitation)->workspace);
  if (!workspace) return std::unexpected(workspace.error());
  auto account = store::find_account(connection, (*invitation)->email);
  if (!account) return std::unexpected(account.error());
  return Invited{.invitation = std::move(**invitation),
                 .workspace_name = std::move(workspace->name),
                 .account = std::move(*account)};
}

Task<Result<Invited>> read_invited(AdminCall& call, std::string_view token) {
  Work<Invited> work = [hash = sha256(token),
                        now = call.context.clock.wall()](sql::Connection& connection) {
    return find_invited(connection, hash, now);
  };
  return call.context.ledger.read_facts(std::move(work));
}

// Of somebody new: name and password are theirs to choose.
Result<NewAccount> new_account(const Invitation& invitation, AcceptRequest request) {
  if (auto wrong = name_problem(request.name, kPersonNameLengthMax)) {
    return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                                 .message = "Correct `name`: it " + *wrong + ".",
                                 .param = "name"});
  }
  if (auto wrong = password_problem(request.password.expose())) {
    return std::unexpected(Error{.code = ErrorCode::kUnprocessable,
                                 .message = "Correct `password`: it " + *wrong + ".",
                                 .param = "password"});
  }
  return NewAccount{.email = invitation.email,
                    .name = std::move(request.name),
                    .password = std::move(request.password)};
}

// Who accepts: the account that there is, its password checked, or a new one.
Task<Result<store::Account>> account_of(AdminCall& call, const Invited& invited,
                                        AcceptRequest request) {
  if (invited.account) {
    const Status right = co_await check_password(call, invited.invitation.email, invited.account,
                                                 std::move(request.password));
    if (!right) co_return std::unexpected(right.error());
    co_return *invited.account;
  }
  auto made = new_account(invited.invitation, std::move(request));
  if (!made) co_return std::unexpected(made.error());
  auto hash = co_await call.context.people.passwords.hash(std::move(made->password));
  if (!hash) co_return std::unexpected(hash.error());
  co_return store::Account{.person = {.id = PersonId(random_id(call.context.random, "user_")),
                                      .email = std::move(made->email),
                                      .name = std::move(made->name),
                                      .created_at = call.context.clock.wall()},
                           .password_hash = std::move(*hash)};
}

}  // namespace

Task<Result<net::Response>> list_invitations(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<std::vector<Invitation>> work =
      [&call](sql::Connection& connection) -> Result<std::vector<Invitation>> {
    const WallTime now = call.context.clock.wall();
    auto open = store::list_invitations(connection, one_workspace(call), now);
    if (!open) return open;
    return those_that_hold(connection, std::move(*open), now);
  };
  const auto invitations = co_await call.context.ledger.read_facts(std::move(work));
  if (!invitations) co_return std::unexpected(invitations.error());
  std::vector<std::string> rows;
  for (const Invitation& one : *invitations) rows.push_back(invitation_fields(one).finish());
  co_return json_answer(page_json(rows, ""));
}

Task<Result<net::Response>> create_invitation(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  const auto request = parse_invitation(*body);
  if (!request) co_return std::unexpected(request.error());
  if (Status allowed = no_role_above(call, request->role); !allowed) {
    co_return std::unexpected(allowed.error());
  }
  const Secret token(random_id(call.context.random, "invite_", kLinkTokenLength));
  const WallTime now = call.context.clock.wall();
  Invitation invitation{.id = random_id(call.context.random, "inv_"),
                        .workspace = one_workspace(call),
                        .email = request->email,
                        .role = request->role,
                        .created_by = call.by.actor,
                        .created_at = now,
                        .expires_at = now + kInvitationLife};
  Work<Replayed> work = [&](sql::Connection& connection) -> Result<Replayed> {
    const auto made = replayed_object(connection, *idempotency, now);
    if (!made) return std::unexpected(made.error());
    if (*made) {
      auto before = store::find_invitation(connection, invitation.workspace, (*made)->id);
      if (!before) return std::unexpected(before.error());
      invitation = std::move(*before);
      return Replayed::kYes;
    }
    const auto earlier =
        store::find_invitation_to(connection, invitation.workspace, invitation.email, now);
    if (!earlier) return std::unexpected(earlier.error());
    Status done = *earlier ? withdraw(connection, call, **earlier)
                           : has_room(connection, invitation.workspace, now);
    if (done) done = store::insert_invitation(connection, invitation, sha256(token.expose()));
    if (done) {
      done = audit_people_change(connection, call,
                                 {.action = "invitation.create",
                                  .object = invitation.id,
                                  .after = store::invitation_json(invitation),
                                  .workspace = invitation.workspace});
    }
    if (done) done = remember_object(connection, *idempotency, invitation.id, now);
    if (!done) return std::unexpected(done.error());
    return Replayed::kNo;
  };
  const auto made = co_await call.context.ledger.write(std::move(work));
  if (!made) co_return std::unexpected(made.error());
  if (*made == Replayed::kYes) {
    net::Response replayed = json_answer(invitation_fields(invitation).finish());
    replayed.status = 201;
    replayed.fields.emplace_back("Idempotent-Replayed", "true");
    co_return replayed;
  }
  // In the fragment, which no server and no log ever sees.
  net::Response response = json_answer(invitation_fields(invitation)
                                           .text("link", "/invite#" + std::string(token.expose()))
                                           .finish());
  response.status = 201;
  co_return response;
}

Task<Result<net::Response>> revoke_invitation(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<Invitation> work = [&call](sql::Connection& connection) -> Result<Invitation> {
    auto found = store::find_invitation(connection, one_workspace(call), call.id);
    if (!found) return found;
    if (Status done = withdraw(connection, call, *found); !done) {
      return std::unexpected(done.error());
    }
    return found;
  };
  const auto removed = co_await call.context.ledger.write(std::move(work));
  if (!removed) co_return std::unexpected(removed.error());
  co_return json_answer(invitation_fields(*removed).finish());
}

Task<Result<net::Response>> look_up_invitation(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto invited = co_await read_invited(call, call.exchange.head().find("x-invitation"));
  if (!invited) co_return std::unexpected(invited.error());
  co_return json_answer(JsonFields()
                            .text("email", invited->invitation.email)
                            .text("role", role_name(invited->invitation.role))
                            .text("workspace", invited->workspace_name)
                            .raw("has_account", invited->account ? "true" : "false")
                            .time("expires_at", invited->invitation.expires_at)
                            .finish());
}

Task<Result<net::Response>> accept_invitation(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto request = parse_accept(*body);
  if (!request) co_return std::unexpected(request.error());
  const Sha256 hash = sha256(request->token);
  const auto invited = co_await read_invited(call, request->token);
  if (!invited) co_return std::unexpected(invited.error());
  const auto account = co_await account_of(call, *invited, std::move(*request));
  if (!account) co_return std::unexpected(account.error());
  Work<store::Account> work = [&](sql::Connection& connection) -> Result<store::Account> {
    // Another may have used the link meanwhile, or the account's password may be another one.
    const auto still = find_invited(connection, hash, call.context.clock.wall());
    if (!still) return std::unexpected(still.error());
    const bool same = still->account && still->account->password_hash == account->password_hash;
    if (invited->account && !same) return wrong_password();
    Status done;
    if (!invited->account) done = store::insert_person(connection, *account);
    if (done) done = join_by(connection, call, still->invitation, account->person);
    if (!done) return std::unexpected(done.error());
    return *account;
  };
  auto joined = co_await call.context.ledger.write(std::move(work));
  if (!joined) co_return std::unexpected(joined.error());
  co_return co_await begin_session(call, std::move(*joined));
}

}  // namespace tollgate
