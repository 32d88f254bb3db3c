#include "admin/oidc_sign_in.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "admin/json_fields.h"
#include "admin/oidc_people.h"
#include "admin/people_changes.h"
#include "admin/person_cookie.h"
#include "admin/person_request.h"
#include "admin/request_body.h"
#include "admin/sign_in.h"
#include "base/log.h"
#include "domain/http_url.h"
#include "domain/person.h"
#include "store/person_identities.h"
#include "store/person_sessions.h"

namespace tollgate {

namespace {

constexpr std::size_t kReturnLengthMax = 2'000;
constexpr int kNonceLength = 43;     // 222 bits
constexpr int kVerifierLength = 64;  // RFC 7636 §4.1: 43–128
constexpr std::string_view kSettingsPage = "/settings";
constexpr std::string_view kSignInPage = "/sign-in";

using ProviderPtr = std::shared_ptr<const oidc::IdentityProvider>;

template <class T>
using Work = std::function<Result<T>(sql::Connection&)>;

std::unexpected<Error> no_provider() {
  return fail(ErrorCode::kNotFound,
              "Signing in with an OpenID provider is not set up: `oidc` in tollgate.yaml does.");
}

net::Response send_to(std::string place) {
  net::Response response;
  response.status = 303;
  response.content_type = "text/plain; charset=utf-8";
  response.fields.emplace_back("Location", std::move(place));
  return response;
}

// To a page of ours that says why, by a word that it knows. The reason in full is for the log, but
// not of everybody who asks for it.
net::Response refuse(const AdminCall& call, std::string_view page, std::string_view word,
                     std::string_view reason) {
  if (call.context.people.refusals.is_due(word)) {
    log(LogLevel::kWarning, "sign-in with the OpenID provider refused [{}]: {}: {}",
        call.request_id, word, reason);
  }
  net::Response response = send_to(std::string(page) + "?refused=" + std::string(word));
  response.fields.emplace_back("Set-Cookie", no_sign_in_cookie(call.client.scheme));
  return response;
}

// Anybody can come with a state that is none, or send somebody here with one: that is not worth a
// line of the log, and ends no sign-in that this browser did begin.
net::Response refuse_unknown() { return send_to(std::string(kSignInPage) + "?refused=expired"); }

std::string reason_of(const Error& error) {
  return error.detail.empty() ? error.message : error.message + " " + error.detail;
}

// Where the provider sends the browser back to; nullopt when the browser does not say where it is.
std::optional<std::string> redirect_uri(const AdminCall& call, const OidcSettings& settings) {
  std::string origin = settings.public_url;
  if (origin.empty()) {
    const std::string_view host = call.exchange.head().find("host");
    if (!split_host_port(host)) return std::nullopt;
    origin = (call.client.scheme == Scheme::kHttps ? "https://" : "http://") + std::string(host);
  }
  return origin + "/admin/v1/oidc/callback";
}

// A sign-in that is on its way now.
struct Begun {
  std::string location;
  std::string browser;  // for the cookie
};

Task<Result<Begun>> begin(AdminCall& call, const ProviderPtr& provider, std::string return_to,
                          std::optional<oidc::LinkWish> link) {
  auto back = redirect_uri(call, provider->settings());
  if (!back) co_return fail(ErrorCode::kInvalidRequest, "The Host field is no host.");
  Random& random = call.context.random;
  oidc::SignInTerms terms{.state = {},
                          .nonce = random_id(random, "", kNonceLength),
                          .redirect_uri = std::move(*back),
                          .verifier = Secret(random_id(random, "", kVerifierLength))};
  oidc::SignInPlace place{.address = place_of(call.client.address),
                          .network = network_of(call.client.address)};
  auto tokens = call.context.people.on_their_way.open({.issuer = provider->settings().issuer,
                                                       .verifier = terms.verifier,
                                                       .nonce = terms.nonce,
                                                       .redirect_uri = terms.redirect_uri,
                                                       .return_to = std::move(return_to),
                                                       .link = std::move(link)},
                                                      place, random);
  terms.state = std::move(tokens.state);
  auto url = co_await provider->authorization_url(call.http_client, call.context.clock, terms);
  if (!url) co_return std::unexpected(url.error());
  co_return Begun{.location = std::move(*url), .browser = std::move(tokens.browser)};
}

// What came back with the browser. What providers add beside it is not looked at (RFC 6749 §4.1.2).
struct CameBack {
  std::string state;
  std::string code;
  std::string error;
  std::string issuer;
};

CameBack take_answer(Query& query) {
  return {.state = query.take("state").value_or(""),
          .code = query.take("code").value_or(""),
          .error = query.take("error").value_or(""),
          .issuer = query.take("iss").value_or("")};
}

// Either what the provider vouches for, or the word for why it does not.
struct Judged {
  std::optional<Vouched> vouched;
  std::string_view word = {};
  std::string reason = {};
};

// Whoever is known by their subject needs no address, unless the settings ask for one of theirs.
Judged judge(const OidcSettings& settings, const Result<oidc::IdClaims>& claims) {
  if (!claims) {
    const bool refused = claims.error().code == ErrorCode::kInvalidCredentials;
    return {.vouched = std::nullopt,
            .word = refused ? "unverified" : "unreachable",
            .reason = reason_of(claims.error())};
  }
  std::optional<std::string> email;
  if (claims->email_state == oidc::EmailState::kVerified) email = normal_email(claims->email);
  if (!email && !settings.allowed_domains.empty()) {
    return {.vouched = std::nullopt,
            .word = "email",
            .reason = "the provider names no verified e-mail address"};
  }
  if (email && !allows_email(settings, *email)) {
    return {.vouched = std::nullopt,
            .word = "domain",
            .reason = "the address is of none of the allowed domains"};
  }
  return {.vouched = Vouched{.issuer = settings.issuer,
                             .subject = claims->subject,
                             .email = email.value_or(""),
                             .name = claims->name}};
}

Task<Judged> ask_provider(AdminCall& call, const ProviderPtr& provider, CameBack came,
                          const oidc::PendingSignIn& begun) {
  if (!came.error.empty()) {
    const bool denied = came.error == "access_denied";
    co_return Judged{.vouched = std::nullopt,
                     .word = denied ? "denied" : "failed",
                     .reason = denied ? "access_denied" : "the provider reports an error"};
  }
  if (came.code.empty() || begun.issuer != provider->settings().issuer ||
      !provider->answers_as(came.issuer)) {
    co_return Judged{.vouched = std::nullopt,
                     .word = "failed",
                     .reason = "the answer is not this provider's, or has no code"};
  }
  const oidc::SignInTerms terms{.state = {},
                                .nonce = begun.nonce,
                                .redirect_uri = begun.redirect_uri,
                                .verifier = begun.verifier};
  auto claims =
      co_await provider->redeem(call.http_client, call.context.clock, std::move(came.code), terms);
  co_return judge(provider->settings(), claims);
}

Task<Result<net::Response>> finish_link(AdminCall& call, oidc::LinkWish wish, Vouched vouched) {
  Work<bool> work = [&](sql::Connection& connection) -> Result<bool> {
    Status done = link_identity(connection, call, wish, vouched);
    if (!done) return std::unexpected(done.error());
    return true;
  };
  const auto done = co_await call.context.ledger.write(std::move(work));
  if (!done && done.error().code == ErrorCode::kConflict) {
    co_return refuse(call, kSettingsPage, "taken", "it is linked to another account already");
  }
  if (!done) {
    const bool stale = done.error().code == ErrorCode::kExpiredSession;
    co_return refuse(call, kSettingsPage, stale ? "expired" : "failed", reason_of(done.error()));
  }
  net::Response response = send_to(std::string(kSettingsPage));
  response.fields.emplace_back("Set-Cookie", no_sign_in_cookie(call.client.scheme));
  co_return response;
}

std::string_view word_of(ErrorCode code) {
  if (code == ErrorCode::kConflict) return "unlinked";
  if (code == ErrorCode::kUnprocessable) return "email";
  return code == ErrorCode::kNotFound ? "stranger" : "failed";
}

Task<Result<net::Response>> finish_sign_in(AdminCall& call, Vouched vouched,
                                           std::string return_to) {
  Work<store::Account> work = [&](sql::Connection& connection) {
    return person_of(connection, call, vouched);
  };
  auto account = co_await call.context.ledger.write(std::move(work));
  if (!account) {
    co_return refuse(call, kSignInPage, word_of(account.error().code), reason_of(account.error()));
  }
  std::string how = JsonFields().text("oidc", vouched.issuer).finish();
  const auto begun = co_await begin_session(call, std::move(*account), std::move(how));
  if (!begun) co_return refuse(call, kSignInPage, "failed", reason_of(begun.error()));
  net::Response response = send_to(std::move(return_to));
  std::ranges::copy_if(begun->fields, std::back_inserter(response.fields),
                       [](const auto& field) { return field.first == "Set-Cookie"; });
  response.fields.emplace_back("Set-Cookie", no_sign_in_cookie(call.client.scheme));
  co_return response;
}

}  // namespace

std::string own_path(std::string_view text) {
  const std::string_view path = text.substr(0, text.find_first_of("?#"));
  const bool visible =
      std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
  const bool own = text.size() <= kReturnLengthMax && visible && text.starts_with('/') &&
                   path.find("//") == std::string_view::npos &&
                   path.find("/.") == std::string_view::npos;
  return own ? std::string(text) : "/";
}

Task<Result<net::Response>> start_oidc(AdminCall& call) {
  const ProviderPtr provider = call.context.options()->identity_provider;
  std::string next = own_path(call.query.take("next").value_or("/"));
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  if (provider == nullptr) co_return no_provider();
  // No page of another site begins a sign-in in its visitor's name.
  if (!check_origin(call.exchange.head())) co_return send_to(std::string(kSignInPage));
  auto begun = co_await begin(call, provider, std::move(next), std::nullopt);
  if (!begun) co_return refuse(call, kSignInPage, "unreachable", reason_of(begun.error()));
  net::Response response = send_to(std::move(begun->location));
  response.fields.emplace_back("Set-Cookie", sign_in_cookie(begun->browser, call.client.scheme));
  co_return response;
}

Task<Result<net::Response>> finish_oidc(AdminCall& call) {
  const ProviderPtr provider = call.context.options()->identity_provider;
  if (provider == nullptr) co_return no_provider();
  CameBack came = take_answer(call.query);
  const std::string_view browser = sign_in_token(call.exchange.head(), call.client.scheme);
  auto begun = call.context.people.on_their_way.take(came.state, browser);
  if (!begun) co_return refuse_unknown();
  const std::string_view page = begun->link ? kSettingsPage : kSignInPage;
  Judged judged = co_await ask_provider(call, provider, std::move(came), *begun);
  if (!judged.vouched) co_return refuse(call, page, judged.word, judged.reason);
  if (begun->link) {
    co_return co_await finish_link(call, std::move(*begun->link), std::move(*judged.vouched));
  }
  co_return co_await finish_sign_in(call, std::move(*judged.vouched), std::move(begun->return_to));
}

Task<Result<net::Response>> show_oidc_link(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ProviderPtr provider = call.context.options()->identity_provider;
  if (provider == nullptr) co_return no_provider();
  using Found = std::optional<store::PersonIdentity>;
  Work<Found> work = [&call, &provider](sql::Connection& connection) {
    return store::find_identity(connection, call.person->person.id, provider->settings().issuer);
  };
  const auto found = co_await call.context.ledger.read_facts(std::move(work));
  if (!found) co_return std::unexpected(found.error());
  std::optional<WallTime> linked_at;
  if (*found) linked_at = (*found)->created_at;
  co_return json_answer(JsonFields()
                            .text("name", provider->settings().name)
                            .text("issuer", provider->settings().issuer)
                            .time_or_null("linked_at", linked_at)
                            .finish());
}

Task<Result<net::Response>> begin_oidc_link(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto password = parse_password_proof(*body);
  if (!password) co_return std::unexpected(password.error());
  const ProviderPtr provider = call.context.options()->identity_provider;
  if (provider == nullptr) co_return no_provider();
  auto own = co_await check_own_password(call, std::move(*password));
  if (!own) co_return std::unexpected(own.error());
  oidc::LinkWish wish{.person = own->person.id,
                      .session = call.person->session.id,
                      .password_hash = Secret(std::move(own->password_hash))};
  auto begun = co_await begin(call, provider, std::string(kSettingsPage), std::move(wish));
  if (!begun) co_return std::unexpected(begun.error());
  net::Response response = json_answer(JsonFields().text("location", begun->location).finish());
  response.fields.emplace_back("Set-Cookie", sign_in_cookie(begun->browser, call.client.scheme));
  co_return response;
}

Task<Result<net::Response>> remove_oidc_link(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const ProviderPtr provider = call.context.options()->identity_provider;
  if (provider == nullptr) co_return no_provider();
  Work<bool> work = [&call, &provider](sql::Connection& connection) -> Result<bool> {
    const PersonId& person = call.person->person.id;
    const auto account = store::find_account(connection, person);
    if (!account) return std::unexpected(account.error());
    if (!*account || (*account)->password_hash.empty()) {
      return fail(ErrorCode::kConflict, "This is your only way in: you have no password here.");
    }
    const std::string& issuer = provider->settings().issuer;
    const auto identity = store::find_identity(connection, person, issuer);
    if (!identity) return std::unexpected(identity.error());
    Status done = store::remove_identity(connection, person, issuer);
    if (done) {
      done = audit_people_change(connection, call,
                                 {.action = "person.unlink",
                                  .object = person.get(),
                                  .before = store::identity_json(**identity)});
    }
    // Whoever has the provider's account may have signed in by it.
    if (done) done = store::remove_sessions_except(connection, person, call.person->session.id);
    if (!done) return std::unexpected(done.error());
    return true;
  };
  const auto done = co_await call.context.ledger.write(std::move(work));
  if (!done) co_return std::unexpected(done.error());
  co_return json_answer("{}");
}

}  // namespace tollgate
