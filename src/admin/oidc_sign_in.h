// Signing in with an OpenID provider (SPEC §9; docs/adr/0020-signing-in-elsewhere.md): to the
// provider and back, whose sign-in it is, and linking one to an account that has a password.
//
// The two pages of the way there and back are for browsers: whatever goes wrong, they are sent to
// the sign-in page with a short reason, never to an address that came with the request.
#pragma once

#include <string>
#include <string_view>

#include "admin/admin.h"
#include "base/error.h"
#include "net/exchange.h"
#include "runtime/task.h"

namespace tollgate {

// GET /oidc/start?next=PATH, GET /oidc/callback.
Task<Result<net::Response>> start_oidc(AdminCall& call);
Task<Result<net::Response>> finish_oidc(AdminCall& call);

// GET, POST, DELETE /session/oidc: whether the caller's account is linked, linking it (their
// password is asked for, then the provider), and taking the link away. kNotFound where there is no
// provider.
Task<Result<net::Response>> show_oidc_link(AdminCall& call);
Task<Result<net::Response>> begin_oidc_link(AdminCall& call);
Task<Result<net::Response>> remove_oidc_link(AdminCall& call);

// `text` if it is a path of ours to go on to, else "/": no other origin can be meant by it.
std::string own_path(std::string_view text);

}  // namespace tollgate
