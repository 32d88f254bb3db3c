#include "admin/admin.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "admin/access.h"
#include "admin/person_cookie.h"
#include "admin/routes.h"
#include "admin/sessions.h"
#include "base/log.h"
#include "domain/credentials.h"
#include "net/problem.h"

namespace tollgate {

namespace {

std::unexpected<Error> no_such_path() {
  return fail(ErrorCode::kNotFound,
              "There is nothing at this path: /openapi.yaml lists what there is.");
}

// Whether the caller may use the route at all.
Status check_caller(const Session& session, const RoutePattern& route) {
  if (route.door == Door::kPerson && !session.person) {
    return fail(ErrorCode::kInsufficientScope, "This is for people who signed in.");
  }
  // Members of no workspace may do what is theirs alone.
  if (route.door == Door::kPerson && route.minimum == Role::kViewer) return {};
  if (session.by->workspace && session.by->workspace->empty()) {
    return fail(ErrorCode::kInsufficientScope,
                "You are a member of no workspace: ask an admin for an invitation.");
  }
  return require_role(*session.by, route.minimum);
}

// From here on the caller is known, and hears what exists.
Task<Result<net::Response>> answer_caller(AdminContext& context, net::HttpClient& http_client,
                                          net::Exchange& exchange, const Session& session,
                                          const ClientAddress& client, const RouteMatch& match,
                                          const std::string& request_id) {
  if (auto allowed = check_caller(session, admin_routes()[match.index]); !allowed) {
    co_return std::unexpected(allowed.error());
  }
  auto query = Query::parse(exchange.head().query());
  if (!query) co_return std::unexpected(query.error());
  AdminCall call{.context = context,
                 .http_client = http_client,
                 .exchange = exchange,
                 .by = *session.by,
                 .person = session.person,
                 .client = client,
                 .workspace = std::nullopt,
                 .request_id = request_id,
                 .id = match.id,
                 .query = std::move(*query)};
  auto workspace = choose_workspace(call);
  if (!workspace) co_return std::unexpected(workspace.error());
  call.workspace = std::move(*workspace);
  co_return co_await admin_handler(match.index)(call);
}

// A route that asks for nobody's credential. A page of another site may not use it in a visitor's
// name either.
Task<Result<net::Response>> answer_anybody(AdminContext& context, net::HttpClient& http_client,
                                           net::Exchange& exchange, const ClientAddress& client,
                                           const RouteMatch& match, const std::string& request_id) {
  const net::RequestHead& head = exchange.head();
  if (auto own = check_origin(head); !own && head.method != "GET") {
    co_return std::unexpected(own.error());
  }
  auto query = Query::parse(head.query());
  if (!query) co_return std::unexpected(query.error());
  AdminCall call{.context = context,
                 .http_client = http_client,
                 .exchange = exchange,
                 .by = {.actor = "anybody",
                        .role = Role::kViewer,
                        .workspace = WorkspaceId(),
                        .from = client.address.text()},
                 .person = std::nullopt,
                 .client = client,
                 .workspace = WorkspaceId(),
                 .request_id = request_id,
                 .id = match.id,
                 .query = std::move(*query)};
  co_return co_await admin_handler(match.index)(call);
}

// The caller's own X-Request-Id if it is safe to repeat, else a new one.
std::string request_id_of(const net::RequestHead& head, Random& random) {
  const std::string_view own = safe_request_id(head.find("x-request-id"));
  return own.empty() ? net::new_request_id(random) : std::string(own);
}

void log_failure(const net::RequestHead& head, const Error& error, std::string_view request_id) {
  if (error_status(error.code) < 500) return;
  log(LogLevel::kError, "admin {} {} [{}]: {}: {} {}", head.method, scrubbed_target(head.target),
      request_id, error_code_name(error.code), error.message, error.detail);
}

}  // namespace

void add_common_fields(net::Response& response, const std::string& request_id) {
  const auto has_id = [](const auto& field) { return field.first == "X-Request-Id"; };
  if (std::ranges::none_of(response.fields, has_id)) {
    response.fields.emplace_back("X-Request-Id", request_id);
  }
  response.fields.emplace_back("Cache-Control", "no-store");
  response.fields.emplace_back("X-Content-Type-Options", "nosniff");
}

Task<> handle_admin(AdminContext& context, net::HttpClient& http_client, net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  const std::shared_ptr<const AdminOptions> options = context.options();
  const std::string request_id = request_id_of(head, context.random);
  const RouteMatch match = match_route(admin_routes(), head.method, head.path());
  const auto client = open_door(*options, head, exchange.peer());
  const bool found = match.outcome == RouteMatch::Outcome::kFound;
  const bool open = found && admin_routes()[match.index].door == Door::kAnybody;
  Session session{.by = fail(ErrorCode::kMissingApiKey, "")};
  if (!open) session = co_await open_session(context, options, head, exchange.peer());

  Result<net::Response> answer;
  if (!client) {
    answer = std::unexpected(client.error());
  } else if (open) {
    answer = co_await answer_anybody(context, http_client, exchange, *client, match, request_id);
  } else if (!session.by) {
    answer = std::unexpected(session.by.error());
  } else if (match.outcome == RouteMatch::Outcome::kUnknownPath) {
    answer = no_such_path();
  } else if (match.outcome == RouteMatch::Outcome::kUnknownMethod) {
    answer = fail(ErrorCode::kMethodNotAllowed, "This path answers " + match.allow + " only.");
  } else {
    answer =
        co_await answer_caller(context, http_client, exchange, session, *client, match, request_id);
  }

  std::optional<ErrorCode> code;
  if (!answer) code = answer.error().code;
  if (session.identity) context.ledger.count_unadmitted(*session.identity, code);
  if (!answer) log_failure(head, answer.error(), request_id);
  if (exchange.response_started() || code == ErrorCode::kClientGone) co_return;

  net::Response response =
      answer ? std::move(*answer) : net::problem_response(answer.error(), request_id);
  if (code == ErrorCode::kMethodNotAllowed) response.fields.emplace_back("Allow", match.allow);
  add_common_fields(response, request_id);
  (void)co_await exchange.respond(std::move(response));  // an error: the client is gone
}

}  // namespace tollgate
