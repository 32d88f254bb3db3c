#include "admin/person_cookie.h"

#include <fmt/format.h>

#include <chrono>

#include "base/hash.h"
#include "domain/person.h"
#include "oidc/pending_sign_ins.h"

namespace tollgate {

namespace {

struct Cookie {
  std::string_view secure_name;
  std::string_view plain_name;
  std::string_view same_site;

  std::string_view name(Scheme scheme) const {
    return scheme == Scheme::kHttps ? secure_name : plain_name;
  }
};
constexpr Cookie kSession{"__Host-tollgate_session", "tollgate_session", "Strict"};
constexpr Cookie kSignIn{"__Host-tollgate_sign_in", "tollgate_sign_in", "Lax"};

std::string set_cookie(const Cookie& cookie, std::string_view token, std::chrono::seconds life,
                       Scheme scheme) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite={}{}", cookie.name(scheme),
                     token, life.count(), cookie.same_site,
                     scheme == Scheme::kHttps ? "; Secure" : "");
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view token_of(const Cookie& cookie, const net::FieldList& head, Scheme scheme) {
  std::string_view rest = head.find("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view pair = trimmed(rest.substr(0, end));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == cookie.name(scheme)) {
      return pair.substr(equals + 1);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

std::unexpected<Error> foreign() {
  return fail(ErrorCode::kForeignRequest,
              "This request did not come from the dashboard's own pages: reload the page and try "
              "again; programs use a management key.");
}

}  // namespace

std::string_view session_token(const net::FieldList& head, Scheme scheme) {
  return token_of(kSession, head, scheme);
}

std::string session_cookie(std::string_view token, Scheme scheme) {
  return set_cookie(kSession, token, kSessionAbsolute, scheme);
}

std::string no_session_cookie(Scheme scheme) {
  return set_cookie(kSession, "", std::chrono::seconds(0), scheme);
}

std::string_view sign_in_token(const net::FieldList& head, Scheme scheme) {
  return token_of(kSignIn, head, scheme);
}

std::string sign_in_cookie(std::string_view token, Scheme scheme) {
  return set_cookie(kSignIn, token, oidc::kSignInTime, scheme);
}

std::string no_sign_in_cookie(Scheme scheme) {
  return set_cookie(kSignIn, "", std::chrono::seconds(0), scheme);
}

std::string csrf_token_of(std::string_view session_token) {
  return to_hex(sha256("csrf:" + std::string(session_token)));
}

Status check_origin(const net::FieldList& head) {
  // The browser's own word, which no page can set; behind a proxy that rewrites Host the only one.
  const std::string_view site = head.find("sec-fetch-site");
  if (head.count("sec-fetch-site") == 1 && site == "same-origin") return {};
  if (!site.empty() && site != "none") return foreign();
  if (head.count("origin") == 0) return {};
  std::string_view origin = head.find("origin");
  const auto scheme = origin.find("://");
  if (head.count("origin") > 1 || scheme == std::string_view::npos) return foreign();
  origin.remove_prefix(scheme + 3);
  if (!net::equals_ignoring_case(origin, head.find("host"))) return foreign();
  return {};
}

Status check_csrf(const net::FieldList& head, std::string_view session_token) {
  if (auto own = check_origin(head); !own) return own;
  // Of hashes: the comparison's time tells nothing of the token.
  if (sha256(head.find("x-csrf-token")) != sha256(csrf_token_of(session_token))) return foreign();
  return {};
}

}  // namespace tollgate
