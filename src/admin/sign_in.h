// Signing in and out: the setup of the first operator, sessions, passwords (SPEC §9 "People").
#pragma once

#include <optional>
#include <string>

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"
#include "store/people.h"

namespace tollgate {

// GET /sign-in: what a visitor finds, before they sign in.
Task<Result<net::Response>> show_sign_in(AdminCall& call);
// POST /setup: makes the first operator, by the link that the start printed.
Task<Result<net::Response>> set_up(AdminCall& call);
// POST /session: signs in. kInvalidCredentials whether the account exists or not;
// kRateLimitExceeded with retry_after when it was tried too often.
Task<Result<net::Response>> sign_in(AdminCall& call);
// GET, DELETE /session: of the caller.
Task<Result<net::Response>> show_session(AdminCall& call);
Task<Result<net::Response>> sign_out(AdminCall& call);
// GET /sessions, DELETE /sessions/{id}: the caller's own, wherever they are signed in.
Task<Result<net::Response>> list_sessions(AdminCall& call);
Task<Result<net::Response>> end_session(AdminCall& call);
// POST /session/password: ends the person's other sessions, and the links to a new password that
// they made.
Task<Result<net::Response>> change_password(AdminCall& call);

// kInvalidCredentials, in the same words whatever of the two it is.
std::unexpected<Error> wrong_password();
// Whether the password is the account's, at the same cost if there is none; slowed down under the
// name that the attempt counts for. kInvalidCredentials, kRateLimitExceeded.
Task<Status> check_password(AdminCall& call, std::string counts_for,
                            std::optional<store::Account> account, Secret password);
// The signed-in caller's account, if the password is its own; what is done by it checks, where it
// is done, that the hash is still this one. kInvalidCredentials, kRateLimitExceeded.
Task<Result<store::Account>> check_own_password(AdminCall& call, Secret password);
// A session for the account, now: the session document with its cookie. kInvalidCredentials when
// its password has changed since it was checked. `how` is what the audit row says of the way in;
// nullopt: by password.
Task<Result<net::Response>> begin_session(AdminCall& call, store::Account account,
                                          std::optional<std::string> how = std::nullopt);

}  // namespace tollgate
