#include "admin/person_cookie.h"

#include <fmt/format.h>

#include <chrono>

#include "base/hash.h"
#include "domain/person.h"

namespace tollgate {

namespace {

constexpr std::string_view kSecureName = "__Host-tollgate_session";
constexpr std::string_view kPlainName = "tollgate_session";

std::string_view cookie_name(Scheme scheme) {
  return scheme == Scheme::kHttps ? kSecureName : kPlainName;
}

std::string cookie(std::string_view token, std::chrono::seconds life, Scheme scheme) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", cookie_name(scheme),
                     token, life.count(), scheme == Scheme::kHttps ? "; Secure" : "");
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> foreign() {
  return fail(ErrorCode::kForeignRequest,
              "This request did not come from the dashboard's own pages: reload the page and try "
              "again; programs use a management key.");
}

}  // namespace

std::string_view session_token(const net::FieldList& head, Scheme scheme) {
  std::string_view rest = head.find("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string_view pair = trimmed(rest.substr(0, end));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == cookie_name(scheme)) {
      return pair.substr(equals + 1);
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

std::string session_cookie(std::string_view token, Scheme scheme) {
  return cookie(token, kSessionAbsolute, scheme);
}

std::string no_session_cookie(Scheme scheme) { return cookie("", std::chrono::seconds(0), scheme); }

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
