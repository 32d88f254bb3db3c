#include "gateway/read_answer.h"

#include "dialects/completion_from_message.h"
#include "dialects/message_from_completion.h"

namespace tollgate {

Result<ReadAnswer> ReadAnswer::read(AnswerDialect dialect, std::string_view body) {
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
  return std::visit([](const auto& answer) -> const ReportedUsage& { return answer.usage; },
                    facts_);
}

const ContentCount& ReadAnswer::content() const {
  return std::visit([](const auto& answer) -> const ContentCount& { return answer.content; },
                    facts_);
}

Result<std::string> ReadAnswer::said_to(const ForClient& client) const {
  if (const auto* const answer = std::get_if<OpenAiAnswer>(&facts_)) {
    if (!is_anthropic(client.kind)) return client_answer(body_, *answer, client.public_model);
    return message_from_completion(body_,
                                   {.public_model = client.public_model, .tokens = client.tokens});
  }
  if (is_anthropic(client.kind)) {
    return client_answer(body_, std::get<AnthropicAnswer>(facts_), client.public_model);
  }
  return completion_from_message(body_, {.public_model = client.public_model,
                                         .created = client.now_seconds,
                                         .tokens = client.tokens});
}

}  // namespace tollgate
