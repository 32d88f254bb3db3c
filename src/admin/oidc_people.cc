#include "admin/oidc_people.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "admin/link_makers.h"
#include "admin/people_changes.h"
#include "domain/text_rules.h"
#include "store/invitations.h"
#include "store/person_identities.h"
#include "store/person_sessions.h"

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

// Whether what was true when the link was begun still is: its session has not ended, and its
// password is the one that was given.
Result<bool> still_stands(sql::Connection& connection, const AdminCall& call,
                          const oidc::LinkWish& wish) {
  const auto account = store::find_account(connection, wish.person);
  if (!account) return std::unexpected(account.error());
  if (!*account || (*account)->password_hash != wish.password_hash.expose()) return false;
  const auto sessions = store::list_sessions(connection, wish.person, call.context.clock.wall());
  if (!sessions) return std::unexpected(sessions.error());
  return std::ranges::find(*sessions, wish.session, &PersonSession::id) != sessions->end();
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
  if (vouched.email.empty()) {
    if (*known) return std::move(**known);
    return fail(ErrorCode::kUnprocessable, "The provider names no verified e-mail address.");
  }
  const WallTime now = call.context.clock.wall();
  auto invitations = store::list_invitations_to(connection, vouched.email, now);
  if (invitations) invitations = those_that_hold(connection, std::move(*invitations), now);
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

Status link_identity(sql::Connection& connection, const AdminCall& call, const oidc::LinkWish& wish,
                     const Vouched& vouched) {
  const auto stands = still_stands(connection, call, wish);
  if (!stands) return std::unexpected(stands.error());
  if (!*stands) {
    return fail(ErrorCode::kExpiredSession,
                "The session that began the link has ended, or the password was changed.");
  }
  return record_identity(connection, call, wish.person, vouched);
}

}  // namespace tollgate
