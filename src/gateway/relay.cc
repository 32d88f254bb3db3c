#include "gateway/relay.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/answers.h"
#include "gateway/provider_refusal.h"
#include "gateway/read_answer.h"
#include "gateway/relaying.h"
#include "net/problem.h"

namespace tollgate {

namespace {

// How much earlier than its time a deadline may be seen to end a call: times are whole ticks.
constexpr std::chrono::milliseconds kDeadlineSlack{100};

// Makes the call known to whoever may cut it, for as long as it is there.
class Attached {
 public:
  Attached(Relaying& relaying, Call& call) : relaying_(relaying) {
    relaying.call = &call;
    relaying.sent = false;
    relaying.admitted.in_flight->attach(call, relaying.exchange);
  }
  ~Attached() {
    relaying_.sent = relaying_.call->sent();
    relaying_.call = nullptr;
    relaying_.admitted.in_flight->detach();
  }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  Relaying& relaying_;
};

// What an answer of ours is called: unique.
std::string answer_number(const Admitted& admitted) {
  return generation_id(admitted.reservation.id()).substr(4);
}

std::string call_id(const Admitted& admitted) {
  const std::string number = answer_number(admitted);
  if (!is_conversation(admitted.request.kind)) return "unit-" + number;
  return (admitted.request.kind == CompletionKind::kText ? "cmpl-" : "chatcmpl-") + number;
}

}  // namespace

// That serves, or was tried last; the first choice where none was.
const Offer& Relaying::offer() const {
  return attempts.begun() > 0 ? attempts.offer() : admitted.offer();
}

AnswerDialect Relaying::dialect() const {
  return answer_dialect(admitted.request.kind, admitted.route.provider_of(offer()).dialect,
                        responses);
}

std::int64_t Relaying::now_seconds() const {
  const auto now = gateway.clock.wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::chrono::milliseconds Relaying::spent_time() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(gateway.clock.steady() -
                                                               admitted.caller.began);
}

// All attempts share one deadline: of its offer's total, something is left for a further one.
bool Relaying::in_time(const Attempts::Plan& plan) const {
  if (attempts.begun() == 0) return true;
  const Provider& next = admitted.route.provider_of(*admitted.route.offers[plan.place]);
  return spent_time() + plan.wait < next.deadlines.total;
}

// The shared deadline ended a further attempt: the time that others took is not its offer's fault.
bool Relaying::curtailed() const {
  const bool timed_out = outcome.reach != Reach::kRefused && outcome.error &&
                         outcome.error->code == ErrorCode::kProviderTimeout;
  const auto total = admitted.route.provider_of(offer()).deadlines.total;
  return timed_out && attempts.begun() > 1 && spent_time() + kDeadlineSlack >= total;
}

// The row of all attempts, durable when this returns.
Task<Status> Relaying::settle() {
  if (attempts.open()) end_attempt(Again::kNever);
  metered = attempts.spent();
  UsageRow row = usage_row({.caller = admitted.caller,
                            .request = admitted.request,
                            .route = admitted.route,
                            .offer = offer(),
                            .outcome = outcome,
                            .metered = metered,
                            .attempts = attempts.over(),
                            .user_agent = exchange.head().find("User-Agent"),
                            .finished_at = gateway.clock.wall(),
                            .finished_steady = gateway.clock.steady()});
  row.id = admitted.reservation.id();
  row.admitted_at = admitted.reservation.admitted_at();
  co_return co_await gateway.ledger.settle(std::move(admitted.reservation), std::move(row));
}

// What the attempt came to is written down.
Step Relaying::end_attempt(Again again) {
  std::optional<std::chrono::seconds> retry_after;
  if (outcome.error) retry_after = outcome.error->retry_after;
  attempts.end(
      {.status = outcome.upstream_status,
       .metered = meter(outcome, admitted.request.needs, offer().prices, admitted.terms.reserve),
       .again = again,
       .retry_after = retry_after},
      gateway.clock.steady());
  return Step::kTryAgain;
}

// The same of one that is the offer's own failure.
Step Relaying::fail_attempt(Again again) {
  std::optional<std::chrono::seconds> retry_after;
  if (outcome.error) retry_after = outcome.error->retry_after;
  if (admitted.in_flight->why()) {
    attempts.unjudged();
    again = Again::kNever;
  } else if (curtailed()) {
    attempts.unjudged();
  } else {
    attempts.failed(gateway.clock.steady(), retry_after);
  }
  return end_attempt(again);
}

std::optional<Attempts::Plan> Relaying::next_plan(const std::optional<Attempts::Plan>& last) {
  if (std::exchange(once_more, false)) return Attempts::Plan{.place = last->place};
  return attempts.next(gateway.clock.steady());
}

// The attempt broke off: who is to blame, and how far it had come.
void Relaying::lost(Error error) {
  if (call != nullptr) sent = call->sent();
  if (const auto why = admitted.in_flight->why()) {
    outcome.reach = sent ? Reach::kLeft : Reach::kNothingSent;
    if (*why == ErrorCode::kAborted) {
      error = {.code = ErrorCode::kExpiredApiKey,
               .message =
                   "This key was revoked, and its running requests were cut. Use another "
                   "key."};
    } else {
      error = {.code = ErrorCode::kClientGone, .message = "The client went away."};
    }
  } else {
    outcome.reach = sent ? Reach::kLost : Reach::kNothingSent;
  }
  outcome.status = error_status(error.code);
  outcome.error = std::move(error);
}

net::Response Relaying::head_of_answer() const {
  net::Response answer;
  const bool as_it_is = speaks(admitted.request.kind, dialect());
  answer.content_type = as_it_is                    ? call->head().content_type
                        : call->head().event_stream ? "text/event-stream"
                                                    : "application/json";
  if (answer.content_type.empty()) answer.content_type = "application/json";
  add_caller_fields(gateway, answer, admitted.caller);
  add_route_fields(answer);
  add_upstream_id(answer);
  return answer;
}

void Relaying::add_upstream_id(net::Response& answer) const {
  if (upstream_id.empty()) return;
  answer.fields.emplace_back("X-Tollgate-Upstream-Request-Id", upstream_id);
}

void Relaying::add_route_fields(net::Response& answer) const {
  answer.fields.emplace_back("X-Tollgate-Model", offer().model.get());
  answer.fields.emplace_back("X-Tollgate-Provider", offer().provider.get());
  if (!offer().region.empty()) answer.fields.emplace_back("X-Tollgate-Region", offer().region);
}

// Settles and answers with the outcome's error. A client that left hears nothing.
Task<> Relaying::answer_error(Error error) {
  const bool gone = exchange.client_gone() || error.code == ErrorCode::kClientGone;
  const Status settled = co_await settle();
  if (gone) co_return;
  net::Response answer = error_answer(gateway, admitted.caller, settled ? error : settled.error());
  add_route_fields(answer);
  if (settled) answer.fields.emplace_back("X-Tollgate-Cost", format_money(metered.cost));
  add_upstream_id(answer);
  (void)co_await exchange.respond(std::move(answer));
}

// The provider answered with an error status: free unless it reports usage, and told in our own
// words if nobody else can do better.
Task<Step> Relaying::refused() {
  outcome.reach = Reach::kRefused;
  std::string body;
  while (body.size() < kRefusalBytesMax) {
    const auto piece = co_await call->read();
    if (!piece || piece->empty()) break;
    body.append(*piece);
  }
  if (admitted.in_flight->why()) {
    lost({});
    co_return fail_attempt(Again::kNever);
  }
  if (lacks_responses(body)) {
    call->finish();
    doubted = &offer();
    once_more = true;
    attempts.unjudged();
    co_return end_attempt(Again::kAnywhere);
  }
  outcome.error = provider_refusal(call->head(), body, admitted.route.provider_of(offer()),
                                   gateway.clock.wall());
  outcome.status = error_status(outcome.error->code);
  call->finish();
  outcome.usage = usage_of_refusal(dialect(), body);
  Again again = again_after(call->head().status, body);
  if (outcome.usage.state == UsageState::kReported) again = std::min(again, Again::kElsewhere);
  if (verdict_of(call->head().status) == Verdict::kFailure) co_return fail_attempt(again);
  attempts.unjudged();
  co_return end_attempt(again);
}

Task<Step> Relaying::whole() {
  WholeAnswer answer;
  for (;;) {
    const auto piece = co_await call->read();
    if (!piece) {
      lost(piece.error());
      co_return fail_attempt(Again::kElsewhere);
    }
    if (piece->empty()) break;
    answer.append(*piece);
    if (answer.size() <= kHeldAnswerMax) continue;
    if (speaks(admitted.request.kind, dialect())) {
      co_await large(answer);
      co_return Step::kAnswered;
    }
    lost({.code = ErrorCode::kProviderError,
          .message = "The provider's answer is too large to be said in this dialect. Ask for a "
                     "stream."});
    co_return fail_attempt(Again::kNever);
  }
  call->finish();
  outcome.reach = Reach::kAnswered;
  const Result<ReadAnswer> read = ReadAnswer::read(dialect(), admitted.request, answer.view());
  if (!read) {
    // It was served and may be billed: charged as lost, answered as broken.
    lost(read.error());
    outcome.reach = Reach::kLost;
    co_return fail_attempt(Again::kElsewhere);
  }
  outcome.usage = read->usage();
  outcome.content = read->content();
  if (const Error* const failure = read->failure()) {
    lost(*failure);
    outcome.reach = Reach::kLost;
    co_return fail_attempt(Again::kElsewhere);
  }
  if (const UnitAnswer* const units = read->units()) {
    outcome.images = units->images;
    outcome.searches = units->searches;
    outcome.audio_ms = units->usage.audio_ms;
  }
  attempts.succeeded(gateway.clock.steady());
  end_attempt(Again::kNever);
  const std::string number = answer_number(admitted);
  auto body = read->said_to({.kind = admitted.request.kind,
                             .public_model = offer().model.get(),
                             .tokens = attempts.spent().tokens,
                             .now_seconds = now_seconds(),
                             .answer_id = number,
                             .request = admitted.body});
  if (!body) {
    outcome.status = error_status(body.error().code);
    outcome.error = body.error();
    co_return Step::kTryAgain;
  }
  if (auto settled = co_await settle(); !settled) {
    net::Response failed = error_answer(gateway, admitted.caller, settled.error());
    (void)co_await exchange.respond(std::move(failed));
    co_return Step::kAnswered;
  }
  net::Response response = head_of_answer();
  response.fields.emplace_back("X-Tollgate-Cost", format_money(metered.cost));
  response.body = std::move(*body);
  (void)co_await exchange.respond(std::move(response));
  co_return Step::kAnswered;
}

// How many tokens a message has, by the provider that would serve it: free.
Task<Step> Relaying::counted() {
  std::string body;
  while (body.size() < kRefusalBytesMax) {
    const auto piece = co_await call->read();
    if (!piece) {
      lost(piece.error());
      co_return fail_attempt(Again::kElsewhere);
    }
    if (piece->empty()) break;
    body.append(*piece);
  }
  call->finish();
  outcome.reach = Reach::kCounted;
  const Result<std::int64_t> tokens = read_token_count(body);
  if (!tokens) {
    outcome.error = tokens.error();
    outcome.status = error_status(tokens.error().code);
    co_return fail_attempt(Again::kElsewhere);
  }
  attempts.succeeded(gateway.clock.steady());
  co_await answer_count(*tokens);
  co_return Step::kAnswered;
}

Task<> Relaying::answer_count(std::int64_t tokens) {
  if (auto settled = co_await settle(); !settled) {
    net::Response failed = error_answer(gateway, admitted.caller, settled.error());
    (void)co_await exchange.respond(std::move(failed));
    co_return;
  }
  net::Response response;
  add_caller_fields(gateway, response, admitted.caller);
  add_route_fields(response);
  add_upstream_id(response);
  response.body = token_count_answer(tokens);
  (void)co_await exchange.respond(std::move(response));
}

// An answer beyond kHeldAnswerMax: relayed as it comes, its usage read from its end.
Task<> Relaying::large(WholeAnswer& answer) {
  net::Response head = head_of_answer();
  bool relaying = (co_await exchange.start_stream(std::move(head))).has_value();
  std::optional<Error> broken;
  while (relaying) {
    {
      const std::string ready = answer.take_all_but(kHeldBack);
      relaying = (co_await exchange.write(ready)).has_value();
    }
    if (!relaying) break;
    const auto piece = co_await call->read();
    if (!piece) broken = piece.error();
    if (!piece || piece->empty()) break;
    answer.append(*piece);
  }
  if (admitted.request.form != AnswerForm::kAudio) outcome.usage = answer.usage_at_end(dialect());
  if (is_conversation(admitted.request.kind) || admitted.request.form == AnswerForm::kText) {
    outcome.content = answer.content_estimate();
  }
  outcome.images = admitted.request.needs.units.images;
  if (!relaying) admitted.in_flight->cut(ErrorCode::kClientGone);
  if (broken || !relaying) {
    lost(broken.value_or(Error{}));
    fail_attempt(Again::kNever);
  } else {
    outcome.reach = Reach::kAnswered;
    call->finish();
    attempts.succeeded(gateway.clock.steady());
  }
  const bool answered = outcome.reach == Reach::kAnswered;
  const Status settled = co_await settle();
  if (answered && settled) {
    (void)co_await exchange.finish(answer.view());
  } else {
    exchange.abort_stream();
  }
}

StreamTerms Relaying::stream_terms(std::string_view answer_id) const {
  const ChatRequest& request = admitted.request;
  return {.kind = request.kind,
          .provider = dialect(),
          .now_seconds = now_seconds(),
          .public_model = offer().model.get(),
          .usage = request.include_usage ? UsageWish::kAsked : UsageWish::kHidden,
          .output_max = admitted.terms.output_max,
          .answers = request.answers(),
          .answer_id = answer_id,
          .request = admitted.body};
}

Task<Step> Relaying::stream() {
  StreamRelay relay(stream_terms(answer_number(admitted)));
  std::optional<Error> broken;
  while (!relay.done() && !relay.bounded() && !broken) {
    const auto piece = co_await call->read();
    if (!piece) {
      broken = piece.error();
      break;
    }
    if (piece->empty()) break;
    if (auto taken = relay.take(*piece); !taken) broken = taken.error();
    if (relay.bounded()) call->abort(ErrorCode::kAborted);  // before a slow client is waited for
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
  next_number = relay.next_number();
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
    // A client that left in the middle tells nothing against the offer; the end of a stream does.
    const bool left = admitted.in_flight->why() && exchange.response_started();
    if (left) attempts.succeeded(gateway.clock.steady());
    fail_attempt(exchange.response_started() ? Again::kNever : Again::kElsewhere);
    if (!exchange.response_started()) co_return Step::kTryAgain;
  } else if (relay.bounded()) {
    outcome.reach = Reach::kBounded;
    attempts.succeeded(gateway.clock.steady());
  } else {
    outcome.reach = Reach::kAnswered;
    call->finish();
    attempts.succeeded(gateway.clock.steady());
  }
  LastBytes ending = [&relay](const Metered& all) {
    return relay.ending(all.tokens, format_money(all.cost));
  };
  co_await end_stream(std::move(ending));
  co_return Step::kAnswered;
}

// Settles, then ends the stream: properly after a whole answer, with an error event and without
// [DONE] after any other.
Task<> Relaying::end_stream(LastBytes ending) {
  if (!exchange.response_started()) {
    net::Response head = head_of_answer();
    (void)co_await exchange.start_stream(std::move(head));
  }
  if (outcome.error && outcome.error->code != ErrorCode::kClientGone) outcome.status = 200;
  const Status settled = co_await settle();
  if (!settled) outcome.error = settled.error();
  if (!outcome.error) {
    const std::string last = ending(metered);
    (void)co_await exchange.finish(last);
    co_return;
  }
  if (exchange.client_gone()) co_return exchange.abort_stream();
  const std::string event = net::error_event(*outcome.error, admitted.caller.request_id,
                                             admitted.caller.error_shape, next_number);
  (void)co_await exchange.finish(event);
}

// Opens the call and sees the answer through, whichever kind it is.
Task<Step> Relaying::attempt(UpstreamBody encoded) {
  const std::string id = call_id(admitted);
  Call made(gateway.client,
            {.request = admitted.request,
             .body = admitted.body,
             .client_head = exchange.head(),
             .offer = offer(),
             .targets = *admitted.caller.state->targets,
             .public_model = offer().model.get(),
             .call_id = id,
             .now_seconds = now_seconds(),
             .spent = spent_time(),
             .limit = admitted.terms.limit,
             .responses = responses},
            std::move(encoded));
  const Attached attached(*this, made);
  const Status opened = co_await made.open();
  outcome.upstream_status = made.head().status;
  upstream_id = made.head().request_id;
  if (!opened) {
    lost(opened.error());
    const bool free = outcome.reach == Reach::kNothingSent;
    co_return fail_attempt(free ? Again::kAnywhere : Again::kElsewhere);
  }
  attempts.answering(gateway.clock.steady());
  if (made.head().status < 200 || made.head().status >= 300) co_return co_await refused();
  learn_of_responses();
  if (admitted.request.kind == CompletionKind::kCountTokens) co_return co_await counted();
  if (!is_conversation(admitted.request.kind)) co_return co_await answered_in_units();
  if (made.head().event_stream) co_return co_await stream();
  co_return co_await whole();
}

// What the next attempt needs: the reservation covers it, and the key is still good. Without it
// there is no further attempt.
Task<Status> Relaying::prepare(const Attempts::Plan& plan) {
  if (plan.wait > std::chrono::milliseconds(0)) {
    co_await admitted.in_flight->pause(gateway.thread, plan.wait);
    if (admitted.in_flight->why()) {
      lost({});
      co_return std::unexpected(*outcome.error);
    }
  }
  const Offer& next = *admitted.route.offers[plan.place];
  if (attempts.begun() == 0 && &next == &admitted.offer()) co_return Status();
  co_return co_await readmit(gateway, exchange, admitted, next, attempts.spent());
}

// Tries offers until one answers, or none is left.
Task<> Relaying::run() {
  for (auto plan = next_plan({}); plan; plan = next_plan(plan)) {
    if (!in_time(*plan)) break;
    if (Status ready = co_await prepare(*plan); !ready) {
      if (!outcome.error) outcome.error = ready.error();
      break;
    }
    if (!attempts.begin(*plan, gateway.clock.steady())) continue;
    outcome = {};
    const Provider& provider = admitted.route.provider_of(offer());
    responses = doubted == &offer() ? ResponsesBy::kTranslation
                                    : admitted.caller.state->targets->responses_by(provider);
    if (admitted.request.kind == CompletionKind::kCountTokens &&
        dialect() != AnswerDialect::kAnthropic) {
      // Nobody there counts for us: the estimate of SPEC §5, rule 5.
      outcome.reach = Reach::kCounted;
      attempts.unjudged();
      co_return co_await answer_count(estimated_input(admitted.request.needs.text_bytes));
    }
    auto encoded = encode({.request = admitted.request,
                           .body = admitted.body,
                           .offer = offer(),
                           .dialect = provider.dialect,
                           .limit = admitted.terms.limit,
                           .reasons = reasons_at(*admitted.route.snapshot, offer()),
                           .responses = responses});
    if (!encoded) {
      outcome = {.status = error_status(encoded.error().code), .error = encoded.error()};
      attempts.unjudged();
      end_attempt(Again::kElsewhere);
      continue;
    }
    if (co_await attempt(std::move(*encoded)) == Step::kAnswered) co_return;
  }
  if (!outcome.error) outcome.error = no_offer_left(admitted.route);
  outcome.status = error_status(outcome.error->code);
  Error error = *outcome.error;
  co_await answer_error(std::move(error));
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

Task<> relay(Gateway& gateway, net::Exchange& exchange, Admitted& admitted) {
  exchange.on_client_gone(
      [in_flight = admitted.in_flight] { in_flight->cut(ErrorCode::kClientGone); });
  Relaying relaying{gateway, exchange, admitted, Attempts(admitted.route, gateway.random)};
  try {
    co_await relaying.run();
  } catch (const std::exception& exception) {
    log(LogLevel::kError, "request {} met a bug: {}", admitted.caller.request_id, exception.what());
  }
  if (admitted.reservation.open()) co_await relaying.settle_after_bug();
}

}  // namespace tollgate
