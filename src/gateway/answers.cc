#include "gateway/answers.h"

#include "base/log.h"
#include "gateway/standing_fields.h"
#include "net/problem.h"

namespace tollgate {

namespace {

void log_refusal(const Error& error, std::string_view request_id) {
  const LogLevel level = error_status(error.code) >= 500 ? LogLevel::kWarning : LogLevel::kDebug;
  log(level, "request {} answered {} {}: {}", request_id, error_status(error.code),
      error_code_name(error.code), error.detail);
}

// The request's name, and how the key stands as it is answered.
void add_own_fields(Gateway& gateway, net::Response& response, const Caller& caller) {
  response.fields.emplace_back("X-Tollgate-Generation-Id", generation_id(caller.generation));
  const KeyStanding standing = gateway.ledger.standing(caller.identity);
  add_standing_fields(response, standing, caller.state->credit_value);
}

}  // namespace

void add_caller_fields(Gateway& gateway, net::Response& response, const Caller& caller) {
  net::add_request_id(response, caller.request_id, caller.error_shape);
  add_own_fields(gateway, response, caller);
}

Task<> refuse_stranger(net::Exchange& exchange, Error error, std::string request_id,
                       net::ErrorShape shape) {
  log_refusal(error, request_id);
  net::Response answer = net::problem_response(error, request_id, shape);
  (void)co_await exchange.respond(std::move(answer));
}

net::Response error_answer(Gateway& gateway, const Caller& caller, const Error& error) {
  log_refusal(error, caller.request_id);
  net::Response answer = net::problem_response(error, caller.request_id, caller.error_shape);
  add_own_fields(gateway, answer, caller);
  return answer;
}

Task<> refuse(Gateway& gateway, net::Exchange& exchange, const Caller& caller, Error error) {
  gateway.ledger.count_unadmitted(caller.identity, error.code);
  if (error.code == ErrorCode::kClientGone) co_return;
  net::Response answer = error_answer(gateway, caller, error);
  (void)co_await exchange.respond(std::move(answer));
}

Task<std::optional<Caller>> known_caller(Gateway& gateway, net::Exchange& exchange,
                                         net::ErrorShape shape) {
  std::string request_id;
  auto caller = authenticate(gateway, exchange, request_id);
  if (!caller) {
    co_await refuse_stranger(exchange, caller.error(), request_id, shape);
    co_return std::nullopt;
  }
  caller->error_shape = shape;
  if (auto allowed = may_call_models(*caller); !allowed) {
    co_await refuse(gateway, exchange, *caller, allowed.error());
    co_return std::nullopt;
  }
  co_return std::move(*caller);
}

Task<> answer_json(Gateway& gateway, net::Exchange& exchange, const Caller& caller,
                   std::string body) {
  gateway.ledger.count_unadmitted(caller.identity, std::nullopt);
  net::Response answer;
  answer.body = std::move(body);
  add_caller_fields(gateway, answer, caller);
  (void)co_await exchange.respond(std::move(answer));
}

}  // namespace tollgate
