#include "admin/oidc_people.h"

#include <optional>
#include <utility>
#include <vector>

#include "admin/people_changes.h"
#include "domain/text_rules.h"
#include "store/invitations.h"
#include "store/person_identities.h"

namespace tollgate {

namespace {

Status record_identity(sql::Connection& connection, const AdminCall& call, const PersonId& person,
                       const Vouched& vouched) {
  const store::PersonIdentity identity{.person = person,
                                       .issuer = vouched.issuer,
                                       .subject = vouched.subject,
                                       .created_at = call.context.clock.wall()};
  Status done = store::insert_identity(connection, identity);
  if (!done) return done;
  return audit_people_change(connection, call,
                             {.actor = person.get(),
                              .action = "person.link",
                              .object = person.get(),
                              .after = store::identity_json(identity)});
}

// Somebody new, who was invited.
Result<store::Account> make_person(sql::Connection& connection, const AdminCall& call,
                                   const Vouched& vouched) {
  const bool named = !name_problem(vouched.name, kPersonNameLengthMax);
  store::Account account{.person = {.id = PersonId(random_id(call.context.random, "user_")),
                                    .email = vouched.email,
                                    .name = named ? vouched.name : vouched.email,
                                    .created_at = call.context.clock.wall()},
                         .password_hash = ""};
  if (name_problem(account.person.name, kPersonNameLengthMax)) account.person.name = "Somebody";
  Status done = store::insert_person(connection, account);
  if (done) done = record_identity(connection, call, account.person.id, vouched);
  if (!done) return std::unexpected(done.error());
  return account;
}

Result<std::optional<store::Account>> known_person(sql::Connection& connection,
                                                   const Vouched& vouched) {
  const auto id = store::find_person_by_identity(connection, vouched.issuer, vouched.subject);
  if (!id) return std::unexpected(id.error());
  if (!*id) return std::nullopt;
  return store::find_account(connection, **id);
}

}  // namespace

Result<store::Account> person_of(sql::Connection& connection, const AdminCall& call,
                                 const Vouched& vouched) {
  auto known = known_person(connection, vouched);
  if (!known) return std::unexpected(known.error());
  auto invitations =
      store::list_invitations_to(connection, vouched.email, call.context.clock.wall());
  if (!invitations) return std::unexpected(invitations.error());
  if (!*known) {
    const auto taken = store::find_account(connection, vouched.email);
    if (!taken) return std::unexpected(taken.error());
    if (*taken)
      return fail(ErrorCode::kConflict, "This address has an account that is not linked.");
    if (invitations->empty()) return fail(ErrorCode::kNotFound, "Nobody invited this address.");
    auto made = make_person(connection, call, vouched);
    if (!made) return made;
    known->emplace(std::move(*made));
  }
  store::Account account = std::move(**known);
  // An invitation is its address's: of somebody whose address is another one here it is not.
  if (account.person.email != vouched.email) return account;
  for (const Invitation& one : *invitations) {
    if (Status done = join_by(connection, call, one, account.person); !done) {
      return std::unexpected(done.error());
    }
  }
  return account;
}

Status link_identity(sql::Connection& connection, const AdminCall& call, const PersonId& person,
                     const Vouched& vouched) {
  const auto there = store::find_person(connection, person);
  if (!there) return std::unexpected(there.error());
  return record_identity(connection, call, person, vouched);
}

}  // namespace tollgate
