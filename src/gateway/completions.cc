#include "gateway/completions.h"

#include "gateway/admission.h"
#include "gateway/admitted.h"
#include "gateway/answers.h"
#include "gateway/relay.h"
#include "intake/key_route.h"
#include "intake/read_request.h"

namespace tollgate {

namespace {

// Without a wait and without a row, unless something guards it.
Task<Status> admit(Gateway& gateway, net::Exchange& exchange, Admitted& admitted) {
  const Caller& caller = admitted.caller;
  if (admitted.route.max_cost) co_return co_await admit_guarded(gateway, exchange, admitted);
  auto reservation = gateway.ledger.reserve(caller.identity, caller.generation,
                                            cancel_handle(gateway, admitted.in_flight));
  if (!reservation) co_return std::unexpected(reservation.error());
  if (!*reservation) co_return co_await admit_guarded(gateway, exchange, admitted);
  admitted.reservation = std::move(**reservation);
  admitted.terms = unguarded_terms(admitted.request);
  co_return Status();
}

net::ErrorShape shape_of(CompletionKind kind) {
  if (is_anthropic(kind)) return net::ErrorShape::kAnthropic;
  return kind == CompletionKind::kResponses ? net::ErrorShape::kResponses
                                            : net::ErrorShape::kOpenAi;
}

}  // namespace

Task<> serve_completion(Gateway& gateway, net::Exchange& exchange, CompletionKind kind) {
  const auto shape = shape_of(kind);
  auto caller = co_await known_caller(gateway, exchange, shape);
  if (!caller) co_return;
  const std::shared_ptr<const Snapshot> snapshot = caller->state->targets->snapshot();
  const auto profile = profile_of(caller->identity.key(), *snapshot);
  if (!profile) co_return co_await refuse(gateway, exchange, *caller, profile.error());

  auto body = co_await exchange.read_body(caller->state->body_bytes_max);
  if (!body) co_return co_await refuse(gateway, exchange, *caller, body.error());
  if (exchange.head().count("Content-Type") > 1) {
    Error error{.code = ErrorCode::kInvalidRequest,
                .message = "Content-Type stands more than once. Send it once."};
    co_return co_await refuse(gateway, exchange, *caller, std::move(error));
  }
  auto request =
      read_request(kind, exchange.head().find("Content-Type"), *body, model_member(*profile));
  if (!request) co_return co_await refuse(gateway, exchange, *caller, request.error());

  auto route = route_of(snapshot, {.key = caller->identity.key(),
                                   .profile = *profile,
                                   .request = *request,
                                   .body = *body,
                                   .region_header = exchange.head().find("X-Tollgate-Region"),
                                   .turn = gateway.turn++,
                                   .now = gateway.clock.steady()});
  if (!route) co_return co_await refuse(gateway, exchange, *caller, route.error());

  Admitted admitted{.caller = std::move(*caller),
                    .request = std::move(*request),
                    .body = *body,
                    .route = std::move(*route),
                    .in_flight = std::make_shared<InFlight>()};
  const Status status = co_await admit(gateway, exchange, admitted);
  if (!status) co_return co_await refuse(gateway, exchange, admitted.caller, status.error());
  // From here on every path settles: relay() does, exactly once.
  co_await relay(gateway, exchange, admitted);
}

}  // namespace tollgate
