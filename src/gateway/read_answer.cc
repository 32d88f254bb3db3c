#include "gateway/read_answer.h"

#include "dialects/completion_from_message.h"
#include "dialects/message_from_completion.h"
#include "dialects/response_from_completion.h"

namespace tollgate {

namespace {

const ReportedUsage& usage_of(const UnitAnswer& answer) { return answer.usage.tokens; }
template <class Answer>
const ReportedUsage& usage_of(const Answer& answer) {
  return answer.usage;
}

}  // namespace

Result<ReadAnswer> ReadAnswer::read(AnswerDialect dialect, const ChatRequest& request,
                                    std::string_view body) {
  if (dialect == AnswerDialect::kUnits) {
    auto answer = read_unit_answer(request, body);
    if (!answer) return std::unexpected(std::move(answer.error()));
    return ReadAnswer(std::move(*answer), body);
  }
  if (dialect == AnswerDialect::kResponses) {
    auto answer = read_response_answer(body);
    if (!answer) return std::unexpected(std::move(answer.error()));
    return ReadAnswer(std::move(*answer), body);
  }
  if (dialect == AnswerDialect::kAnthropic) {
    auto answer = read_anthropic_answer(body);
    if (!answer) return std::unexpected(std::move(answer.error()));
    return ReadAnswer(std::move(*answer), body);
  }
  auto answer = read_openai_answer(body);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return ReadAnswer(std::move(*answer), body);
}

const ReportedUsage& ReadAnswer::usage() const {
  return std::visit([](const auto& answer) -> const ReportedUsage& { return usage_of(answer); },
                    facts_);
}

const ContentCount& ReadAnswer::content() const {
  return std::visit([](const auto& answer) -> const ContentCount& { return answer.content; },
                    facts_);
}

const Error* ReadAnswer::failure() const {
  const auto* const answer = std::get_if<ResponseAnswer>(&facts_);
  return answer != nullptr && answer->failure ? &*answer->failure : nullptr;
}

namespace {

Result<std::string> as_response(std::string_view completion, const ReadAnswer::ForClient& client) {
  return response_from_completion(completion, {.terms = {.id = client.answer_id,
                                                         .public_model = client.public_model,
                                                         .created = client.now_seconds,
                                                         .request = client.request},
                                               .tokens = client.tokens});
}

}  // namespace

Result<std::string> ReadAnswer::said_to(const ForClient& client) const {
  if (const UnitAnswer* const answer = units()) {
    return client_unit_answer(body_, *answer, client.public_model);
  }
  if (const auto* const answer = std::get_if<ResponseAnswer>(&facts_)) {
    return client_answer(body_, *answer, client.public_model);
  }
  const bool response = client.kind == CompletionKind::kResponses;
  if (const auto* const answer = std::get_if<OpenAiAnswer>(&facts_)) {
    if (response) return as_response(body_, client);
    if (!is_anthropic(client.kind)) return client_answer(body_, *answer, client.public_model);
    return message_from_completion(body_,
                                   {.public_model = client.public_model, .tokens = client.tokens});
  }
  if (is_anthropic(client.kind)) {
    return client_answer(body_, std::get<AnthropicAnswer>(facts_), client.public_model);
  }
  auto completion = completion_from_message(body_, {.public_model = client.public_model,
                                                    .created = client.now_seconds,
                                                    .tokens = client.tokens});
  if (!completion || !response) return completion;
  return as_response(*completion, client);
}

}  // namespace tollgate
