#include "oidc/identity_provider.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/json.h"

namespace tollgate::oidc {

namespace {

constexpr std::size_t kErrorNameMax = 64;
constexpr int kOk = 200;

std::unexpected<Error> unusable(std::string detail) {
  return fail(ErrorCode::kProviderError, "The sign-in provider does not answer as it should.",
              std::move(detail));
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string challenge_of(const Secret& verifier) {
  const Sha256 hash = sha256(verifier.expose());
  return base64url({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// A code of RFC 6749 §5.2, and nothing else that may stand there.
std::string error_name(const json::object& answer) {
  const json::value* value = answer.if_contains("error");
  if (value == nullptr || !value->is_string()) return "no reason";
  const std::string_view name = value->get_string();
  const bool plain = name.size() <= kErrorNameMax && std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || c == '_';
                     });
  return plain ? std::string(name) : "a reason of its own";
}

std::string take_text(const json::object& answer, std::string_view name) {
  const json::value* value = answer.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

// By the client's id and secret, each form-encoded first (RFC 6749 §2.3.1).
Secret basic_proof(const OidcSettings& settings) {
  std::string pair =
      url_encoded(settings.client_id) + ":" + url_encoded(settings.client_secret.expose());
  Secret proof(net::basic_authorization(pair));
  OPENSSL_cleanse(pair.data(), pair.size());
  return proof;
}

}  // namespace

Task<Result<std::shared_ptr<const Discovery>>> IdentityProvider::discovery(
    net::HttpClient& client, const Clock& clock) const {
  using Found = std::shared_ptr<const Discovery>;
  Known<Discovery> known;
  const SteadyTime now = clock.steady();
  {
    Lock lock(mutex_);
    known = discovery_;
    const bool enough = known.is_younger(now, kKnownFor) || known.is_just_now(known.asked, now);
    if (enough && known.is_younger(now, kKnownAtMost)) co_return Found(known.value);
    if (known.is_just_now(known.failed, now)) co_return unusable("it was not reached just now");
    discovery_.asked = now;
  }
  Request request{.url = discovery_url(settings_.issuer)};
  auto reply = co_await fetch(client, reach_, std::move(request));
  Result<Discovery> read = fail(ErrorCode::kProviderError, "");
  if (!reply) {
    read = std::unexpected(reply.error());
  } else if (reply->status != kOk) {
    read = unusable(fmt::format("discovery document: status {}", reply->status));
  } else {
    read = parse_discovery(reply->body, settings_.issuer);
  }
  Lock lock(mutex_);
  if (!read) {
    discovery_.failed = clock.steady();
    if (known.is_younger(now, kKnownAtMost)) co_return Found(known.value);
    co_return std::unexpected(read.error());
  }
  auto found = std::make_shared<const Discovery>(std::move(*read));
  discovery_ = {.value = found, .since = now, .asked = now};
  co_return Found(found);
}

Task<Result<std::shared_ptr<const WebKeys>>> IdentityProvider::keys(net::HttpClient& client,
                                                                    const Clock& clock,
                                                                    const Discovery& at,
                                                                    Freshness wanted) const {
  using Found = std::shared_ptr<const WebKeys>;
  Known<WebKeys> known;
  const SteadyTime now = clock.steady();
  {
    Lock lock(mutex_);
    known = keys_;
    const bool enough =
        wanted == Freshness::kKnown
            ? known.is_younger(now, kKnownFor) || known.is_just_now(known.asked, now)
            : known.is_younger(now, kAskedAgainAfter) || known.is_just_now(known.failed, now);
    if (enough && known.is_younger(now, kKnownAtMost)) co_return Found(known.value);
    if (known.is_just_now(known.failed, now)) {
      co_return unusable("its keys were not reached just now");
    }
    keys_.asked = now;
  }
  Request request{.url = at.jwks_uri};
  auto reply = co_await fetch(client, reach_, std::move(request));
  Result<WebKeys> read = fail(ErrorCode::kProviderError, "");
  if (!reply) {
    read = std::unexpected(reply.error());
  } else if (reply->status != kOk) {
    read = unusable(fmt::format("keys: status {}", reply->status));
  } else {
    read = WebKeys::parse(reply->body);
  }
  Lock lock(mutex_);
  if (!read) {
    keys_.failed = clock.steady();
    if (known.is_younger(now, kKnownAtMost)) co_return Found(known.value);
    co_return std::unexpected(read.error());
  }
  auto found = std::make_shared<const WebKeys>(std::move(*read));
  keys_ = {.value = found, .since = now, .asked = now};
  co_return Found(found);
}

// An unknown key may be a new one: providers change theirs (OpenID Connect Core §10.1.1).
Task<Result<WebKey>> IdentityProvider::key_for(net::HttpClient& client, const Clock& clock,
                                               const Discovery& at, std::string_view token) const {
  const auto header = read_token_header(token);
  if (!header) co_return std::unexpected(header.error());
  for (const Freshness wanted : {Freshness::kKnown, Freshness::kNewer}) {
    const auto known = co_await keys(client, clock, at, wanted);
    if (!known) co_return std::unexpected(known.error());
    if (const WebKey* key = (*known)->find(*header)) co_return *key;
  }
  co_return fail(ErrorCode::kInvalidCredentials,
                 "What the sign-in provider said could not be verified.",
                 "the token is signed by a key that the provider does not publish");
}

Task<Result<std::string>> IdentityProvider::authorization_url(net::HttpClient& client,
                                                              const Clock& clock,
                                                              const SignInTerms& terms) const {
  const auto at = co_await discovery(client, clock);
  if (!at) co_return std::unexpected(at.error());
  std::string url = (*at)->authorization_endpoint;
  std::string query;
  append_form(query, "response_type", "code");
  append_form(query, "client_id", settings_.client_id);
  append_form(query, "redirect_uri", terms.redirect_uri);
  append_form(query, "scope", joined(settings_.scopes));
  append_form(query, "state", terms.state);
  append_form(query, "nonce", terms.nonce);
  append_form(query, "code_challenge", challenge_of(terms.verifier));
  append_form(query, "code_challenge_method", "S256");
  url += url.find('?') == std::string::npos ? '?' : '&';
  co_return url + query;
}

bool IdentityProvider::answers_as(std::string_view issuer) const {
  if (!issuer.empty()) return issuer == settings_.issuer;
  Lock lock(mutex_);
  return discovery_.value == nullptr || discovery_.value->names_issuer == NamesIssuer::kNo;
}

Task<Result<IdentityProvider::Tokens>> IdentityProvider::exchange(net::HttpClient& client,
                                                                  const Discovery& at,
                                                                  std::string code,
                                                                  const SignInTerms& terms) const {
  std::string form;
  append_form(form, "grant_type", "authorization_code");
  append_form(form, "code", code);
  append_form(form, "redirect_uri", terms.redirect_uri);
  append_form(form, "code_verifier", terms.verifier.expose());
  Request request{.method = "POST", .url = at.token_endpoint};
  const bool known_by_secret = !settings_.client_secret.empty();
  if (known_by_secret && at.proof == ClientProof::kHeader) {
    request.authorization = basic_proof(settings_);
  } else {
    append_form(form, "client_id", settings_.client_id);
    if (known_by_secret) append_form(form, "client_secret", settings_.client_secret.expose());
  }
  request.form = Secret(std::move(form));
  auto reply = co_await fetch(client, reach_, std::move(request));
  if (!reply) co_return std::unexpected(reply.error());
  const auto value = parse_json(reply->body);
  OPENSSL_cleanse(reply->body.data(), reply->body.size());
  const json::object* const answer = value ? value->if_object() : nullptr;
  if (answer == nullptr) {
    co_return unusable(fmt::format("token endpoint: status {}, and no JSON", reply->status));
  }
  if (reply->status != kOk) {
    co_return fail(
        ErrorCode::kInvalidCredentials, "The sign-in provider refused the sign-in.",
        fmt::format("token endpoint: status {}, {}", reply->status, error_name(*answer)));
  }
  Tokens tokens{.id_token = Secret(take_text(*answer, "id_token")),
                .access_token = Secret(take_text(*answer, "access_token"))};
  if (tokens.id_token.empty()) co_return unusable("token endpoint: no id_token came");
  co_return tokens;
}

Task<Result<IdClaims>> IdentityProvider::ask_user_info(net::HttpClient& client, const Discovery& at,
                                                       const Secret& access_token,
                                                       IdClaims claims) const {
  Request request{.url = at.userinfo_endpoint,
                  .authorization = Secret("Bearer " + std::string(access_token.expose()))};
  auto reply = co_await fetch(client, reach_, std::move(request));
  if (!reply) co_return std::unexpected(reply.error());
  if (reply->status != kOk) {
    co_return unusable(fmt::format("user info: status {}", reply->status));
  }
  co_return add_user_info(std::move(claims), reply->body);
}

Task<Result<IdClaims>> IdentityProvider::redeem(net::HttpClient& client, const Clock& clock,
                                                std::string code, const SignInTerms& terms) const {
  const auto at = co_await discovery(client, clock);
  if (!at) co_return std::unexpected(at.error());
  const auto tokens = co_await exchange(client, **at, std::move(code), terms);
  if (!tokens) co_return std::unexpected(tokens.error());
  const auto key = co_await key_for(client, clock, **at, tokens->id_token.expose());
  if (!key) co_return std::unexpected(key.error());
  const TokenRules rules{.issuer = settings_.issuer,
                         .client_id = settings_.client_id,
                         .nonce = terms.nonce,
                         .now = clock.wall()};
  auto claims = check_id_token(tokens->id_token.expose(), *key, rules);
  // With an access token at hand many providers say the rest there (OpenID Connect Core §5.4).
  const bool asks = claims && claims->email_state != EmailState::kVerified &&
                    !(*at)->userinfo_endpoint.empty() && !tokens->access_token.empty();
  if (!asks) co_return claims;
  auto more = co_await ask_user_info(client, **at, tokens->access_token, *claims);
  // Without an answer there the token stands as it is: who has been here needs no address.
  const bool answered = more || more.error().code == ErrorCode::kInvalidCredentials;
  co_return answered ? std::move(more) : std::move(claims);
}

}  // namespace tollgate::oidc
