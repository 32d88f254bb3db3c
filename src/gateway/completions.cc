#include "gateway/completions.h"

#include "base/check.h"
#include "dialects/messages_request.h"
#include "dialects/read_prompt.h"
#include "dialects/transcription_request.h"
#include "dialects/unit_request.h"
#include "gateway/admission.h"
#include "gateway/admitted.h"
#include "gateway/answers.h"
#include "gateway/relay.h"
#include "net/http_message.h"

namespace tollgate {

namespace {

Status check_content_type(std::string_view content_type) {
  const std::string_view kind = content_type.substr(0, content_type.find_first_of("; \t"));
  if (kind.empty() || net::equals_ignoring_case(kind, "application/json")) return {};
  return fail(ErrorCode::kUnsupportedMediaType,
              "Send the request as JSON, with the header Content-Type: application/json.");
}

Result<ChatRequest> read_request(const net::Exchange& exchange, std::string_view body,
                                 CompletionKind kind) {
  const std::string_view content_type = exchange.head().find("Content-Type");
  if (exchange.head().count("Content-Type") > 1) {
    return fail(ErrorCode::kInvalidRequest, "Content-Type stands more than once. Send it once.");
  }
  if (kind == CompletionKind::kTranscription) return read_transcription_request(body, content_type);
  if (auto type = check_content_type(content_type); !type) return std::unexpected(type.error());
  switch (kind) {
    case CompletionKind::kChat:
      return read_chat_request(body);
    case CompletionKind::kText:
      return read_completion_request(body);
    case CompletionKind::kMessages:
      return read_messages_request(body);
    case CompletionKind::kCountTokens:
      return read_count_tokens_request(body);
    case CompletionKind::kEmbeddings:
      return read_embeddings_request(body);
    case CompletionKind::kModerations:
      return read_moderations_request(body);
    case CompletionKind::kRerank:
      return read_rerank_request(body);
    case CompletionKind::kImages:
      return read_images_request(body);
    case CompletionKind::kSpeech:
      return read_speech_request(body);
    case CompletionKind::kTranscription:
      break;
  }
  bug("a kind of completion outside its enum", std::source_location::current());
}

// What a model has to be for the route that was called.
ModelKind model_kind_of(CompletionKind kind) {
  switch (kind) {
    case CompletionKind::kEmbeddings:
      return ModelKind::kEmbedding;
    case CompletionKind::kModerations:
      return ModelKind::kModeration;
    case CompletionKind::kRerank:
      return ModelKind::kRerank;
    case CompletionKind::kImages:
      return ModelKind::kImage;
    case CompletionKind::kSpeech:
      return ModelKind::kSpeech;
    case CompletionKind::kTranscription:
      return ModelKind::kTranscription;
    default:
      return ModelKind::kChat;
  }
}

Result<Route> choose(Gateway& gateway, const Caller& caller, const net::Exchange& exchange,
                     const ChatRequest& request, std::string_view body) {
  const auto region =
      requested_region(exchange.head().find("X-Tollgate-Region"), request.route.region);
  if (!region) return std::unexpected(region.error());
  const KeyPolicy& policy = caller.identity.key().policy;
  const std::shared_ptr<const Snapshot>& snapshot = caller.state->targets->snapshot();
  std::optional<PromptText> prompt;
  if (is_conversation(request.kind) && snapshot->resolve(request.model).automatic) {
    prompt = prompt_text(request, body);
  }
  return choose_route(snapshot, {.model = request.model,
                                 .models = policy.models,
                                 .environment = policy.environment,
                                 .key_region = policy.region,
                                 .request_region = *region,
                                 .turn = gateway.turn++,
                                 .kind = model_kind_of(request.kind),
                                 .needs = &request.needs,
                                 .prompt = prompt ? &*prompt : nullptr,
                                 .route = &request.route,
                                 .prefer_low_carbon = policy.prefer_low_carbon,
                                 .now = gateway.clock.steady()});
}

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

}  // namespace

Task<> serve_completion(Gateway& gateway, net::Exchange& exchange, CompletionKind kind) {
  const auto shape = is_anthropic(kind) ? net::ErrorShape::kAnthropic : net::ErrorShape::kOpenAi;
  auto caller = co_await known_caller(gateway, exchange, shape);
  if (!caller) co_return;

  auto body = co_await exchange.read_body(caller->state->body_bytes_max);
  if (!body) co_return co_await refuse(gateway, exchange, *caller, body.error());
  auto request = read_request(exchange, *body, kind);
  if (!request) co_return co_await refuse(gateway, exchange, *caller, request.error());

  auto route = choose(gateway, *caller, exchange, *request, *body);
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
