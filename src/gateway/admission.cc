#include "gateway/admission.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>

#include "gateway/receipt.h"

namespace tollgate {

namespace {

void add_to(std::optional<std::int64_t>& sum, std::int64_t more) {
  if (sum && __builtin_add_overflow(*sum, more, &*sum)) {
    sum = std::numeric_limits<std::int64_t>::max();
  }
}

// What is left for a request that may use again what it holds, beside what it has spent.
Available with_held(Available left, const Ask& held, std::int64_t cost, std::int64_t tokens) {
  if (left.cost) {
    std::optional<std::int64_t> nanos = left.cost->nanos();
    add_to(nanos, held.cost.value_or(0) - cost);
    left.cost = Money::from_nanos(*nanos);
  }
  add_to(left.tokens, held.tokens.value_or(0) - tokens);
  add_to(left.token_rate, held.token_rate.value_or(0) - tokens);
  return left;
}

// Of the cap on what one request may cost, when attempts before it may be billed.
std::optional<Money> left_of_cap(const Route& route, Money spent) {
  if (!route.max_cost) return std::nullopt;
  return Money::from_nanos(std::max(route.max_cost->nanos() - spent.nanos(), std::int64_t{0}));
}

}  // namespace

CancelHandle cancel_handle(Gateway& gateway, const std::shared_ptr<InFlight>& in_flight) {
  return [context = &gateway.thread.context(), in_flight] {
    asio::post(*context, [in_flight] { in_flight->cut(ErrorCode::kAborted); });
  };
}

Task<Status> admit_guarded(Gateway& gateway, net::Exchange& exchange, Admitted& admitted) {
  const Caller& caller = admitted.caller;
  exchange.on_client_gone(
      [in_flight = admitted.in_flight, ledger = &gateway.ledger, id = caller.generation] {
        in_flight->cut(ErrorCode::kClientGone);
        ledger->cancel_wait(id);
      });
  for (int i = 0; i < kBoundingsMax; ++i) {
    const auto guarded =
        bound_request(admitted.route, admitted.request, gateway.ledger.preview(caller.identity));
    if (!guarded) co_return std::unexpected(guarded.error());
    Result<std::optional<Reservation>> reservation = std::nullopt;
    if (*guarded) {
      const GuardedTerms& made = **guarded;
      Guard guard{.ask = made.ask,
                  .interrupted = interrupted_row({.caller = caller,
                                                  .request = admitted.request,
                                                  .route = admitted.route,
                                                  .offer = admitted.offer(),
                                                  .bound = *made.terms.reserve,
                                                  .cost = made.cost,
                                                  .user_agent = exchange.head().find("User-Agent"),
                                                  .now = gateway.clock.wall(),
                                                  .now_steady = gateway.clock.steady()})};
      CancelHandle cancel = cancel_handle(gateway, admitted.in_flight);
      reservation = co_await gateway.ledger.reserve(caller.identity, caller.generation,
                                                    std::move(cancel), std::move(guard));
      admitted.terms = made.terms;
      admitted.held = made.ask;
    } else {
      reservation = gateway.ledger.reserve(caller.identity, caller.generation,
                                           cancel_handle(gateway, admitted.in_flight));
      admitted.terms = unguarded_terms(admitted.request);
    }
    if (!reservation) co_return std::unexpected(reservation.error());
    if (!*reservation) continue;
    admitted.reservation = std::move(**reservation);
    co_return Status();
  }
  co_return fail(ErrorCode::kServiceUnavailable,
                 "The limits of this key are being changed. Retry in a few seconds.");
}

Task<Status> readmit(Gateway& gateway, net::Exchange& exchange, Admitted& admitted,
                     const Offer& next, const Metered& spent) {
  const Caller& caller = admitted.caller;
  if (!admitted.terms.reserve) co_return gateway.ledger.recheck(caller.identity);
  const std::int64_t cost = spent.cost.nanos();
  const std::int64_t tokens = spent.tokens.input + spent.tokens.output;
  Preview preview = gateway.ledger.preview(caller.identity);
  preview.now = with_held(preview.now, admitted.held, cost, tokens);
  const std::optional<Money> cap_left = left_of_cap(admitted.route, spent.cost);
  cap_cost(preview, cap_left);
  auto guarded = guarded_terms(next, admitted.request, preview);
  if (!guarded) co_return std::unexpected(guarded.error());
  if (cap_left && guarded->cost > *cap_left) {
    co_return fail(ErrorCode::kLimitExceeded,
                   "What is left of this request's cost cap does not cover another attempt.");
  }
  add_to(guarded->ask.cost, cost);
  add_to(guarded->ask.tokens, tokens);
  add_to(guarded->ask.token_rate, tokens);
  const Ask held = guarded->ask;
  Guard guard{
      .ask = held,
      .interrupted = interrupted_row({.caller = caller,
                                      .request = admitted.request,
                                      .route = admitted.route,
                                      .offer = next,
                                      .bound = *guarded->terms.reserve,
                                      .cost = add(guarded->cost, spent.cost).value_or(kRowCostMax),
                                      .user_agent = exchange.head().find("User-Agent"),
                                      .now = gateway.clock.wall(),
                                      .now_steady = gateway.clock.steady()})};
  Status bound =
      co_await gateway.ledger.rebind(caller.identity, admitted.reservation, std::move(guard));
  if (!bound) co_return bound;
  admitted.terms = guarded->terms;
  admitted.held = held;
  co_return Status();
}

}  // namespace tollgate
