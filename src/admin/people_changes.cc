#include "admin/people_changes.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "store/invitations.h"
#include "store/password_resets.h"
#include "store/people.h"

namespace tollgate {

Status audit_people_change(sql::Connection& connection, const AdminCall& call,
                           AuditedChange change) {
  return audit_change(connection, call.by, std::move(change), call.context.clock.wall());
}

Status withdraw_invitations(sql::Connection& connection, const AdminCall& call,
                            const PersonId& person, const std::optional<WorkspaceId>& workspace,
                            const std::string& actor) {
  if (Status done = store::remove_resets_by(connection, person.get()); !done) return done;
  const auto removed = store::remove_invitations_of(connection, person, workspace);
  if (!removed) return std::unexpected(removed.error());
  for (const Invitation& one : *removed) {
    Status done = audit_people_change(connection, call,
                                      {.actor = actor,
                                       .action = "invitation.delete",
                                       .object = one.id,
                                       .before = store::invitation_json(one),
                                       .workspace = one.workspace});
    if (!done) return done;
  }
  return {};
}

Status join_by(sql::Connection& connection, const AdminCall& call, const Invitation& invitation,
               const Person& person) {
  Status done;
  if (invitation.role == Role::kOperator) {
    done = store::set_reach(connection, person.id, Reach::kInstallation);
  } else {
    const auto member = store::find_member(connection, invitation.workspace, person.id);
    if (!member && member.error().code != ErrorCode::kNotFound) {
      return std::unexpected(member.error());
    }
    const Role role = member ? std::max(member->role, invitation.role) : invitation.role;
    done = store::put_membership(connection, person.id, invitation.workspace, role,
                                 call.context.clock.wall());
  }
  if (done) done = store::remove_reset(connection, person.id);
  if (!done) return done;
  auto used = store::remove_invitation(connection, invitation.workspace, invitation.id);
  if (!used) return std::unexpected(used.error());
  return audit_people_change(connection, call,
                             {.actor = person.id.get(),
                              .action = "invitation.accept",
                              .object = invitation.id,
                              .after = store::invitation_json(invitation),
                              .workspace = invitation.workspace});
}

Task<Result<std::vector<std::string>>> management_keys_of(AdminCall& call, PersonId person,
                                                          std::optional<WorkspaceId> workspace) {
  using Ids = std::vector<std::string>;
  std::function<Result<Ids>(sql::Connection&)> work =
      [&ledger = call.context.ledger, person = std::move(person),
       workspace = std::move(workspace)](sql::Connection&) -> Result<Ids> {
    Ids ids;
    Ledger::KeyQuery query{
        .workspace = workspace, .type = KeyType::kManagement, .limit = kPageLimitMax};
    do {
      const auto page = ledger.list_keys(query);
      if (!page) return std::unexpected(page.error());
      for (const KeyView& view : page->keys) {
        if (view.key.created_by == person.get()) ids.push_back(view.key.id.get());
      }
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return ids;
  };
  return call.context.ledger.read_facts(std::move(work));
}

}  // namespace tollgate
