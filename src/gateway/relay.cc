#include "gateway/relay.h"

#include <exception>

#include "base/log.h"
#include "dialects/openai_answer.h"
#include "gateway/answers.h"
#include "gateway/provider_refusal.h"
#include "gateway/receipt.h"
#include "gateway/stream_relay.h"
#include "gateway/whole_answer.h"
#include "net/problem.h"

namespace tollgate {

namespace {

// What one attempt needs at hand. Its functions are the leaves of relay(). A leaf that were
// compiled into the frame of its caller would cost every open stream the memory of all that may
// follow it.
struct Relaying {
  Gateway& gateway;
  net::Exchange& exchange;
  Admitted& admitted;
  Call& call;
  Outcome outcome = {};
  Metered metered = {};

  [[gnu::noinline]] Task<Status> settle();
  void lost(Error error);
  net::Response head_of_answer() const;
  void add_route_fields(net::Response& answer) const;
  [[gnu::noinline]] Task<> refused();
  [[gnu::noinline]] Task<> whole();
  [[gnu::noinline]] Task<> large(WholeAnswer& answer);
  StreamTerms stream_terms() const;
  [[gnu::noinline]] Task<> stream();
  [[gnu::noinline]] Task<> end_stream(StreamRelay& relay);
  [[gnu::noinline]] Task<> answer_error(Error error);
  Task<> run();
  [[gnu::noinline]] Task<> settle_after_bug();
};

// The row, durable when this returns.
Task<Status> Relaying::settle() {
  const Offer& offer = admitted.offer();
  metered = meter(outcome, admitted.request.needs, offer.prices, admitted.terms.reserve);
  UsageRow row = usage_row({.caller = admitted.caller,
                            .request = admitted.request,
                            .route = admitted.route,
                            .offer = offer,
                            .outcome = outcome,
                            .metered = metered,
                            .user_agent = exchange.head().find("User-Agent"),
                            .finished_at = gateway.clock.wall(),
                            .finished_steady = gateway.clock.steady()});
  row.id = admitted.reservation.id();
  row.admitted_at = admitted.reservation.admitted_at();
  co_return co_await gateway.ledger.settle(std::move(admitted.reservation), std::move(row));
}

// The attempt broke off: who is to blame, and how far it had come.
void Relaying::lost(Error error) {
  if (const auto why = admitted.in_flight->why()) {
    outcome.reach = call.sent() ? Reach::kLeft : Reach::kNothingSent;
    if (*why == ErrorCode::kAborted) {
      error = {.code = ErrorCode::kExpiredApiKey,
               .message =
                   "This key was revoked, and its running requests were cut. Use another "
                   "key."};
    } else {
      error = {.code = ErrorCode::kClientGone, .message = "The client went away."};
    }
  } else {
    outcome.reach = call.sent() ? Reach::kLost : Reach::kNothingSent;
  }
  outcome.status = error_status(error.code);
  outcome.error = std::move(error);
}

net::Response Relaying::head_of_answer() const {
  net::Response answer;
  answer.content_type = call.head().content_type;
  if (answer.content_type.empty()) answer.content_type = "application/json";
  add_caller_fields(gateway, answer, admitted.caller);
  add_route_fields(answer);
  if (!call.head().request_id.empty()) {
    answer.fields.emplace_back("X-Tollgate-Upstream-Request-Id", call.head().request_id);
  }
  return answer;
}

void Relaying::add_route_fields(net::Response& answer) const {
  answer.fields.emplace_back("X-Tollgate-Model", admitted.route.model.get());
  answer.fields.emplace_back("X-Tollgate-Provider", admitted.offer().provider.get());
  if (!admitted.offer().region.empty()) {
    answer.fields.emplace_back("X-Tollgate-Region", admitted.offer().region);
  }
}

// Settles and answers with the outcome's error. A client that left hears nothing.
Task<> Relaying::answer_error(Error error) {
  const bool gone = exchange.client_gone() || error.code == ErrorCode::kClientGone;
  const Status settled = co_await settle();
  if (gone) co_return;
  net::Response answer = error_answer(gateway, admitted.caller, settled ? error : settled.error());
  add_route_fields(answer);
  if (settled) answer.fields.emplace_back("X-Tollgate-Cost", format_money(metered.cost));
  if (!call.head().request_id.empty()) {
    answer.fields.emplace_back("X-Tollgate-Upstream-Request-Id", call.head().request_id);
  }
  (void)co_await exchange.respond(std::move(answer));
}

// The provider answered with an error status: free, and told in our own words.
Task<> Relaying::refused() {
  outcome.reach = Reach::kRefused;
  std::string body;
  while (body.size() < kRefusalBytesMax) {
    const auto piece = co_await call.read();
    if (!piece || piece->empty()) break;
    body.append(*piece);
  }
  if (admitted.in_flight->why()) lost({});
  if (!outcome.error) {
    outcome.error =
        provider_refusal(call.head(), body, admitted.route.provider_of(admitted.offer()));
    outcome.status = error_status(outcome.error->code);
  }
  call.finish();
  Error error = *outcome.error;
  co_await answer_error(std::move(error));
}

Task<> Relaying::whole() {
  WholeAnswer answer;
  for (;;) {
    const auto piece = co_await call.read();
    if (!piece) {
      lost(piece.error());
      Error error = *outcome.error;
      co_return co_await answer_error(std::move(error));
    }
    if (piece->empty()) break;
    answer.append(*piece);
    if (answer.size() > kHeldAnswerMax) co_return co_await large(answer);
  }
  call.finish();
  outcome.reach = Reach::kAnswered;
  const Result<OpenAiAnswer> read = read_openai_answer(answer.view());
  if (!read) {
    // It was served and may be billed: charged as lost, answered as broken.
    outcome.reach = Reach::kLost;
    outcome.error = read.error();
    outcome.status = error_status(read.error().code);
    Error error = read.error();
    co_return co_await answer_error(std::move(error));
  }
  outcome.usage = read->usage;
  outcome.content = read->content;
  if (auto settled = co_await settle(); !settled) {
    net::Response failed = error_answer(gateway, admitted.caller, settled.error());
    (void)co_await exchange.respond(std::move(failed));
    co_return;
  }
  net::Response response = head_of_answer();
  response.fields.emplace_back("X-Tollgate-Cost", format_money(metered.cost));
  response.body = client_answer(answer.view(), *read, admitted.route.model.get());
  (void)co_await exchange.respond(std::move(response));
}

// An answer beyond kHeldAnswerMax: relayed as it comes, its usage read from its end.
Task<> Relaying::large(WholeAnswer& answer) {
  net::Response head = head_of_answer();
  head.body = answer.take_all_but(kHeldBack);
  bool relaying = (co_await exchange.start_stream(std::move(head))).has_value();
  std::optional<Error> broken;
  while (relaying) {
    const auto piece = co_await call.read();
    if (!piece) broken = piece.error();
    if (!piece || piece->empty()) break;
    answer.append(*piece);
    const std::string ready = answer.take_all_but(kHeldBack);
    relaying = (co_await exchange.write(ready)).has_value();
  }
  outcome.usage = answer.usage_at_end();
  outcome.content = answer.content_estimate();
  if (!relaying) admitted.in_flight->cut(ErrorCode::kClientGone);
  if (broken || !relaying) {
    lost(broken.value_or(Error{}));
  } else {
    outcome.reach = Reach::kAnswered;
    call.finish();
  }
  const Status settled = co_await settle();
  if (outcome.reach == Reach::kAnswered && settled) {
    (void)co_await exchange.finish(answer.view());
  } else {
    exchange.abort_stream();
  }
}

StreamTerms Relaying::stream_terms() const {
  const ChatRequest& request = admitted.request;
  return {.kind = request.kind,
          .public_model = admitted.route.model.get(),
          .usage = request.include_usage ? UsageWish::kAsked : UsageWish::kHidden,
          .output_max = admitted.terms.output_max,
          .answers = request.answers()};
}

Task<> Relaying::stream() {
  StreamRelay relay(stream_terms());
  std::optional<Error> broken;
  while (!relay.done() && !relay.bounded() && !broken) {
    const auto piece = co_await call.read();
    if (!piece) {
      broken = piece.error();
      break;
    }
    if (piece->empty()) break;
    if (auto taken = relay.take(*piece); !taken) broken = taken.error();
    if (relay.bounded()) call.abort(ErrorCode::kAborted);  // before a slow client is waited for
    if (!outcome.first_token && relay.content().deltas > 0) {
      outcome.first_token = gateway.clock.steady();
    }
    if (relay.out().empty()) continue;
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
  outcome.usage = relay.usage();
  outcome.content = relay.content();
  outcome.unreported = relay.unreported();
  if (!broken && !relay.bounded() && !relay.finished()) {
    broken = Error{.code = ErrorCode::kProviderError,
                   .message = "The provider's answer broke off. Try again later.",
                   .detail = "the stream ended early"};
  }
  if (broken) {
    lost(std::move(*broken));
  } else if (relay.bounded()) {
    outcome.reach = Reach::kBounded;
  } else {
    outcome.reach = Reach::kAnswered;
    call.finish();
  }
  co_await end_stream(relay);
}

// Settles, then ends the stream: properly after a whole answer, with an error event and without
// [DONE] after any other.
Task<> Relaying::end_stream(StreamRelay& relay) {
  if (!exchange.response_started()) {
    if (outcome.error) {
      Error error = *outcome.error;
      co_return co_await answer_error(std::move(error));
    }
    net::Response head = head_of_answer();
    (void)co_await exchange.start_stream(std::move(head));
  }
  if (outcome.error && outcome.error->code != ErrorCode::kClientGone) outcome.status = 200;
  const Status settled = co_await settle();
  if (!settled) outcome.error = settled.error();
  if (!outcome.error) {
    const std::string ending = relay.ending(metered.tokens, format_money(metered.cost));
    (void)co_await exchange.finish(ending);
    co_return;
  }
  if (exchange.client_gone()) co_return exchange.abort_stream();
  const std::string event =
      "data: " + net::error_envelope(*outcome.error, admitted.caller.request_id) + "\n\n";
  (void)co_await exchange.finish(event);
}

// Opens the call and sees the answer through, whichever kind it is.
Task<> Relaying::run() {
  const Status opened = co_await call.open();
  outcome.upstream_status = call.head().status;
  if (!opened) {
    lost(opened.error());
    Error error = *outcome.error;
    co_await answer_error(std::move(error));
  } else if (call.head().status < 200 || call.head().status >= 300) {
    co_await refused();
  } else if (call.head().event_stream) {
    co_await stream();
  } else {
    co_await whole();
  }
}

// A bug broke the request off after it was admitted: it is settled at what is known all the same.
Task<> Relaying::settle_after_bug() {
  lost({.code = ErrorCode::kInternal, .message = "Something went wrong on our side."});
  if (exchange.response_started()) {
    exchange.abort_stream();
    (void)co_await settle();
  } else {
    Error error = *outcome.error;
    co_await answer_error(std::move(error));
  }
}

// Makes the call known to whoever may cut it, for as long as it is there.
class Attached {
 public:
  Attached(std::shared_ptr<InFlight> in_flight, Call& call, net::Exchange& exchange)
      : in_flight_(std::move(in_flight)) {
    in_flight_->attach(call, exchange);
  }
  ~Attached() { in_flight_->detach(); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  std::shared_ptr<InFlight> in_flight_;
};

std::string call_id(const Admitted& admitted) {
  const std::string number = generation_id(admitted.reservation.id()).substr(4);
  return (admitted.request.kind == CompletionKind::kChat ? "chatcmpl-" : "cmpl-") + number;
}

}  // namespace

Task<> relay(Gateway& gateway, net::Exchange& exchange, Admitted& admitted) {
  const std::string id = call_id(admitted);
  const auto now = gateway.clock.wall().time_since_epoch();
  Call call(gateway.client,
            {.request = admitted.request,
             .body = admitted.body,
             .client_head = exchange.head(),
             .offer = admitted.offer(),
             .targets = *admitted.caller.state->targets,
             .public_model = admitted.route.model.get(),
             .call_id = id,
             .now_seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count(),
             .limit = admitted.terms.limit});
  const Attached attached(admitted.in_flight, call, exchange);
  exchange.on_client_gone(
      [in_flight = admitted.in_flight] { in_flight->cut(ErrorCode::kClientGone); });

  Relaying relaying{gateway, exchange, admitted, call};
  relaying.outcome.attempt_began = gateway.clock.steady();
  try {
    co_await relaying.run();
  } catch (const std::exception& exception) {
    log(LogLevel::kError, "request {} met a bug: {}", admitted.caller.request_id, exception.what());
  }
  if (admitted.reservation.open()) co_await relaying.settle_after_bug();
}

}  // namespace tollgate
