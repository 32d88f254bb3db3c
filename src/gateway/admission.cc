#include "gateway/admission.h"

#include <boost/asio/post.hpp>

#include "gateway/receipt.h"

namespace tollgate {

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
    const Preview preview = gateway.ledger.preview(caller.identity);
    Result<std::optional<Reservation>> reservation = std::nullopt;
    if (preview.guarded()) {
      auto guarded = choose_affordable(admitted.route, admitted.request, preview);
      if (!guarded) co_return std::unexpected(guarded.error());
      Guard guard{.ask = guarded->ask,
                  .interrupted = interrupted_row({.caller = caller,
                                                  .request = admitted.request,
                                                  .route = admitted.route,
                                                  .offer = admitted.offer(),
                                                  .bound = *guarded->terms.reserve,
                                                  .cost = guarded->cost,
                                                  .user_agent = exchange.head().find("User-Agent"),
                                                  .now = gateway.clock.wall(),
                                                  .now_steady = gateway.clock.steady()})};
      CancelHandle cancel = cancel_handle(gateway, admitted.in_flight);
      reservation = co_await gateway.ledger.reserve(caller.identity, caller.generation,
                                                    std::move(cancel), std::move(guard));
      admitted.terms = guarded->terms;
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

}  // namespace tollgate
