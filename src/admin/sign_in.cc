#include "admin/sign_in.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/people_changes.h"
#include "admin/person_cookie.h"
#include "admin/person_request.h"
#include "admin/request_body.h"
#include "base/password.h"
#include "base/utf8.h"
#include "sql/connection.h"
#include "store/password_resets.h"
#include "store/person_sessions.h"

namespace tollgate {

namespace {

constexpr std::size_t kClientLengthMax = 256;
constexpr int kSessionTokenLength = 43;  // 222 bits

template <class T>
using Work = std::function<Result<T>(sql::Connection&)>;

// What a person did to their own account or sessions.
AuditedChange own_change(std::string action, const Person& person,
                         std::optional<std::string> after = std::nullopt) {
  return {.actor = person.id.get(),
          .action = std::move(action),
          .object = person.id.get(),
          .after = std::move(after)};
}

std::string render_person(const Person& person) {
  return JsonFields()
      .text("id", person.id.get())
      .text("email", person.email)
      .text("name", person.name)
      .raw("operator", person.reach == Reach::kInstallation ? "true" : "false")
      .finish();
}

std::string render_signed_in(const SignedIn& signed_in, const AdminOptions& options) {
  std::vector<std::string> memberships;
  for (const Membership& one : signed_in.memberships) {
    const std::string workspace =
        JsonFields().text("id", one.workspace.get()).text("name", one.workspace_name).finish();
    memberships.push_back(
        JsonFields().raw("workspace", workspace).text("role", role_name(one.role)).finish());
  }
  return JsonFields()
      .text("id", signed_in.session.id)
      .raw("person", render_person(signed_in.person))
      .raw("memberships", json_array(memberships))
      .text("csrf_token", signed_in.csrf_token)
      .time("expires_at", session_end(signed_in.session))
      .number("secret_age_warning_days", options.secret_age.count())
      .finish();
}

std::unexpected<Error> wrong_setup_link() {
  return fail(
      ErrorCode::kInvalidCredentials,
      "This setup link does not work any more: the newest one is in the output of `tollgate "
      "serve`, until there is an operator.");
}

std::unexpected<Error> too_many_attempts(std::chrono::seconds wait) {
  return std::unexpected(Error{.code = ErrorCode::kRateLimitExceeded,
                               .message = "Too many attempts: wait a little and try again.",
                               .retry_after = wait});
}

std::string render_way_in(const std::shared_ptr<const oidc::IdentityProvider>& provider) {
  if (provider == nullptr) return "null";
  return JsonFields()
      .text("name", provider->settings().name)
      .text("issuer", provider->settings().issuer)
      .text("start", "/admin/v1/oidc/start")
      .finish();
}

Task<Result<std::optional<store::Account>>> read_account(AdminCall& call, std::string email) {
  Work<std::optional<store::Account>> work = [email =
                                                  std::move(email)](sql::Connection& connection) {
    return store::find_account(connection, email);
  };
  return call.context.ledger.read_facts(std::move(work));
}

Task<Result<bool>> read_whether_operator(AdminCall& call) {
  Work<bool> work = [](sql::Connection& connection) { return store::has_operator(connection); };
  return call.context.ledger.read_facts(std::move(work));
}

}  // namespace

std::unexpected<Error> wrong_password() {
  return fail(ErrorCode::kInvalidCredentials, "The address or the password is wrong: check both.");
}

Task<Status> check_password(AdminCall& call, std::string counts_for,
                            std::optional<store::Account> account, Secret password) {
  SignInThrottle& throttle = call.context.people.throttle;
  if (const auto wait = throttle.begin(counts_for, call.client.address)) {
    co_return too_many_attempts(*wait);
  }
  const bool known = account && !account->password_hash.empty();
  std::string hash(known ? account->password_hash : nobodys_password_hash());
  auto right = co_await call.context.people.passwords.is_of(std::move(hash), std::move(password));
  if (!right) co_return std::unexpected(right.error());
  if (!*right || !known) co_return wrong_password();
  throttle.succeeded(counts_for, call.client.address);
  co_return Status();
}

Task<Result<store::Account>> check_own_password(AdminCall& call, Secret password) {
  auto account = co_await read_account(call, call.person->person.email);
  if (!account) co_return std::unexpected(account.error());
  // Under the session's name: who guesses at the address elsewhere does not keep its owner out.
  const Status right =
      co_await check_password(call, call.person->session.id, *account, std::move(password));
  if (!right) co_return std::unexpected(right.error());
  co_return std::move(**account);
}

Task<Result<net::Response>> begin_session(AdminCall& call, store::Account account,
                                          std::optional<std::string> how) {
  const Secret token(random_id(call.context.random, "", kSessionTokenLength));
  const WallTime now = call.context.clock.wall();
  std::string client(utf8_prefix(call.exchange.head().find("user-agent"), kClientLengthMax));
  SignedIn signed_in{.person = account.person,
                     .session = {.id = random_id(call.context.random, "ses_"),
                                 .person = account.person.id,
                                 .created_at = now,
                                 .last_seen_at = now,
                                 .from = call.by.from,
                                 .client = std::move(client)},
                     .memberships = {},
                     .csrf_token = csrf_token_of(token.expose())};
  Work<SignedIn> work = [&](sql::Connection& connection) -> Result<SignedIn> {
    // A password that was changed, or an account that was removed, while this one was checked.
    const auto still = store::find_account(connection, account.person.id);
    if (!still) return std::unexpected(still.error());
    if (!*still || (*still)->password_hash != account.password_hash) return wrong_password();
    Status made = store::insert_session(connection, signed_in.session, sha256(token.expose()));
    if (made) {
      made =
          audit_people_change(connection, call, own_change("session.create", account.person, how));
    }
    if (!made) return std::unexpected(made.error());
    auto memberships = store::memberships_of(connection, account.person.id);
    if (!memberships) return std::unexpected(memberships.error());
    signed_in.person = (*still)->person;
    signed_in.memberships = std::move(*memberships);
    return signed_in;
  };
  const auto begun = co_await call.context.ledger.write(std::move(work));
  if (!begun) co_return std::unexpected(begun.error());
  net::Response response = json_answer(render_signed_in(*begun, *call.context.options()));
  response.fields.emplace_back("Set-Cookie", session_cookie(token.expose(), call.client.scheme));
  co_return response;
}

Task<Result<net::Response>> show_sign_in(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto set_up = co_await read_whether_operator(call);
  if (!set_up) co_return std::unexpected(set_up.error());
  co_return json_answer(JsonFields()
                            .raw("setup_required", *set_up ? "false" : "true")
                            .raw("password", "true")
                            .raw("oidc", render_way_in(call.context.options()->identity_provider))
                            .finish());
}

Task<Result<net::Response>> set_up(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto request = parse_setup(*body);
  if (!request) co_return std::unexpected(request.error());
  People& people = call.context.people;
  // Nobody guesses it, and nobody may keep its holder out by trying: attempts are not counted.
  if (!people.setup.is(request->token)) co_return wrong_setup_link();
  auto hash = co_await people.passwords.hash(std::move(request->account.password));
  if (!hash) co_return std::unexpected(hash.error());
  const store::Account account{.person = {.id = PersonId(random_id(call.context.random, "user_")),
                                          .email = request->account.email,
                                          .name = request->account.name,
                                          .reach = Reach::kInstallation,
                                          .created_at = call.context.clock.wall()},
                               .password_hash = std::move(*hash)};
  Work<bool> work = [&call, &account](sql::Connection& connection) -> Result<bool> {
    const auto taken = store::has_operator(connection);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return wrong_setup_link();
    Status made = store::insert_person(connection, account);
    if (made) {
      made = audit_people_change(
          connection, call,
          own_change("person.create", account.person, store::person_json(account.person)));
    }
    if (!made) return std::unexpected(made.error());
    return true;
  };
  const auto made = co_await call.context.ledger.write(std::move(work));
  if (!made) co_return std::unexpected(made.error());
  people.setup.close();
  auto response = co_await begin_session(call, account);
  if (response) response->status = 201;
  co_return response;
}

Task<Result<net::Response>> sign_in(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto request = parse_sign_in(*body);
  if (!request) co_return std::unexpected(request.error());
  auto account = co_await read_account(call, request->email);
  if (!account) co_return std::unexpected(account.error());
  const Status right =
      co_await check_password(call, request->email, *account, std::move(request->password));
  if (!right) co_return std::unexpected(right.error());
  co_return co_await begin_session(call, std::move(**account));
}

Task<Result<net::Response>> show_session(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  co_return json_answer(render_signed_in(*call.person, *call.context.options()));
}

Task<Result<net::Response>> sign_out(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<bool> work = [&call](sql::Connection& connection) -> Result<bool> {
    const SignedIn& person = *call.person;
    Status done = store::remove_session(connection, person.person.id, person.session.id);
    if (done) {
      done = audit_people_change(connection, call, own_change("session.delete", person.person));
    }
    if (!done) return std::unexpected(done.error());
    return true;
  };
  const auto done = co_await call.context.ledger.write(std::move(work));
  if (!done) co_return std::unexpected(done.error());
  net::Response response = json_answer("{}");
  response.fields.emplace_back("Set-Cookie", no_session_cookie(call.client.scheme));
  co_return response;
}

Task<Result<net::Response>> list_sessions(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<std::vector<PersonSession>> work = [&call](sql::Connection& connection) {
    return store::list_sessions(connection, call.person->person.id, call.context.clock.wall());
  };
  const auto sessions = co_await call.context.ledger.read_facts(std::move(work));
  if (!sessions) co_return std::unexpected(sessions.error());
  std::vector<std::string> rows;
  for (const PersonSession& session : *sessions) {
    rows.push_back(JsonFields()
                       .text("id", session.id)
                       .raw("current", session.id == call.person->session.id ? "true" : "false")
                       .time("created_at", session.created_at)
                       .time("last_seen_at", session.last_seen_at)
                       .time("expires_at", session_end(session))
                       .text("from", session.from)
                       .text_or_null("client", session.client)
                       .finish());
  }
  co_return json_answer(page_json(rows, ""));
}

Task<Result<net::Response>> end_session(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  Work<bool> work = [&call](sql::Connection& connection) -> Result<bool> {
    const Person& person = call.person->person;
    Status done = store::remove_session(connection, person.id, call.id);
    if (done) done = audit_people_change(connection, call, own_change("session.delete", person));
    if (!done) return std::unexpected(done.error());
    return true;
  };
  const auto done = co_await call.context.ledger.write(std::move(work));
  if (!done) co_return std::unexpected(done.error());
  co_return json_answer("{}");
}

Task<Result<net::Response>> change_password(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto request = parse_password_change(*body);
  if (!request) co_return std::unexpected(request.error());
  const Person& person = call.person->person;
  const auto own = co_await check_own_password(call, std::move(request->current));
  if (!own) co_return std::unexpected(own.error());
  auto hash = co_await call.context.people.passwords.hash(std::move(request->next));
  if (!hash) co_return std::unexpected(hash.error());
  Work<bool> work = [&](sql::Connection& connection) -> Result<bool> {
    // Another may have changed it meanwhile, by a link.
    const auto still = store::find_account(connection, person.id);
    if (!still) return std::unexpected(still.error());
    if (!*still || (*still)->password_hash != own->password_hash) return wrong_password();
    Status done = store::set_password(connection, person.id, *hash);
    if (done) done = store::remove_reset(connection, person.id);
    if (done) done = store::remove_resets_by(connection, person.id.get());
    if (done) {
      done = store::remove_sessions_except(connection, person.id, call.person->session.id);
    }
    if (done) done = audit_people_change(connection, call, own_change("person.password", person));
    if (!done) return std::unexpected(done.error());
    return true;
  };
  const auto done = co_await call.context.ledger.write(std::move(work));
  if (!done) co_return std::unexpected(done.error());
  co_return json_answer("{}");
}

}  // namespace tollgate
