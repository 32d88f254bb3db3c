#include "upstream/encode.h"

#include "dialects/chat_from_messages.h"
#include "dialects/chat_from_responses.h"
#include "dialects/messages_from_chat.h"

namespace tollgate {

namespace {

Result<UpstreamBody> translated(Result<std::string> body) {
  if (!body) return std::unexpected(std::move(body.error()));
  return UpstreamBody(std::move(*body));
}

std::int64_t anthropic_max_tokens(const EncodeTerms& terms) {
  if (terms.limit) return terms.limit->tokens;
  if (terms.offer.max_output_tokens > 0) return terms.offer.max_output_tokens;
  return kAnthropicMaxTokens;
}

// As a chat; for Anthropic's dialect, what the chat is there.
Result<std::string> encode_response(const EncodeTerms& terms) {
  const bool anthropic = terms.dialect == Dialect::kAnthropic;
  Result<std::string> chat = chat_from_responses(
      terms.request, terms.body,
      {.upstream_model = terms.offer.upstream_model,
       .max_tokens_field = terms.offer.max_tokens_field,
       .max_tokens = terms.limit.transform([](const OutputLimit& limit) { return limit.tokens; }),
       .reasoning = anthropic ? ReasoningItems::kCarried : ReasoningItems::kDropped});
  if (!chat || !anthropic) return chat;
  const Result<ChatRequest> read = read_chat_request(*chat);
  if (!read) return std::unexpected(read.error());
  return messages_from_chat(
      *read, *chat,
      {.upstream_model = terms.offer.upstream_model, .max_tokens = anthropic_max_tokens(terms)});
}

}  // namespace

AnswerDialect answer_dialect(Dialect provider) {
  return provider == Dialect::kAnthropic ? AnswerDialect::kAnthropic : AnswerDialect::kOpenAi;
}

AnswerDialect answer_dialect(CompletionKind kind, Dialect provider, ResponsesBy responses) {
  if (kind == CompletionKind::kResponses && responses == ResponsesBy::kProvider) {
    return AnswerDialect::kResponses;
  }
  return is_conversation(kind) ? answer_dialect(provider) : AnswerDialect::kUnits;
}

bool speaks(CompletionKind kind, AnswerDialect dialect) {
  if (kind == CompletionKind::kResponses) return dialect == AnswerDialect::kResponses;
  return is_anthropic(kind) == (dialect == AnswerDialect::kAnthropic);
}

Known reasons_at(const Snapshot& snapshot, const Offer& offer) {
  const Model* model = snapshot.find(offer.model.get());
  return model == nullptr ? Known::kUnknown : model->facts.capabilities[Capability::kReasoning];
}

Result<UpstreamBody> encode(const EncodeTerms& terms) {
  AnswerDialect dialect = answer_dialect(terms.dialect);
  if (terms.request.kind == CompletionKind::kResponses) {
    dialect = answer_dialect(terms.request.kind, terms.dialect, terms.responses);
  }
  if (speaks(terms.request.kind, dialect)) {
    return UpstreamBody(
        upstream_body(terms.request, terms.body, terms.offer.upstream_model, terms.limit));
  }
  if (terms.request.kind == CompletionKind::kResponses) return translated(encode_response(terms));
  if (dialect == AnswerDialect::kOpenAi) {
    return translated(chat_from_messages(
        terms.request, terms.body,
        {.upstream_model = terms.offer.upstream_model,
         .max_tokens_field = terms.offer.max_tokens_field,
         .reasoning = terms.reasons == Known::kYes ? Reasoning::kEffort : Reasoning::kUnknown}));
  }
  if (terms.request.kind == CompletionKind::kText) {
    return fail(ErrorCode::kInvalidRequest,
                "This model takes chats only. Send the prompt to /v1/chat/completions.");
  }
  return translated(messages_from_chat(
      terms.request, terms.body,
      {.upstream_model = terms.offer.upstream_model, .max_tokens = anthropic_max_tokens(terms)}));
}

namespace {

std::string_view route_path(CompletionKind kind) {
  switch (kind) {
    case CompletionKind::kText:
      return "/completions";
    case CompletionKind::kEmbeddings:
      return "/embeddings";
    case CompletionKind::kModerations:
      return "/moderations";
    case CompletionKind::kRerank:
      return "/rerank";
    case CompletionKind::kImages:
      return "/images/generations";
    case CompletionKind::kSpeech:
      return "/audio/speech";
    case CompletionKind::kTranscription:
      return "/audio/transcriptions";
    default:
      return "/chat/completions";
  }
}

}  // namespace

std::string upstream_path(CompletionKind kind, const Provider& provider, const Offer& offer,
                          ResponsesBy responses) {
  if (provider.dialect == Dialect::kAnthropic) {
    return kind == CompletionKind::kCountTokens ? "/messages/count_tokens" : "/messages";
  }
  if (kind == CompletionKind::kResponses && responses == ResponsesBy::kProvider) {
    // There the deployment is the body's model (learn.microsoft.com/azure/ai-foundry/openai/
    // how-to/responses).
    if (provider.dialect != Dialect::kAzureOpenAi) return "/responses";
    return "/openai/responses?api-version=" + provider.api_version;
  }
  const std::string route(route_path(kind));
  if (provider.dialect != Dialect::kAzureOpenAi) return route;
  // learn.microsoft.com/azure/ai-services/openai/reference: the deployment stands in the path.
  return "/openai/deployments/" + offer.upstream_model + route +
         "?api-version=" + provider.api_version;
}

}  // namespace tollgate
