#include "oidc/discovery.h"

#include <algorithm>

#include "base/json.h"
#include "domain/oidc_settings.h"

namespace tollgate::oidc {

namespace {

std::unexpected<Error> unusable(std::string what) {
  return fail(ErrorCode::kProviderError, "The sign-in provider's configuration cannot be used.",
              "discovery document: " + std::move(what));
}

std::string text_at(const json::object& document, std::string_view name) {
  const json::value* value = document.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

// Whether the list holds the text; `absent` when there is no list.
enum class Holds { kNo, kYes };
Holds holds(const json::object& document, std::string_view name, std::string_view text,
            Holds absent) {
  const json::value* value = document.if_contains(name);
  if (value == nullptr) return absent;
  if (!value->is_array()) return Holds::kNo;
  const bool found = std::ranges::any_of(value->get_array(), [text](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == text;
  });
  return found ? Holds::kYes : Holds::kNo;
}

bool is_true(const json::object& document, std::string_view name) {
  const json::value* value = document.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<Discovery> parse_discovery(std::string_view text, std::string_view issuer) {
  const auto value = parse_json(text);
  const json::object* const document = value ? value->if_object() : nullptr;
  if (document == nullptr) return unusable("it is no JSON object");
  if (text_at(*document, "issuer") != issuer) {
    return unusable("its issuer is not the configured one, letter by letter");
  }
  Discovery found{.authorization_endpoint = text_at(*document, "authorization_endpoint"),
                  .token_endpoint = text_at(*document, "token_endpoint"),
                  .jwks_uri = text_at(*document, "jwks_uri"),
                  .userinfo_endpoint = text_at(*document, "userinfo_endpoint")};
  if (!is_oidc_url(found.authorization_endpoint)) return unusable("authorization_endpoint");
  if (!is_oidc_url(found.token_endpoint)) return unusable("token_endpoint");
  if (!is_oidc_url(found.jwks_uri)) return unusable("jwks_uri");
  if (!found.userinfo_endpoint.empty() && !is_oidc_url(found.userinfo_endpoint)) {
    return unusable("userinfo_endpoint");
  }
  // client_secret_basic is what a document means that says nothing.
  constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  const bool in_header =
      holds(*document, kMethods, "client_secret_basic", Holds::kYes) == Holds::kYes;
  const bool in_body = holds(*document, kMethods, "client_secret_post", Holds::kNo) == Holds::kYes;
  if (!in_header && in_body) found.proof = ClientProof::kBody;
  if (is_true(*document, "authorization_response_iss_parameter_supported")) {
    found.names_issuer = NamesIssuer::kYes;
  }
  return found;
}

}  // namespace tollgate::oidc
