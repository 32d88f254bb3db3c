// The steps of relay() for what is no conversation.
#include <optional>
#include <utility>

#include "gateway/event_relay.h"
#include "gateway/relaying.h"

namespace tollgate {

// Audio: relayed as it comes, from the first of it on.
Task<Step> Relaying::audio() {
  WholeAnswer answer;
  const auto piece = co_await call->read();
  if (!piece || piece->empty()) {
    lost(piece ? Error{.code = ErrorCode::kProviderError,
                       .message = "The provider's answer was empty. Try again later."}
               : piece.error());
    co_return fail_attempt(Again::kElsewhere);
  }
  answer.append(*piece);
  outcome.first_token = gateway.clock.steady();
  co_await large(answer);
  co_return Step::kAnswered;
}

// What is no conversation: events, audio, or an answer like any other.
Task<Step> Relaying::answered_in_units() {
  if (call->head().event_stream) return events();
  if (admitted.request.form == AnswerForm::kAudio) return audio();
  return whole();
}

// Passes events on as they are, all but the last ones.
Task<Step> Relaying::events() {
  EventRelay relay;
  std::optional<Error> broken;
  while (!broken) {
    const auto piece = co_await call->read();
    if (!piece) {
      broken = piece.error();
      break;
    }
    if (piece->empty()) break;
    if (auto taken = relay.take(*piece); !taken) broken = taken.error();
    if (relay.out().empty()) continue;
    if (!outcome.first_token) outcome.first_token = gateway.clock.steady();
    Status written;
    if (exchange.response_started()) {
      written = co_await exchange.write(relay.out());
    } else {
      net::Response head = head_of_answer();
      head.fields.emplace_back("Cache-Control", "no-cache");
      head.body = relay.out();
      written = co_await exchange.start_stream(std::move(head));
    }
    relay.out().clear();
    if (!written) {
      admitted.in_flight->cut(ErrorCode::kClientGone);
      broken = written.error();
    }
  }
  outcome.usage = relay.usage().tokens;
  outcome.audio_ms = relay.usage().audio_ms;
  outcome.content = relay.content();
  if (outcome.first_token || relay.finished()) outcome.images = admitted.request.needs.units.images;
  if (!broken && !relay.finished()) {
    broken = Error{.code = ErrorCode::kProviderError,
                   .message = "The provider's answer broke off. Try again later.",
                   .detail = "the stream ended early"};
  }
  if (broken) {
    lost(std::move(*broken));
    const bool left = admitted.in_flight->why() && exchange.response_started();
    if (left) attempts.succeeded(gateway.clock.steady());
    fail_attempt(exchange.response_started() ? Again::kNever : Again::kElsewhere);
    if (!exchange.response_started()) co_return Step::kTryAgain;
  } else {
    outcome.reach = Reach::kAnswered;
    call->finish();
    attempts.succeeded(gateway.clock.steady());
  }
  LastBytes ending = [&relay](const Metered&) { return relay.ending(); };
  co_await end_stream(std::move(ending));
  co_return Step::kAnswered;
}

}  // namespace tollgate
