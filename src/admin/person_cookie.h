// The cookie of a person's session, and what shows that a request comes from our own pages (CSRF).
// Pure.
//
// Over HTTPS it is `__Host-tollgate_session` (RFC 6265bis §4.1.3.2: this host alone, Secure, whole
// path); over plain HTTP, which only loopback clients may use, the same without prefix and Secure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/client_address.h"
#include "net/http_message.h"

namespace tollgate {

// The session's token; "" when there is none.
std::string_view session_token(const net::FieldList& head, Scheme scheme);

// The Set-Cookie value that gives the browser a token, and the one that takes it away.
std::string session_cookie(std::string_view token, Scheme scheme);
std::string no_session_cookie(Scheme scheme);

// The same of a sign-in that is on its way to an OpenID provider and back: a cookie of ten minutes,
// which comes along when the provider sends the browser back (SameSite=Lax).
std::string_view sign_in_token(const net::FieldList& head, Scheme scheme);
std::string sign_in_cookie(std::string_view token, Scheme scheme);
std::string no_sign_in_cookie(Scheme scheme);

// What a page sends along as X-CSRF-Token: made from the session's token, so that only who holds
// that knows it.
std::string csrf_token_of(std::string_view session_token);

// kForeignRequest when a browser says that another site's page sent the request (Origin or
// Sec-Fetch-Site). A request that says nothing of itself passes: no browser sent it.
Status check_origin(const net::FieldList& head);
// The same, and that X-CSRF-Token is the session's.
Status check_csrf(const net::FieldList& head, std::string_view session_token);

}  // namespace tollgate
