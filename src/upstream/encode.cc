#include "upstream/encode.h"

#include "dialects/chat_from_messages.h"
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

}  // namespace

AnswerDialect answer_dialect(Dialect provider) {
  return provider == Dialect::kAnthropic ? AnswerDialect::kAnthropic : AnswerDialect::kOpenAi;
}

AnswerDialect answer_dialect(CompletionKind kind, Dialect provider) {
  return is_conversation(kind) ? answer_dialect(provider) : AnswerDialect::kUnits;
}

bool speaks(CompletionKind kind, AnswerDialect dialect) {
  return is_anthropic(kind) == (dialect == AnswerDialect::kAnthropic);
}

Known reasons_at(const Snapshot& snapshot, const Offer& offer) {
  const Model* model = snapshot.find(offer.model.get());
  return model == nullptr ? Known::kUnknown : model->facts.capabilities[Capability::kReasoning];
}

Result<UpstreamBody> encode(const EncodeTerms& terms) {
  const AnswerDialect dialect = answer_dialect(terms.dialect);
  if (speaks(terms.request.kind, dialect)) {
    return UpstreamBody(
        upstream_body(terms.request, terms.body, terms.offer.upstream_model, terms.limit));
  }
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

std::string upstream_path(CompletionKind kind, const Provider& provider, const Offer& offer) {
  if (provider.dialect == Dialect::kAnthropic) {
    return kind == CompletionKind::kCountTokens ? "/messages/count_tokens" : "/messages";
  }
  const std::string route(route_path(kind));
  if (provider.dialect != Dialect::kAzureOpenAi) return route;
  // learn.microsoft.com/azure/ai-services/openai/reference: the deployment stands in the path.
  return "/openai/deployments/" + offer.upstream_model + route +
         "?api-version=" + provider.api_version;
}

}  // namespace tollgate
