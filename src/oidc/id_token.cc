#include "oidc/id_token.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/json.h"

namespace tollgate::oidc {

namespace {

std::unexpected<Error> not_believed(std::string why) {
  return fail(ErrorCode::kInvalidCredentials,
              "What the sign-in provider said could not be verified.", std::move(why));
}

std::optional<std::string_view> text_at(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

// Seconds since 1970; a fraction is cut off.
std::optional<WallTime> time_at(const json::object& claims, std::string_view name) {
  constexpr double kFarthest = 1e11;
  const json::value* value = claims.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double seconds = value->to_number<double>();
  if (!std::isfinite(seconds) || std::abs(seconds) > kFarthest) return std::nullopt;
  return WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

// `aud` is one text or a list; with others beside us, `azp` must say that the token is ours.
bool is_for(const json::object& claims, std::string_view client_id) {
  const json::value* audience = claims.if_contains("aud");
  if (audience == nullptr) return false;
  const auto is_us = [client_id](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == client_id;
  };
  const bool several = audience->is_array() && audience->get_array().size() > 1;
  const bool named =
      audience->is_array() ? std::ranges::any_of(audience->get_array(), is_us) : is_us(*audience);
  if (!named) return false;
  if (!claims.contains("azp")) return !several;
  return text_at(claims, "azp") == client_id;
}

bool is_subject(std::string_view text) {
  return !text.empty() && text.size() <= kSubjectLengthMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

void read_person(const json::object& from, IdClaims& claims) {
  if (const auto name = text_at(from, "name")) claims.name = *name;
  const auto email = text_at(from, "email");
  if (!email) return;
  claims.email = *email;
  const json::value* verified = from.if_contains("email_verified");
  const bool is_verified = verified != nullptr && verified->is_bool() && verified->get_bool();
  claims.email_state = is_verified ? EmailState::kVerified : EmailState::kUnverified;
}

Status check_times(const json::object& claims, WallTime now) {
  const auto expires = time_at(claims, "exp");
  const auto issued = time_at(claims, "iat");
  if (!expires || !issued) return not_believed("the token says no exp or no iat");
  if (*expires + kClockSkew <= now) return not_believed("the token has expired (exp)");
  if (*issued > now + kClockSkew) return not_believed("the token is of the future (iat)");
  const auto not_before = time_at(claims, "nbf");
  if (claims.contains("nbf") && (!not_before || *not_before > now + kClockSkew)) {
    return not_believed("the token is not in force yet (nbf)");
  }
  return {};
}

}  // namespace

Result<IdClaims> check_id_token(std::string_view token, const WebKey& key,
                                const TokenRules& rules) {
  const auto payload = verified_payload(token, key);
  if (!payload) return std::unexpected(payload.error());
  const auto value = parse_json(*payload);
  const json::object* const claims = value ? value->if_object() : nullptr;
  if (claims == nullptr) return not_believed("the token's payload is no JSON object");
  if (text_at(*claims, "iss") != rules.issuer) {
    return not_believed("the token is another issuer's (iss)");
  }
  if (!is_for(*claims, rules.client_id)) return not_believed("the token is not for us (aud, azp)");
  if (Status timely = check_times(*claims, rules.now); !timely) {
    return std::unexpected(timely.error());
  }
  if (text_at(*claims, "nonce") != rules.nonce) {
    return not_believed("the token is of another sign-in (nonce)");
  }
  const auto subject = text_at(*claims, "sub");
  if (!subject || !is_subject(*subject)) return not_believed("the token names nobody (sub)");
  IdClaims read{.subject = std::string(*subject)};
  read_person(*claims, read);
  return read;
}

Result<IdClaims> add_user_info(IdClaims claims, std::string_view body) {
  const auto value = parse_json(body);
  const json::object* const told = value ? value->if_object() : nullptr;
  if (told == nullptr) {
    return fail(ErrorCode::kProviderError, "The sign-in provider's user info cannot be read.");
  }
  if (text_at(*told, "sub") != claims.subject) {
    return not_believed("the user info is another person's (sub)");
  }
  read_person(*told, claims);
  return claims;
}

}  // namespace tollgate::oidc
